"""Who somebody is: met on a channel, or entered by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.events import record
from apps.jobs import clock
from apps.organizations.actors import Can
from apps.organizations.models import User
from apps.organizations.permissions import needs
from apps.organizations.proof import Proof, ProvenBy, columns
from apps.ui import text

from .. import details, scoring
from ..events import LeadCreated
from ..models import Identity, Lead
from .base import index_lead, is_person, lock, search_text
from .capturing import own_identities, tell_captured
from .identities import CONTACT, LONGEST, certified_number, comparable, is_proven
from .moving import was_theirs
from .timeline import restore_lead


def find_or_create_by_identity(
    kind: str,
    account: str,
    value: str,
    *,
    aliases: Sequence[str | tuple[str, str, str]] = (),
    name: str = "",
    username: str = "",
    phone: str = "",
    language: str = "",
    source: str = "direct",
    origin: Mapping[str, Any] | None = None,
    channel: str = "",
    at: datetime | None = None,
    by: str = "customer",
) -> tuple[Lead, Identity, bool]:
    """The lead whom a platform knows by this id, made if need be: (lead, identity, created).

    `aliases` are further ids of the same person, on the same kind and account or as (kind, account, value). `phone` is
    a number that the platform itself certifies to be theirs, so it may also find who was entered with it. Whichever of
    these is proven to be somebody's already decides who it is, the platform's ids first; claims decide nothing. The
    identity returned is that of `value`. Safe when several workers meet the same stranger at once. What a platform
    says of a name fills gaps only. `at`: when they used the id; who has given it up since then is still who
    that was.
    """
    keys = [(kind, account, value[:LONGEST])]
    keys += [
        (kind, account, one[:LONGEST]) if isinstance(one, str) else (one[0], one[1], one[2][:LONGEST])
        for one in aliases
    ]
    told = {"name": text.line(name, 160), "phone": certified_number(phone)}
    if told["phone"]:
        keys.append(("phone", "", comparable("phone", told["phone"])))
    keys = list(dict.fromkeys(key for key in keys if key[2]))
    found = _known(keys)
    if not found and at is not None and (was := was_theirs(keys, at)):
        row = was.identities.filter(kind=kind, account=account).select_related("lead").order_by("pk").first()
        if row is not None:
            keys, told["phone"] = [(row.kind, row.account, row.value)], ""
            found = {keys[0]: row}
    if not found:
        try:
            with transaction.atomic():
                return _meet(
                    keys, told, username=username, language=language, source=source,
                    origin=dict(origin or {}), channel=channel or kind, by=by,
                )  # fmt: skip
        except IntegrityError:  # somebody else met them in the same moment, and has committed
            found = _known(keys)
            if not found:
                raise
    with transaction.atomic():
        return _meet_again(found, keys, told, username=username, language=language)


Key = tuple[str, str, str]


def _known(keys: list[Key]) -> dict[Key, Identity]:
    """Those of the ids that are proven to be somebody's."""
    rows = Identity.objects.filter(
        kind__in={kind for kind, _account, _value in keys},
        value__in=[value for _kind, _account, value in keys],
        proven_at__isnull=False,
    ).select_related("lead")
    found = {(one.kind, one.account, one.value): one for one in rows}
    return {key: found[key] for key in keys if key in found}


def _whose(found: dict[Key, Identity]) -> Identity:
    """An id that a platform gave outranks an address or number; among equals the older one."""
    return min(found.values(), key=lambda one: (one.kind in CONTACT, one.pk))


def _witness(kind: str) -> Proof:
    """What shows that whoever comes with such an id has it: a visitor's token is ours, the rest the platform signs."""
    return Proof.now(ProvenBy.OURS if kind == "webchat" else ProvenBy.PLATFORM)


def _meet(
    keys: list[Key], told: Mapping[str, str], *, username: str, by: str, **values: Any
) -> tuple[Lead, Identity, bool]:
    lead = create_lead(by=by, name=told["name"], phone=told["phone"], **values)
    # In one order, so that two workers with the same ids wait for each other rather than in a circle.
    made = {key: _new(lead, key) for key in sorted(keys)}
    identity = made[keys[0]]
    identity.username, identity.profile = text.line(username, 120), _given(told)
    for one in made.values():
        one.save()
    if username:
        index_lead(lead)
    return lead, identity, True


def _new(lead: Lead, key: Key) -> Identity:
    kind, account, value = key
    return Identity(lead=lead, kind=kind, account=account, value=value, **columns(_witness(kind)))


def _given(told: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if value}


def _meet_again(
    found: dict[Key, Identity], keys: list[Key], told: Mapping[str, str], *, username: str, language: str
) -> tuple[Lead, Identity, bool]:
    lead = _whose(found).lead
    while lead.merged_into_id and lead.merged_into is not None:
        lead = lead.merged_into
    if missing := [key for key in sorted(keys) if key not in found]:
        Identity.objects.bulk_create([_new(lead, key) for key in missing], ignore_conflicts=True)
        held = [value for kind, _account, value in missing if kind in CONTACT]
        Identity.objects.filter(lead=lead, kind__in=CONTACT, value__in=held, proven_at=None).delete()
    identity = found.get(keys[0])
    if identity is None:
        kind, account, value = keys[0]
        identity = Identity.objects.select_related("lead").get(
            kind=kind, account=account, value=value, proven_at__isnull=False
        )
    if lead.deleted_at is not None:
        restore_lead(lead, by="customer")
    _fill_gaps(lead, identity, told, username=username, language=language)
    return lead, identity, False


def _fill_gaps(lead: Lead, identity: Identity, told: Mapping[str, str], *, username: str, language: str) -> None:
    """What the platform tells fills gaps; the number that it certifies outranks one that was only claimed."""
    changed = []
    for attribute, given in {**told, "language": language[:8]}.items():
        current = getattr(lead, attribute)
        if given and given != current and (not current or _yields(lead, identity, attribute)):
            setattr(lead, attribute, given)
            changed.append(attribute)
    if changed:
        lead.save(update_fields=changed)
    fresh, profile = text.line(username, 120) or identity.username, {**identity.profile, **_given(told)}
    if (fresh, profile) != (identity.username, identity.profile):
        renamed = fresh != identity.username
        identity.username, identity.profile = fresh, profile
        identity.save(update_fields=["username", "profile"])
        if renamed:
            changed.append("username")
    if changed:
        index_lead(lead)


def _yields(lead: Lead, identity: Identity, attribute: str) -> bool:
    """Whether a number stands on the lead that the platform told before, or that nothing proves."""
    if attribute != "phone" or attribute in lead.fixed:
        return False
    return lead.phone == identity.profile.get("phone") or not is_proven(lead, "phone")


@needs(Can.WORK_LEADS)
@transaction.atomic
def create_lead(
    *,
    by: str,
    name: str = "",
    email: str = "",
    phone: str = "",
    company: str = "",
    language: str = "",
    source: str = "direct",
    channel: str = "",
    origin: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    owner: User | None = None,
) -> Lead:
    """A new lead from checked values (`phone` in E.164); those who come from outside pass `capture_details` instead."""
    now = clock.now()
    lead = Lead(
        name=text.line(name, 160), email=email, phone=phone, company=text.line(company, 160), language=language[:8],
        source=source[:20], channel=channel[:20], origin=dict(origin or {}), fields=dict(fields or {}), owner=owner,
        created_at=now, last_activity_at=now, stage_changed_at=now,
    )  # fmt: skip
    if is_person(by):
        lead.fixed = [one for one in details.NAMES if getattr(lead, one)]
        lead.captured_at = now if email or phone else None
    lead.score, lead.reasons = scoring.score(lead, now)
    lead.label = scoring.label_for(lead.score)
    lead.priority = scoring.priority_for(lead, lead.label)
    lead.search_text = search_text(lead, [])
    lead.save()
    record(
        LeadCreated(
            lead_id=lead.pk, name=lead.name, source=lead.source, channel=lead.channel, language=lead.language,
            origin=lead.origin,
        ),
        actor=by,
    )  # fmt: skip
    if lead.captured_at:
        own_identities(lead)
        tell_captured(lead, by)
    return lead


def complete_profile(
    lead: Lead, *, identity: Identity, name: str = "", username: str = "", avatar_url: str = "", language: str = ""
) -> None:
    """What a platform says of a person, asked for later: fills what is not known yet."""
    with transaction.atomic():
        lock(lead)
        if not lead.avatar_url and avatar_url.startswith("https://") and len(avatar_url) <= 1000:
            lead.avatar_url = avatar_url
            lead.save(update_fields=["avatar_url"])
        _fill_gaps(lead, identity, {"name": text.line(name, 160)}, username=username, language=language)
