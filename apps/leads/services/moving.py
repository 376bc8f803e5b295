"""A person gives up an id and goes by another: a new phone number, a new user id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.events import record
from apps.organizations.proof import Proof, ProvenBy, columns

from .. import numbers
from ..events import LeadDetailsChanged
from ..models import FormerIdentity, Identity, Lead
from .base import index_lead, lock, note_system
from .identities import LONGEST, certified_number, prove


@dataclass(frozen=True)
class Moved:
    """`taken_by`: the new id is this other person's already, so nothing moved and people have to look."""

    lead: Lead
    taken_by: Lead | None = None


@transaction.atomic
def move_identity(
    kind: str,
    account: str,
    *,
    previous: Sequence[str],
    current: Sequence[str],
    at: datetime,
    in_use: Sequence[int] = (),
) -> Moved | None:
    """The ids `previous` of one person are theirs no more, `current` are; None where nobody goes by the old ones.

    Rows keep their keys, so that what hangs on them moves along; those of `in_use` (primary keys) first. Two records
    are never made one here: who has the new id already may be somebody else.
    """
    ids = {"kind": kind, "account": account, "value__in": previous}
    if FormerIdentity.objects.filter(**ids, left_at__gte=at).exists():
        return None  # told again; whoever uses the id by now is not meant
    rows = (
        Identity.objects.filter(kind=kind, account=account, proven_at__isnull=False)
        .select_related("lead__merged_into")
        .order_by("pk")
    )
    old = list(rows.filter(value__in=previous))
    if not old:
        return None
    lead = lock(_living(old[0].lead))
    old = [row for row in old if _living(row.lead).pk == lead.pk]
    known = list(rows.filter(value__in=current))
    other = next((found for row in known if (found := _living(row.lead)).pk != lead.pk), None)
    if other is not None:
        note_system(lead, data={"id_taken_by": other.pk, "name": str(other)}, by="system")
        return Moved(lead, taken_by=other)
    fresh = [value for value in dict.fromkeys(current) if value not in {row.value for row in known}]
    FormerIdentity.objects.bulk_create(
        [FormerIdentity(lead=lead, kind=kind, account=account, value=row.value, left_at=at) for row in old]
    )
    left = [row.value for row in old]
    for row in sorted(old, key=lambda one: one.pk not in in_use):
        if fresh:
            row.value = fresh.pop(0)[:LONGEST]
            row.save(update_fields=["value"])
        elif row.pk not in in_use:
            row.delete()
    Identity.objects.bulk_create(
        [
            Identity(
                lead=lead, kind=kind, account=account, value=value[:LONGEST], **columns(Proof.now(ProvenBy.PLATFORM))
            )
            for value in fresh
        ],
        ignore_conflicts=True,
    )
    _follow_number(lead, left, current)
    return Moved(lead)


def was_theirs(keys: Sequence[tuple[str, str, str]], at: datetime) -> Lead | None:
    """Who went by one of these ids (kind, account, value) at that time, where nobody does any more."""
    rows = FormerIdentity.objects.filter(value__in=[key[2] for key in keys], left_at__gt=at).select_related("lead")
    mine = [row for row in rows.order_by("left_at", "id") if (row.kind, row.account, row.value) in keys]
    return _living(mine[0].lead) if mine else None


def _living(lead: Lead) -> Lead:
    while lead.merged_into_id and lead.merged_into is not None:
        lead = lead.merged_into
    return lead


def _follow_number(lead: Lead, left: Sequence[str], current: Sequence[str]) -> None:
    """The platform certifies the new number instead of the one they left, and so does what we show of them."""
    gone = {numbers.key(number) for value in left if (number := certified_number(value))}
    number = next(filter(None, map(certified_number, current)), "")
    # Whoever writes from it next is somebody else.
    Identity.objects.filter(lead=lead, kind="phone", value__in=gone, proven_by=ProvenBy.PLATFORM).delete()
    for row in lead.identities.all():
        if row.profile.get("phone") and numbers.key(row.profile["phone"]) in gone:
            row.profile = {**row.profile, "phone": number}
            row.save(update_fields=["profile"])
    if not number:
        return
    prove(lead, "phone", number, ProvenBy.PLATFORM)
    if lead.phone and numbers.key(lead.phone) in gone:
        lead.phone = number
        lead.save(update_fields=["phone"])
        index_lead(lead)
        record(LeadDetailsChanged(lead_id=lead.pk, changed=["phone"]), actor="system")
