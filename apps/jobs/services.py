"""Promise work, do it, and keep the promise through crashes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.db import DatabaseError, transaction
from django_tenants.utils import get_tenant_model, schema_context, tenant_context

from apps.jobs.connection import connection

from . import clock, ledger, notifier, pulse, trace
from .ledger import LATER, LeaseLost, claim, hold
from .registry import KINDS, QUEUES, Claimed, GivenUp, Kind

if TYPE_CHECKING:  # events are declared, and so this is imported, before models are ready
    from .models import Job

__all__ = [
    "LeaseLost", "Report", "cancel", "claim", "drain", "fence", "hold", "is_under_way", "retry", "run", "run_due", "schedule",
    "surely", "wake",
]  # fmt: skip

log = structlog.get_logger(__name__)
# A batch that has taken longer than this gives the rest of its jobs back to whoever is free.
PATIENCE = 0.5
# How long to leave a drain whose writers have not committed yet.
SOON = timedelta(milliseconds=50)
# What is due within DUE_SOON, and has not waited for longer than LONG_OVERDUE, counts as under way.
DUE_SOON, LONG_OVERDUE = timedelta(seconds=20), timedelta(seconds=45)


@dataclass
class Report:
    """What was done: how often each kind ran, and failed."""

    ran: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


# Promises


def schedule(
    kind: str, key: str = "", *, at: datetime | None = None, postpone: bool = False, schema: str | None = None
) -> None:
    """Promise to run `kind` for the current tenant at `at` (default: now), once, however often asked.

    An earlier time wins; with `postpone` the newest time wins (a debounce). Asking again while the work
    runs makes it run again, at that time. Commits or vanishes with the caller's transaction.
    """
    now = clock.now()
    when = at or now
    known = KINDS[kind]
    if known.drains and not key and when > now:
        key = LATER
    pick = "excluded.run_at" if postpone else "LEAST(j.run_at, excluded.run_at)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO public.jobs_job AS j (schema, kind, key, queue, run_at, generation, attempts,
                                              last_error, trace, created_at)
            VALUES (%s, %s, %s, %s, %s, 0, 0, '', %s, %s)
            ON CONFLICT (schema, kind, key) DO UPDATE
               SET run_at = CASE WHEN j.failed_at IS NULL THEN {pick} ELSE excluded.run_at END,
                   failed_at = NULL,
                   attempts = CASE WHEN j.failed_at IS NULL THEN j.attempts ELSE 0 END,
                   generation = j.generation + 1
            """,
            [schema or connection.schema_name, kind, key, known.queue, when, trace.current(), now],
        )
    transaction.on_commit(lambda: notifier.nudge(known.queue, max(0.0, (when - now).total_seconds())))


def wake(kind: str, *, schema: str | None = None) -> None:
    """Say that the current tenant has something to drain. Takes no row lock, so writers never queue up.

    The shared advisory lock, held until the caller commits, keeps `_finish_drain` from removing the
    row between its last look and our commit.
    """
    name = schema or connection.schema_name
    queue = KINDS[kind].queue
    with connection.cursor() as cursor:
        cursor.execute(WAKE_SQL, wake_parameters(name, kind, queue))
        created = cursor.rowcount > 0
    if created:
        transaction.on_commit(lambda: notifier.nudge(queue, 0))


def is_under_way(*promises: tuple[str, str]) -> bool:
    """Whether one of these (kind, key) of the current tenant is being done, or due in moments: for "is writing …".

    What is far off is not under way, nor is what nobody has taken up for long.
    """
    now = clock.now()
    kinds, keys = map(list, zip(*promises, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (
              SELECT FROM unnest(%s::text[], %s::text[]) AS asked(kind, key)
                JOIN public.jobs_job j ON (j.schema, j.kind, j.key) = (%s, asked.kind, asked.key)
               WHERE j.failed_at IS NULL
                 AND (j.leased_until > %s OR j.leased_until IS NULL AND j.run_at BETWEEN %s AND %s))
            """,
            [kinds, keys, connection.schema_name, now, now - LONG_OVERDUE, now + DUE_SOON],
        )
        return bool(cursor.fetchone()[0])


# Also part of the one statement in which a fact is recorded.
WAKE_SQL = """
    WITH fence AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0)))
    INSERT INTO public.jobs_job (schema, kind, key, queue, run_at, generation, attempts, last_error, created_at)
    SELECT %s, %s, '', %s, %s, 0, 0, '', %s FROM fence
    ON CONFLICT (schema, kind, key) DO NOTHING
"""


def wake_parameters(schema: str, kind: str, queue: str) -> list[Any]:
    """The parameters of WAKE_SQL, in order."""
    now = clock.now()
    return [fence(schema, kind), schema, kind, queue, now, now]


def fence(schema: str, kind: str) -> str:
    return f"{kind}:{schema}"


def cancel(kind: str, key: str = "") -> bool:
    """Take a promise of the current tenant back; True if there was one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM public.jobs_job WHERE schema = %s AND kind = %s AND key = %s",
            [connection.schema_name, kind, key],
        )
        return bool(cursor.rowcount)


def retry(job: Job) -> bool:
    """Give a job that was given up, or that waits for its next try, a new row of tries, now; False if it is gone."""
    now = clock.now()
    changed = (
        type(job)
        .objects.filter(pk=job.pk, leased_until=None)
        .update(failed_at=None, attempts=0, run_at=now, generation=job.generation + 1)
    )
    if changed:
        transaction.on_commit(lambda: notifier.nudge(job.queue, 0))
    return bool(changed)


def schedule_for_all(kind: str, schemas: Sequence[str], *, spread: timedelta) -> None:
    """Promise `kind` to many tenants in one statement, spread over a stretch of time, each always at its place.

    Where it was given up, it is tried anew; where it is promised already, that stands.
    """
    now = clock.now()
    values: dict[str, Any] = {
        "kind": kind,
        "queue": KINDS[kind].queue,
        "now": now,
        "spread": f"{spread.total_seconds()} seconds",
        "schemas": list(schemas),
    }
    place = "%(now)s + abs(hashtextextended(s, 0) %% 10000) / 10000.0 * %(spread)s::interval"
    with transaction.atomic(), connection.cursor() as cursor:
        # Two statements: DO UPDATE would wait for the locks of those at work.
        cursor.execute(
            f"""
            UPDATE public.jobs_job
               SET run_at = {place}, failed_at = NULL, attempts = 0, generation = generation + 1
              FROM unnest(%(schemas)s::text[]) s
             WHERE schema = s AND kind = %(kind)s AND key = '' AND failed_at IS NOT NULL
            """,
            values,
        )
        cursor.execute(
            f"""
            INSERT INTO public.jobs_job (schema, kind, key, queue, run_at, generation, attempts, last_error, created_at)
            SELECT s, %(kind)s, '', %(queue)s, {place}, 0, 0, '', %(now)s
              FROM unnest(%(schemas)s::text[]) s ORDER BY s
            ON CONFLICT (schema, kind, key) DO NOTHING
            """,
            values,
        )


# Doing it


def drain(
    queue: str,
    *,
    seconds: float = 30,
    kinds: Sequence[str] = (),
    schema: str = "",
    report: Report | None = None,
) -> int:
    """Do what is due in a queue until nothing is, or until `seconds` have gone by; returns how many jobs ran.

    Quick jobs are taken in growing batches; slow ones one by one, so that none waits behind another while
    there are free hands.
    """
    deadline = time.monotonic() + seconds
    ran, size = 0, 1
    while True:
        found = claim(queue, kinds=kinds, schema=schema, batch=min(size, QUEUES[queue].batch))
        if not found.jobs:
            return ran
        if found.more:
            notifier.nudge(queue, 0)  # there may be more than one pair of hands can do
        begun = time.monotonic()
        ran += run(found.jobs, report)
        took = time.monotonic() - begun
        if time.monotonic() >= deadline:
            notifier.nudge(queue, 0)
            return ran
        size = min(size * 4, QUEUES[queue].batch) if took < PATIENCE / 4 else max(1, size // 4)


def run_due(
    *, kinds: Sequence[str] = (), schema: str = "", until_quiet: bool = True, report: Report | None = None
) -> int:
    """Do everything due in all queues, without Celery; returns how many jobs ran."""
    total = 0
    while True:
        ran = sum(drain(queue, kinds=kinds, schema=schema, report=report) for queue in QUEUES)
        total += ran
        if not ran or not until_quiet:
            return total


def run(jobs: Iterable[Claimed], report: Report | None = None) -> int:
    """Run claimed jobs, each in its tenant, and remove what is done in one statement; returns how many ran."""
    jobs = list(jobs)
    with pulse.beating(jobs):
        return _run(jobs, report or Report())


def _run(jobs: Sequence[Claimed], report: Report) -> int:
    begun = time.monotonic()
    waiting, done = list(jobs)[::-1], []
    ran = 0
    try:
        tenants = _tenants(waiting)
        while waiting:
            if ran and time.monotonic() - begun > PATIENCE:
                break
            job = waiting.pop()
            ran += 1
            if _run_one(job, tenants.get(job.schema), report):
                done.append(job)
    finally:
        if done:
            surely(lambda: ledger.remove(done))
        if waiting:
            surely(lambda: ledger.hand_back(waiting))
    return ran


def _tenants(jobs: Iterable[Claimed]) -> dict[str, Any]:
    """The organizations of these jobs by schema, in one query: their rows say what the time is there."""
    schemas = {job.schema for job in jobs}
    found: dict[str, Any] = get_tenant_model().objects.in_bulk(schemas, field_name="schema_name")
    return found


@contextmanager
def _inside(job: Claimed, tenant: Any) -> Iterator[None]:
    """The job's tenant is active, its trace goes on; without a row of its own (it is gone) its schema alone is."""
    with (
        tenant_context(tenant) if tenant else schema_context(job.schema),
        trace.following(job.trace),
        structlog.contextvars.bound_contextvars(tenant=job.schema, job=job.kind),
    ):
        yield


def _run_one(job: Claimed, tenant: Any, report: Report) -> bool:
    """Run one job; True if its row can simply go."""
    kind = KINDS.get(job.kind)
    report.ran[job.kind] += 1
    if kind is None:
        return _failed(job, tenant, None, f"No handler for {job.kind}", report)
    if job.attempt > kind.attempts and not kind.drains:
        return _failed(job, tenant, kind, "The worker ended while it ran, each time.", report)
    try:
        with _inside(job, tenant):
            if kind.drains and job.key == LATER:
                wake(kind.name)
                return True
            result = kind.run(job)
            if kind.drains:
                _finish_drain(job, kind, more=result)
                return False
    except LeaseLost:
        log.info("job.lease_lost", kind=job.kind, key=job.key, tenant=job.schema)
        return False
    except Exception as error:
        if isinstance(error, DatabaseError) and surely(lambda: ledger.forget_missing(job.schema)):
            log.warning("job.tenant_gone", kind=job.kind, tenant=job.schema)
            return False
        log.exception("job.failed", kind=job.kind, key=job.key, tenant=job.schema, attempt=job.attempt)
        return _failed(job, tenant, kind, f"{type(error).__name__}: {error}", report)
    if isinstance(result, datetime):
        surely(lambda: ledger.again(job, result))
        return False
    return True


def _failed(job: Claimed, tenant: Any, kind: Kind | None, error: str, report: Report) -> bool:
    report.failed[job.kind] += 1
    if kind is not None and kind.given_up is not None and not kind.drains and job.attempt >= kind.attempts:
        _give_up(job, tenant, kind.given_up, error)
    surely(lambda: ledger.put_off(job, kind, error))
    return False


def _give_up(job: Claimed, tenant: Any, given_up: GivenUp, error: str) -> None:
    """Tell the kind's own app, before the row is marked: a crash in between tells it again."""
    try:
        with _inside(job, tenant):
            given_up(job, error)
    except LeaseLost:
        log.info("job.lease_lost", kind=job.kind, key=job.key, tenant=job.schema)
    except Exception:
        log.exception("job.giving_up_failed", kind=job.kind, key=job.key, tenant=job.schema)


def surely(write: Callable[[], Any]) -> Any:
    """Write down what has happened; once more, on a new connection, if this one broke. `write` bears being done twice."""
    try:
        return write()
    except DatabaseError:
        if connection.in_atomic_block:
            raise
        connection.close()
        return write()


def _finish_drain(job: Claimed, kind: Kind, *, more: datetime | bool | None) -> None:
    """Remove a wake-up only if nothing is left and nobody is about to commit something new."""
    if more is True:
        ledger.again(job, clock.now())
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [fence(job.schema, job.kind)])
            (alone,) = cursor.fetchone()
        if not alone:
            ledger.again(job, clock.now() + SOON)
            return
        left = kind.pending() if kind.pending is not None else None
        times = [at for at in (left, more) if isinstance(at, datetime)]
        if left is True or (times and min(times) <= clock.now()):
            ledger.again(job, clock.now())
            return
        if times:
            schedule(kind.name, LATER, at=min(times))
        ledger.remove([job])
