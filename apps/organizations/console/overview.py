"""The agency's landing page: every organization at a glance, in a handful of queries however many there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.jobs import clock
from apps.jobs.models import Job

from ..access import actor_of
from ..actors import Can
from ..hosts import address_of
from ..models import AccountRoute, Domain, Organization, OrganizationHealth, UnroutedDelivery, Usage
from ..queries import about, calendar_day, month_of

SHOWN = 200  # of more, the first in the chosen order
SORTS = {
    "trouble": gettext_lazy("Trouble first"),
    "name": gettext_lazy("By name"),
    "messages": gettext_lazy("Most messages"),
    "spend": gettext_lazy("Most AI spend"),
    "recent": gettext_lazy("Last message"),
}


@dataclass
class Row:
    """One organization as the agency sees it."""

    organization: Organization
    address: str = ""
    received: int = 0
    sent: int = 0
    spend: Decimal = Decimal(0)
    channels: dict[str, int] = field(default_factory=dict)
    failed_jobs: int = 0
    job_error: str = ""
    job_failed_at: datetime | None = None
    health: OrganizationHealth | None = None

    @property
    def troubles(self) -> int:
        """How many things want somebody's attention."""
        seen = self.health
        inside = seen.channels_attention + seen.failed_deliveries + seen.kept_deliveries if seen else 0
        return inside + self.failed_jobs + (1 if self.share >= 80 else 0)

    @property
    def share(self) -> int:
        """Percent of the AI budget."""
        budget = self.organization.ai_budget_usd
        return int(self.spend / budget * 100) if budget else 0

    @property
    def last_message_at(self) -> datetime | None:
        return self.health.last_message_at if self.health else None

    @property
    def _newest_failure(self) -> tuple[str, datetime | None]:
        told = (self.health.last_failure, self.health.last_failure_at) if self.health else ("", None)
        if self.job_failed_at and (not told[0] or not told[1] or told[1] < self.job_failed_at):
            return self.job_error, self.job_failed_at
        return told

    @property
    def failure(self) -> str:
        return self._newest_failure[0]

    @property
    def failure_at(self) -> datetime | None:
        return self._newest_failure[1]


def overview(search: str = "", sort: str = "name") -> list[Row]:
    """All organizations with their figures: five queries."""
    organizations = Organization.objects.select_related("health").order_by("name")
    if search:
        organizations = organizations.filter(about(search))
    rows = {org.pk: Row(org, health=getattr(org, "health", None)) for org in organizations}
    by_schema = {row.organization.schema_name: row for row in rows.values()}
    for pk, host in (
        Domain.objects.exclude(proven_at=None).order_by("is_primary", "-pk").values_list("tenant_id", "domain")
    ):
        if pk in rows:
            rows[pk].address = f"{address_of(host)}/"
    # Each in the month that it is where the organization is: around midnight of the first, two at a time.
    months = {pk: month_of(calendar_day(row.organization)) for pk, row in rows.items()}
    since = min(months.values(), default=clock.now().date())
    month = Usage.objects.filter(day__gte=since).annotate(month=TruncMonth("day")).values("organization_id", "month")
    for used in month.annotate(
        received=Sum("quantity", filter=Q(kind="message_in")),
        sent=Sum("quantity", filter=Q(kind="message_out")),
        spend=Sum("cost_usd", filter=Q(kind__startswith="ai_")),
    ):
        row = rows.get(used["organization_id"])
        if row and used["month"] == months[row.organization.pk]:
            row.received, row.sent = used["received"] or 0, used["sent"] or 0
            row.spend = used["spend"] or Decimal(0)
    for pk, channel, number in AccountRoute.objects.values_list("organization_id", "channel").annotate(Count("id")):
        if pk in rows:
            rows[pk].channels[channel] = number
    failed = (
        Job.objects.exclude(failed_at=None)
        .values_list("schema")
        .annotate(Count("id"), Max("last_error"), Max("failed_at"))
    )
    for schema, number, error, at in failed:
        if row := by_schema.get(schema):
            row.failed_jobs, row.job_error, row.job_failed_at = number, error, at
    return _sorted(list(rows.values()), sort)


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    long_ago = datetime.min.replace(tzinfo=clock.now().tzinfo)
    keys: dict[str, Any] = {
        "trouble": lambda row: (-row.troubles, row.organization.name.lower()),
        "messages": lambda row: -(row.received + row.sent),
        "spend": lambda row: -row.spend,
        "recent": lambda row: -((row.last_message_at or long_ago) - long_ago).total_seconds(),
    }
    return sorted(rows, key=keys[sort]) if sort in keys else rows


def totals(rows: list[Row]) -> dict[str, Any]:
    """Sums over what is shown, and what belongs to nobody: unrouted deliveries, the queue."""
    now = clock.now()
    jobs = Job.objects.aggregate(
        waiting=Count("id", filter=Q(failed_at=None, run_at__lte=now)),
        failed=Count("id", filter=~Q(failed_at=None)),
        oldest=Min("run_at", filter=Q(failed_at=None, run_at__lte=now)),
    )
    return {
        "organizations": len(rows),
        "received": sum(row.received for row in rows),
        "sent": sum(row.sent for row in rows),
        "spend": sum((row.spend for row in rows), Decimal(0)),
        "troubled": sum(1 for row in rows if row.troubles),
        "unrouted": UnroutedDelivery.objects.filter(resolved_at=None).count(),
        "jobs": jobs,
    }


def page(request: HttpRequest) -> dict[str, Any]:
    """What the overview shows; staff who may not look at organizations see none here either."""
    actor = actor_of(request)
    if not actor.may(Can.SEE_ORGANIZATIONS):
        return {"title": _("Overview")}
    search = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "trouble"
    rows = overview(search, sort)
    return {
        "title": _("Overview"),
        "rows": rows[:SHOWN],
        "hidden": max(0, len(rows) - SHOWN),
        "totals": {
            **totals(rows),
            **({} if actor.may(Can.SEE_UNROUTED) else {"unrouted": None}),
            **({} if actor.may(Can.SEE_JOBS) else {"jobs": None}),
        },
        "may_make": actor.may(Can.MAKE_ORGANIZATIONS),
        "may_enter": actor.may(Can.ENTER_ORGANIZATIONS),
        "q": search,
        "sort": sort,
        "sorts": [one for one in SORTS.items() if one[0] != "trouble"],
    }


def over_budget(_request: HttpRequest) -> int | None:
    """The number beside "Organizations" in the menu: how many are over 80 % of a budget this month."""
    month = month_of(clock.now().date())
    over = Organization.objects.filter(budget_alerts__month__gte=month, budget_alerts__percent__gte=80)
    return over.distinct().count() or None


def unrouted(_request: HttpRequest) -> int | None:
    return UnroutedDelivery.objects.filter(resolved_at=None)[:100].count() or None


def given_up(_request: HttpRequest) -> int | None:
    return Job.objects.exclude(failed_at=None)[:100].count() or None
