"""One timeline of a person: the lines kept here, and what apps above add, page by page, newest first.

An app above registers `source(lead_id, before, most)`: its entries (anything with `at`, `number` and `template`) that lie
before a position, newest first, at most so many. Nothing is copied: what is shown is what is there now.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from .models import Activity, Lead

SIZE = 30


class Entry(Protocol):
    """`template` shows it as `entry`; `number` tells entries of one moment apart."""

    at: datetime
    number: int
    template: str


@dataclass(frozen=True)
class Before:
    """The last entry shown: the next page begins after it. `rank` says whose it was, so that equal times lose nothing."""

    at: datetime
    rank: int
    number: int

    def rows(self, rank: int, at: str = "at", number: str = "pk") -> Q:
        """What lies before this position in the source of `rank`."""
        if rank == self.rank:
            return Q(**{f"{at}__lt": self.at}) | Q(**{at: self.at, f"{number}__lt": self.number})
        return Q(**{f"{at}__lte" if rank > self.rank else f"{at}__lt": self.at})


Source = Callable[[int, Q, int], Iterable[Any]]
_SOURCES: list[tuple[Source, str, str]] = []


def source(at: str, number: str) -> Callable[[Source], Source]:
    """Register a source; `at` and `number` are what its rows call their time and id."""

    def register(collect: Source) -> Source:
        _SOURCES.append((collect, at, number))
        return collect

    return register


@dataclass
class Page:
    items: list[Any]
    next_cursor: str = ""


def page(lead: Lead, cursor: str | None, *, size: int = SIZE) -> Page:
    """The next entries of all sources together; what is no position of ours begins at the beginning."""
    before = _read(cursor)
    rows = Activity.objects.filter(lead=lead)
    found = [(0, row) for row in rows.filter(before.rows(0) if before else Q()).order_by("-at", "-pk")[: size + 1]]
    for rank, (collect, at, number) in enumerate(_SOURCES, 1):
        found += [(rank, row) for row in collect(lead.pk, before.rows(rank, at, number) if before else Q(), size + 1)]
    found.sort(key=lambda pair: (pair[1].at, -pair[0], pair[1].number), reverse=True)
    shown = found[:size]
    return Page([row for _rank, row in shown], _cursor(*shown[-1]) if len(found) > size else "")


def _cursor(rank: int, row: Any) -> str:
    place = [row.at.isoformat(), rank, row.number]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _read(cursor: str | None) -> Before | None:
    try:
        raw = json.loads(base64.urlsafe_b64decode(str(cursor)[:200] + "=" * (-len(str(cursor)[:200]) % 4)))
        at, rank, number = parse_datetime(raw[0]), raw[1], raw[2]
    except (ValueError, TypeError, KeyError, IndexError, binascii.Error, RecursionError):
        return None
    known = at is not None and at.tzinfo is not None and type(rank) is type(number) is int
    return Before(at, rank, number) if known and at and 0 <= number < 2**63 and 0 <= rank < 100 else None
