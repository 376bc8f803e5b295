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
from apps.organizations.queries import current_organization
from apps.ui import text

from .. import details
from ..events import LeadCaptured, LeadDetailsChanged
from ..models import Activity, Identity, Lead
from .base import index_lead, is_person, lock, write_line
from .standing import note_wish, rescore


@dataclass
class Captured:
    """`saved`: what is new on the lead; `kept`: given, but what we had stays; `refused`: name → sentence."""

    saved: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
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
) -> Captured:
    """Keep contact details somebody gave. Never raises on what a customer wrote: bad values come back as refused.

    A machine does not overwrite what a person has set, nor a full name by a shorter one of its words.
    """
    lock(lead)
    captured = Captured()
    given = {"name": name, "email": email, "phone": phone, "company": company}
    for attribute, value in given.items():
        if value is not None and str(value).strip():
            _take(lead, attribute, value, captured, by)
    if captured.saved:
        _keep(lead, captured, by)
    return captured


def capture(
    lead: Lead,
    *,
    interest: str = "",
    name: str = "",
    email: str = "",
    phone: str = "",
    company: str = "",
    actor: str = "bot",
) -> dict[str, Any]:
    """`capture_details` as the tool of a language model answers it: {"ok", "captured", "rejected"}."""
    taken = capture_details(lead, name=name, email=email, phone=phone, company=company, by=actor)
    if wish := text.line(interest, 200):
        set_custom_field(lead, "interest", wish, by=actor)
        note_wish(lead, wish)
    return {"ok": not taken.refused, "captured": {**taken.kept, **taken.saved}, "rejected": taken.refused}


def _take(lead: Lead, attribute: str, value: object, captured: Captured, by: str) -> None:
    check = getattr(details, attribute)
    try:
        checked = check(value, current_organization().country) if attribute == "phone" else check(value)
    except details.Refused as refusal:
        captured.refused[attribute] = str(refusal)
        return
    current = getattr(lead, attribute)
    if checked == current or (
        not is_person(by) and current and (attribute in lead.fixed or _is_worse(attribute, checked, current))
    ):
        captured.kept[attribute] = current
    else:
        captured.saved[attribute] = checked
        setattr(lead, attribute, checked)
        if is_person(by) and attribute not in lead.fixed:
            lead.fixed = [*lead.fixed, attribute]


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
    own_identities(lead)
    write_line(lead, Activity.Kind.CAPTURE, data={"saved": captured.saved}, by=by)
    if captured.first:
        tell_captured(lead, by)
    else:
        record(LeadDetailsChanged(lead_id=lead.pk, changed=sorted(captured.saved)), actor=by)
    rescore(lead, by=by)


def own_identities(lead: Lead) -> None:
    """An address that no other lead has claimed becomes an identity of this one; others stay possible duplicates."""
    owned = [
        Identity(lead=lead, kind=kind, value=value)
        for kind, value in (("email", lead.email), ("phone", lead.phone))
        if value
    ]
    Identity.objects.bulk_create(owned, ignore_conflicts=True)


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
