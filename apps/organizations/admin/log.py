"""The agency's own activity log in the console."""

from __future__ import annotations

from typing import Any

from auditlog.models import LogEntry
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from .. import log
from ..actors import Can
from .base import ConsoleAdmin


class ActFilter(admin.SimpleListFilter):
    title = _("Act")
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return log.acts()

    def queryset(self, request: HttpRequest, queryset: QuerySet[LogEntry]) -> QuerySet[LogEntry]:
        return queryset & log.entries(act=self.value() or "")


class SubjectFilter(admin.SimpleListFilter):
    title = _("What")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [one for one in log.subjects() if one[0].partition(".")[0] in ("organizations", "django_celery_beat")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LogEntry]) -> QuerySet[LogEntry]:
        return queryset & log.entries(what=self.value() or "")


@admin.register(LogEntry)
class LogAdmin(ConsoleAdmin):
    sees = Can.SEE_LOG
    heads = _("Activity log")
    explains = _("Who changed what at the agency, when and from where. Secrets are never written here.")
    looks_for = _("Who, or what")
    empty_icon = "history"
    empty_title = _("Nothing has been changed yet")
    list_display = ("at", "who", "happened", "about", "from_where")
    list_filter = (ActFilter, SubjectFilter)
    search_fields = ("actor_email", "object_repr")
    list_select_related = ("actor", "content_type")
    ordering = ("-id",)
    fields = ("at", "who", "happened", "about", "from_where", "words")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        return log.entries()

    @admin.display(description=_("When"), ordering="id")
    def at(self, row: LogEntry) -> Any:
        return row.timestamp

    @admin.display(description=_("Who"))
    def who(self, row: LogEntry) -> str:
        return log.actor(row)[1]

    @admin.display(description=_("Act"))
    def happened(self, row: LogEntry) -> str:
        return log.happened(row)

    @admin.display(description=_("What"))
    def about(self, row: LogEntry) -> str:
        return row.object_repr

    @admin.display(description=_("From"))
    def from_where(self, row: LogEntry) -> str:
        return row.remote_addr or ""

    def name_of(self, row: LogEntry) -> str:
        return log.happened(row)

    @admin.display(description=_("Changes"))
    def words(self, row: LogEntry) -> str:
        return render_to_string("organizations/_changes.html", {"changes": log.told([row])[0]["changes"]})
