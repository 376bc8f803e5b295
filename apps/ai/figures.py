"""Figures, dates and links in texts and rows: how they are written in English and Arabic, and what rows say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.ai import language
from apps.ui import numbers
from apps.ui.numbers import FIGURE

PRICE_KEYS = frozenset(
    "price prices amount cost fee fees sale_price old_price compare_at min_price max_price unit_price deposit rent total_price".split()
)
STOCK_KEYS = frozenset("stock quantity qty available left inventory in_stock units".split())
READ = 6000
# What a sign or a word may stand for: whoever says "dollars" may mean one of several.
CURRENCIES: tuple[tuple[str, str], ...] = (
    ("USD AUD CAD SGD HKD", r"us\$|\$|dollars?|دولار(?:ات|ا)?"),
    ("EUR", r"€|euros?|يورو"),
    ("GBP", r"£"),
    ("GBP EGP SDG LBP SYP", r"pounds?"),
    ("EGP SDG", r"جنيه(?:ات|ا)?|ج\.?\s?م|le\b"),
    ("TRY", r"₺|try"),
    ("TRY LBP SYP", r"ليره"),
    ("JPY CNY", r"¥"),
    ("SAR QAR OMR YER IRR", r"﷼|riyals?|rials?|ريال(?:ات|ا)?"),
    ("SAR", r"ر\.?\s?س|sr\b"),
    ("AED MAD", r"dirhams?|درهم(?:ا)?|دراهم|dh\b"),
    ("KWD JOD BHD IQD TND DZD LYD", r"dinars?|دينار(?:ا)?|دنانير"),
    ("JOD", r"د\.?\s?ا"),
    *((code, code.lower()) for code in "USD EUR GBP SAR AED EGP KWD QAR OMR BHD JOD MAD".split()),
)
_SIGNS = tuple((frozenset(codes.split()), re.compile(signs)) for codes, signs in CURRENCIES)
CURRENCY = f"(?:{'|'.join(signs for _codes, signs in CURRENCIES)}|cents?)"


def currencies_of(sign: str) -> frozenset[str]:
    """The currencies that a folded sign or word may stand for; empty where it is none."""
    plain = sign.strip()
    return frozenset().union(*(codes for codes, signs in _SIGNS if signs.fullmatch(plain)))


def sign_beside(before: str, after: str) -> str:
    """The currency that stands next to a figure, behind it or before it; "" where there is none."""
    found = _SIGN_AFTER.match(after) or _SIGN_BEFORE.search(before)
    return found.group(1) if found else ""


NUMBER = re.compile(
    rf"(?<![\w.,])(?P<figure>{FIGURE})(?P<scale>\s?(?:k|m|thousand|million|الف|الاف|مليون|ملايين)(?![a-z\u0620-\u064a]))?"
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
_SIGN_AFTER = re.compile(rf"^\s?({CURRENCY})(?![a-z])")
_SIGN_BEFORE = re.compile(rf"(?<![a-z])({CURRENCY})\s*$")
# 9 am, 9-11 pm, 18:00, الساعه 9 مساء; a figure alone is a time only behind الساعه.
_HALF = r"[ap]\.?m\b|(?:صباحا|مساء|ظهرا|عصرا|ليلا|ص|م)(?![\u0620-\u064a])"
TIME = re.compile(
    rf"(?<![\d.,:])(?P<h>\d{{1,2}})(?::(?P<m>\d{{2}}))?(?:\s?(?:-|–|—|to|الي|حتي)\s?(?P<h2>\d{{1,2}})(?::(?P<m2>\d{{2}}))?)?\s?(?P<half>{_HALF})"
    r"|(?<![\d.,:])(?P<h3>\d{1,2}):(?P<m3>\d{2})(?!\d)"
    r"|(?:الساعه|ساعه)\s?(?P<h4>\d{1,2})(?::(?P<m4>\d{2}))?"
)
ALWAYS = re.compile(r"24\s?/\s?7|\b24 hours\b|around the clock|علي مدار الساعه|24 ساعه")
_HOURS = re.compile(r"(?<![\d.,:])(\d{1,2})\s?(?:-|–|—|to|الي|حتي)\s?(\d{1,2})(?![\d.,:])")
DAY = 24 * 60


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
    currencies: set[str] = field(default_factory=set)  # codes that prices may be in
    times: set[int] = field(default_factory=set)  # minutes since midnight; DAY: open around the clock
    said_times: set[int] = field(default_factory=set)  # by the customer
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
    if key == "currency":
        known.currencies.add(str(value).strip().upper()[:3])
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
    _read_times(folded, known, own=own)
    for number, before, after in _figures(folded):
        if own:
            known.said.add(number)
        elif PERCENT.match(after):
            known.percentages.add(number)
        else:
            known.numbers.add(number)
            if PRICE_AFTER.match(after) or PRICE_BEFORE.search(before):
                known.prices.add(number)
                known.currencies |= currencies_of(sign_beside(before, after))


def _figures(folded: str) -> Iterator[tuple[Decimal, str, str]]:
    """Each number, in figures or in words, with what stands before and after it."""
    places = [
        (value, found.start(), found.end()) for found in NUMBER.finditer(folded) for value, _grain in values_of(found)
    ]
    places += [(one.value, one.start, one.end) for one in numbers.spoken(folded)]
    for value, start, end in places:
        yield value, folded[max(start - 40, 0) : start], folded[end : end + 20]


def _read_times(folded: str, known: Known, *, own: bool) -> None:
    times = known.said_times if own else known.times
    for found in TIME.finditer(folded):
        for minutes in times_of(found):
            times |= minutes
    if own:
        return
    if ALWAYS.search(folded):
        known.times.add(DAY)
    for found in _HOURS.finditer(folded):  # "Sun-Thu 9-18"
        opening, closing = int(found[1]), int(found[2])
        if opening < 25 and closing < 25:
            known.times |= {hour % 24 * 60 for hour in _either(opening, "") | _either(closing, "")}


def times_of(found: re.Match[str]) -> list[frozenset[int]]:
    """Per time in a match of TIME: the minutes since midnight that it may mean."""
    parts, half = found.groupdict(), found.group("half") or ""
    given = [(parts[f"h{n}"], parts[f"m{n}"], half if n in ("", "2") else "") for n in ("", "2", "3", "4")]
    if parts["h2"]:  # "9-6 pm": of the first, either half
        given[0] = (parts["h"], parts["m"], "" if int(parts["h"]) > int(parts["h2"]) else half)
    return [
        frozenset(hour % 24 * 60 + int(minute or 0) for hour in _either(int(hour), half_of_it))
        for hour, minute, half_of_it in given
        if hour and int(hour) < 25
    ]


def _either(hour: int, half: str) -> set[int]:
    if half and hour <= 12:
        is_late = half[0] in "pمظعل" and not half.startswith("ليلا")
        return {hour % 12 + 12} if is_late else {hour % 12} | ({hour % 12 + 12} if half == "ليلا" else set())
    return {hour} if hour > 12 or hour == 0 else {hour, hour + 12}


def _decimal(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value).strip().replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(10) ** 18 else None


_SCALE = {"k": 3, "thousand": 3, "الف": 3, "الاف": 3, "m": 6, "million": 6, "مليون": 6, "ملايين": 6}


def values_of(found: re.Match[str]) -> list[tuple[Decimal, Decimal]]:
    """What a match of NUMBER may mean, the likelier first, and how coarse it is written: 1.2k is exact to 100."""
    scale = (found.group("scale") or "").strip()
    if not scale:
        return [(value, Decimal(0)) for value in numbers.readings(found.group("figure"))]
    power = _SCALE[scale]
    # Nobody groups what is then multiplied: "1.250 million" is a million and a quarter.
    return [
        (value.scaleb(power), Decimal(10) ** (power + int(value.as_tuple().exponent)))
        for value in numbers.readings(found.group("figure"))[-1:]
    ]


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
