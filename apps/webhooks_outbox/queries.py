"""Reads of endpoints and deliveries."""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404

from apps.conversations.queries import Step
from apps.events.journal import TYPES
from apps.jobs import clock
from apps.organizations.encryption import Sealed

from . import reasons
from .events import WebhookTest
from .models import Attempt, Delivery, Endpoint

HOURS = 24


@dataclass(frozen=True)
class Health:
    """Of an endpoint's deliveries in the last day: how many per hour, and of those decided how many arrived."""

    hourly: list[int]
    total: int
    delivered: int
    failing: int  # given up, or waiting for another attempt

    @property
    def share(self) -> float | None:
        decided = self.delivered + self.failing
        return self.delivered / decided if decided else None


def endpoints() -> QuerySet[Endpoint]:
    return Endpoint.objects.order_by("id")


def live_secrets(endpoint: Endpoint, now: datetime) -> list[str]:
    """The secrets that sign now, newest first; none where no key of this server opens them."""
    if isinstance(endpoint.secrets, Sealed):
        return []
    return [
        one["secret"] for one in endpoint.secrets if not one.get("until") or datetime.fromisoformat(one["until"]) > now
    ]


def get_endpoint(endpoint_id: uuid.UUID) -> Endpoint:
    return get_object_or_404(Endpoint, uuid=endpoint_id)


def deliveries(endpoint: Endpoint | None = None) -> QuerySet[Delivery]:
    """Newest first; bodies are left out."""
    rows = Delivery.objects.defer("body").select_related("endpoint").order_by("-id")
    return rows if endpoint is None else rows.filter(endpoint=endpoint)


def get_delivery(delivery_id: uuid.UUID) -> Delivery:
    return get_object_or_404(Delivery.objects.select_related("endpoint"), uuid=delivery_id)


def attempts(delivery: Delivery) -> QuerySet[Attempt]:
    return Attempt.objects.filter(delivery=delivery).order_by("-id")


def state_counts(endpoint: Endpoint) -> dict[str, int]:
    """How many deliveries wait, and how many were given up."""
    return Delivery.objects.filter(endpoint=endpoint).aggregate(
        pending=Count("id", filter=Q(state="pending")), dead=Count("id", filter=Q(state="dead"))
    )


def health(now: datetime | None = None) -> dict[int, Health]:
    """Of every endpoint, in one query over its newest deliveries."""
    now = now or clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.id, d.hour, count(*), count(*) FILTER (WHERE d.state = 'delivered'),
                   count(*) FILTER (WHERE d.state = 'dead' OR (d.state = 'pending' AND d.attempts > 0))
              FROM webhooks_outbox_endpoint e CROSS JOIN LATERAL (
                   SELECT state, attempts, floor(extract(epoch FROM %(now)s - created_at) / 3600)::int AS hour, created_at
                     FROM webhooks_outbox_delivery WHERE endpoint_id = e.id ORDER BY id DESC LIMIT 2000) d
             WHERE d.created_at > %(since)s GROUP BY 1, 2
            """,
            {"now": now, "since": now - timedelta(hours=HOURS)},
        )
        rows = cursor.fetchall()
    found: dict[int, list[tuple[int, int, int, int]]] = {}
    for endpoint, hour, total, delivered, failing in rows:
        found.setdefault(endpoint, []).append((hour, total, delivered, failing))
    return {
        endpoint: Health(
            hourly=[sum(total for at, total, _d, _f in hours if at == hour) for hour in range(HOURS - 1, -1, -1)],
            total=sum(total for _h, total, _d, _f in hours),
            delivered=sum(delivered for _h, _t, delivered, _f in hours),
            failing=sum(failing for _h, _t, _d, failing in hours),
        )
        for endpoint, hours in found.items()
    }


def deliveries_of_trace(trace: uuid.UUID) -> QuerySet[Delivery]:
    """What left the house because of one journey, in order, with endpoint and attempts at hand."""
    return (
        Delivery.objects.filter(trace=trace).select_related("endpoint").prefetch_related("attempt_log").order_by("id")
    )


def steps_of_trace(trace: uuid.UUID) -> list[Step]:
    """A journey's last stations: what went out to whom, and what the last attempt brought."""
    rows = deliveries_of_trace(trace).prefetch_related(None).defer("body", "endpoint__secrets")
    return [
        Step(
            "outbox",
            row.created_at,
            row.type,
            row.state,
            row,
            {
                "endpoint": str(row.endpoint),
                "attempts": row.attempts,
                "problem": reasons.of_attempt(row.last_status, row.last_error) if row.attempts else "",
            },
        )
        for row in rows
    ]


def failure_rates(window: timedelta = timedelta(hours=1)) -> dict[str, float | int]:
    """Of the tenant's newest 2,000 deliveries inside the window: how many were made, arrived, failed; and the share."""
    since = clock.now() - window
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE state = 'delivered'),"
            "       count(*) FILTER (WHERE state = 'dead' OR (state = 'pending' AND attempts > 0))"
            "  FROM (SELECT state, attempts, created_at FROM webhooks_outbox_delivery ORDER BY id DESC LIMIT 2000) d"
            " WHERE created_at > %s",
            [since],
        )
        total, delivered, failing = cursor.fetchone()
    return {"total": total, "delivered": delivered, "failing": failing, "rate": failing / total if total else 0.0}


# The catalog


@dataclass(frozen=True)
class EventType:
    type: str
    description: str
    example: dict[str, Any]
    fields: list[tuple[str, str, bool]]  # name, type, may be missing in old entries

    @property
    def group(self) -> str:
        return self.type.partition(".")[0]


_WORDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "None": "null"}


def catalog() -> list[EventType]:
    """Every type of event there is, by name."""
    return [
        EventType(
            type=name,
            description=event.description,
            example=event.example,
            fields=[
                (field.name, _words(str(field.type)), field.default is not dataclasses.MISSING)
                for field in dataclasses.fields(event)
            ],
        )
        for name, event in sorted(TYPES.items())
        if event.__module__.startswith("apps.")
    ]


def _words(annotation: str) -> str:
    """ "str | None" -> "string or null"; lists and objects by their own names."""
    parts = []
    for part in annotation.split("|"):
        name = part.strip()
        if name.startswith(("list", "tuple", "Sequence")):
            name = "array"
        elif name.startswith(("dict", "Mapping")):
            name = "object"
        parts.append(_WORDS.get(name, name))
    return " or ".join(parts)


def choosable_types() -> set[str]:
    """What an endpoint can choose: everything but the test."""
    return {event.type for event in catalog()} - {WebhookTest.type}


def groups() -> list[tuple[str, list[EventType]]]:
    """The choosable types by the noun they begin with."""
    found: dict[str, list[EventType]] = {}
    for event in catalog():
        if event.type != WebhookTest.type:
            found.setdefault(event.group, []).append(event)
    return sorted(found.items())
