"""Promise work, claim it, do it, and keep the promise through crashes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django_tenants.utils import schema_context

from . import clock, notifier, trace
from .registry import KINDS, QUEUES, Claimed, Kind

log = structlog.get_logger(__name__)

# Seconds before the second, third … try; the last one repeats for draining kinds, which never give up.
BACKOFF = (2, 10, 60, 300, 900, 3600)


class LeaseLost(Exception):
    """Another worker has taken this job over; whatever this one was about to write must not be written."""


def schedule(
    kind: str, key: str = "", *, at: datetime | None = None, postpone: bool = False, schema: str | None = None
) -> None:
    """Promise to run `kind` for the current tenant at `at` (default: now), once, however often asked.

    An earlier time wins; with `postpone` the newest time wins (a debounce). Asking again while the work
    runs makes it run again. Commits or vanishes with the caller's transaction.
    """
    now = clock.now()
    when = at or now
    queue = KINDS[kind].queue
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
            [schema or connection.schema_name, kind, key, queue, when, trace.current(), now],
        )
    transaction.on_commit(lambda: notifier.nudge(queue, max(0.0, (when - now).total_seconds())))


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


# Also used by the webhook door as part of its one statement.
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


def cancel(kind: str, key: str = "") -> bool:
    """Take a promise of the current tenant back; True if there was one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM public.jobs_job WHERE schema = %s AND kind = %s AND key = %s",
            [connection.schema_name, kind, key],
        )
        return bool(cursor.rowcount)


def hold(job: Claimed) -> None:
    """Make sure, inside the current transaction, that this worker still owns `job`; else LeaseLost.

    The row stays locked until the transaction ends, so nobody can take it over in between.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM public.jobs_job WHERE id = %s AND lease = %s FOR UPDATE", [job.id, job.lease])
        if cursor.fetchone() is None:
            raise LeaseLost(f"{job.kind} {job.key}")


CLAIM_SQL = """
    WITH RECURSIVE tenant AS (
        (SELECT schema FROM public.jobs_job
          WHERE queue = %(queue)s AND failed_at IS NULL {only} ORDER BY schema LIMIT 1)
        UNION ALL
        SELECT (SELECT j.schema FROM public.jobs_job j
                 WHERE j.queue = %(queue)s AND j.failed_at IS NULL AND j.schema > tenant.schema {only}
                 ORDER BY j.schema LIMIT 1)
          FROM tenant WHERE tenant.schema IS NOT NULL
    ), due AS (
        SELECT j.id FROM tenant CROSS JOIN LATERAL (
            SELECT id, run_at FROM public.jobs_job
             WHERE queue = %(queue)s AND schema = tenant.schema AND failed_at IS NULL
               AND run_at <= %(now)s AND (leased_until IS NULL OR leased_until <= %(now)s) {only}
             ORDER BY run_at LIMIT %(share)s FOR UPDATE SKIP LOCKED
        ) j
        WHERE tenant.schema IS NOT NULL ORDER BY j.run_at LIMIT %(batch)s
    )
    UPDATE public.jobs_job j
       SET lease = %(lease)s, leased_until = %(until)s, attempts = attempts + 1
      FROM due WHERE j.id = due.id
    RETURNING j.id, j.schema, j.kind, j.key, j.attempts, j.generation, j.lease, j.leased_until, j.trace
"""


def claim(queue: str, *, kinds: Sequence[str] = (), schema: str = "", batch: int | None = None) -> list[Claimed]:
    """Take due jobs of a queue, a fair share of each tenant, longest due first; never one that another holds."""
    rules = QUEUES[queue]
    now = clock.now()
    only = ("AND kind = ANY(%(kinds)s) " if kinds else "") + ("AND schema = %(schema)s " if schema else "")
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM_SQL.format(only=only),
            {
                "queue": queue,
                "now": now,
                "until": now + rules.lease,
                "lease": secrets.randbits(62),
                "batch": batch or rules.batch,
                "share": rules.share,
                "kinds": list(kinds),
                "schema": schema,
            },
        )
        return sorted((Claimed(*row) for row in cursor.fetchall()), key=lambda job: (job.schema, job.id))


def drain(queue: str, *, seconds: float = 30, kinds: Sequence[str] = (), schema: str = "") -> int:
    """Do what is due in a queue until nothing is, or until `seconds` have gone by; returns how many jobs ran."""
    deadline = clock.now() + timedelta(seconds=seconds)
    ran = 0
    while clock.now() < deadline:
        jobs = claim(queue, kinds=kinds, schema=schema)
        if not jobs:
            break
        if len(jobs) == QUEUES[queue].batch:
            notifier.nudge(queue, 0)  # there may be more than one pair of hands can do
        run(jobs)
        ran += len(jobs)
    return ran


def run_due(*, kinds: Sequence[str] = (), schema: str = "", until_quiet: bool = True) -> int:
    """Do everything due in all queues, without Celery; returns how many jobs ran."""
    total = 0
    while True:
        ran = sum(drain(queue, kinds=kinds, schema=schema) for queue in QUEUES)
        total += ran
        if not ran or not until_quiet:
            return total


def run(jobs: Iterable[Claimed]) -> None:
    """Run claimed jobs, each in its tenant; what is done is removed in one statement at the end."""
    done: list[Claimed] = []
    for job in jobs:
        if clock.now() >= job.leased_until - timedelta(seconds=5):
            continue  # our time for this batch is over; the lease runs out and somebody takes it again
        if _run_one(job):
            done.append(job)
    if done:
        _remove(done)


def _run_one(job: Claimed) -> bool:
    """Run one job; True if its row can simply go."""
    kind = KINDS.get(job.kind)
    if kind is None:
        _retry(job, None, f"No handler for {job.kind}")
        return False
    try:
        with schema_context(job.schema), trace.following(job.trace), structlog.contextvars.bound_contextvars(
            tenant=job.schema, job=job.kind
        ):
            result = kind.run(job)
            if kind.drains:
                _finish_drain(job, kind, more=bool(result))
                return False
    except LeaseLost:
        log.info("job.lease_lost", kind=job.kind, key=job.key, tenant=job.schema)
        return False
    except Exception as error:
        log.exception("job.failed", kind=job.kind, key=job.key, tenant=job.schema, attempt=job.attempt)
        _retry(job, kind, f"{type(error).__name__}: {error}")
        return False
    if isinstance(result, datetime):
        _again(job, result)
        return False
    return True


def _finish_drain(job: Claimed, kind: Kind, *, more: bool) -> None:
    """Remove a wake-up only if nothing is left and nobody is about to commit something new."""
    with transaction.atomic():
        if not more:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [fence(job.schema, job.kind)]
                )
                alone = cursor.fetchone()[0]
            if alone and kind.pending is not None and not kind.pending():
                _remove([job], any_generation=True)
                return
        _again(job, clock.now())


def _remove(jobs: Sequence[Claimed], *, any_generation: bool = False) -> None:
    """Delete finished rows; those asked for again meanwhile are released instead."""
    ids, leases = [job.id for job in jobs], [job.lease for job in jobs]
    generations = [job.generation for job in jobs]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM public.jobs_job j USING unnest(%s::bigint[], %s::bigint[], %s::int[]) d(id, lease, generation)"
            " WHERE j.id = d.id AND j.lease = d.lease AND (%s OR j.generation = d.generation) RETURNING j.id",
            [ids, leases, generations, any_generation],
        )
        gone = {row[0] for row in cursor.fetchall()}
        if left := [job for job in jobs if job.id not in gone]:
            cursor.execute(
                "UPDATE public.jobs_job j SET lease = NULL, leased_until = NULL, attempts = 0"
                "  FROM unnest(%s::bigint[], %s::bigint[]) d(id, lease) WHERE j.id = d.id AND j.lease = d.lease"
                " RETURNING j.queue",
                [[job.id for job in left], [job.lease for job in left]],
            )
            for queue in {row[0] for row in cursor.fetchall()}:
                transaction.on_commit(lambda queue=queue: notifier.nudge(queue, 0))


def _again(job: Claimed, at: datetime) -> None:
    """Run the same row again at `at`, or earlier if somebody asked for that meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.jobs_job SET lease = NULL, leased_until = NULL, attempts = 0, last_error = '',"
            "       run_at = CASE WHEN generation = %s THEN %s ELSE LEAST(run_at, %s) END"
            " WHERE id = %s AND lease = %s RETURNING queue",
            [job.generation, at, at, job.id, job.lease],
        )
        row = cursor.fetchone()
    if row:
        delay = max(0.0, (at - clock.now()).total_seconds())
        transaction.on_commit(lambda: notifier.nudge(row[0], delay))


def _retry(job: Claimed, kind: Kind | None, error: str) -> None:
    """Put a failed job off, or give it up where it is not a draining kind and has been tried enough."""
    now = clock.now()
    pause = timedelta(seconds=BACKOFF[min(job.attempt, len(BACKOFF)) - 1] * (0.8 + secrets.randbelow(400) / 1000))
    over = kind is not None and not kind.drains and job.attempt >= kind.attempts
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.jobs_job SET lease = NULL, leased_until = NULL, run_at = %s, last_error = %s, failed_at = %s"
            " WHERE id = %s AND lease = %s",
            [now + pause, error[:2000].replace("\x00", ""), now if over else None, job.id, job.lease],
        )


def fence(schema: str, kind: str) -> str:
    return f"{kind}:{schema}"


