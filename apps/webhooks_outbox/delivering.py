"""Claim what is due, post it, record what came of it: one tenant's outbox, many deliveries at a time.

Delivery is at least once: between the other side's answer and our record a crash can fall, and then the same
webhook-id is posted again. Nothing is posted by two workers at once: a claim moves `next_at` past the longest attempt.
"""

from __future__ import annotations

import random
import secrets
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.events import record
from apps.jobs import clock
from apps.jobs.registry import Claimed
from apps.organizations.services import report_failure

from . import catching, queries, reasons
from .adapters.post import Letter, Outcome, Post
from .adapters.signing import key_of
from .events import EndpointDisabled
from .models import Delivery, Endpoint

log = structlog.get_logger(__name__)

# Between the first attempt and the second, the second and the third …: Standard Webhooks.
SCHEDULE = [
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
]  # fmt: skip
JITTER = 0.1
ATTEMPTS = len(SCHEDULE) + 1
# How long a claim holds: longer than a letter may wait for its turn and then for its answer.
HOLD = timedelta(seconds=75)
# How long one job keeps going before it lets others have their turn.
SECONDS = 25.0
MOST = 400  # claimed at once
PER_ENDPOINT = 200  # of these for one endpoint; a quarter of them on the wire
PROBING = 2  # an endpoint that fails is asked with care until it answers well again
BATCH = 100  # outcomes recorded in one statement
SLOWEST = timedelta(hours=1)
SLOW_STATUSES = frozenset({429, 502, 503, 504})
DISABLE_AFTER = timedelta(days=5)


def deliver(_job: Claimed) -> bool:
    """Empty the tenant's outbox, or work on it for half a minute; True if there is more."""
    deadline = time.monotonic() + SECONDS
    with Post(allowed=settings.OUTBOX_ALLOWED_PRIVATE_HOSTS) as post:
        while True:
            in_time = time.monotonic() < deadline
            if in_time and post.outstanding <= MOST // 2:
                post.add(claim(MOST - post.outstanding, busy=post.busy))
            if not post.outstanding:
                return not in_time
            if outcomes := post.collect(0.1, most=BATCH):
                record_outcomes(outcomes)


def next_due() -> datetime | None:
    """When there is something to post; None if there is nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(greatest(d.next_at, e.slow_until)) FROM webhooks_outbox_endpoint e CROSS JOIN LATERAL ("
            "  SELECT next_at FROM webhooks_outbox_delivery WHERE endpoint_id = e.id AND state = 'pending'"
            "   ORDER BY next_at LIMIT 1) d WHERE e.state = 'active'"
        )
        return cursor.fetchone()[0]


_CLAIM_SQL = """
    WITH room AS (
        SELECT e.id, CASE WHEN e.failing_since IS NULL THEN %(per_endpoint)s ELSE %(probing)s END
                     - coalesce(b.count, 0) AS slots
          FROM webhooks_outbox_endpoint e
          LEFT JOIN unnest(%(endpoints)s::bigint[], %(counts)s::int[]) b(id, count) ON b.id = e.id
         WHERE e.state = 'active' AND (e.slow_until IS NULL OR e.slow_until <= %(now)s)
    ), due AS (
        SELECT d.id FROM room CROSS JOIN LATERAL (
            SELECT id, next_at FROM webhooks_outbox_delivery
             WHERE endpoint_id = room.id AND state = 'pending' AND next_at <= %(now)s
             ORDER BY next_at LIMIT greatest(room.slots, 0) FOR UPDATE SKIP LOCKED
        ) d ORDER BY d.next_at LIMIT %(most)s
    )
    UPDATE webhooks_outbox_delivery d SET claim = %(claim)s, next_at = %(until)s
      FROM due WHERE d.id = due.id
    RETURNING d.id, d.endpoint_id, d.uuid, d.body, d.attempts + 1
"""


def claim(most: int, *, busy: dict[int, int]) -> list[Letter]:
    """Take due deliveries, fairly among the endpoints; `busy`: how many of each are under way here."""
    now, token = clock.now(), secrets.randbits(62)
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM_SQL,
            {
                "per_endpoint": PER_ENDPOINT,
                "probing": PROBING,
                "endpoints": list(busy.keys()),
                "counts": list(busy.values()),
                "now": now,
                "until": now + HOLD,
                "most": most,
                "claim": token,
            },
        )
        rows = cursor.fetchall()
    if not rows:
        return []
    taken = time.monotonic()
    endpoints = Endpoint.objects.in_bulk({row[1] for row in rows})
    keys = {pk: tuple(key_of(secret) for secret in queries.live_secrets(one, now)) for pk, one in endpoints.items()}
    troubled = {pk: one.failing_since is not None or one.strikes > 0 for pk, one in endpoints.items()}
    return [
        Letter(
            id=pk,
            claim=token,
            endpoint=endpoint,
            url=catching.address_of(endpoints[endpoint]) or endpoints[endpoint].url,
            inside=bool(endpoints[endpoint].catcher),
            webhook_id=f"msg_{uuid}",
            body=body.encode(),
            keys=keys[endpoint],
            attempt=attempt,
            troubled=troubled[endpoint],
            taken=taken,
        )
        for pk, endpoint, uuid, body, attempt in rows
        if keys.get(endpoint)  # nothing goes out unsigned: it waits, claim after claim, until its endpoint has a secret
    ]


# Whoever lost the claim in the meantime changes nothing, but the attempt was made, and is kept.
_RECORD_SQL = """
    WITH outcome AS (
        SELECT * FROM unnest(
            %(ids)s::bigint[], %(claims)s::bigint[], %(states)s::text[], %(next)s::timestamptz[], %(statuses)s::int[],
            %(errors)s::text[], %(at)s::timestamptz[], %(durations)s::int[], %(answers)s::text[], %(signatures)s::text[],
            %(sent)s::bool[]
        ) o(id, claim, state, next_at, status, error, at, duration, answer, signature, sent)
    ), kept AS (
        UPDATE webhooks_outbox_delivery d
           SET claim = NULL, state = o.state, next_at = o.next_at, attempts = d.attempts + o.sent::int,
               last_status = CASE WHEN o.sent THEN o.status ELSE d.last_status END,
               last_error = CASE WHEN o.sent THEN o.error ELSE d.last_error END,
               done_at = CASE WHEN o.state <> 'pending' THEN %(now)s END
          FROM outcome o WHERE d.id = o.id AND d.claim = o.claim AND d.state = 'pending'
    )
    INSERT INTO webhooks_outbox_attempt (delivery_id, at, status, duration_ms, error, answer, signature)
    SELECT o.id, o.at, o.status, o.duration, o.error, o.answer, o.signature
      FROM outcome o JOIN webhooks_outbox_delivery d ON d.id = o.id WHERE o.sent ORDER BY o.at
"""


def record_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Write what came of attempts, and what it says about their endpoints."""
    now = clock.now()
    rows = [_row(outcome, now) for outcome in outcomes]
    by_endpoint: dict[int, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.sent:
            by_endpoint[outcome.letter.endpoint].append(outcome)
    news = {pk: some for pk, some in by_endpoint.items() if any(not one.ok or one.letter.troubled for one in some)}
    values: dict[str, Any] = {
        "ids": [outcome.letter.id for outcome in outcomes],
        "claims": [outcome.letter.claim for outcome in outcomes],
        "states": [state for state, _next in rows],
        "next": [next_at for _state, next_at in rows],
        "statuses": [outcome.status for outcome in outcomes],
        "errors": [outcome.error for outcome in outcomes],
        "at": [outcome.at for outcome in outcomes],
        "durations": [outcome.duration_ms for outcome in outcomes],
        "answers": [outcome.answer for outcome in outcomes],
        "signatures": [outcome.signature for outcome in outcomes],
        "sent": [outcome.sent for outcome in outcomes],
        "now": now,
    }
    with transaction.atomic() if news else nullcontext(), connection.cursor() as cursor:
        cursor.execute(_RECORD_SQL, values)
        _judge(news, now)
    given_up = [outcome for outcome, (state, _at) in zip(outcomes, rows, strict=True) if state == Delivery.State.DEAD]
    if given_up:
        last = given_up[-1]
        words = {"host": reasons.host_of(last.letter.url), "reason": reasons.of_attempt(last.status, last.error)}
        report_failure(_("A webhook to %(host)s was given up after its last try. %(reason)s") % words, kind="webhook")


def _row(outcome: Outcome, now: datetime) -> tuple[str, datetime]:
    """The delivery's new state and next time."""
    if not outcome.sent:
        return Delivery.State.PENDING, now
    if outcome.ok:
        return Delivery.State.DELIVERED, now
    if outcome.letter.attempt >= ATTEMPTS:
        return Delivery.State.DEAD, now
    pause = SCHEDULE[outcome.letter.attempt - 1] * (1 + random.random() * JITTER)  # noqa: S311  only to spread
    return Delivery.State.PENDING, now + max(pause, _asked_pause(outcome))


def _asked_pause(outcome: Outcome) -> timedelta:
    if outcome.status in SLOW_STATUSES and outcome.retry_after is not None:
        return min(timedelta(seconds=outcome.retry_after), SLOWEST)
    return timedelta(0)


def _judge(by_endpoint: dict[int, list[Outcome]], now: datetime) -> None:
    """Slow an endpoint down, disable it, or forgive it; nothing is written about one that simply works."""
    for pk, outcomes in by_endpoint.items():
        healed = any(outcome.ok for outcome in outcomes)
        failures = [outcome for outcome in outcomes if not outcome.ok]
        if not failures:
            Endpoint.objects.filter(pk=pk).exclude(failing_since=None, strikes=0).update(
                failing_since=None, slow_until=None, strikes=0
            )
            continue
        endpoint = Endpoint.objects.select_for_update().filter(pk=pk).first()
        if endpoint is None or endpoint.state == Endpoint.State.DISABLED:
            continue
        if any(outcome.status == 410 for outcome in failures):
            disable(endpoint, "gone")
            continue
        endpoint.failing_since = None if healed else endpoint.failing_since or now
        if endpoint.failing_since and now - endpoint.failing_since >= DISABLE_AFTER:
            disable(endpoint, "failing")
            continue
        slow = [outcome for outcome in failures if outcome.status in SLOW_STATUSES]
        if slow:
            _slow_down(endpoint, slow, now)
        endpoint.save(update_fields=["failing_since", "slow_until", "strikes"])


def _slow_down(endpoint: Endpoint, outcomes: list[Outcome], now: datetime) -> None:
    """Pause everything for this endpoint: as long as it asks, or twice as long as the last time."""
    # Many attempts under way at once that all say so are one strike.
    if endpoint.slow_until is None or endpoint.slow_until <= now:
        endpoint.strikes = min(endpoint.strikes + 1, 10)
    own = timedelta(seconds=5 * 2 ** (endpoint.strikes - 1))
    asked = max((_asked_pause(outcome) for outcome in outcomes), default=timedelta(0))
    endpoint.slow_until = max(endpoint.slow_until or now, now + min(max(own, asked), SLOWEST))


def disable(endpoint: Endpoint, reason: str) -> None:
    """Send nothing more; what waited is canceled, can be seen, and can be replayed once it works again."""
    now = clock.now()
    endpoint.state = Endpoint.State.DISABLED
    endpoint.problem = reason
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.save(update_fields=["state", "problem", "failing_since"])
    Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.PENDING).update(
        state=Delivery.State.CANCELLED, last_error="endpoint_disabled", done_at=now, claim=None
    )
    log.warning("endpoint.disabled", endpoint=str(endpoint.uuid), reason=reason)
    record(
        EndpointDisabled(endpoint_id=str(endpoint.uuid), url=endpoint.url, reason=reason),
        actor="automation:webhooks_outbox.deliver",
    )
