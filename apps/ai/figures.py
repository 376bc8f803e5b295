"""Figures, dates and links in texts and rows: how they are written in English and Arabic, and what rows say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.ai import language

PRICE_KEYS = frozenset(
    "price prices amount cost fee fees sale_price old_price compare_at min_price max_price unit_price deposit rent total_price".split()
)
STOCK_KEYS = frozenset("stock quantity qty available left inventory in_stock units".split())
READ = 6000
CURRENCY = (
    r"(?:\$|€|£|¥|₺|﷼|us\$|usd|eur|gbp|sar|aed|egp|kwd|qar|omr|bhd|jod|mad|try|dollars?|euros?|pounds?|riyals?|rials?|dirhams?|dinars?|cents?|"
    r"ر\.?\s?س|د\.?\s?ا|ج\.?\s?م|ريال(?:ات|ا)?|درهم(?:ا)?|دراهم|جنيه(?:ات|ا)?|دولار(?:ات|ا)?|دينار(?:ا)?|دنانير|يورو|ليره|sr\b|le\b|dh\b)"
)
NUMBER = re.compile(
    r"(?<![\w.,])(?P<figure>\d{1,3}(?:[,\u202f\u00a0 '’]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)(?P<scale>\s?(?:k|m|thousand|million|الف|الاف|مليون|ملايين)(?![a-z\u0620-\u064a]))?"
)
URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'«»\])]+|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|net|org|io|co|shop|store|sa|ae|eg|qa|kw|me|info|biz|app|dev|uk|de|fr|eu|ly|link)(?:/[^\s<>\"'«»\])]*)?(?![\w-])",
    re.IGNORECASE,
)
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan يناير كانون_الثاني", "february feb فبراير شباط", "march mar مارس اذار", "april apr ابريل نيسان", "may مايو ايار",
            "june jun يونيو حزيران", "july jul يوليو تموز", "august aug اغسطس اب", "september sept sep سبتمبر ايلول",
            "october oct اكتوبر تشرين_الاول", "november nov نوفمبر تشرين_الثاني", "december dec ديسمبر كانون_الاول",
        ),
        1,
    )
    for name in names.split()
    if "_" not in name and name != "اب"
}  # fmt: skip
MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")(?![a-z\u0620-\u064a])"
DATES = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4}|\d{2})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+|من\s+)?(?P<month>{MONTH})\.?(?:,?\s+(?P<y>\d{{4}}))?"
    ),
    re.compile(rf"(?<![a-z])(?P<month>{MONTH})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y>\d{{4}}))?"),
)
PERCENT = re.compile(r"^\s?(?:%|percent\b|per cent\b|بالم[يئ]?[هة]|في الم[يئ]?[هة]|بالماي?ه)")
PHONE = re.compile(r"(?<![\w.,])(?:\+|00)?\(?\d(?:[\s().-]?\d){6,16}(?![\w])")
PRICE_BEFORE = re.compile(
    rf"(?:{CURRENCY}|\b(?:price|priced at|cost|costs|costing|for only|only for|at just|from|starting at|starts at|now at)|(?:بسعر|السعر|سعره|سعرها|سعر|بـ|بمبلغ|تكلفته|تكلفتها|يكلف|ثمنه|ثمنها))\s*(?:is|are|:|=|هو|هي)?\s*(?:now |only |just |from |about |around )?{CURRENCY}?\s*$"
)
PRICE_AFTER = re.compile(rf"^\s?{CURRENCY}(?![a-z])")


@dataclass
class Known:
    """What a set of rows says."""

    prices: set[Decimal] = field(default_factory=set)
    stock: set[Decimal] = field(default_factory=set)
    numbers: set[Decimal] = field(default_factory=set)
    percentages: set[Decimal] = field(default_factory=set)
    dates: set[tuple[int | None, int, int]] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    said: set[Decimal] = field(default_factory=set)  # by the customer
    digits: set[str] = field(default_factory=set)  # phone numbers and the like, digits only

    def join(self, other: Known) -> None:
        for name in self.__dataclass_fields__:
            getattr(self, name).update(getattr(other, name))


@dataclass(frozen=True)
class Row:
    names: tuple[str, ...]
    known: Known


def read_row(row: Mapping[str, Any]) -> Row:
    known = Known()
    names: list[str] = []
    for key, value in list(row.items())[:200]:
        plain = str(key).lower()
        if plain in ("name", "title"):
            names.append(language.normalize(value, 200))
        if plain in ("names", "texts") and isinstance(value, Mapping):
            names += [
                language.normalize(one.get("name", "") if isinstance(one, Mapping) else one, 200)
                for one in value.values()
            ]
        _read_value(plain, value, known)
    return Row(tuple(name.strip() for name in names if len(name.strip()) > 2), known)


def _read_value(key: str, value: Any, known: Known, depth: int = 0) -> None:
    if value is None or isinstance(value, bool) or depth > 4:
        return
    if isinstance(value, Mapping):
        for inner, one in list(value.items())[:100]:
            _read_value(str(inner).lower(), one, known, depth + 1)
        return
    if isinstance(value, (list, tuple, set)):
        for one in list(value)[:100]:
            _read_value(key, one, known, depth + 1)
        return
    if key in PRICE_KEYS or key in STOCK_KEYS:
        number = _decimal(value)
        if number is not None:
            (known.prices if key in PRICE_KEYS else known.stock).add(number)
            return
    _read_text(str(value), known, own=key == "customer")
    if key == "discount":
        number = _decimal(value)
        if number is not None:
            known.percentages.add(number)


def _read_text(value: str, known: Known, *, own: bool) -> None:
    text = language.clean(value, 20_000 if not own else READ)
    for found in EMAIL.finditer(text):
        known.links.add(found.group(0).lower())
    if not own:
        known.links.update(plain_link(found.group(0)) for found in URL.finditer(text))
    folded = language.fold(text)
    known.digits.update(re.sub(r"\D", "", found.group(0)) for found in PHONE.finditer(folded))
    for pattern in DATES:
        for found in pattern.finditer(folded):
            if not own:
                known.dates.update(readings_of(found))
    for found in NUMBER.finditer(folded):
        number, _ = number_of(found)
        if number is None:
            continue
        if own:
            known.said.add(number)
        elif PERCENT.match(folded[found.end() : found.end() + 20]):
            known.percentages.add(number)
        else:
            known.numbers.add(number)
            if PRICE_AFTER.match(folded[found.end() : found.end() + 15]) or PRICE_BEFORE.search(
                folded[max(found.start() - 40, 0) : found.start()]
            ):
                known.prices.add(number)


def _decimal(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value).strip().replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(10) ** 18 else None


_SCALE = {"k": 3, "thousand": 3, "الف": 3, "الاف": 3, "m": 6, "million": 6, "مليون": 6, "ملايين": 6}


def number_of(found: re.Match[str]) -> tuple[Decimal | None, Decimal]:
    """The value, and how coarse it is written: 1.2k is exact to 100."""
    figure = re.sub(r"[\u202f\u00a0 '’]", "", found.group("figure"))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", figure):
        figure = figure.replace(",", "")
    figure = figure.replace(",", ".")
    if len(figure) > 24:
        return None, Decimal(0)
    value = Decimal(figure)
    scale = (found.group("scale") or "").strip()
    if not scale:
        return value, Decimal(0)
    power = _SCALE[scale]
    places = len(figure.partition(".")[2])
    return value.scaleb(power), Decimal(10) ** (power - places)


def readings_of(found: re.Match[str]) -> set[tuple[int | None, int, int]]:
    """The dates a text may mean: 03/04/2026 is in March or in April."""
    parts = found.groupdict()
    day, year = int(parts["d"]), int(parts["y"]) if parts.get("y") else None
    year = year + 2000 if year is not None and year < 100 else year
    month = MONTHS[parts["month"]] if parts.get("month") else int(parts["m"])
    readings = (
        {(year, month, day), (year, day, month)}
        if not parts.get("month") and len(parts["y"] or "") and found.group(0)[:4] != parts["y"]
        else {(year, month, day)}
    )
    return {(y, m, d) for y, m, d in readings if 1 <= m <= 12 and 1 <= d <= 31}


def plain_link(link: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", link.lower()).rstrip("/.,;:!?)]}'\"")
