"""What happens to leads in the background."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.jobs import clock
from apps.jobs.registry import Claimed, handles

from . import bulk, cooling
from .models import BulkChange


@handles(bulk.JOB, queue="bulk", words=_("Change many leads"))
def change_many(job: Claimed) -> datetime | None:
    """A batch of a bulk change; again at once while there is more."""
    change = BulkChange.objects.filter(pk=int(job.key)).first()
    return clock.now() if change is not None and bulk.proceed(change) else None


@handles(cooling.JOB, queue="bulk", words=_("Let the scores of quiet leads cool"))
def cool_down(job: Claimed) -> None:
    """Every night: those who have been quiet get the score that says so."""
    cooling.proceed(job)
