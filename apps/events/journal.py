"""Record a fact; subscribe to facts. One frozen dataclass per type of event, in its owner's events.py."""

from __future__ import annotations

import dataclasses
import json
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.db import transaction

from apps.jobs import clock, notifier, trace
from apps.jobs import services as jobs
from apps.jobs.connection import connection

RELAY = "events.relay"
QUEUE = "interactive"
# PostgreSQL's jsonb takes neither; both come from outside, in names and texts.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact. Fields are ids and stable values (JSON-able: str, int, float, bool, None, lists, dicts).

    `type`: singular noun, dot, past tense. `example` documents the data on the catalog page.
    A field that is added later needs a default: old entries do not have it.
    """

    type: ClassVar[str] = ""
    description: ClassVar[str] = ""
    example: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.type:
            if TYPES.get(cls.type, cls).__qualname__ != cls.__qualname__:
                raise ValueError(f"two events of type {cls.type!r}")
            TYPES[cls.type] = cls


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What surrounds a recorded fact. `id` is stable across every retry and destination."""

    id: uuid.UUID
    number: int
    type: str
    occurred_at: datetime
    trace: uuid.UUID | None
    actor: str
    data: dict[str, Any]


TYPES: dict[str, type[Event]] = {}
Handler = Callable[[Any, Envelope], None]
BatchHandler = Callable[[Sequence[Envelope]], None]
HANDLERS: dict[str, list[Handler]] = {}
EVERYTHING: list[Handler] = []
BATCH: list[BatchHandler] = []
H = TypeVar("H", bound=Handler)
B = TypeVar("B", bound=BatchHandler)

# The fact and the relay's wake-up in one round trip (see jobs.services.WAKE_SQL).
_RECORD_SQL = """
    WITH entry AS (
        INSERT INTO events_journalentry (uuid, type, data, actor, trace, occurred_at, attempts, last_error)
        VALUES (%s, %s, %s::jsonb, %s, %s, %s, 0, '')
    ), fence AS MATERIALIZED (
        SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))
    )
    INSERT INTO public.jobs_job (schema, kind, key, queue, run_at, generation, attempts, last_error, created_at)
    SELECT %s, %s, '', %s, %s, 0, 0, '', %s FROM fence
    ON CONFLICT (schema, kind, key) DO NOTHING
"""


def record(event: Event, *, actor: str = "") -> uuid.UUID:
    """Write the fact to the tenant's journal, in the caller's transaction; returns its id.

    `actor` says who did it: "user:7", "bot", "customer", "automation:…", "api_key:3".
    """
    number = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD_SQL,
            [
                *(number, event.type, _data(event), storable(actor)[:120], trace.current(), clock.now()),
                *jobs.wake_parameters(connection.schema_name, RELAY, QUEUE),
            ],
        )
        woken = cursor.rowcount > 0
    if woken:
        transaction.on_commit(lambda: notifier.nudge(QUEUE, 0))
    return number


def record_all(events: Sequence[Event], *, actor: str = "") -> None:
    """`record` for many facts of one actor, in their order, in two statements."""
    if not events:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_journalentry (uuid, type, data, actor, trace, occurred_at, attempts, last_error)"
            " SELECT e.uuid, e.type, e.data::jsonb, %s, %s::uuid, %s, 0, ''"
            "   FROM unnest(%s::uuid[], %s::text[], %s::text[]) WITH ORDINALITY e(uuid, type, data, place) ORDER BY place",
            [
                *(storable(actor)[:120], trace.current(), clock.now()),
                *([uuid.uuid4() for _event in events], [event.type for event in events]),
                [_data(event) for event in events],
            ],
        )
    jobs.wake(RELAY)


def _data(event: Event) -> str:
    return json.dumps(storable(dataclasses.asdict(event)), ensure_ascii=False, allow_nan=False)


def storable(value: Any) -> Any:
    """The same JSON value without characters that PostgreSQL cannot hold."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def event_of(envelope: Envelope) -> Event | None:
    """The fact as its dataclass; None for a type nobody knows any more. Fields that are gone are left out."""
    event_type = TYPES.get(envelope.type)
    if event_type is None:
        return None
    known = {field.name for field in dataclasses.fields(event_type)}
    return event_type(**{name: value for name, value in envelope.data.items() if name in known})


def on(*types: type[Event]) -> Callable[[H], H]:
    """Subscribe the decorated `handler(event, envelope)`: called at least once for each fact, in order.

    One that fails is tried again later by itself: the other handlers, and later facts, do not wait for it.
    """

    def subscribe(handler: H) -> H:
        for event_type in types:
            HANDLERS.setdefault(event_type.type, []).append(handler)
        return handler

    return subscribe


def on_everything(handler: H) -> H:
    """Subscribe to every fact; `event` is None where its type is unknown."""
    EVERYTHING.append(handler)
    return handler


def on_batch(handler: B) -> B:
    """Subscribe `handler(envelopes)` to every fact, many at a time: one statement instead of hundreds."""
    BATCH.append(handler)
    return handler
