"""One act on many leads."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.organizations.actors import Can
from apps.organizations.errors import Problem
from apps.organizations.models import User
from apps.organizations.permissions import acting, needs, remembered

from . import queries, services
from .models import BulkChange, Lead, Stage

AT_ONCE = 100  # done in the request; more are done in the background
MOST = 10_000
BATCH = 200
JOB = "leads.bulk"


@needs(Can.WORK_LEADS)
def start(action: str, value: str, ids: list[int], *, by: str) -> BulkChange:
    """Do `action` (stage, owner, tag, untag, delete, restore) with `value` to these leads; few at once, many later."""
    acting(by).must(needed(action))
    _check(action, value)
    wanted = list(Lead.objects.filter(pk__in=ids[:MOST]).order_by("pk").values_list("pk", flat=True))
    with transaction.atomic():
        bulk = BulkChange.objects.create(action=action, value=value[:60], actor=by, total=len(wanted), todo=wanted)
        if len(wanted) > AT_ONCE:
            jobs.schedule(JOB, str(bulk.pk))
        else:
            proceed(bulk, by=by)
    return bulk


def _check(action: str, value: str) -> None:
    if action == "owner" and value:
        owner = (
            User.objects.filter(pk=int(value)).first()
            if value.isascii() and value.isdigit() and len(value) < 18
            else None
        )
        if owner is None or not services.is_member(owner):
            raise Problem("not_a_member", _("This person is not a member of the organization."))
    elif (
        (action == "stage" and value not in Stage.values)
        or action not in _ACTS
        or (action == "tag" and not queries.said(value))
    ):
        raise Problem("unknown_action", _("Choose what to do with these leads."))


def needed(action: str) -> Can:
    """What an act on many takes."""
    return Can.REMOVE_LEADS if action in ("delete", "restore") else Can.WORK_LEADS


def proceed(bulk: BulkChange, *, by: str = "") -> bool:
    """The next batch; True while there is more. In the background it ends when whoever began it lost the right."""
    actor = acting(by) if by else remembered(bulk.actor)
    with transaction.atomic():
        bulk.refresh_from_db(from_queryset=BulkChange.objects.select_for_update())
        now, later = (bulk.todo[:BATCH], bulk.todo[BATCH:]) if actor.may(needed(bulk.action)) else ([], [])
        for lead in Lead.objects.filter(pk__in=[one[0] if isinstance(one, list) else one for one in now]).order_by(
            "pk"
        ):
            before = _ACTS[bulk.action](lead, _value_for(bulk, lead, now), actor)
            if before is not None:
                bulk.before.append([lead.pk, before])
        bulk.todo = later
        if not later:
            bulk.finished_at = clock.now()
        bulk.save(update_fields=["todo", "before", "finished_at"])
    return bool(later)


def _value_for(bulk: BulkChange, lead: Lead, batch: list[Any]) -> str:
    """An undo gives each lead its own value back: its entries are [id, value]."""
    return next((str(one[1]) for one in batch if isinstance(one, list) and one[0] == lead.pk), bulk.value)


@needs(Can.WORK_LEADS)
def undo(bulk: BulkChange, *, by: str) -> BulkChange:
    """Give every lead that changed its value back; doing it twice does nothing more."""
    with transaction.atomic():
        bulk.refresh_from_db(from_queryset=BulkChange.objects.select_for_update())
        if bulk.undone_by is not None:
            return bulk.undone_by
        action = {"tag": "untag", "untag": "tag", "delete": "restore", "restore": "delete"}.get(
            bulk.action, bulk.action
        )
        acting(by).must(needed(action))
        back = BulkChange.objects.create(
            action=action, value=bulk.value, actor=by, total=len(bulk.before), todo=bulk.before
        )
        bulk.undone_by = back
        bulk.todo, bulk.finished_at = [], bulk.finished_at or clock.now()
        bulk.save(update_fields=["undone_by", "todo", "finished_at"])
        if back.total > AT_ONCE:
            jobs.schedule(JOB, str(back.pk))
        else:
            proceed(back, by=by)
    return back


# Each does its act and returns the value before, or None where nothing changed.


def _stage(lead: Lead, value: str, by: str) -> str | None:
    before = lead.stage
    return before if services.move_to_stage(lead, value, by=by) else None


def _owner(lead: Lead, value: str, by: str) -> str | None:
    before = str(lead.owner_id or "")
    owner = User.objects.filter(pk=int(value)).first() if value else None
    if owner is not None and not services.is_member(owner):
        owner = None
    return before if services.set_owner(lead, owner, by=by) else None


def _tag(lead: Lead, value: str, by: str) -> str | None:
    had = lead.tags.filter(name=value).exists()
    services.add_tag(lead, value, by=by)
    return None if had else value


def _untag(lead: Lead, value: str, by: str) -> str | None:
    return value if services.remove_tag(lead, value, by=by) else None


def _delete(lead: Lead, _unused: str, by: str) -> str | None:
    gone = lead.deleted_at is not None
    services.delete_lead(lead, by=by)
    return None if gone else ""


def _restore(lead: Lead, _unused: str, by: str) -> str | None:
    there = lead.deleted_at is None
    services.restore_lead(lead, by=by)
    return None if there else ""


_ACTS: dict[str, Any] = {
    "stage": _stage, "owner": _owner, "tag": _tag, "untag": _untag, "delete": _delete, "restore": _restore,
}  # fmt: skip
