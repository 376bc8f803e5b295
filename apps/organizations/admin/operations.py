"""What runs underneath, in the console: usage, unrouted deliveries, jobs, staff entries."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.jobs.models import Job
from apps.jobs.registry import words_of
from apps.ui.templatetags.ui import badge, channel_mark, code_block, money

from .. import services
from ..actors import Can
from ..console.words import QUEUES
from ..models import Organization, StaffEntry, UnroutedDelivery, Usage
from ..unrouted import put_aside, route_again
from .base import ConsoleAdmin, act

SHOWN = 50_000  # characters of a body


@admin.register(Usage)
class UsageAdmin(ConsoleAdmin):
    sees = Can.SEE_USAGE
    explains = gettext_lazy("Day by day, in each organization's own calendar.")
    looks_for = gettext_lazy("Organization")
    empty_icon = "chart-bar"
    empty_title = gettext_lazy("Nothing was used yet")
    list_display = ("day", "organization", "kind", "quantity", "cost")
    list_filter = ("kind",)
    search_fields = ("organization__name", "organization__slug")
    date_hierarchy = "day"
    ordering = ("-day", "-id")
    list_select_related = ("organization",)
    fields = ("day", "organization", "kind", "quantity", "cost")

    @admin.display(description=gettext_lazy("Cost"), ordering="cost_usd")
    def cost(self, row: Usage) -> str:
        return money(row.cost_usd, "USD") if row.cost_usd else ""


@admin.register(StaffEntry)
class StaffEntryAdmin(ConsoleAdmin):
    sees = Can.SEE_ENTRIES
    explains = gettext_lazy(
        "Who of the agency entered which organization, and why. It stands in the organization's own log too."
    )
    looks_for = gettext_lazy("Person, organization or reason")
    empty_icon = "door-enter"
    empty_title = gettext_lazy("Nobody has entered an organization yet")
    list_display = ("asked", "who", "where", "reason", "ended")
    search_fields = ("user__email", "user__name", "organization__name", "name")
    fields = ("who", "where", "reason", "asked", "came_in", "ended", "from_where")
    list_select_related = ("user", "organization")
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("Who"))
    def who(self, row: StaffEntry) -> str:
        return str(row.user)

    @admin.display(description=gettext_lazy("Organization"))
    def where(self, row: StaffEntry) -> Any:
        return row.organization

    @admin.display(description=gettext_lazy("Reason"))
    def reason(self, row: StaffEntry) -> str:
        return row.name

    @admin.display(description=gettext_lazy("Asked"), ordering="id")
    def asked(self, row: StaffEntry) -> Any:
        return row.created_at

    @admin.display(description=gettext_lazy("Came in"))
    def came_in(self, row: StaffEntry) -> Any:
        return row.redeemed_at or _("never")

    @admin.display(description=gettext_lazy("Left"))
    def ended(self, row: StaffEntry) -> Any:
        return row.ended_at or (row.expires_at if row.died_of else _("not yet"))

    @admin.display(description=gettext_lazy("From"))
    def from_where(self, row: StaffEntry) -> str:
        return row.address or ""


class OpenFilter(admin.SimpleListFilter):
    title = gettext_lazy("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Waiting")), ("done", _("Dealt with"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {"open": True, "done": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(resolved_at__isnull=wanted)


@admin.register(UnroutedDelivery)
class UnroutedDeliveryAdmin(ConsoleAdmin):
    sees = Can.SEE_UNROUTED
    has_history = True
    explains = gettext_lazy(
        "Correctly signed, for an account that nobody has connected, or in a form nobody could read. Kept, never dropped."
    )
    looks_for = gettext_lazy("Number or id of the account")
    empty_icon = "route"
    empty_title = gettext_lazy("Everything found its organization")
    list_display = ("received_at", "channel_shown", "external_id", "why", "state")
    list_filter = (OpenFilter, "why")
    search_fields = ("external_id",)
    ordering = ("-id",)
    actions = ("retry", "dismiss")
    fields = ("received_at", "channel_shown", "external_id", "why", "state", "trace", "readable")

    @admin.display(description=gettext_lazy("Channel"), ordering="channel")
    def channel_shown(self, row: UnroutedDelivery) -> str:
        return channel_mark(row.channel, text=True)

    @admin.display(description=gettext_lazy("State"), ordering="resolved_at")
    def state(self, row: UnroutedDelivery) -> str:
        if row.resolved_at:
            return badge(_("Dealt with"), "neutral", "check")
        return badge(_("Waiting"), "warn", "hourglass")

    @admin.display(description=gettext_lazy("Body"))
    def readable(self, row: UnroutedDelivery) -> str:
        body = bytes(row.body)
        try:
            text = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
        except (ValueError, RecursionError):
            text = body.decode("utf-8", "replace")
        return code_block(text[:SHOWN])

    @act(gettext_lazy("Route again"), needs=Can.ROUTE_AGAIN, icon="route", when=lambda row: not row.resolved_at)
    def retry(self, request: HttpRequest, rows: QuerySet[UnroutedDelivery]) -> None:
        done = sum(route_again(row) for row in rows)
        left = len(rows) - done
        if done:
            words = ngettext(
                "%(count)s delivery was handed to its organization.",
                "%(count)s deliveries were handed to their organization.",
                done,
            )
            messages.success(request, words % {"count": done})
        if left:
            words = ngettext(
                "%(count)s delivery still belongs to no connected account.",
                "%(count)s deliveries still belong to no connected account.",
                left,
            )
            messages.warning(request, words % {"count": left})

    @act(gettext_lazy("Put aside"), needs=Can.ROUTE_AGAIN, icon="archive", when=lambda row: not row.resolved_at)
    def dismiss(self, request: HttpRequest, rows: QuerySet[UnroutedDelivery]) -> None:
        self.each(request, rows, put_aside)
        messages.success(request, _("Put aside."))


class JobFilter(admin.SimpleListFilter):
    title = gettext_lazy("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failed", _("Given up")), ("running", _("Running")), ("waiting", _("Waiting"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return {
            "failed": queryset.exclude(failed_at=None),
            "running": queryset.filter(failed_at=None).exclude(leased_until=None),
            "waiting": queryset.filter(failed_at=None, leased_until=None),
        }.get(self.value() or "", queryset)


@admin.register(Job)
class JobAdmin(ConsoleAdmin):
    sees = Can.SEE_JOBS
    has_history = True
    explains = gettext_lazy(
        "What the product has promised to do. A job that failed again and again is given up, and waits for you."
    )
    looks_for = gettext_lazy("Organization")
    empty_icon = "circle-check"
    empty_title = gettext_lazy("Nothing is waiting")
    list_display = ("what", "where", "state", "when", "attempts", "short_error")
    list_filter = (JobFilter,)
    search_fields = ("schema",)
    ordering = ("-failed_at", "run_at", "id")
    actions = ("again",)
    fields = ("what", "where", "which", "state", "how", "when", "attempts", "failed_at", "trace", "error")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        named = Organization.objects.filter(schema_name=OuterRef("schema")).values("name")
        return super().get_queryset(request).annotate(organization_name=Subquery(named))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Job], search_term: str
    ) -> tuple[QuerySet[Job], bool]:
        found, _many = super().get_search_results(request, queryset, search_term)
        words = search_term.replace("\x00", "").strip()
        return (found | queryset.filter(Q(organization_name__icontains=words)) if words else queryset), False

    @admin.display(description=gettext_lazy("Work"), ordering="kind")
    def what(self, row: Job) -> str:
        return words_of(row.kind)

    @admin.display(description=gettext_lazy("Organization"), ordering="schema")
    def where(self, row: Any) -> str:
        return row.organization_name or (_("The agency itself") if row.schema == "public" else row.schema)

    @admin.display(description=gettext_lazy("For which"))
    def which(self, row: Job) -> str:
        return code_block(row.key) if row.key else ""

    @admin.display(description=gettext_lazy("State"))
    def state(self, row: Job) -> str:
        if row.failed_at:
            return badge(_("Given up"), "bad", "circle-x")
        return badge(_("Running"), "info", "loader-2") if row.leased_until else badge(_("Waiting"), "neutral", "clock")

    @admin.display(description=gettext_lazy("How"))
    def how(self, row: Job) -> str:
        return str(QUEUES.get(row.queue, row.queue))

    @admin.display(description=gettext_lazy("Due"), ordering="run_at")
    def when(self, row: Job) -> Any:
        return row.run_at

    @admin.display(description=gettext_lazy("Last error"))
    def short_error(self, row: Job) -> str:
        return row.last_error[:120]

    @admin.display(description=gettext_lazy("Last error"))
    def error(self, row: Job) -> str:
        return code_block(row.last_error) if row.last_error else ""

    @act(gettext_lazy("Try again now"), needs=Can.RUN_JOBS, icon="refresh")
    def again(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        self.each(request, rows, services.try_again)
        messages.success(request, _("They run within seconds."))
