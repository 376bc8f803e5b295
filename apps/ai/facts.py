"""Every figure and link in a reply is compared with the rows it came from, before the reply is sent.

`check(reply, facts)` returns what does not match. `facts` is a list of rows (dicts): tool results and the
organization's own texts. How values of a row are read is decided by their key:

    price, amount, cost, fee, …        money
    stock, quantity, available, …      stock figures
    customer                           a customer's own text: figures may be echoed as limits or contact
                                       details, but confirm no price, stock, date or percentage
    anything else                      text: every figure, date, percentage and link in it is allowed

`rows_of(turns, briefing)` builds the list from a conversation. Plain Python, linear in the length of the reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.ai import language
from apps.ai.providers import Briefing, Turn

_PRICE_KEYS = frozenset(
    "price prices amount cost fee fees sale_price old_price compare_at min_price max_price unit_price deposit rent total_price".split()
)
_STOCK_KEYS = frozenset("stock quantity qty available left inventory in_stock units".split())
_READ = 6000

_CURRENCY = (
    r"(?:\$|€|£|¥|₺|﷼|us\$|usd|eur|gbp|sar|aed|egp|kwd|qar|omr|bhd|jod|mad|try|dollars?|euros?|pounds?|riyals?|rials?|dirhams?|dinars?|cents?|"
    r"ر\.?\s?س|د\.?\s?ا|ج\.?\s?م|ريال(?:ات|ا)?|درهم(?:ا)?|دراهم|جنيه(?:ات|ا)?|دولار(?:ات|ا)?|دينار(?:ا)?|دنانير|يورو|ليره|sr\b|le\b|dh\b)"
)
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<figure>\d{1,3}(?:[,\u202f\u00a0 '’]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)(?P<scale>\s?(?:k|m|thousand|million|الف|الاف|مليون|ملايين)(?![a-z\u0620-\u064a]))?"
)
_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'«»\])]+|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|net|org|io|co|shop|store|sa|ae|eg|qa|kw|me|info|biz|app|dev|uk|de|fr|eu|ly|link)(?:/[^\s<>\"'«»\])]*)?(?![\w-])",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_MONTHS = {
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
    if "_" not in name and name not in ("اب",)
}  # fmt: skip
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")(?![a-z\u0620-\u064a])"
_DATES = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4}|\d{2})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+|من\s+)?(?P<month>{_MONTH})\.?(?:,?\s+(?P<y>\d{{4}}))?"
    ),
    re.compile(rf"(?<![a-z])(?P<month>{_MONTH})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y>\d{{4}}))?"),
)
_PERCENT = re.compile(r"^\s?(?:%|percent\b|per cent\b|بالم[يئ]?[هة]|في الم[يئ]?[هة]|بالماي?ه)")
_TIME = re.compile(
    r"(?<!\d)\d{1,2}:\d{2}(?:\s?[ap]\.?m\.?)?|(?<!\d)\d{1,2}(?:\s?[-–]\s?\d{1,2})?\s?[ap]\.?m\b|24\s?/\s?7|(?:الساعه|ساعه)\s?\d{1,2}(?::\d{2})?|\d{1,2}\s?(?:ص|م|صباحا|مساء|ظهرا|عصرا)(?![\u0620-\u064a])"
)
_PHONE = re.compile(r"(?<![\w.,])(?:\+|00)?\(?\d(?:[\s().-]?\d){6,16}(?![\w])")
_LIST_MARK = re.compile(r"^[ \t]*\(?\d{1,2}[.)-](?=\s)", re.MULTILINE)
_CODE = re.compile(
    r"(?<![\w-])(?=[\w-]{0,40}[a-z])(?=[\w-]{0,40}\d)(?!\d+(?:[.,]\d+)?(?:k|m)\b)[a-z0-9]+(?:[-_][a-z0-9]+)*(?![\w])",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"^\s?(?:mm|cm|m2|m²|sqm|sq\.?\s?m|meters?|metres?|inch(?:es)?|kg|g\b|gr\b|grams?|ml|l\b|lit(?:er|re)s?|watts?|w\b|v\b|gb|tb|mah|km|°|"
    r"(?:business |working )?(?:days?|hours?|minutes?|weeks?|months?|years?)|hrs?|mins?|bed(?:room)?s?|rooms?|bath(?:room)?s?|floors?|"
    r"متر|سم|كيلو|كجم|جرام|غرام|لتر|(?:ايام|يوم|ساعه|ساعات|دقيقه|دقايق|اسبوع|اسابيع|شهر|اشهر|شهور|سنه|سنوات) ?|غرف|غرفه|حمام|طابق|ادوار)"
)
_SIZE_BEFORE = re.compile(
    r"(?:sizes?|model|no\.?|number|option|item|#|version|floor|page|step|article|en|iso|مقاس|مقاسات|قياس|رقم|موديل|الخيار|طابق|الدور)\s*(?:is\s|are\s)?[:#]?\s*$"
)
_STOCK_AFTER = re.compile(
    r"^\s?(?:(?:pieces?|pcs|units?|items?|of them|pairs?)\s)?(?:(?:are|is)\s)?(?:still\s)?(?:in stock|left|available|remaining|on hand)\b|^\s?(?:قطع[هة]?|حب[هة]|حبات|وحد[هة]|وحدات)?\s?(?:متوفر|متبقي|متاح|باقي|في المخزون|بالمخزون)"
)
_STOCK_BEFORE = re.compile(
    r"(?:in stock|available|stock|quantity|remaining|left)\s*(?:is|are)?\s*[:=(]\s*$|(?:only|just|still)\s(?:have\s)?$|(?:المتوفر|متوفر|المتبقي|متبقي|باقي|بقي|المخزون|الكميه|متاح)\s*(?:منه|منها|لدينا|عندنا|فقط|حاليا)?\s*[:=(]?\s*$"
)
_STOCK_NEAR = re.compile(r"in stock|left|available|remaining|متوفر|متبقي|باقي|المخزون|متاح")
_PRICE_BEFORE = re.compile(
    rf"(?:{_CURRENCY}|\b(?:price|priced at|cost|costs|costing|for only|only for|at just|from|starting at|starts at|now at)|(?:بسعر|السعر|سعره|سعرها|سعر|بـ|بمبلغ|تكلفته|تكلفتها|يكلف|ثمنه|ثمنها))\s*(?:is|are|:|=|هو|هي)?\s*(?:now |only |just |from |about |around )?{_CURRENCY}?\s*$"
)
# "It is 450": what the customer asked for is no answer to what it costs.
_IT_IS = re.compile(r"(?:\b(?:it|that|this|they|these|each)\s?(?:is|['’]s|are|['’]re)|\beach|(?:هو|هي|بـ?))\s*$")
_PRICE_AFTER = re.compile(rf"^\s?{_CURRENCY}(?![a-z])")
_RANGE_AFTER = re.compile(
    rf"^\s?(?:-|–|—|to|and|الي|و|حتي)\s?{_CURRENCY}?\s?\d[\d,.]*(?:\s?(?:k|m|الف|مليون))?\s?{_CURRENCY}(?![a-z])"
)
_LIMIT_BEFORE = re.compile(
    rf"(?:under|below|less than|cheaper than|up to|no more than|at most|within|over|above|more than|at least|budget(?: of)?|between|from|and|to|اقل من|تحت|حتي|اكثر من|فوق|بحدود|في حدود|حدود|ميزانيه|ميزانيتك|بين|من|الي|و|-|–)\s*(?:{_CURRENCY}\s*)?$"
)
_WORD_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "twenty": 20, "fifty": 50, "hundred": 100, "قطعه واحده": 1, "قطعتان": 2, "قطعتين": 2, "ثلاث": 3, "ثلاثه": 3, "اربع": 4, "اربعه": 4, "خمس": 5, "خمسه": 5,
    "ست": 6, "سته": 6, "سبع": 7, "سبعه": 7, "ثمان": 8, "ثمانيه": 8, "تسع": 9, "تسعه": 9, "عشر": 10, "عشره": 10,
}  # fmt: skip
_WORD_STOCK = re.compile(
    rf"(?<![\w])(?P<word>{'|'.join(sorted(_WORD_NUMBERS, key=len, reverse=True))})\s+(?:(?:pieces?|units?|pairs?|of them|قطع|حبات|وحدات)\s)?(?:left|in stock|remaining|available|متبقيه|متوفره|باقيه|متبقي|متوفر|باقي)(?![\w])"
)
_HAVE = re.compile(r"\bin stock\b|\bavailable\b|(?<!غير )(?<!ليس )(?<!مو )(?<!مش )(?:متوفر|متاح)")
_HAVE_NOT = re.compile(
    r"\b(?:out of stock|sold out|unavailable|not (?:currently |in )?(?:available|in stock)|not in stock|no longer available|isn['’]t available)\b|غير متوفر|نفد|نفذ|غير متاح|ليس متوفر|مو متوفر|مش متوفر|خلص"
)
_TOTAL = re.compile(
    r"\btotal\b|\btogether\b|\bin all\b|\bboth\b|altogether|\bsum\b|[x×]\s?\d|\d\s?[x×]|المجموع|الاجمالي|اجمالي|معا|كلاهما|كلها"
)


@dataclass(frozen=True)
class Mismatch:
    """Something the rows do not say. kind: price, stock, percentage, date, link, number, availability."""

    kind: str
    text: str  # as it stands in the reply
    reason: str


@dataclass
class _Known:
    """What a set of rows says."""

    prices: set[Decimal] = field(default_factory=set)
    stock: set[Decimal] = field(default_factory=set)
    numbers: set[Decimal] = field(default_factory=set)
    percentages: set[Decimal] = field(default_factory=set)
    dates: set[tuple[int | None, int, int]] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    said: set[Decimal] = field(default_factory=set)  # by the customer
    digits: set[str] = field(default_factory=set)  # phone numbers and the like, digits only

    def join(self, other: _Known) -> None:
        for name in self.__dataclass_fields__:
            getattr(self, name).update(getattr(other, name))


@dataclass(frozen=True)
class _Row:
    names: tuple[str, ...]
    known: _Known


def check(reply: str, facts: Sequence[Mapping[str, Any]]) -> list[Mismatch]:
    """What the reply states that the rows do not. Never raises; an empty list means it may be sent."""
    text = language.clean(reply, _READ)
    rows = [_read_row(row) for row in facts if isinstance(row, Mapping)]
    everything = _Known()
    for row in rows:
        everything.join(row.known)
    found, rest = _links(text, everything)
    folded = _blank_names(language.fold(rest), rows)
    more, folded = _dates(folded, everything)
    found += more
    folded = _blank(folded, _TIME)
    folded = _LIST_MARK.sub(lambda m: " " * len(m.group(0)), folded)
    folded = _phones(folded, everything)
    for start, segment, near in _segments(folded, language.fold(rest), rows):
        found += _figures(folded, start, segment, near, everything, rows)
        found += _availability(segment, near)
    return found[:50]


def rows_of(turns: Iterable[Turn], briefing: Briefing | None = None) -> list[dict[str, Any]]:
    """The rows a reply to these turns may quote: results of tools, the organization's texts, the customer's words."""
    rows: list[dict[str, Any]] = []
    for turn in turns:
        if turn.role == "tool":
            rows.extend(_flatten(turn.result))
            continue
        if turn.role == "customer":
            rows.append({"customer": turn.text})
        for call in turn.calls:
            rows.append(
                {
                    "customer": " ".join(
                        str(value) for value in call.arguments.values() if isinstance(value, (str, int, float))
                    )
                }
            )
    if briefing:
        rows.append(
            {
                "hours": briefing.hours,
                "organization": briefing.organization,
                **{f"known_{k}": v for k, v in briefing.known.items()},
            }
        )
        rows.extend({"text": note} for note in briefing.knowledge)
        rows.extend({"text": text} for text in briefing.greeting.values())
        rows.extend({"text": text} for intent in briefing.intents for text in intent.responses.values())
    return rows


def _flatten(result: Any, depth: int = 0) -> list[dict[str, Any]]:
    if depth > 4:
        return []
    if isinstance(result, Mapping):
        nested = [
            value
            for value in result.values()
            if isinstance(value, (list, tuple)) and any(isinstance(one, Mapping) for one in value)
        ]
        if nested:
            rows = [row for value in nested for row in _flatten(value, depth + 1)]
            return [*rows, {key: value for key, value in result.items() if not isinstance(value, (list, tuple))}]
        return [dict(result)]
    if isinstance(result, (list, tuple)):
        return [row for one in result[:200] for row in _flatten(one, depth + 1)]
    return [{"text": str(result)}] if isinstance(result, (str, int, float)) else []


# Reading rows ------------------------------------------------------------------------------------------------


def _read_row(row: Mapping[str, Any]) -> _Row:
    known = _Known()
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
    return _Row(tuple(name.strip() for name in names if len(name.strip()) > 2), known)


def _read_value(key: str, value: Any, known: _Known, depth: int = 0) -> None:
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
    if key in _PRICE_KEYS or key in _STOCK_KEYS:
        number = _decimal(value)
        if number is not None:
            (known.prices if key in _PRICE_KEYS else known.stock).add(number)
            return
    _read_text(str(value), known, own=key == "customer")
    if key == "discount":
        number = _decimal(value)
        if number is not None:
            known.percentages.add(number)


def _read_text(value: str, known: _Known, *, own: bool) -> None:
    text = language.clean(value, 20_000 if not own else _READ)
    for found in _EMAIL.finditer(text):
        known.links.add(found.group(0).lower())
    if not own:
        known.links.update(_plain_link(found.group(0)) for found in _URL.finditer(text))
    folded = language.fold(text)
    known.digits.update(re.sub(r"\D", "", found.group(0)) for found in _PHONE.finditer(folded))
    for pattern in _DATES:
        for found in pattern.finditer(folded):
            if not own:
                known.dates.update(_readings(found))
    for found in _NUMBER.finditer(folded):
        number, _ = _number(found)
        if number is None:
            continue
        if own:
            known.said.add(number)
        elif _PERCENT.match(folded[found.end() : found.end() + 20]):
            known.percentages.add(number)
        else:
            known.numbers.add(number)
            if _PRICE_AFTER.match(folded[found.end() : found.end() + 15]) or _PRICE_BEFORE.search(
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


def _number(found: re.Match[str]) -> tuple[Decimal | None, Decimal]:
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


def _readings(found: re.Match[str]) -> set[tuple[int | None, int, int]]:
    """The dates a text may mean: 03/04/2026 is in March or in April."""
    parts = found.groupdict()
    day, year = int(parts["d"]), int(parts["y"]) if parts.get("y") else None
    year = year + 2000 if year is not None and year < 100 else year
    month = _MONTHS[parts["month"]] if parts.get("month") else int(parts["m"])
    readings = (
        {(year, month, day), (year, day, month)}
        if not parts.get("month") and len(parts["y"] or "") and found.group(0)[:4] != parts["y"]
        else {(year, month, day)}
    )
    return {(y, m, d) for y, m, d in readings if 1 <= m <= 12 and 1 <= d <= 31}


def _plain_link(link: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", link.lower()).rstrip("/.,;:!?)]}'\"")


# Looking through the reply -----------------------------------------------------------------------------------


def _links(text: str, known: _Known) -> tuple[list[Mismatch], str]:
    found = []
    for email in _EMAIL.finditer(text):
        if email.group(0).lower().rstrip(".") not in known.links:
            found.append(Mismatch("link", email.group(0)[:200], "This address is in none of the rows."))
    text = _EMAIL.sub(lambda m: " " * len(m.group(0)), text)
    for url in _URL.finditer(text):
        if _plain_link(url.group(0)) not in known.links:
            found.append(Mismatch("link", url.group(0)[:200], "This link is in none of the rows."))
    return found, _URL.sub(lambda m: " " * len(m.group(0)), text)


def _dates(folded: str, known: _Known) -> tuple[list[Mismatch], str]:
    found = []
    for pattern in _DATES:
        for date in pattern.finditer(folded):
            readings = _readings(date)
            if not readings:
                continue
            if not any(_same_day(a, b) for a in readings for b in known.dates):
                found.append(Mismatch("date", date.group(0).strip(), "This date is in none of the rows."))
        folded = pattern.sub(lambda m: " " * len(m.group(0)) if _readings(m) else m.group(0), folded)
    return found, folded


def _same_day(a: tuple[int | None, int, int], b: tuple[int | None, int, int]) -> bool:
    return a[1:] == b[1:] and (a[0] is None or b[0] is None or a[0] == b[0])


def _blank(folded: str, pattern: re.Pattern[str]) -> str:
    return pattern.sub(lambda m: " " * len(m.group(0)), folded)


def _phones(folded: str, known: _Known) -> str:
    """Blank the phone numbers we know; a number of eight digits or more that nobody gave stays and is judged."""

    def known_phone(found: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", found.group(0))
        same = any(
            digits == other or (len(digits) >= 7 and (digits.endswith(other[-8:]) or other.endswith(digits[-8:])))
            for other in known.digits
            if len(other) >= 7
        )
        return " " * len(found.group(0)) if same else found.group(0)

    return _PHONE.sub(known_phone, folded)


def _blank_names(folded: str, rows: Sequence[_Row]) -> str:
    """Names hold digits of their own ("Boot 500"): those are no claims. Codes such as SB-200 neither."""
    for name in sorted(
        {name for row in rows for name in row.names if any(c.isdigit() for c in name)}, key=len, reverse=True
    )[:200]:
        folded = folded.replace(name, "~" * len(name))
    return _CODE.sub(lambda m: "~" * len(m.group(0)), folded)


def _segments(folded: str, original: str, rows: Sequence[_Row]) -> list[tuple[int, str, list[_Row]]]:
    """Lines and sentences, each with the rows it names (longest names first; the last named row carries on
    to a following sentence of the same line-block that names none)."""
    found: list[tuple[int, str, list[_Row]]] = []
    named = [(name, row) for row in rows for name in row.names]
    named.sort(key=lambda pair: -len(pair[0]))
    for part in re.finditer(r"[^\n]+?(?:[.!?;](?=\s)|\n|$)", folded):
        start, segment = part.start(), part.group(0)
        text = original[start : part.end()]
        near: list[_Row] = []
        for name, row in named[:600]:
            if name in text:
                near.append(row)
                text = text.replace(name, "~" * len(name))
        # The same name in several rows (sizes of one boot): any of them may be meant.
        names = {name for row in near for name in row.names}
        near += [row for row in rows if row not in near and names & set(row.names)]
        found.append((start, segment, near))
    return found


def _figures(
    folded: str, start: int, segment: str, near: Sequence[_Row], everything: _Known, rows: Sequence[_Row]
) -> list[Mismatch]:
    found: list[Mismatch] = []
    numbers = list(_NUMBER.finditer(segment))
    values = {value for value, _ in map(_number, numbers) if value is not None}
    for one in numbers:
        value, grain = _number(one)
        if value is None:
            found.append(Mismatch("number", one.group(0)[:60], "This number is in none of the rows."))
            continue
        before, after = segment[max(one.start() - 60, 0) : one.start()], segment[one.end() : one.end() + 40]
        problem = _judge(value, grain, before, after, segment, near, everything, values)
        if problem:
            shown = f"{one.group(0).strip()}{after[:12] if _PRICE_AFTER.match(after) or _PERCENT.match(after) else ''}".strip()
            found.append(Mismatch(problem[0], shown, problem[1]))
    for word in _WORD_STOCK.finditer(segment):
        value = Decimal(_WORD_NUMBERS[word.group("word")])
        if not _matches(value, Decimal(0), _of(near, "stock") or everything.stock):
            found.append(Mismatch("stock", word.group(0), "No row has this stock."))
    return found


def _judge(
    value: Decimal,
    grain: Decimal,
    before: str,
    after: str,
    segment: str,
    near: Sequence[_Row],
    everything: _Known,
    values: set[Decimal],
) -> tuple[str, str] | None:
    if _PERCENT.match(after):
        return None if _matches(value, grain, everything.percentages) else ("percentage", "No row has this percentage.")
    if _PRICE_AFTER.match(after) or _RANGE_AFTER.match(after) or _PRICE_BEFORE.search(before):
        if (
            _PRICE_BEFORE.search(before)
            and not _PRICE_AFTER.match(after)
            and (_UNIT.match(after) or _STOCK_AFTER.match(after))
        ):
            pass
        else:
            return _judge_price(value, grain, before, segment, near, everything, values)
    if _STOCK_AFTER.match(after) or (
        _STOCK_BEFORE.search(before) and not _UNIT.match(after) and _STOCK_NEAR.search(segment)
    ):
        allowed = (
            _of(near, "stock") | _of(near, "numbers") if _of(near, "stock") else everything.stock | everything.numbers
        )
        if _matches(value, grain, allowed):
            return None
        other = _matches(value, grain, everything.stock)
        return ("stock", "This stock belongs to another item." if other else "No row has this stock.")
    anywhere = everything.numbers | everything.prices | everything.stock | everything.percentages
    if not _IT_IS.search(before):
        anywhere = anywhere | everything.said
    if _matches(value, grain, anywhere) or value < 100 or (_UNIT.match(after) and value < 100):
        return None
    if _SIZE_BEFORE.search(before) and value < 1000:
        return None
    if 1990 <= value <= 2100 and value == value.to_integral_value() and not _UNIT.match(after):
        return None
    return ("number", "This number is in none of the rows.")


def _judge_price(
    value: Decimal,
    grain: Decimal,
    before: str,
    segment: str,
    near: Sequence[_Row],
    everything: _Known,
    values: set[Decimal],
) -> tuple[str, str] | None:
    if _LIMIT_BEFORE.search(before) and _matches(value, grain, everything.said):
        return None
    own = _of(near, "prices")
    # A text of the organization may state a price of anything ("delivery costs 25 SAR").
    texts = everything.prices - _row_prices(near, everything) if not own else set()
    if own:
        if _matches(value, grain, own | _of(near, "numbers")):
            return None
    elif _matches(value, grain, everything.prices | texts):
        return None
    if _composed(value, own or everything.prices, values, segment):
        return None
    other = _matches(value, grain, everything.prices)
    return ("price", "This price belongs to another item." if other and own else "No row has this price.")


def _row_prices(near: Sequence[_Row], everything: _Known) -> set[Decimal]:
    return _of(near, "prices") if near else set()


def _composed(value: Decimal, prices: set[Decimal], values: set[Decimal], segment: str) -> bool:
    """A total of what is priced: so many of one, or two together."""
    counts = [number for number in values if 2 <= number <= 1000 and number == number.to_integral_value()]
    if any(price * count == value for price in prices for count in counts):
        return True
    if not _TOTAL.search(segment):
        return False
    some = list(prices)[:40]
    return any(a + b == value for index, a in enumerate(some) for b in some[index:])


def _of(near: Sequence[_Row], name: str) -> set[Decimal]:
    return set().union(*(getattr(row.known, name) for row in near)) if near else set()


def _matches(value: Decimal, grain: Decimal, allowed: set[Decimal]) -> bool:
    if value in allowed:
        return True
    return bool(grain) and any(abs(one - value) * 2 <= grain for one in allowed)


def _availability(segment: str, near: Sequence[_Row]) -> list[Mismatch]:
    """ "In stock" about a row with none, "sold out" about one with some; only where one row is meant."""
    stocks = [row.known.stock for row in near if row.known.stock]
    if len(near) != 1 or not stocks:
        return []
    none = all(number <= 0 for number in stocks[0])
    denied = _HAVE_NOT.search(segment)
    if denied and not none:
        return [Mismatch("availability", denied.group(0), "The row has stock.")]
    claimed = _HAVE.search(segment)
    if claimed and not denied and none:
        return [Mismatch("availability", claimed.group(0), "The row has no stock.")]
    return []
