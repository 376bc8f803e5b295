"""The jobs table as workers use it: take rows, keep them, give them back; each statement guarded by the lease."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from . import clock, notifier, pulse
from .registry import QUEUES, Claimed, Kind

# Seconds before the second, third … try; the last one repeats.
BACKOFF = (2, 10, 60, 300, 900, 3600)
# A draining kind never gives up, and others' work piles up behind it: it is tried at least this often.
LONGEST_FOR_DRAINS = 60
# Up to so many due rows a claim looks at all of them; beyond, it walks from tenant to tenant.
HEAD = 200
# The key of the row that wakes a draining kind at a later time. The wake-up itself has the empty key and is
# always for now: `wake` leaves an existing row alone, so that row must never lie in the future.
LATER = "later"


class LeaseLost(Exception):
    """Another worker has taken this job over; whatever this one was about to write must not be written."""


class Claim(NamedTuple):
    jobs: list[Claimed]
    more: bool  # due rows that this claim left to others


_DUE = "queue = %(queue)s AND failed_at IS NULL AND coalesce(leased_until, run_at) <= %(now)s {only}"
# Everybody's first job comes before anybody's second; among equals chance decides, so that no tenant and no
# schema name is always served first, however few jobs a claim takes.
_TURNS = """
    chosen AS (
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY schema ORDER BY due_at) AS turn FROM {source}
        ) ranked WHERE turn <= %(share)s {if_} ORDER BY turn, random() LIMIT %(batch)s
    ), free AS (
        SELECT j.id FROM public.jobs_job j JOIN chosen USING (id)
         WHERE j.failed_at IS NULL AND coalesce(j.leased_until, j.run_at) <= %(now)s FOR UPDATE OF j SKIP LOCKED
    ), taken AS (
        UPDATE public.jobs_job j
           SET lease = %(lease)s, leased_until = %(until)s, run_at = NULL, attempts = attempts + 1
          FROM free WHERE j.id = free.id
        RETURNING j.id, j.schema, j.kind, j.key, j.attempts, j.generation, j.lease, %(deadline)s::timestamptz, j.trace
    )
    SELECT (SELECT count(*) FROM {source}), taken.* FROM (SELECT) one LEFT JOIN taken ON true
"""
_HEAD_SQL = f"""
    WITH head AS MATERIALIZED (
        SELECT id, schema, coalesce(leased_until, run_at) AS due_at FROM public.jobs_job
         WHERE {_DUE} ORDER BY 3 LIMIT {HEAD} + 1
    ), {_TURNS.format(source="head", if_=f"AND (SELECT count(*) FROM head) <= {HEAD}")}
"""
_WALK_SQL = f"""
    WITH RECURSIVE tenant AS (
        (SELECT schema FROM public.jobs_job
          WHERE queue = %(queue)s AND failed_at IS NULL {{only}} ORDER BY schema LIMIT 1)
        UNION ALL
        SELECT (SELECT j.schema FROM public.jobs_job j
                 WHERE j.queue = %(queue)s AND j.failed_at IS NULL AND j.schema > tenant.schema {{only}}
                 ORDER BY j.schema LIMIT 1)
          FROM tenant WHERE tenant.schema IS NOT NULL
    ), crowd AS MATERIALIZED (
        SELECT j.* FROM tenant CROSS JOIN LATERAL (
            SELECT id, schema, coalesce(leased_until, run_at) AS due_at FROM public.jobs_job
             WHERE {_DUE} AND schema = tenant.schema ORDER BY 3 LIMIT %(share)s
        ) j WHERE tenant.schema IS NOT NULL
    ), {_TURNS.format(source="crowd", if_="")}
"""


def claim(queue: str, *, kinds: Sequence[str] = (), schema: str = "", batch: int | None = None) -> Claim:
    """Take due jobs of a queue, a fair share of each tenant; never one that another worker holds."""
    rules = QUEUES[queue]
    size = batch or rules.batch
    only = ("AND kind = ANY(%(kinds)s) " if kinds else "") + ("AND schema = %(schema)s " if schema else "")
    for _try in range(3):  # the rows chosen may have been taken by others in the same moment
        now = clock.now()
        deadline = now + rules.lease
        values: dict[str, Any] = {
            "queue": queue,
            "now": now,
            "deadline": deadline,
            "until": pulse.leased_until(deadline),
            "lease": secrets.randbits(62),
            "batch": size,
            "share": rules.share,
            "kinds": list(kinds),
            "schema": schema,
        }
        with connection.cursor() as cursor:
            cursor.execute(_HEAD_SQL.format(only=only), values)
            rows = cursor.fetchall()
            if rows[0][0] > HEAD:
                cursor.execute(_WALK_SQL.format(only=only), values)
                rows = cursor.fetchall()
        due = rows[0][0]
        jobs = [Claimed(*row[1:]) for row in rows if row[1] is not None]
        if jobs or not due:
            break
    # By tenant: changing the schema costs a round trip.
    return Claim(sorted(jobs, key=lambda job: (job.schema, job.id)), due > len(jobs))


def hold(job: Claimed) -> None:
    """Make sure, inside the current transaction, that this worker still owns `job`; else LeaseLost.

    The row stays locked until the transaction ends, so nobody can take it over in between.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM public.jobs_job WHERE id = %s AND lease = %s FOR UPDATE", [job.id, job.lease])
        if cursor.fetchone() is None:
            raise LeaseLost(f"{job.kind} {job.key}")


def remove(jobs: Sequence[Claimed]) -> None:
    """Delete finished rows; those asked for again meanwhile are released instead."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM public.jobs_job j USING unnest(%s::bigint[], %s::bigint[], %s::int[]) d(id, lease, generation)"
            " WHERE j.id = d.id AND j.lease = d.lease AND j.generation = d.generation RETURNING j.id",
            [[job.id for job in jobs], [job.lease for job in jobs], [job.generation for job in jobs]],
        )
        gone = {row[0] for row in cursor.fetchall()}
        if left := [job for job in jobs if job.id not in gone]:
            _release(left, "attempts = 0, last_error = ''")


def hand_back(jobs: Sequence[Claimed]) -> None:
    """Give rows back that were not begun."""
    _release(jobs, "attempts = attempts - 1")


def _release(jobs: Sequence[Claimed], changes: str) -> None:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE public.jobs_job j SET lease = NULL, leased_until = NULL, run_at = coalesce(run_at, %s), {changes}"
            "  FROM unnest(%s::bigint[], %s::bigint[]) d(id, lease) WHERE j.id = d.id AND j.lease = d.lease"
            " RETURNING j.queue, j.run_at",
            [now, [job.id for job in jobs], [job.lease for job in jobs]],
        )
        for queue, at in cursor.fetchall():
            _nudge(queue, at, now)


def again(job: Claimed, at: datetime) -> None:
    """Run the same row again at `at`, or earlier if somebody asked for that meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.jobs_job SET lease = NULL, leased_until = NULL, attempts = 0, last_error = '',"
            "       run_at = LEAST(run_at, %s)"
            " WHERE id = %s AND lease = %s RETURNING queue, run_at",
            [at, job.id, job.lease],
        )
        if row := cursor.fetchone():
            _nudge(row[0], row[1], clock.now())


def put_off(job: Claimed, kind: Kind | None, error: str) -> None:
    """Try a failed job later, or give it up where it is not a draining kind and has been tried enough.

    Somebody who asked again while it ran for the last time gets a new row of tries.
    """
    now = clock.now()
    seconds = BACKOFF[min(job.attempt, len(BACKOFF)) - 1]
    if kind is not None and kind.drains:
        seconds = min(seconds, LONGEST_FOR_DRAINS)
    at = now + timedelta(seconds=seconds * (0.8 + secrets.randbelow(400) / 1000))
    over = kind is not None and not kind.drains and job.attempt >= kind.attempts
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.jobs_job SET lease = NULL, leased_until = NULL, run_at = %(at)s, last_error = %(error)s,"
            "       failed_at = CASE WHEN %(over)s AND generation = %(generation)s THEN %(now)s::timestamptz END,"
            "       attempts = CASE WHEN %(over)s AND generation <> %(generation)s THEN 0 ELSE attempts END"
            " WHERE id = %(id)s AND lease = %(lease)s RETURNING queue, run_at, failed_at",
            {
                "at": at,
                "error": error[:2000].replace("\x00", ""),
                "over": over,
                "generation": job.generation,
                "now": now,
                "id": job.id,
                "lease": job.lease,
            },
        )
        row = cursor.fetchone()
    if row and row[2] is None:
        _nudge(row[0], row[1], now)


def forget_missing(schema: str) -> bool:
    """Drop all promises of a tenant whose schema is gone; True if it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM public.jobs_job WHERE schema = %s"
            "   AND NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = %s) RETURNING 1",
            [schema, schema],
        )
        return cursor.fetchone() is not None


def _nudge(queue: str, at: datetime, now: datetime) -> None:
    delay = max(0.0, (at - now).total_seconds())
    transaction.on_commit(lambda: notifier.nudge(queue, delay))
