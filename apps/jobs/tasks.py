"""Celery's doors into the jobs table. They name no tenant: the rows do."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog
from celery import shared_task
from django.conf import settings
from django_tenants.utils import get_public_schema_name, get_tenant_model

from apps.jobs.connection import connection

from . import clock, notifier, services
from .registry import KINDS, QUEUES

log = structlog.get_logger(__name__)
_hands = {queue: threading.BoundedSemaphore(count) for queue, count in settings.JOBS_CONCURRENCY.items()}
_TENANTS_AT_ONCE = 500


@shared_task(name=notifier.DRAIN)
def drain(queue: str) -> None:
    """Do what is due in one queue. Enough drains at work in this process already: leave it to them."""
    if queue not in QUEUES or not _hands[queue].acquire(blocking=False):
        return
    try:
        services.drain(queue)
    finally:
        _hands[queue].release()
        _let_go()


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Find queues with due work, whatever became of their nudges."""
    try:
        for queue in due_queues():
            notifier.nudge(queue, 0)
    finally:
        _let_go()


@shared_task(name="jobs.each_tenant")
def each_tenant(kind: str, hours: float = 1) -> None:
    """Promise one kind of work to every active tenant, spread over `hours`. For the schedule in the admin."""
    if kind not in KINDS:
        log.error("jobs.unknown_kind", kind=kind)
        return
    try:
        tenants = get_tenant_model().objects.filter(is_active=True).exclude(schema_name=get_public_schema_name())
        schemas = list(tenants.order_by("id").values_list("schema_name", flat=True))
        for start in range(0, len(schemas), _TENANTS_AT_ONCE):
            services.schedule_for_all(kind, schemas[start : start + _TENANTS_AT_ONCE], spread=timedelta(hours=hours))
    finally:
        _let_go()


def due_queues() -> list[str]:
    """The queues in which something is due: one index probe each, however many tenants there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q FROM unnest(%s::text[]) q WHERE EXISTS ("
            "  SELECT 1 FROM public.jobs_job WHERE queue = q AND failed_at IS NULL"
            "     AND coalesce(leased_until, run_at) <= %s)",
            [list(QUEUES), clock.now()],
        )
        return [row[0] for row in cursor.fetchall()]


def _let_go() -> None:
    """Leave the thread as a new one would be: no tenant, and its connection back in the pool."""
    connection.set_schema_to_public()
    if not connection.in_atomic_block:
        connection.close()
