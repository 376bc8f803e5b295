"""What runs underneath, in the console: usage, unrouted deliveries, jobs, staff entries, schedules, the log."""

from __future__ import annotations

import json
from typing import Any

from auditlog import admin as _auditlog  # noqa: F401 - registers its page, which ours replaces
from auditlog import admin as _auditlog_admin  # noqa: F401  registers its own page first, which ours replaces
from auditlog.models import LogEntry
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_celery_beat import admin as beat
from django_celery_beat import models as schedules
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.models import Job

from .. import log
from ..models import StaffEntry, UnroutedDelivery, Usage
from ..unrouted import route_again


class ReadOnlyAdmin(ModelAdmin):
    """To look at: rows that the product writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Usage)
class UsageAdmin(ReadOnlyAdmin):
    list_display = ("day", "organization", "kind", "quantity", "cost_usd")
    list_filter = ("kind", "organization")
    date_hierarchy = "day"
    list_select_related = ("organization",)


@admin.register(StaffEntry)
class StaffEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "organization", "reason", "address", "redeemed_at", "ended_at")
    list_filter = ("organization",)
    search_fields = ("user__email", "name")
    fields = ("created_at", "user", "organization", "reason", "address", "redeemed_at", "ended_at")
    list_select_related = ("user", "organization")
    ordering = ("-id",)

    @display(description=gettext_lazy("Reason"))
    def reason(self, row: StaffEntry) -> str:
        return row.name


@admin.register(UnroutedDelivery)
class UnroutedDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "channel", "external_id", "why", "resolved_at")
    list_filter = ("why", "channel", ("resolved_at", admin.EmptyFieldListFilter))
    search_fields = ("external_id",)
    ordering = ("-id",)
    actions = ("retry", "dismiss")
    fields = ("received_at", "channel", "external_id", "why", "resolved_at", "trace", "readable")

    @display(description=gettext_lazy("Body"))
    def readable(self, row: UnroutedDelivery) -> str:
        body = bytes(row.body)
        try:
            text = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
        except (ValueError, RecursionError):
            text = body.decode("utf-8", "replace")
        return format_html('<pre dir="ltr" class="whitespace-pre-wrap">{}</pre>', text[:50_000])

    @admin.action(description=gettext_lazy("Route again: the account is connected now"))
    def retry(self, request: HttpRequest, rows: QuerySet[UnroutedDelivery]) -> None:
        done = sum(route_again(row) for row in rows)
        left = len(rows) - done
        if done:
            messages.success(request, _("%(count)s deliveries were handed to their organization.") % {"count": done})
        if left:
            messages.warning(request, _("%(count)s deliveries still belong to no connected account.") % {"count": left})

    @admin.action(description=gettext_lazy("Put aside"))
    def dismiss(self, request: HttpRequest, rows: QuerySet[UnroutedDelivery]) -> None:
        rows.filter(resolved_at=None).update(resolved_at=clock.now())


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("kind", "schema", "key", "queue", "state", "run_at", "attempts", "short_error")
    list_filter = ("queue", "kind", ("failed_at", admin.EmptyFieldListFilter))
    search_fields = ("schema", "kind", "key")
    ordering = ("-failed_at", "run_at", "id")
    actions = ("again",)

    @display(description=gettext_lazy("State"), label={"failed": "danger", "running": "info", "waiting": "warning"})
    def state(self, row: Job) -> tuple[str, str]:
        if row.failed_at:
            return "failed", _("Given up")
        return ("running", _("Running")) if row.leased_until else ("waiting", _("Waiting"))

    @display(description=gettext_lazy("Last error"))
    def short_error(self, row: Job) -> str:
        return row.last_error[:120]

    @admin.action(description=gettext_lazy("Try again now"))
    def again(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        for row in rows:
            jobs.schedule(row.kind, row.key, schema=row.schema)
        messages.success(request, _("They run within seconds."))


class LogAdmin(ReadOnlyAdmin):
    list_display = ("timestamp", "who", "happened", "content_type", "object_repr", "remote_addr")
    list_filter = ("action", "content_type")
    search_fields = ("actor_email", "object_repr")
    list_select_related = ("actor", "content_type")
    fields = ("timestamp", "who", "happened", "content_type", "object_repr", "remote_addr", "words")

    @display(description=gettext_lazy("Who"))
    def who(self, row: LogEntry) -> str:
        return log.actor(row)[1]

    @display(description=gettext_lazy("Act"))
    def happened(self, row: LogEntry) -> str:
        return log.event_of(row) or dict(log.acts())[log.act_of(row)]

    @display(description=gettext_lazy("Changes"))
    def words(self, row: LogEntry) -> str:
        return "\n".join(
            f"{change.field}: {change.before or '–'} → {change.after or '–'}"
            for change in log.changes(row, log.look_up([row]))
        )


admin.site.unregister(LogEntry)
admin.site.register(LogEntry, LogAdmin)


# Schedules: the same pages, in the console's clothes.
class _TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    pass


class _TaskForm(beat.PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = _TaskSelect()


class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, ModelAdmin):
    form = _TaskForm


for model in (
    schedules.PeriodicTask, schedules.IntervalSchedule, schedules.CrontabSchedule, schedules.SolarSchedule,
    schedules.ClockedSchedule,
):  # fmt: skip
    if admin.site.is_registered(model):
        admin.site.unregister(model)
admin.site.register(schedules.PeriodicTask, PeriodicTaskAdmin)
for model in (schedules.IntervalSchedule, schedules.CrontabSchedule, schedules.ClockedSchedule):
    admin.site.register(model, ModelAdmin)
