"""The thread through one journey: a raw delivery, its message, lead, reply and events share a trace id."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

_current: ContextVar[uuid.UUID | None] = ContextVar("trace", default=None)


def current() -> uuid.UUID:
    """The trace id of the work at hand; a new one where none was set."""
    trace = _current.get()
    if trace is None:
        trace = uuid.uuid4()
        _current.set(trace)
    return trace


@contextmanager
def following(trace: uuid.UUID | None) -> Iterator[uuid.UUID]:
    """Do the block's work as part of `trace` (a new one if None); logs carry it."""
    token = _current.set(trace or uuid.uuid4())
    try:
        with structlog.contextvars.bound_contextvars(trace=str(current())):
            yield current()
    finally:
        _current.reset(token)
