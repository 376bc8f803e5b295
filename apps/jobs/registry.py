"""Which function does which kind of work, and how each queue is drained."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from . import clock


@dataclass(frozen=True)
class Claimed:
    """A job in the hands of this worker. `lease` is the fence: it changes when another worker takes over.

    By `deadline` the work must be done; the row itself is leased for seconds at a time (see pulse.py).
    """

    id: int
    schema: str
    kind: str
    key: str
    attempt: int
    generation: int
    lease: int
    deadline: datetime
    trace: uuid.UUID | None

    def seconds_left(self) -> float:
        """How long this worker may go on before another one takes the job over."""
        return (self.deadline - clock.now()).total_seconds()


Run = Callable[[Claimed], "datetime | bool | None"]
Pending = Callable[[], "datetime | bool | None"]
GivenUp = Callable[[Claimed, str], None]
F = TypeVar("F", bound=Run)


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    `run(job)` returns None (done) or an aware datetime (do it again then). A draining kind returns whether
    more may be left now; what is left for later is `pending`'s to say: True (now), a datetime (then), or
    False or None (nothing). A run may happen twice for one request (a crash after the work and before the
    row was removed), so it must be idempotent.

    `given_up(job, error)` is called in the tenant when the last of `attempts` has failed, whatever the reason:
    an exception, or a worker that ended while it ran. It may be called twice.
    """

    name: str
    queue: str
    run: Run
    drains: bool = False
    pending: Pending | None = None
    attempts: int = 8
    given_up: GivenUp | None = None
    words: Any = ""  # what is done, for people: "Answer a customer"; lazily translated

    @property
    def app(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Queue:
    """`batch`: jobs per claim; `share`: of these at most so many for one tenant; `lease`: the time a batch may take."""

    batch: int
    share: int
    lease: timedelta


QUEUES = {
    "interactive": Queue(batch=50, share=10, lease=timedelta(seconds=60)),
    "ai": Queue(batch=1, share=1, lease=timedelta(seconds=150)),
    "integrations": Queue(batch=20, share=4, lease=timedelta(seconds=120)),
    "bulk": Queue(batch=200, share=100, lease=timedelta(seconds=240)),
}
KINDS: dict[str, Kind] = {}


def handles(
    name: str,
    *,
    queue: str,
    drains: bool = False,
    pending: Pending | None = None,
    attempts: int = 8,
    given_up: GivenUp | None = None,
    words: Any = "",
) -> Callable[[F], F]:
    """Register the decorated function for jobs of kind `name`."""
    if queue not in QUEUES:
        raise ValueError(f"no queue named {queue!r}")
    if drains != (pending is not None):
        raise ValueError("a draining kind, and no other, says what is pending")

    def register(run: F) -> F:
        if name in KINDS:
            raise ValueError(f"two handlers for {name!r}")
        KINDS[name] = Kind(name, queue, run, drains, pending, attempts, given_up, words)
        return run

    return register


def words_of(kind: str) -> str:
    """What a kind of work does, in words; also for one that this version no longer knows."""
    known = KINDS.get(kind)
    return str(known.words) if known and known.words else _("Work that this version does not know")


# What `run_automations --task …` calls a group of kinds; any app's name is a group of its own.
# Webhooks leave by way of the journal, so draining them includes handing its facts on.
GROUPS: dict[str, Callable[[Kind], bool]] = {
    "all": lambda kind: True,
    "ai": lambda kind: kind.queue == "ai",
    "messages": lambda kind: kind.app == "conversations",
    "webhooks": lambda kind: kind.app == "webhooks_outbox" or kind.name == "events.relay",
}


def kinds_of(group: str) -> list[str]:
    """The kinds of a group, by name; KeyError for one that does not exist."""
    chosen = GROUPS.get(group) or (lambda kind: kind.app == group)
    names = sorted(kind.name for kind in KINDS.values() if chosen(kind))
    if not names:
        raise KeyError(group)
    return names


def groups() -> list[str]:
    return sorted({*GROUPS, *(kind.app for kind in KINDS.values())})
