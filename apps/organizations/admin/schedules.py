"""What the product does by the clock, in the console: in sentences, to be switched off and moved."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.ui.templatetags.ui import badge

from .. import services
from ..actors import Can
from ..console import words
from .base import ConsoleAdmin

PERIODS = [
    (IntervalSchedule.SECONDS, gettext_lazy("seconds")),
    (IntervalSchedule.MINUTES, gettext_lazy("minutes")),
    (IntervalSchedule.HOURS, gettext_lazy("hours")),
    (IntervalSchedule.DAYS, gettext_lazy("days")),
]


class ScheduleForm(forms.ModelForm):
    """Either how often, or at what time of the day: what a schedule is, it stays."""

    every = forms.IntegerField(label=gettext_lazy("Every"), min_value=1, max_value=10_000)
    period = forms.ChoiceField(label=gettext_lazy("of"), choices=PERIODS)
    at = forms.TimeField(
        label=gettext_lazy("At"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("Every day at this time of UTC."),
    )  # fmt: skip

    class Meta:
        model = PeriodicTask
        fields = ("enabled",)
        labels = {"enabled": gettext_lazy("Runs")}
        help_texts = {"enabled": gettext_lazy("Switched off, it does not run until somebody switches it on again.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        task = self.instance
        if task.interval:
            self.initial.update(every=task.interval.every, period=task.interval.period)
        if task.crontab and words.is_daily(task.crontab):
            self.initial["at"] = f"{int(task.crontab.hour):02}:{int(task.crontab.minute):02}"


@admin.register(PeriodicTask)
class ScheduleAdmin(ConsoleAdmin):
    sees, changes = Can.SEE_SCHEDULES, Can.KEEP_SCHEDULES
    has_history = True
    heads = gettext_lazy("Schedules")
    explains = gettext_lazy("What the product does by the clock.")
    empty_icon = "clock"
    empty_title = gettext_lazy("Nothing is scheduled")
    form = ScheduleForm
    list_display = ("what", "when", "state", "last")
    ordering = ("name",)
    list_select_related = ("interval", "crontab")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodicTask]:
        """Ours; what Celery plans for itself is nobody's to look after."""
        return super().get_queryset(request).exclude(task__startswith="celery.").select_related("interval", "crontab")

    def name_of(self, row: PeriodicTask) -> str:
        return _(row.name)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and obj.interval:
            own: tuple[str, ...] = ("every", "period")
        else:
            own = ("at",) if obj is not None and obj.crontab and words.is_daily(obj.crontab) else ()
        return [(None, {"fields": ("about", "when", "last")}), (_("Change it"), {"fields": ("enabled", *own)})]

    readonly_fields = ("about", "when", "last")

    @admin.display(description=gettext_lazy("What"), ordering="name")
    def what(self, row: PeriodicTask) -> str:
        return _(row.name)

    @admin.display(description=gettext_lazy("What for"))
    def about(self, row: PeriodicTask) -> str:
        return _(row.description) if row.description else ""

    @admin.display(description=gettext_lazy("When"))
    def when(self, row: PeriodicTask) -> str:
        return words.schedule(row)

    @admin.display(description=gettext_lazy("State"), ordering="enabled")
    def state(self, row: PeriodicTask) -> str:
        return badge(_("Runs"), "good", "circle-check") if row.enabled else badge(_("Switched off"), "warn", "ban")

    @admin.display(description=gettext_lazy("Last run"))
    def last(self, row: PeriodicTask) -> Any:
        return row.last_run_at or _("not yet")

    def save_model(self, request: HttpRequest, obj: PeriodicTask, form: Any, change: bool) -> None:
        names = ("enabled", "every", "period", "at")
        services.change_schedule(obj, **{name: form.cleaned_data[name] for name in names if name in form.cleaned_data})
