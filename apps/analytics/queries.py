"""Figures for a range of days, from roll-ups only: the cost does not grow with the number of messages."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum

from apps.leads.models import PATH
from apps.organizations.models import Usage
from apps.organizations.queries import current_organization

from .models import Tally

FURTHEST = "lead.furthest"
# Who answers, and as which senders their messages are counted; "app" is people who write in another app of the business.
WHO = {"assistant": ("bot",), "people": ("user", "app")}


@dataclass(frozen=True)
class Range:
    """Days, both ends included."""

    start: date
    end: date

    @property
    def days(self) -> list[date]:
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1)]

    @property
    def before(self) -> Range:
        """The same number of days just before."""
        length = self.end - self.start
        return Range(self.start - length - timedelta(days=1), self.start - timedelta(days=1))


@dataclass
class Figures:
    """Tallies of a range: {metric: {split: {day: (count, total)}}}."""

    range: Range
    tallies: dict[str, dict[str, dict[date, tuple[int, Decimal]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )

    @property
    def is_empty(self) -> bool:
        return not any(self.count(metric) for metric in list(self.tallies))

    def count(self, metric: str, split: str | None = None) -> int:
        return sum(count for count, _total in self._cells(metric, split))

    def mean(self, metric: str, *splits: str) -> float | None:
        """The average of a measure over these splits; None where nothing was measured."""
        cells = [cell for split in splits for cell in self._cells(metric, split)]
        count = sum(count for count, _total in cells)
        return float(sum(total for _count, total in cells)) / count if count else None

    def per_day(self, metric: str, split: str | None = None) -> list[int]:
        splits = self.tallies[metric].values() if split is None else [self.tallies[metric][split]]
        return [sum(cells.get(day, (0, 0))[0] for cells in splits) for day in self.range.days]

    def splits(self, metric: str) -> list[tuple[str, int]]:
        """(split, count), most first."""
        found = [(split, self.count(metric, split)) for split in self.tallies[metric]]
        return sorted((pair for pair in found if pair[1]), key=lambda pair: (-pair[1], pair[0]))

    def _cells(self, metric: str, split: str | None) -> list[tuple[int, Decimal]]:
        splits = self.tallies[metric].values() if split is None else [self.tallies[metric][split]]
        return [cell for cells in splits for cell in cells.values()]


def figures(days: Range) -> Figures:
    """Every tally of a range, in one query."""
    found = Figures(days)
    rows = Tally.objects.filter(day__range=(days.start, days.end)).values_list(
        "metric", "split", "day", "count", "total"
    )
    for metric, split, day, count, total in rows:
        found.tallies[metric][split][day] = (count, total)
    return found


def ai_cost(days: Range) -> dict[date, Decimal]:
    """USD spent on AI per day of the organization's calendar."""
    rows = (
        Usage.objects.filter(
            organization=current_organization(), day__range=(days.start, days.end), kind__startswith="ai_"
        )
        .values("day")
        .annotate(cost=Sum("cost_usd"))
        .values_list("day", "cost")
    )
    return dict(rows)


def funnel(found: Figures) -> list[tuple[str, int]]:
    """Of the people met in the range, how many reached or passed each stage.

    Each is counted once, at the furthest stage they ever reached, and a stage has all who stand there or further: no
    stage can have more than the one before it.
    """
    at = [max(0, found.count(FURTHEST, stage)) for stage in PATH]
    return [(str(stage.value), sum(at[n:])) for n, stage in enumerate(PATH)]


def answer_time(found: Figures, who: str) -> float | None:
    """How many seconds customers waited for "assistant" or "people": two figures that are never mixed."""
    return found.mean("reply.time", *WHO[who])
