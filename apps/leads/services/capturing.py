"""What people say about themselves: name, phone, e-mail address and whatever else was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.events import record
from apps.jobs import clock
from apps.organizations.actors import Can
from apps.organizations.errors import Problem
from apps.organizations.permissions import needs
from apps.organizations.proof import ProvenBy
from apps.organizations.queries import current_organization
from apps.ui import text

from .. import details, numbers
from ..events import LeadCaptured, LeadDetailsChanged
from ..models import Activity, Identity, Lead
from .base import index_lead, is_person, lock, write_line
from .identities import CONTACT, claim, is_proven, is_told_by_platform, prove, withdraw
from .standing import note_wish, rescore


@dataclass
class Captured:
    """`given`: all that was given, checked; `saved`: what of it is new on the lead; `kept`: what we had, and stays;
    `beside`: given, and kept as claimed beside that; `refused`: name → sentence."""

    given: dict[str, str] = field(default_factory=dict)
    saved: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    first: bool = False  # the first way to reach this person


@needs(Can.WORK_LEADS)
@transaction.atomic
def capture_details(
    lead: Lead,
    *,
    name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    company: str | None = None,
    by: str,
    identity: Identity | None = None,
    introduced: bool = False,
) -> Captured:
    """Keep contact details somebody gave. Never raises on what a customer wrote: bad values come back as refused.

    What a person enters counts as proven by the team. Everything else is claimed: it fills gaps, and stands beside
    what a person has set and what a platform certifies, never in its place; nor does part of a name replace a full
    one. `identity`: the id under which they gave it, which from now on is known to have said so. `introduced`: they
    said in clear words that this is their name, which says more than what they are called on a platform.
    """
    lock(lead)
    captured = Captured()
    given = {"name": name, "email": email, "phone": phone, "company": company}
    for attribute, value in given.items():
        if value is not None and str(value).strip():
            _take(lead, attribute, value, captured, by, introduced=introduced)
    if identity is not None and captured.given and not is_person(by):
        remember(identity, captured.given)
    claimed = _settle_claims(lead, captured, by)
    if captured.saved:
        _keep(lead, captured, by)
    elif claimed:
        write_line(lead, Activity.Kind.CAPTURE, data={"claimed": claimed}, by=by)
    return captured


def remember(identity: Identity, given: dict[str, str]) -> None:
    """Under this id they said so themselves."""
    said = {**identity.said, **given}
    if said != identity.said:
        identity.said = said
        identity.save(update_fields=["said"])


def capture(
    lead: Lead,
    *,
    interest: str = "",
    name: str = "",
    email: str = "",
    phone: str = "",
    company: str = "",
    identity: Identity | None = None,
    introduced: bool = False,
    actor: str = "bot",
) -> dict[str, Any]:
    """`capture_details` as the tool of a language model answers it: {"ok", "captured", "rejected"}.

    What was captured is what was just given, never what the lead shows: that may be somebody else's, merged in.
    """
    taken = capture_details(
        lead, name=name, email=email, phone=phone, company=company, by=actor, identity=identity, introduced=introduced
    )
    if wish := text.line(interest, 200):
        set_custom_field(lead, "interest", wish, by=actor)
        note_wish(lead, wish)
    return {"ok": not taken.refused, "captured": taken.given, "rejected": taken.refused}


def _take(lead: Lead, attribute: str, value: object, captured: Captured, by: str, *, introduced: bool) -> None:
    check = getattr(details, attribute)
    try:
        checked = check(value, current_organization().country) if attribute == "phone" else check(value)
    except details.Refused as refusal:
        captured.refused[attribute] = str(refusal)
        return
    captured.given[attribute] = checked
    current = getattr(lead, attribute)
    if checked == current or (attribute == "phone" and numbers.same(checked, current)):
        captured.kept[attribute] = current
    elif not is_person(by) and current and _stays(lead, attribute, checked, current, introduced=introduced):
        captured.kept[attribute], captured.beside[attribute] = current, checked
    else:
        if current and is_person(by) and attribute in CONTACT:
            withdraw(lead, attribute, current)
        captured.saved[attribute] = checked
        setattr(lead, attribute, checked)
        if is_person(by) and attribute not in lead.fixed:
            lead.fixed = [*lead.fixed, attribute]


def _stays(lead: Lead, attribute: str, new: str, current: str, *, introduced: bool) -> bool:
    """Whether what we have outranks what a machine has read or a customer has said."""
    return (
        attribute in lead.fixed
        or _is_worse(attribute, new, current)
        or is_proven(lead, attribute)
        or (not introduced and is_told_by_platform(lead, attribute, new))
    )


def _settle_claims(lead: Lead, captured: Captured, by: str) -> dict[str, str]:
    """Addresses and numbers become identities: proven where a person entered them, else claimed. The new claims."""
    claimed = {}
    for kind in CONTACT:
        value = captured.saved.get(kind) or captured.beside.get(kind)
        if not value or (is_person(by) and prove(lead, kind, value, ProvenBy.TEAM)):
            continue
        if claim(lead, kind, value):
            claimed[kind] = value
    return claimed


def _is_worse(attribute: str, new: str, current: str) -> bool:
    """Only part of a name that is known in full."""
    if attribute not in ("name", "company"):
        return False
    known = text.normalize(current).split()
    said = text.normalize(new).split()
    return len(said) < len(known) and all(word in known for word in said)


def _keep(lead: Lead, captured: Captured, by: str) -> None:
    captured.first = lead.captured_at is None and bool({"email", "phone"} & set(captured.saved))
    if captured.first:
        lead.captured_at = clock.now()
    lead.save(update_fields=[*captured.saved, "fixed", "captured_at"])
    index_lead(lead)
    write_line(lead, Activity.Kind.CAPTURE, data={"saved": captured.saved}, by=by)
    if captured.first:
        tell_captured(lead, by)
    else:
        record(LeadDetailsChanged(lead_id=lead.pk, changed=sorted(captured.saved)), actor=by)
    rescore(lead, by=by)


def own_identities(lead: Lead) -> None:
    """What a person entered for a new lead is proven by the team, unless it is somebody else's: then it is claimed."""
    for kind in CONTACT:
        value = getattr(lead, kind)
        if value and not prove(lead, kind, value, ProvenBy.TEAM):
            claim(lead, kind, value)


def tell_captured(lead: Lead, by: str) -> None:
    record(
        LeadCaptured(
            lead_id=lead.pk, name=lead.name, email=lead.email, phone=lead.phone, company=lead.company,
            source=lead.source, channel=lead.channel,
        ),
        actor=by,
    )  # fmt: skip


@needs(Can.WORK_LEADS)
@transaction.atomic
def clear_detail(lead: Lead, attribute: str, *, by: str) -> None:
    """Take a wrong name, address or number off."""
    lock(lead)
    if attribute in details.NAMES and getattr(lead, attribute):
        if attribute in CONTACT:
            withdraw(lead, attribute, getattr(lead, attribute))
        setattr(lead, attribute, "")
        lead.fixed = [one for one in lead.fixed if one != attribute]
        lead.save(update_fields=[attribute, "fixed"])
        index_lead(lead)
        record(LeadDetailsChanged(lead_id=lead.pk, changed=[attribute]), actor=by)
        rescore(lead, by=by)


@needs(Can.WORK_LEADS)
@transaction.atomic
def set_custom_field(lead: Lead, name: str, value: object, *, by: str) -> None:
    """One of the organization's own fields; an empty value takes it away."""
    lock(lead)
    key, said = text.line(name, 60), text.clean(value, 1000)
    if not key or (key not in lead.fields and len(lead.fields) >= 60):
        raise Problem("bad_field", _("Give the field a name; a lead has at most 60 fields of its own."))
    fields = {**lead.fields, key: said} if said else {k: v for k, v in lead.fields.items() if k != key}
    if fields != lead.fields:
        lead.fields = fields
        lead.save(update_fields=["fields"])
        record(LeadDetailsChanged(lead_id=lead.pk, changed=[key]), actor=by)
