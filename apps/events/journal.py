"""Record a fact; subscribe to facts. One frozen dataclass per type of event, in its owner's events.py."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from apps.jobs import clock, trace


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact. Fields are ids and stable values (JSON-able: str, int, float, bool, None, lists, dicts).

    `type`: singular noun, dot, past tense. `example` documents the data on the catalog page.
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
HANDLERS: dict[str, list[Handler]] = {}
EVERYTHING: list[Handler] = []
H = TypeVar("H", bound=Handler)


def record(event: Event, *, actor: str = "") -> uuid.UUID:
    """Write the fact to the tenant's journal, in the caller's transaction; returns its id.

    `actor` says who did it: "user:7", "bot", "customer", "automation:…", "api_key:3".
    """
    from .models import JournalEntry  # noqa: PLC0415 - models are not ready when apps import this
    from .tasks import wake_relay  # noqa: PLC0415

    entry = JournalEntry.objects.create(
        type=event.type,
        data=dataclasses.asdict(event),
        actor=actor,
        trace=trace.current(),
        occurred_at=clock.now(),
    )
    wake_relay()
    return entry.uuid


def on(*types: type[Event]) -> Callable[[H], H]:
    """Subscribe the decorated `handler(event, envelope)`: called at least once for each fact, in order."""

    def subscribe(handler: H) -> H:
        for event_type in types:
            HANDLERS.setdefault(event_type.type, []).append(handler)
        return handler

    return subscribe


def on_everything(handler: H) -> H:
    """Subscribe to every fact."""
    EVERYTHING.append(handler)
    return handler
