"""The relay: hands recorded facts to their handlers, in order, each in the transaction that marks it done."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models import Q
from datetime import timedelta

from apps.jobs import clock, trace
from apps.jobs import services as jobs
from apps.jobs.registry import Claimed, handles

from .journal import EVERYTHING, HANDLERS, TYPES, Envelope
from .models import JournalEntry

log = structlog.get_logger(__name__)
BATCH = 200
GIVE_UP_AFTER = 12


def wake_relay() -> None:
    jobs.wake("events.relay")


def _due() -> Q:
    return Q(relayed_at=None) & (Q(retry_at=None) | Q(retry_at__lte=clock.now()))


def has_unrelayed() -> bool:
    return JournalEntry.objects.filter(relayed_at=None).exists()


@handles("events.relay", queue="interactive", drains=True, pending=has_unrelayed)
def relay(job: Claimed) -> bool:
    """Hand on a batch; True while there is more to hand on now."""
    with transaction.atomic():
        jobs.hold(job)
        entries = list(
            JournalEntry.objects.filter(_due()).order_by("id").select_for_update(skip_locked=True)[:BATCH]
        )
        done = [entry.pk for entry in entries if _hand_on(entry)]
        JournalEntry.objects.filter(pk__in=done).update(relayed_at=clock.now())
    return len(entries) == BATCH


def _hand_on(entry: JournalEntry) -> bool:
    """Call every handler of one fact; a failing one is put off without stopping the others."""
    envelope = Envelope(
        id=entry.uuid,
        number=entry.pk,
        type=entry.type,
        occurred_at=entry.occurred_at,
        trace=entry.trace,
        actor=entry.actor,
        data=entry.data,
    )
    event_type = TYPES.get(entry.type)
    try:
        with transaction.atomic(), trace.following(entry.trace):
            event = event_type(**entry.data) if event_type else None
            for handler in [*(HANDLERS.get(entry.type, ()) if event else ()), *EVERYTHING]:
                handler(event, envelope)
    except Exception as error:
        attempts = entry.attempts + 1
        log.exception("event.handler_failed", type=entry.type, event=str(entry.uuid), attempt=attempts)
        JournalEntry.objects.filter(pk=entry.pk).update(
            attempts=attempts,
            last_error=f"{type(error).__name__}: {error}"[:2000],
            retry_at=clock.now() + timedelta(seconds=min(2**attempts, 3600)),
        )
        return False
    return True
