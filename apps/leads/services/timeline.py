"""What happened with a lead: notes, calls and meetings; put away and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.events import record
from apps.jobs import clock
from apps.organizations.actors import Can
from apps.organizations.errors import Problem
from apps.organizations.permissions import needs
from apps.ui import text

from ..events import LeadActivityLogged, LeadDeleted, LeadNoteAdded, LeadRestored
from ..models import Activity, Lead
from .base import lock, touch, write_line

LOGGED = ("call", "email", "meeting")


@needs(Can.WORK_LEADS)
@transaction.atomic
def add_note(lead: Lead, said: str, *, by: str) -> Activity:
    """A note for colleagues."""
    body = text.clean(said, 10_000)
    if not body:
        raise Problem("empty_note", _("Write something first."))
    note = write_line(lead, Activity.Kind.NOTE, body, by=by)
    touch(lead)
    record(LeadNoteAdded(lead_id=lead.pk, activity_id=note.pk, text=body[:1000]), actor=by)
    return note


@needs(Can.WORK_LEADS)
@transaction.atomic
def log_activity(
    lead: Lead, kind: str, said: str = "", *, by: str, data: Mapping[str, Any] | None = None, at: datetime | None = None
) -> Activity:
    """Something for the timeline; calls, meetings and emails entered by people are announced."""
    if kind not in Activity.Kind.values:
        raise Problem("unknown_kind", _("There is no such kind of activity."))
    activity = write_line(lead, kind, text.clean(said, 10_000), data=data, by=by, at=at)
    touch(lead, at)
    if kind in LOGGED:
        record(
            LeadActivityLogged(lead_id=lead.pk, activity_id=activity.pk, kind=kind, text=activity.text[:1000]), actor=by
        )
    return activity


@needs(Can.REMOVE_LEADS)
@transaction.atomic
def delete_lead(lead: Lead, *, by: str) -> None:
    """Put a lead away; `restore_lead` takes it back."""
    lock(lead)
    if lead.deleted_at is None:
        lead.deleted_at = clock.now()
        lead.save(update_fields=["deleted_at"])
        record(LeadDeleted(lead_id=lead.pk), actor=by)


@needs(Can.REMOVE_LEADS)
@transaction.atomic
def restore_lead(lead: Lead, *, by: str) -> None:
    """Take back a deleted lead; one that was merged comes back with merging.unmerge_leads alone."""
    lock(lead)
    if lead.deleted_at is not None and lead.merged_into_id is None:
        lead.deleted_at = None
        lead.save(update_fields=["deleted_at"])
        record(LeadRestored(lead_id=lead.pk), actor=by)
