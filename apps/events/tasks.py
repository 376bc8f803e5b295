"""The relay: hands recorded facts to their handlers, in order, each in the transaction that marks it done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.jobs import clock, trace
from apps.jobs import services as jobs
from apps.jobs.registry import Claimed, handles

from .journal import BATCH, EVERYTHING, HANDLERS, QUEUE, RELAY, TYPES, Envelope, event_of
from .models import JournalEntry

log = structlog.get_logger(__name__)
AT_ONCE = 200
# About half a day of doubling pauses; what still fails then stands in the journal with its error.
GIVE_UP_AFTER = 18
LONGEST_PAUSE = 3600
KEEP = timedelta(days=90)
_PRUNE_AT_ONCE = 5000


def wake_relay() -> None:
    jobs.wake(RELAY)


def next_unrelayed() -> datetime | bool:
    """Whether a fact waits to be handed on: now (True), at a time, or not at all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_or(retry_at IS NULL), min(retry_at) FROM events_journalentry WHERE relayed_at IS NULL"
        )
        fresh, retry_at = cursor.fetchone()
    return True if fresh else (retry_at or False)


@handles(RELAY, queue=QUEUE, drains=True, pending=next_unrelayed, words=_("Hand on what happened"))
def relay(job: Claimed) -> bool:
    """Hand on a batch; True while there is more to hand on now."""
    due = Q(relayed_at=None) & (Q(retry_at=None) | Q(retry_at__lte=clock.now()))
    with transaction.atomic():
        jobs.hold(job)
        entries = list(JournalEntry.objects.filter(due).order_by("id").select_for_update(skip_locked=True)[:AT_ONCE])
        if entries and not _all_at_once(entries):
            for entry in entries:
                _one_by_one(entry)
    return len(entries) == AT_ONCE


def _all_at_once(entries: list[JournalEntry]) -> bool:
    """The usual case: no handler fails, and the batch costs one savepoint. False: nothing happened."""
    envelopes = [_envelope(entry) for entry in entries]
    try:
        with transaction.atomic():
            for entry, envelope in zip(entries, envelopes, strict=True):
                with trace.following(entry.trace):
                    for _name, call in _single_calls(envelope, entry.left):
                        call()
            if fresh := [e for e, entry in zip(envelopes, entries, strict=True) if entry.left is None]:
                for handler in BATCH:
                    handler(fresh)
            if len(fresh) < len(entries):
                # Second tries, of which only some handlers are left: batch handlers among them get one each.
                for entry, envelope in zip(entries, envelopes, strict=True):
                    for _name, call in _batch_calls(envelope, entry.left or []):
                        call()
            JournalEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(relayed_at=clock.now(), left=[])
    except Exception as error:
        if isinstance(error, DatabaseError) and connection.connection is not None and connection.connection.closed:
            raise
        return False
    return True


def _one_by_one(entry: JournalEntry) -> None:
    """Every handler in a savepoint of its own; those that fail are tried again later, alone."""
    envelope = _envelope(entry)
    failed: dict[str, Exception] = {}
    with trace.following(entry.trace):
        for name, call in [*_single_calls(envelope, entry.left), *_batch_calls(envelope, entry.left)]:
            try:
                with transaction.atomic():
                    call()
            except Exception as error:
                log.exception("event.handler_failed", type=entry.type, entry=str(entry.uuid), handler=name)
                failed[name] = error
    now = clock.now()
    entry.left = list(failed)
    if failed:
        entry.attempts += 1
        entry.last_error = "\n".join(f"{name}: {type(e).__name__}: {e}" for name, e in failed.items())[:2000]
        entry.last_error = entry.last_error.replace("\x00", "")
        entry.retry_at = now + timedelta(seconds=min(2**entry.attempts, LONGEST_PAUSE))
    if not failed or entry.attempts >= GIVE_UP_AFTER:
        entry.relayed_at = now
    entry.save(update_fields=["left", "attempts", "last_error", "retry_at", "relayed_at"])


Call = tuple[str, Callable[[], None]]


def _single_calls(envelope: Envelope, left: list[str] | None) -> Iterator[Call]:
    own = HANDLERS.get(envelope.type, ()) if envelope.type in TYPES else ()
    for handler in [*own, *EVERYTHING]:
        name = name_of(handler)
        if left is None or name in left:
            yield name, partial(_hand, handler, envelope, needed=handler in own)


def _hand(handler: Any, envelope: Envelope, *, needed: bool) -> None:
    handler(_event(envelope, needed), envelope)


def _event(envelope: Envelope, needed: bool) -> object:
    """An old entry that lacks a field of today's dataclass: an error for who subscribed to it, None for the others."""
    try:
        return event_of(envelope)
    except TypeError:
        if needed:
            raise
        return None


def _batch_calls(envelope: Envelope, left: list[str] | None) -> Iterator[Call]:
    for handler in BATCH:
        name = name_of(handler)
        if left is None or name in left:
            yield name, partial(handler, [envelope])


def name_of(handler: Callable[..., None]) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def _envelope(entry: JournalEntry) -> Envelope:
    return Envelope(
        id=entry.uuid,
        number=entry.pk,
        type=entry.type,
        occurred_at=entry.occurred_at,
        trace=entry.trace,
        actor=entry.actor,
        data=entry.data,
    )


def try_given_up_again() -> int:
    """Hand on once more what was given up, to the handlers that never took it; returns how many."""
    with transaction.atomic():
        count = (
            JournalEntry.objects.exclude(relayed_at=None)
            .exclude(left=[])
            .exclude(left=None)
            .update(relayed_at=None, retry_at=None, attempts=0)
        )
        if count:
            wake_relay()
    return count


@handles("events.prune", queue="bulk", words=_("Delete old journal entries"))
def prune(_job: Claimed) -> datetime | None:
    """Delete what was handed on long ago, a bite at a time; what was given up stays."""
    before = clock.now() - KEEP
    old = JournalEntry.objects.filter(occurred_at__lt=before, left=[]).exclude(relayed_at=None).order_by("id")
    gone, _by_model = JournalEntry.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:_PRUNE_AT_ONCE])
    ).delete()
    return clock.now() if gone == _PRUNE_AT_ONCE else None
