"""What a call to a model costs, from a versioned table: US dollars per million tokens.

Sources, read November 2026: OpenAI's price list (developers.openai.com/api/docs/pricing, as quoted by
api-evangelist/openai, May 2026, and by several public cost tables that name the read date for GPT-5.6 and
GPT-6, September 2026); Google's (ai.google.dev/gemini-api/docs/pricing, quoted verbatim by
api-evangelist/gemini, 2026-09-20, with the rise of 2027-01-01). Standard tier, short context, no cache
discount: the figure is an upper bound for what is billed. To change a price, add a row with its date;
never edit an old one, or past months change under the reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

VERSION = "2026-11-20"


@dataclass(frozen=True)
class Price:
    model: str
    valid_from: date
    input: Decimal
    output: Decimal


def _row(model: str, since: str, input_usd: str, output_usd: str) -> Price:
    return Price(model, date.fromisoformat(since), Decimal(input_usd), Decimal(output_usd))


TABLE: tuple[Price, ...] = (
    _row("gpt-6-astra", "2026-09-01", "10.00", "50.00"),
    _row("gpt-6-sol", "2026-09-01", "2.00", "10.00"),
    _row("gpt-6.1-sol", "2026-09-01", "2.00", "10.00"),
    _row("gpt-6-luna", "2026-09-01", "0.10", "0.50"),
    _row("gpt-5.6-sol", "2026-06-01", "4.00", "20.00"),
    _row("gpt-5.6-terra", "2026-06-01", "2.00", "12.00"),
    _row("gpt-5.6-luna", "2026-06-01", "0.20", "1.20"),
    _row("gpt-5.5", "2026-04-23", "5.00", "30.00"),
    _row("gpt-5.4", "2026-03-01", "2.50", "15.00"),
    _row("gpt-5.4-mini", "2026-03-17", "0.75", "4.50"),
    _row("gpt-5.4-nano", "2026-03-17", "0.20", "1.25"),
    _row("gpt-5.2", "2025-12-11", "1.75", "14.00"),
    _row("gpt-5.1", "2025-11-13", "1.25", "10.00"),
    _row("gpt-5", "2025-08-07", "1.25", "10.00"),
    _row("gpt-5-mini", "2025-08-07", "0.25", "2.00"),
    _row("gpt-5-nano", "2025-08-07", "0.05", "0.40"),
    _row("gpt-4.1", "2025-04-14", "2.00", "8.00"),
    _row("gpt-4.1-mini", "2025-04-14", "0.40", "1.60"),
    _row("gpt-4o", "2024-08-06", "2.50", "10.00"),
    _row("gpt-4o-mini", "2024-07-18", "0.15", "0.60"),
    _row("gemini-3.8-flash", "2026-09-01", "0.75", "3.75"),
    _row("gemini-3.8-flash", "2027-01-01", "1.50", "7.50"),
    _row("gemini-3.5-flash", "2026-05-01", "1.50", "9.00"),
    _row("gemini-3.1-pro-preview", "2026-02-01", "2.00", "12.00"),
    _row("gemini-3.1-flash-lite", "2026-03-01", "0.25", "1.50"),
    _row("gemini-2.5-pro", "2025-06-17", "1.25", "10.00"),
    _row("gemini-2.5-flash", "2025-06-17", "0.30", "2.50"),
    _row("gemini-2.5-flash-lite", "2025-07-22", "0.10", "0.40"),
    _row("offline", "2020-01-01", "0", "0"),
)

_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{3}|\d{2}-\d{4}|preview(?:-\d{2}-\d{4})?|latest)$")
_MILLION = Decimal(1_000_000)


def price_of(model: str, at: date | datetime) -> Price | None:
    """The row in force on that day; a dated snapshot falls back to its base name. None: not in the table."""
    day = at.date() if isinstance(at, datetime) else at
    for name in (model, _DATED.sub("", model)):
        rows = [row for row in TABLE if row.model == name and row.valid_from <= day]
        if rows:
            return max(rows, key=lambda row: row.valid_from)
    return None


def cost(model: str, input_tokens: int, output_tokens: int, at: date | datetime) -> Decimal | None:
    """US dollars to six places, or None when the model has no price: it is shown as unknown and counted as `assumed`."""
    price = price_of(model, at)
    return None if price is None else _total(price, input_tokens, output_tokens)


def assumed(input_tokens: int, output_tokens: int, at: date | datetime) -> Decimal:
    """What a model without a price is counted at: the dearest rates in force, so that no budget is passed unseen."""
    day = at.date() if isinstance(at, datetime) else at
    rows = [price for price in (price_of(row.model, day) for row in TABLE) if price is not None]
    dearest = Price("", day, max(row.input for row in rows), max(row.output for row in rows))
    return _total(dearest, input_tokens, output_tokens)


def _total(price: Price, input_tokens: int, output_tokens: int) -> Decimal:
    total = (price.input * max(input_tokens, 0) + price.output * max(output_tokens, 0)) / _MILLION
    return total.quantize(Decimal("0.000001"))
