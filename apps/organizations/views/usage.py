"""What was used and what it cost."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.ui.charts import Chart, Series

from .. import queries, services
from ..access import member_required
from ..models import Role, Usage

RANGES = {"7": gettext_lazy("7 days"), "30": gettext_lazy("30 days"), "90": gettext_lazy("90 days")}
KINDS = dict(Usage.Kind.choices)


@member_required(Role.MANAGER)
def usage(request: HttpRequest) -> HttpResponse:
    """Charts per day, a table per kind, and how much of the budgets is left."""
    chosen = request.GET.get("days", "30")
    span = int(chosen) if chosen in RANGES else 30
    last = queries.calendar_day(queries.current_organization())
    first = last - timedelta(days=span - 1)
    table = queries.usage_by_day(queries.current_organization(), first, last)
    days = queries.days(first, last)
    spent = queries.spent_this_month(queries.current_organization())
    context = {
        "messages_chart": _messages(table, days),
        "cost_chart": _cost(table, days),
        "kinds": _totals(table),
        "total": sum((row["cost"] for kind in table.values() for row in kind.values()), Decimal(0)),
        "spent": spent,
        "sent": queries.messages_this_month(queries.current_organization()),
        "level": services.ai_level(queries.current_organization()),
        "ranges": list(RANGES.items()),
        "span": str(span),
    }
    return render(request, "organizations/usage.html", context)


Table = dict[str, dict[date, dict[str, Any]]]


def _messages(table: Table, days: list[date]) -> Chart:
    def values(kind: str) -> list[float]:
        return [table.get(kind, {}).get(day, {}).get("quantity", 0) for day in days]

    return Chart(
        title=_("Messages per day"),
        labels=[date_format(day, "MONTH_DAY_FORMAT") for day in days],
        series=[
            Series(_("Received"), values("message_in"), color=1),
            Series(_("Sent"), values("message_out"), color=2),
        ],
        empty=_("No messages in these days."),
    )


def _cost(table: Table, days: list[date]) -> Chart:
    kinds = [kind for kind in table if kind.startswith("ai_")]
    costs = [float(sum(table[kind].get(day, {}).get("cost", 0) for kind in kinds)) for day in days]
    return Chart(
        title=_("AI cost per day"),
        labels=[date_format(day, "MONTH_DAY_FORMAT") for day in days],
        series=[Series(_("AI cost"), costs, color=3)],
        kind="bar",
        format="money",
        empty=_("AI has cost nothing in these days."),
    )


def _totals(table: Table) -> list[dict[str, Any]]:
    def order(kind: str) -> tuple[int, str]:
        return (list(KINDS).index(kind) if kind in KINDS else len(KINDS), kind)

    return [
        {
            "label": KINDS.get(kind, kind),
            "quantity": sum(row["quantity"] for row in table[kind].values()),
            "cost": sum((row["cost"] for row in table[kind].values()), Decimal(0)),
        }
        for kind in sorted(table, key=order)
    ]
