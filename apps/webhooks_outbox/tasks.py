"""Doors from the jobs table."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.jobs.registry import Claimed, handles

from . import delivering, services


@handles(services.DELIVER, queue="integrations", drains=True, pending=delivering.next_due, words=_("Deliver webhooks"))
def deliver(job: Claimed) -> bool:
    return delivering.deliver(job)


@handles("webhooks_outbox.prune", queue="bulk", words=_("Delete old webhook deliveries"))
def prune(_job: Claimed) -> datetime | None:
    return services.prune()
