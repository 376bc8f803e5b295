"""Counting facts as they are relayed, in the transaction that marks them relayed: each counts once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import connection

from apps.organizations.queries import calendar_day, current_organization


def tally(at: datetime, counts: Iterable[tuple[str, str, Decimal | int]]) -> None:
    """Add one to each (metric, split), and the measure to its total."""
    day = calendar_day(current_organization(), at)
    rows = sorted(counts)  # always in the same order, so that two relays never wait for each other in a circle
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO analytics_tally AS t (day, metric, split, count, total)"
            " SELECT %s, metric, split, 1, total FROM unnest(%s::text[], %s::text[], %s::numeric[]) r(metric, split, total)"
            " ON CONFLICT (metric, day, split) DO UPDATE SET count = t.count + 1, total = t.total + excluded.total",
            [day, [row[0] for row in rows], [row[1][:60] for row in rows], [row[2] for row in rows]],
        )
