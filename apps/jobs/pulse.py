"""A worker's sign of life: leases last seconds and are renewed while it lives, so that a dead one's work is taken over
soon, however long the work itself may take (`Claimed.deadline`).

One thread per process renews all that the process holds, in one statement. Where the clock is frozen there is no life
to show: leases then last until the deadline.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError

from apps.jobs.connection import connection

from . import clock
from .registry import Claimed

log = structlog.get_logger(__name__)
_held: dict[int, Claimed] = {}
_something = threading.Condition()
_heart: threading.Thread | None = None

# A row that its own holder has locked is about to be written by it: it is renewed at the next beat.
_RENEW_SQL = """
    UPDATE public.jobs_job j SET leased_until = LEAST(free.deadline, %s)
      FROM (SELECT j.id, d.deadline
              FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) d(id, lease, deadline)
              JOIN public.jobs_job j ON j.id = d.id AND j.lease = d.lease
               FOR UPDATE OF j SKIP LOCKED) free
     WHERE j.id = free.id
"""


def leased_until(deadline: datetime) -> datetime:
    """Until when a row taken now is ours without a further sign of life."""
    return (
        deadline if clock.is_frozen() else min(deadline, clock.now() + timedelta(seconds=settings.JOBS_LEASE_SECONDS))
    )


@contextmanager
def beating(jobs: Sequence[Claimed]) -> Iterator[None]:
    """While the block runs, these jobs' leases are renewed."""
    if clock.is_frozen():
        yield
        return
    with _something:
        _held.update((job.id, job) for job in jobs)
        _start()
        _something.notify()
    try:
        yield
    finally:
        with _something:
            for job in jobs:
                _held.pop(job.id, None)


def _start() -> None:
    global _heart
    if _heart is None or not _heart.is_alive():  # also in the child of a fork, where the thread stayed behind
        _heart = threading.Thread(target=_beat, name="jobs-pulse", daemon=True)
        _heart.start()


def _beat() -> None:
    pause = threading.Event()
    while True:
        with _something:
            while not _held:
                _something.wait()
        pause.wait(settings.JOBS_LEASE_SECONDS / 4)
        with _something:
            jobs = list(_held.values())
        if jobs:
            renew(jobs)


def renew(jobs: Sequence[Claimed]) -> None:
    """Renew the leases that are still these jobs' own. A database that is away takes work from nobody meanwhile."""
    now = clock.now()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                _RENEW_SQL,
                [
                    now + timedelta(seconds=settings.JOBS_LEASE_SECONDS),
                    *([job.id for job in jobs], [job.lease for job in jobs], [job.deadline for job in jobs]),
                ],
            )
    except DatabaseError as error:
        log.warning("jobs.pulse_failed", error=str(error)[:200])
    finally:
        connection.close()
