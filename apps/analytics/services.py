"""Counting facts as they are relayed, in the transaction that marks them relayed: each counts once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction

from apps.leads import queries as leads
from apps.organizations.queries import calendar_day, current_organization

from .models import Standing
from .queries import FURTHEST


@transaction.atomic
def follow_lead(lead_id: int) -> None:
    """Bring the funnel in step with how far a lead came: met, moved on, merged, deleted, restored."""
    row = Standing.objects.select_for_update().filter(pk=lead_id).first()
    now = leads.met_and_furthest(lead_id)  # read after the lock: what another relay has counted meanwhile is seen
    if row is None and now is not None:
        Standing.objects.bulk_create(
            [Standing(pk=lead_id, day=calendar_day(current_organization(), now[0]))], ignore_conflicts=True
        )
        row, now = Standing.objects.select_for_update().get(pk=lead_id), leads.met_and_furthest(lead_id)
    stage = now[1] if now else ""
    if row is not None and stage != row.stage:
        _add(row.day, [(FURTHEST, split, by, 0) for split, by in ((row.stage, -1), (stage, 1)) if split])
        row.stage = stage
        row.save(update_fields=["stage"])


def tally(at: datetime, counts: Iterable[tuple[str, str, Decimal | int]]) -> None:
    """Add one to each (metric, split), and the measure to its total."""
    _add(calendar_day(current_organization(), at), [(metric, split, 1, total) for metric, split, total in counts])


def _add(day: date, rows: list[tuple[str, str, int, Decimal | int]]) -> None:
    rows.sort()  # always in the same order, so that two relays never wait for each other in a circle
    metrics, splits, counts, totals = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO analytics_tally AS t (day, metric, split, count, total)"
            " SELECT %s, r.* FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::numeric[]) r"
            " ON CONFLICT (metric, day, split)"
            " DO UPDATE SET count = t.count + excluded.count, total = t.total + excluded.total",
            [day, list(metrics), [split[:60] for split in splits], list(counts), list(totals)],
        )
