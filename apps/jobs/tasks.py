"""Celery's doors into the jobs table."""

from __future__ import annotations

import threading

from celery import shared_task
from django.conf import settings
from django.db import connection

from . import clock, notifier, services
from .registry import QUEUES

_hands = {queue: threading.BoundedSemaphore(count) for queue, count in settings.JOBS_CONCURRENCY.items()}


@shared_task(name="jobs.drain")
def drain(queue: str) -> None:
    """Do what is due in one queue. Enough drains at work in this process already: leave it to them."""
    if queue not in QUEUES or not _hands[queue].acquire(blocking=False):
        return
    try:
        services.drain(queue)
    finally:
        _hands[queue].release()
        connection.set_schema_to_public()


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Find queues with due work, whatever became of their nudges."""
    for queue in due_queues():
        notifier.nudge(queue, 0)


def due_queues() -> list[str]:
    """The queues in which something is due: one index probe each, however many tenants there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q FROM unnest(%s::text[]) q WHERE EXISTS ("
            "  SELECT 1 FROM public.jobs_job WHERE queue = q AND failed_at IS NULL AND run_at <= %s"
            "     AND (leased_until IS NULL OR leased_until <= %s))",
            [list(QUEUES), clock.now(), clock.now()],
        )
        return [row[0] for row in cursor.fetchall()]
