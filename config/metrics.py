"""`/metrics` for Prometheus: what django-prometheus counts in this process, and the state of all queues.

Queue depth and failure rates come from the tables, so they are true whichever process is asked. What lies in
tenants' schemas is counted at most once a minute: all of the last hour, which a small index finds at the table's end.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from apps.conversations.models import Message
from apps.jobs import clock
from apps.jobs.models import Job
from apps.jobs.registry import QUEUES
from apps.organizations.hosts import bare, is_local
from apps.organizations.models import Organization, UnroutedDelivery
from apps.webhooks_outbox.models import Delivery

from . import heartbeat

_TRACES = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
WINDOW = timedelta(hours=1)
KEEP = 60
_TENANTS_AT_ONCE = 50


def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever knows METRICS_TOKEN; without it only for this machine, asked under its own name by nobody's proxy."""
    if not _allowed(request):
        return HttpResponse(
            "Metrics need `Authorization: Bearer METRICS_TOKEN`.\n", status=403, content_type="text/plain"
        )
    queues = CollectorRegistry(auto_describe=False)
    queues.register(Queues())
    return HttpResponse(generate_latest(_counted()) + generate_latest(queues), content_type=CONTENT_TYPE_LATEST)


def _counted() -> CollectorRegistry:
    """What was counted here, or, where the web server has several processes, in all of them."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)
    return together


def _allowed(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if settings.METRICS_TOKEN and secrets.compare_digest(given, settings.METRICS_TOKEN.encode()):
        return True
    # A proxy on this machine is not the person who asks: neither where one is known, nor where a trace of one is seen.
    proxied = settings.TRUSTED_PROXIES or settings.HTTPS or any(name in request.headers for name in _TRACES)
    if proxied or not is_local(bare(request.get_host())):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


class Queues(Collector):
    def collect(self) -> Iterable[Metric]:
        yield from self._jobs()
        yield from self._tenants()
        yield _gauge("frontdesk_unrouted_deliveries", "Signed webhooks nobody could be found for", _unrouted())
        age = heartbeat.age()
        yield _gauge(
            "frontdesk_worker_heartbeat_age_seconds",
            "Since beat's sweep last passed a worker",
            -1 if age is None else age,
        )

    def _jobs(self) -> Iterator[Metric]:
        due = GaugeMetricFamily(
            "frontdesk_jobs_due", "Jobs whose time has come and that nobody holds", labels=["queue"]
        )
        held = GaugeMetricFamily("frontdesk_jobs_running", "Jobs in the hands of a worker", labels=["queue"])
        later = GaugeMetricFamily("frontdesk_jobs_later", "Promises for a later time", labels=["queue"])
        failing = GaugeMetricFamily(
            "frontdesk_jobs_retrying", "Jobs that failed and will be tried again", labels=["queue"]
        )
        dead = GaugeMetricFamily("frontdesk_jobs_failed", "Jobs given up after their last attempt", labels=["queue"])
        oldest = GaugeMetricFamily(
            "frontdesk_jobs_oldest_due_seconds", "How long the longest due job waits", labels=["queue"]
        )
        rows = {row[0]: row[1:] for row in self._job_rows()}
        for queue in QUEUES:
            values = rows.get(queue, (0, 0, 0, 0, 0, 0))
            for family, value in zip((due, held, later, failing, dead, oldest), values, strict=True):
                family.add_metric([queue], float(value or 0))
        yield from (due, held, later, failing, dead, oldest)

    def _job_rows(self) -> list[tuple[Any, ...]]:
        table = connection.ops.quote_name(Job._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT queue,
                       count(*) FILTER (WHERE failed_at IS NULL AND run_at <= %(now)s AND NOT held),
                       count(*) FILTER (WHERE failed_at IS NULL AND held),
                       count(*) FILTER (WHERE failed_at IS NULL AND run_at > %(now)s AND NOT held),
                       count(*) FILTER (WHERE failed_at IS NULL AND last_error <> ''),
                       count(*) FILTER (WHERE failed_at IS NOT NULL),
                       extract(epoch FROM %(now)s - min(run_at) FILTER (
                           WHERE failed_at IS NULL AND run_at <= %(now)s AND NOT held))
                  FROM (SELECT *, coalesce(leased_until > %(now)s, false) AS held FROM public.{table}) j
                 GROUP BY queue
                """,
                {"now": clock.now()},
            )
            return cursor.fetchall()

    def _tenants(self) -> Iterator[Metric]:
        counts = cache.get("metrics-tenants")
        if counts is None:
            counts = _count_tenants()
            cache.set("metrics-tenants", counts, timeout=KEEP)
        organizations, rows = counts
        yield _gauge("frontdesk_organizations", "Active organizations", organizations)
        messages = GaugeMetricFamily(
            "frontdesk_messages_last_hour",
            "Outgoing messages of the last hour by what became of them",
            labels=["status"],
        )
        deliveries = GaugeMetricFamily(
            "frontdesk_outbox_last_hour", "Outgoing webhooks of the last hour by what became of them", labels=["state"]
        )
        pending = GaugeMetricFamily("frontdesk_outbox_pending", "Outgoing webhooks not yet delivered", labels=[])
        for status in Message.Status.values:
            messages.add_metric([status], rows.get(("message", status), 0))
        for state in Delivery.State.values:
            deliveries.add_metric([state], rows.get(("delivery", state), 0))
        pending.add_metric([], rows.get(("pending", ""), 0))
        yield from (messages, deliveries, pending)


def _count_tenants() -> tuple[int, dict[tuple[str, str], int]]:
    schemas = list(Organization.objects.filter(is_active=True).values_list("schema_name", flat=True))
    total: Tally[tuple[str, str]] = Tally()
    since = clock.now() - WINDOW
    for batch in _batches(schemas, _TENANTS_AT_ONCE):
        query = " UNION ALL ".join(_tenant_query(connection.ops.quote_name(schema)) for schema in batch)
        with connection.cursor() as cursor:
            cursor.execute(query, {"since": since})
            for kind, state, count in cursor.fetchall():
                total[kind, state] += count
    return len(schemas), dict(total)


def _tenant_query(schema: str) -> str:
    message = f"{schema}.{connection.ops.quote_name(Message._meta.db_table)}"
    delivery = f"{schema}.{connection.ops.quote_name(Delivery._meta.db_table)}"
    return f"""
        SELECT 'message', status, count(*) FROM {message}
         WHERE direction = 'out' AND created_at > %(since)s GROUP BY status
        UNION ALL
        SELECT 'delivery', state, count(*) FROM {delivery} WHERE created_at > %(since)s GROUP BY state
        UNION ALL
        SELECT 'pending', '', count(*) FROM {delivery} WHERE state = 'pending'
    """


def _batches(items: list[str], size: int) -> Iterator[list[str]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def _unrouted() -> int:
    return UnroutedDelivery.objects.filter(resolved_at=None).count()


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
