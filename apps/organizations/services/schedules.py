"""What runs by the clock: how often, at what time, or not at all."""

from __future__ import annotations

from datetime import time

from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from ..actors import Can
from ..permissions import needs


@needs(Can.KEEP_SCHEDULES)
@transaction.atomic
def change_schedule(
    task: PeriodicTask,
    *,
    enabled: bool,
    every: int | None = None,
    period: str = "",
    at: time | None = None,
) -> PeriodicTask:
    """Switch it on or off; `every` and `period`: how often; `at`: when each day, in the zone that it has."""
    task.enabled = enabled
    if every is not None:
        task.interval, _new = IntervalSchedule.objects.get_or_create(every=every, period=period)
    elif at is not None:
        task.crontab, _new = CrontabSchedule.objects.get_or_create(
            minute=str(at.minute), hour=str(at.hour), day_of_week="*", day_of_month="*", month_of_year="*",
            timezone=task.crontab.timezone,
        )  # fmt: skip
    task.save()
    return task
