"""What the other files of this folder build on: the lock, the timeline, the search text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from apps.jobs import clock
from apps.ui import text

from ..models import Activity, Lead

# An activity within this time of the last one does not move the lead again: each move rewrites its index entries.
CLOSE_TOGETHER = timedelta(minutes=1)


def is_person(by: str) -> bool:
    """Whether a person (or a machine a person gave a key to) decides, rather than the bot or a rule."""
    return by.startswith(("user:", "staff:", "api_key:"))


def lock(lead: Lead) -> Lead:
    """The same object, with the row's values of now, ours until the transaction ends."""
    lead.refresh_from_db(from_queryset=Lead.objects.select_for_update(of=("self",)))
    return lead


def touch(lead: Lead, at: datetime | None = None) -> None:
    """They were active now; moves the lead up in the lists."""
    moment = min(at or clock.now(), clock.now())
    if moment - lead.last_activity_at >= CLOSE_TOGETHER:
        lead.last_activity_at = moment
        lead.save(update_fields=["last_activity_at"])


def write_line(
    lead: Lead, kind: str, said: str = "", *, data: Mapping[str, Any] | None = None, by: str, at: datetime | None = None
) -> Activity:
    return Activity.objects.create(
        lead=lead, kind=kind, text=said, data=dict(data or {}), actor=by[:120], at=at or clock.now()
    )


def note_system(lead: Lead, *, data: Mapping[str, Any], by: str) -> None:
    """A line about the record itself."""
    write_line(lead, Activity.Kind.SYSTEM, data=data, by=by)


def search_text(lead: Lead, usernames: Iterable[str]) -> str:
    # The leading space lets a short search match beginnings of words.
    said = " ".join(filter(None, [lead.name, lead.company, lead.email, lead.phone, *usernames]))
    return f" {text.normalize(said, 800)}"


def index_lead(lead: Lead) -> None:
    """Keep what a lead is found by in step with their details."""
    fresh = search_text(
        lead, dict.fromkeys(lead.identities.exclude(username="").values_list("username", flat=True)[:10])
    )
    if fresh != lead.search_text:
        lead.search_text = fresh
        Lead.objects.filter(pk=lead.pk).update(search_text=fresh)
