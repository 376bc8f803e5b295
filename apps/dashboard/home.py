"""What the home page tells of days gone by, put together from roll-ups."""

from __future__ import annotations

from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.analytics import queries
from apps.analytics.queries import Figures, Range
from apps.leads.models import Stage
from apps.ui import phrases, statuses
from apps.ui.charts import Chart, Series

CHANNELS = ("facebook", "instagram", "whatsapp", "webchat")


def figures_for(days: Range) -> dict[str, Any]:
    """Tiles, charts and lists of a range; a handful of queries however much has happened."""
    now, before = queries.figures(days), queries.figures(days.before)
    costs = queries.ai_cost(days)
    cost, cost_before = sum(costs.values()), sum(queries.ai_cost(days.before).values())
    labels = [date_format(day, "j M") for day in days.days]
    funnel = queries.funnel(now)
    met = funnel[0][1]
    return {
        "tiles": [
            _tile(
                _("New leads"),
                now.count("lead.created"),
                before.count("lead.created"),
                spark=now.per_day("lead.created"),
            ),
            _duration_tile(
                _("The assistant answers in"),
                queries.answer_time(now, "assistant"),
                queries.answer_time(before, "assistant"),
            ),
            _duration_tile(
                _("People answer in"), queries.answer_time(now, "people"), queries.answer_time(before, "people")
            ),
            _money_tile(_("AI cost"), float(cost), float(cost_before)),
        ],
        "leads_chart": Chart(_("New leads per day"), labels, [Series(_("New leads"), now.per_day("lead.created"))]),
        "messages_chart": Chart(
            _("Messages received by channel"),
            labels,
            [Series(_channel(c), now.per_day("message.received", c), n) for n, c in enumerate(_channels(now), 1)],
            kind="bar",
        ),
        "cost_chart": Chart(
            _("AI cost per day"),
            labels,
            [Series(_("AI cost"), [float(costs.get(d, 0)) for d in days.days], 5)],
            format="money",
        ),
        "funnel": [
            {
                "label": Stage(stage).label,
                "count": count,
                "part": count / met if met else 0,
                "share": 100 * count / met if met else 0,
            }
            for stage, count in funnel
        ],
        "channels": [
            {
                "channel": channel,
                "started": now.count("conversation.started", channel),
                "received": now.count("message.received", channel),
                "leads": now.count("lead.created", channel),
                "handed_off": now.count("conversation.handed_off", channel),
            }
            for channel in _channels(now)
        ],
        "answers": [
            {
                "who": words,
                "sent": sum(now.count("message.sent", sender) for sender in queries.WHO[who]),
                "time": _duration(queries.answer_time(now, who)),
            }
            for who, words in (("assistant", _("Assistant")), ("people", _("People")))
        ],
        "is_empty": now.is_empty,
    }


def _channels(now: Figures) -> list[str]:
    seen = {split for split, _count in now.splits("message.received")}
    return [channel for channel in CHANNELS if channel in seen] + sorted(seen - set(CHANNELS))


def _channel(channel: str) -> Any:
    return statuses.look(statuses.CHANNELS, channel).label


def _tile(label: str, value: int, before: int, **more: Any) -> dict[str, Any]:
    return {"label": label, "value": phrases.number(value), "note": _change(value, before), **more}


def _duration_tile(label: str, value: float | None, before: float | None) -> dict[str, Any]:
    return {"label": label, "value": _duration(value), "note": _change(value or 0, before or 0) if value else ""}


def _money_tile(label: str, value: float, before: float) -> dict[str, Any]:
    return {"label": label, "value": phrases.money(value, "USD"), "note": _change(value, before)}


def _duration(seconds: float | None) -> str:
    return "–" if seconds is None else phrases.duration(seconds)


def _change(value: float, before: float) -> str:
    """How a figure compares with the days before, in words."""
    if not before:
        return _("Nothing to compare with yet") if not value else _("None in the days before")
    share = abs(value - before) / before
    if share < 0.005:
        return _("As in the days before")
    words = _("%(share)s more than before") if value > before else _("%(share)s less than before")
    return words % {"share": phrases.percent(share)}
