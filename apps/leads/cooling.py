"""Time passes and nobody writes: the score that says so, worked out at night, a stretch of leads at a time.

One walk over the index of recent activity, from those quiet for a day back to those quiet for sixty. A lead whose
reasons say already how quiet it is costs a look and no write, so a night that was missed is made up for by the next.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils.dateparse import parse_datetime

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.registry import Claimed

from . import services
from .models import Lead

JOB = "leads.cool"
AT_ONCE = 1000  # leads looked at in one transaction
QUIET, FORGOTTEN = timedelta(days=1), timedelta(days=60)


def proceed(job: Claimed) -> None:
    """The next stretch, and a promise of the one after it in the same transaction; its key is where it begins."""
    now = clock.now()
    with transaction.atomic():
        jobs.hold(job)
        looked = list(_stretch(job.key, now).values_list("last_activity_at", "pk", "is_stale")[:AT_ONCE])
        # Somebody who holds a lead in this moment scores it anew, or leaves it to the next night.
        stale = Lead.objects.select_for_update(of=("self",), skip_locked=True).filter(
            pk__in=[pk for _at, pk, is_stale in looked if is_stale]
        )
        services.rescore_all(list(stale))
        if len(looked) == AT_ONCE:
            at, pk, _is_stale = looked[-1]
            jobs.schedule(JOB, f"{at.isoformat()} {pk}")


def _stretch(key: str, now: datetime) -> QuerySet[Any]:
    rows = Lead.objects.filter(
        deleted_at=None, last_activity_at__lt=now - QUIET, last_activity_at__gte=now - FORGOTTEN
    ).annotate(is_stale=ExpressionWrapper(_stale(now), output_field=BooleanField()))
    if key:
        said, _space, pk = key.partition(" ")
        at = cast("datetime", parse_datetime(said))
        # The plain bound lets the index start there.
        rows = rows.filter(last_activity_at__lte=at).filter(Q(last_activity_at__lt=at) | Q(pk__lt=int(pk)))
    return rows.order_by("-last_activity_at", "-pk")


def _stale(now: datetime) -> Q:
    """Their reasons do not say how quiet they are. As in scoring.RULES."""
    return (
        Q(reasons__contains=[{"rule": "recent"}])
        | (Q(last_activity_at__lt=now - timedelta(days=14)) & ~Q(reasons__contains=[{"rule": "quiet"}]))
        | (Q(last_activity_at__lt=now - timedelta(days=30)) & ~Q(reasons__contains=[{"rule": "long_quiet"}]))
    )
