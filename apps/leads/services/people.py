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
from apps.ui import text

from .. import details, scoring
from ..events import LeadCreated
from ..models import Identity, Lead
from .base import index_lead, is_person, lock, search_text
from .capturing import own_identities, tell_captured
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

    `aliases` are further ids of the same person, on the same kind and account or as (kind, account, value); whichever
    is known already decides who it is. The identity returned is that of `value`. Safe when several workers meet the
    same stranger at once. What a platform says of a name fills gaps only. `at`: when they used the id; who has given it
    up since then is still who that was.
    """
    keys = [(kind, account, value[:200])]
    keys += [(kind, account, one[:200]) if isinstance(one, str) else (one[0], one[1], one[2][:200]) for one in aliases]
    keys = list(dict.fromkeys(key for key in keys if key[2]))
    found = _known(keys)
    if found is None and at is not None and (was := was_theirs(keys, at)):
        found = was.identities.filter(kind=kind, account=account).select_related("lead").order_by("pk").first()
        keys = [(found.kind, found.account, found.value)] if found else keys
    if found is None:
        try:
            with transaction.atomic():
                return _meet(
                    keys, name=name, username=username, phone=phone, language=language, source=source,
                    origin=dict(origin or {}), channel=channel or kind, by=by,
                )  # fmt: skip
        except IntegrityError:  # somebody else met them in the same moment, and has committed
            found = _known(keys)
            if found is None:
                raise
    with transaction.atomic():
        return _meet_again(found, keys, name=name, username=username, phone=phone, language=language)


def _known(keys: list[tuple[str, str, str]]) -> Identity | None:
    kinds = {kind for kind, _account, _value in keys}
    rows = Identity.objects.filter(kind__in=kinds, value__in=[value for _kind, _account, value in keys])
    mine = [one for one in rows.select_related("lead") if (one.kind, one.account, one.value) in keys]
    return min(mine, key=lambda one: one.pk, default=None)


def _meet(
    keys: list[tuple[str, str, str]], *, username: str, phone: str, by: str, **values: Any
) -> tuple[Lead, Identity, bool]:
    lead = create_lead(by=by, phone=_readable_phone(phone), **values)
    # In one order, so that two workers with the same ids wait for each other rather than in a circle.
    made = {
        key: Identity.objects.create(
            lead=lead, kind=key[0], account=key[1], value=key[2], username=text.line(username, 120)
        )
        for key in sorted(keys)
    }
    if username:
        index_lead(lead)
    return lead, made[keys[0]], True


def _meet_again(
    identity: Identity, keys: list[tuple[str, str, str]], *, name: str, username: str, phone: str, language: str
) -> tuple[Lead, Identity, bool]:
    lead = identity.lead
    while lead.merged_into_id and lead.merged_into is not None:
        lead = lead.merged_into
    if len(keys) > 1 or (identity.kind, identity.account, identity.value) != keys[0]:
        more = [Identity(lead=lead, kind=k, account=a, value=v) for k, a, v in sorted(keys)]
        Identity.objects.bulk_create(more, ignore_conflicts=True)
        kind, account, value = keys[0]
        identity = Identity.objects.select_related("lead").get(kind=kind, account=account, value=value)
    if lead.deleted_at is not None:
        restore_lead(lead, by="customer")
    _fill_gaps(lead, identity, name=name, username=username, phone=phone, language=language)
    return lead, identity, False


def _fill_gaps(lead: Lead, identity: Identity, *, name: str, username: str, phone: str, language: str) -> None:
    changed = []
    for attribute, given in (
        ("name", text.line(name, 160)),
        ("phone", _readable_phone(phone)),
        ("language", language[:8]),
    ):
        if given and not getattr(lead, attribute):
            setattr(lead, attribute, given)
            changed.append(attribute)
    fresh = text.line(username, 120)
    if fresh and fresh != identity.username:
        identity.username = fresh
        identity.save(update_fields=["username"])
        changed.append("username")
    if changed:
        if columns := [one for one in changed if one != "username"]:
            lead.save(update_fields=columns)
        index_lead(lead)


def _readable_phone(phone: str) -> str:
    """What a platform says is their number, in E.164, or ""."""
    if not phone:
        return ""
    try:
        return details.phone(phone if phone.startswith("+") else f"+{phone}")
    except details.Refused:
        return ""


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
        _fill_gaps(lead, identity, name=name, username=username, phone="", language=language)
