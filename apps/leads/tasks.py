"""What happens to leads in the background."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.registry import Claimed, handles
from apps.organizations.models import Organization
from apps.organizations.services import on_new_organization

from . import bulk, services
from .models import BulkChange, Lead

COOLED = 500  # leads looked at per run


@handles(bulk.JOB, queue="bulk")
def change_many(job: Claimed) -> datetime | None:
    """A batch of a bulk change; again at once while there is more."""
    change = BulkChange.objects.filter(pk=int(job.key)).first()
    return clock.now() if change is not None and bulk.proceed(change) else None


@on_new_organization
def promise_cooling(_organization: Organization) -> None:
    jobs.schedule("leads.cool", at=clock.now() + timedelta(days=1))


@handles("leads.cool", queue="bulk")
def cool_down(_job: Claimed) -> datetime:
    """Once a day: those who have just been quiet for a day, two weeks or a month get the score that says so."""
    now = clock.now()
    for days in (1, 14, 30):
        until = now - timedelta(days=days)
        rows = Lead.objects.filter(
            deleted_at=None, last_activity_at__lte=until, last_activity_at__gt=until - timedelta(days=2)
        )
        for lead in rows.order_by("-last_activity_at", "-id").iterator(chunk_size=COOLED):
            services.rescore(lead)
    return now + timedelta(days=1)
