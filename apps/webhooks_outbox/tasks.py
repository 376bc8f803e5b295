"""Doors from the jobs table."""

from __future__ import annotations

from datetime import datetime

from apps.jobs.registry import Claimed, handles

from . import delivering, services


@handles(services.DELIVER, queue="integrations", drains=True, pending=delivering.next_due)
def deliver(job: Claimed) -> bool:
    return delivering.deliver(job)


@handles("webhooks_outbox.prune", queue="bulk")
def prune(_job: Claimed) -> datetime | None:
    return services.prune()
