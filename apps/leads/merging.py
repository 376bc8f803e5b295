"""Two records of one person become one, and can be taken apart again.

What hangs on the record that goes (identities, timeline, forms) moves to the one that stays; apps above move what is
theirs when they hear of it (LeadMerged, LeadUnmerged): where a person's identities are, there is the person.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.events import record
from apps.jobs import clock
from apps.organizations.actors import Can
from apps.organizations.errors import Problem
from apps.organizations.permissions import needs

from . import details
from .events import LeadMerged, LeadUnmerged
from .models import Activity, FormSubmission, Identity, Lead, Merge, Stage, further
from .services import ORDER, index_lead, move_to_stage, note_system, rescore

_FILLED = (*details.NAMES, "language", "avatar_url", "type", "owner_id", "wants", "last_said")
_MOVED: dict[str, Any] = {"identities": Identity, "activities": Activity, "submissions": FormSubmission}
MOST_SIGNALS = 10_000


@needs(Can.WORK_LEADS)
@transaction.atomic
def merge_leads(kept: Lead, gone: Lead, *, by: str) -> Merge:
    """Put everything of `gone` on `kept`. What both know stays as `kept` knows it."""
    if kept.pk == gone.pk:
        raise Problem("same_lead", _("This is the same record."))
    kept, gone = _locked(kept, gone)
    if kept.deleted_at is not None or gone.deleted_at is not None:
        raise Problem("lead_gone", _("One of the two was deleted or merged meanwhile."))
    moved: dict[str, Any] = {}
    for name, model in _MOVED.items():
        rows = model.objects.filter(lead=gone)
        moved[name] = list(rows.values_list("pk", flat=True))
        rows.update(lead=kept)
    moved["filled"] = _fill(kept, gone)
    moved["fields"] = sorted(set(gone.fields) - set(kept.fields))
    kept.fields = {**gone.fields, **kept.fields}
    kept.signals = _sum(kept.signals, gone.signals, 1)
    kept.furthest = further(kept.furthest, gone.furthest)
    kept.captured_at = min(filter(None, [kept.captured_at, gone.captured_at]), default=None)
    kept.last_activity_at = max(kept.last_activity_at, gone.last_activity_at)
    kept.save()
    tags = set(gone.tags.values_list("pk", flat=True)) - set(kept.tags.values_list("pk", flat=True))
    moved["tags"] = sorted(tags)
    kept.tags.add(*tags)
    gone.merged_into, gone.deleted_at = kept, clock.now()
    gone.save(update_fields=["merged_into", "deleted_at"])
    if kept.stage == Stage.NEW and ORDER.index(gone.stage) > 0:
        move_to_stage(kept, gone.stage, by=by, reason=_("Merged with another record of this person"))
    merge = Merge.objects.create(kept=kept, gone=gone, moved=moved, by=by[:120])
    note_system(kept, data={"merged": gone.pk, "name": str(gone)}, by=by)
    index_lead(kept)
    rescore(kept, by=by)
    record(LeadMerged(lead_id=kept.pk, merged_id=gone.pk), actor=by)
    return merge


@needs(Can.WORK_LEADS)
@transaction.atomic
def unmerge_leads(merge: Merge, *, by: str) -> Lead:
    """Take two people apart again: each gets back what was theirs. Returns the one that comes back."""
    kept, gone = _locked(merge.kept, merge.gone)
    merge = Merge.objects.select_for_update().get(pk=merge.pk)
    if merge.undone_at is not None or gone.merged_into_id != kept.pk:
        raise Problem("not_merged", _("These two are not merged any more."))
    for name, model in _MOVED.items():
        model.objects.filter(pk__in=merge.moved.get(name, ()), lead=kept).update(lead=gone)
    for name, value in merge.moved.get("filled", {}).items():
        if name in _FILLED and getattr(kept, name) == value:
            setattr(kept, name, None if name == "owner_id" else "")
    kept.fields = {name: value for name, value in kept.fields.items() if name not in merge.moved.get("fields", ())}
    kept.signals = _sum(kept.signals, gone.signals, -1)
    kept.furthest = _furthest(kept)
    kept.save()
    kept.tags.remove(*merge.moved.get("tags", ()))
    gone.merged_into = gone.deleted_at = None
    gone.save(update_fields=["merged_into", "deleted_at"])
    merge.undone_at = clock.now()
    merge.save(update_fields=["undone_at"])
    for lead, other in ((kept, gone), (gone, kept)):
        note_system(lead, data={"unmerged": other.pk, "name": str(other)}, by=by)
        index_lead(lead)
        rescore(lead, by=by)
    record(LeadUnmerged(lead_id=kept.pk, merged_id=gone.pk), actor=by)
    return gone


def _locked(kept: Lead, gone: Lead) -> tuple[Lead, Lead]:
    """Both rows as they are now, locked in one order, so that two merges wait for each other."""
    rows = Lead.objects.select_for_update(of=("self",)).filter(pk__in=[kept.pk, gone.pk]).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) < 2:
        raise Problem("lead_gone", _("One of the two was deleted or merged meanwhile."))
    return found[kept.pk], found[gone.pk]


def _fill(kept: Lead, gone: Lead) -> dict[str, Any]:
    """Give `kept` what only `gone` knows; returns that."""
    filled = {name: getattr(gone, name) for name in _FILLED if getattr(gone, name) and not getattr(kept, name)}
    for name, value in filled.items():
        setattr(kept, name, value)
    return filled


def _furthest(lead: Lead) -> str:
    """How far somebody came by what their own timeline tells."""
    moves = Activity.objects.filter(lead=lead, kind=Activity.Kind.STAGE).values_list("data__from", "data__to")
    stood = [str(stage) for move in moves for stage in move if stage in Stage.values]
    return reduce(further, stood, further(Stage.NEW, lead.stage))


def _sum(one: dict[str, int], other: dict[str, int], sign: int) -> dict[str, int]:
    names = {*one, *other}
    total = {name: int(one.get(name, 0)) + sign * int(other.get(name, 0)) for name in names}
    return {name: min(count, MOST_SIGNALS) for name, count in total.items() if count > 0}
