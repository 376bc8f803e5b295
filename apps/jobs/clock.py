"""The one clock. Everything asks here what time it is, so that a test or a rehearsal can say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_frozen: ContextVar[list[datetime] | None] = ContextVar("clock_frozen", default=None)


def now() -> datetime:
    """The current time, aware, in UTC."""
    hands = _frozen.get()
    return hands[0] if hands else datetime.now(UTC)


def is_frozen() -> bool:
    return bool(_frozen.get())


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Inside the block it is `at`, until `advance` is called."""
    token = _frozen.set([at])
    try:
        yield
    finally:
        _frozen.reset(token)


def advance(by: timedelta) -> datetime:
    """Move a frozen clock on; only inside `frozen`."""
    hands = _frozen.get()
    if not hands:
        raise RuntimeError("the clock is not frozen")
    hands[0] += by
    return hands[0]
