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
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.ai import language
from apps.ai.figures import (
    ALWAYS,
    CURRENCY,
    DATES,
    DAY,
    EMAIL,
    NUMBER,
    PERCENT,
    PHONE,
    PRICE_AFTER,
    PRICE_BEFORE,
    READ,
    TIME,
    URL,
    Known,
    Row,
    currencies_of,
    plain_link,
    read_row,
    readings_of,
    sign_beside,
    times_of,
    values_of,
)
from apps.ai.providers import Briefing, Turn
from apps.ui.numbers import spoken

# "We are open until …": what the customer asked for does not make it so.
_OPENING = re.compile(
    r"\b(?:open(?:s|ing)?|clos(?:e|es|ed|ing)|until|till|hours)\b|مفتوح|نفتح|يفتح|نغلق|نقفل|يغلق|دوام|ساعات العمل|مغلق"
)
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
# "It is 450": what the customer asked for is no answer to what it costs.
_IT_IS = re.compile(r"(?:\b(?:it|that|this|they|these|each)\s?(?:is|['’]s|are|['’]re)|\beach|(?:هو|هي|بـ?))\s*$")
_RANGE_AFTER = re.compile(
    rf"^\s?(?:-|–|—|to|and|الي|و|حتي)\s?{CURRENCY}?\s?\d[\d,.]*(?:\s?(?:k|m|الف|مليون))?\s?{CURRENCY}(?![a-z])"
)
_LIMIT_BEFORE = re.compile(
    rf"(?:under|below|less than|cheaper than|up to|no more than|at most|within|over|above|more than|at least|budget(?: of)?|between|from|and|to|اقل من|تحت|حتي|اكثر من|فوق|بحدود|في حدود|حدود|ميزانيه|ميزانيتك|بين|من|الي|و|-|–)\s*(?:{CURRENCY}\s*)?$"
)
_WORD_STOCK_AFTER = re.compile(
    r"^\s+(?:(?:pieces?|units?|pairs?|of them|قطع|قطعه|حبات|وحدات)\s)?(?:left|in stock|remaining|available|متبقي|متوفر|باقي)"
)
_PAIR = re.compile(r"(?<!\w)(?:قطعتان|قطعتين|حبتان|حبتين)(?!\w)")
_HAVE = re.compile(r"\bin stock\b|\bavailable\b|(?<!غير )(?<!ليس )(?<!مو )(?<!مش )(?:متوفر|متاح)")
_HAVE_NOT = re.compile(
    r"\b(?:out of stock|sold out|unavailable|not (?:currently |in )?(?:available|in stock)|not in stock|no longer available|isn['’]t available)\b|غير متوفر|نفد|نفذ|غير متاح|ليس متوفر|مو متوفر|مش متوفر|خلص"
)
_TOTAL = re.compile(
    r"\btotal\b|\btogether\b|\bin all\b|\bboth\b|altogether|\bsum\b|[x×]\s?\d|\d\s?[x×]|المجموع|الاجمالي|اجمالي|معا|كلاهما|كلها"
)


@dataclass(frozen=True)
class Mismatch:
    """Something a reply must not say. kind: price, stock, percentage, date, time, link, number, availability, instructions."""

    kind: str
    text: str  # as it stands in the reply
    reason: str


def check(reply: str, facts: Sequence[Mapping[str, Any]]) -> list[Mismatch]:
    """What the reply states that the rows do not. Never raises; an empty list means it may be sent."""
    text = language.clean(reply, READ)
    rows = [read_row(row) for row in facts if isinstance(row, Mapping)]
    everything = Known()
    for row in rows:
        everything.join(row.known)
    found, rest = _links(text, everything)
    folded = _blank_names(language.fold(rest), rows)
    more, folded = _dates(folded, everything)
    found += more
    more, folded = _times(folded, everything)
    found += more
    folded = _LIST_MARK.sub(lambda m: " " * len(m.group(0)), folded)
    folded = _phones(folded, everything)
    for segment, near in _segments(folded, language.fold(rest), rows):
        found += _figures(segment, near, everything)
        found += _availability(segment, near)
    return found[:50]


def rows_of(turns: Iterable[Turn], briefing: Briefing | None = None) -> list[dict[str, Any]]:
    """The rows a reply to these turns may quote: what was found, the organization's texts, the customer's words.

    What comes back from a tool is a fact only where we looked it up: what somebody says their name is stays their
    word when it was saved, and so does what an error quotes.
    """
    rows: list[dict[str, Any]] = []
    for turn in turns:
        if turn.role == "tool":
            rows.extend(_flatten(turn.result) if _was_found(turn) else [{"customer": _words(turn.result)}])
            continue
        if turn.role == "customer":
            rows.append({"customer": turn.whole})
        rows.extend({"customer": " ".join(map(str, call.arguments.values()))} for call in turn.calls)
    if briefing:
        rows.append({"hours": briefing.hours, "organization": briefing.organization})
        rows.append({"text": briefing.now})
        rows.append({"customer": _words(briefing.known)})
        rows.extend({"text": note} for note in briefing.knowledge)
        rows.extend({"text": text} for text in briefing.greeting.values())
        rows.extend({"text": text} for intent in briefing.intents for text in intent.responses.values())
    return rows


def _was_found(turn: Turn) -> bool:
    failed = isinstance(turn.result, Mapping) and "error" in turn.result
    return turn.name == "search_catalog" and not failed


def _words(value: Any, depth: int = 0) -> str:
    """All that is said in it, one after the other."""
    if isinstance(value, Mapping) and depth < 5:
        return " ".join(_words(one, depth + 1) for one in list(value.values())[:100])
    return str(value)


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


# Looking through the reply -----------------------------------------------------------------------------------


def _links(text: str, known: Known) -> tuple[list[Mismatch], str]:
    found: list[Mismatch] = []
    for address in EMAIL.findall(text):
        if address.lower().rstrip(".") not in known.links:
            found += [Mismatch("link", address[:200], "This address is in none of the rows.")]
    text = EMAIL.sub(lambda m: " " * len(m.group(0)), text)
    for link in URL.findall(text):
        if plain_link(link) not in known.links:
            found += [Mismatch("link", link[:200], "This link is in none of the rows.")]
    return found, URL.sub(lambda m: " " * len(m.group(0)), text)


def _dates(folded: str, known: Known) -> tuple[list[Mismatch], str]:
    found = []
    for pattern in DATES:
        for date in pattern.finditer(folded):
            readings = readings_of(date)
            if not readings:
                continue
            if not any(_same_day(a, b) for a in readings for b in known.dates):
                found.append(Mismatch("date", date.group(0).strip(), "This date is in none of the rows."))
        folded = pattern.sub(lambda m: " " * len(m.group(0)) if readings_of(m) else m.group(0), folded)
    return found, folded


def _times(folded: str, known: Known) -> tuple[list[Mismatch], str]:
    """Times of day: those of the organization's own texts; the customer's where no opening hours are told."""
    found = []
    lines = re.compile(r"[^\n]+?(?:[!?;](?=\s)|\.(?=\s)|\n|$)")
    for line in lines.finditer(folded):
        known_times = known.times if _OPENING.search(line.group(0)) else known.times | known.said_times
        for one in TIME.finditer(line.group(0)):
            if any(not (minutes & known_times) for minutes in times_of(one)):
                found.append(Mismatch("time", one.group(0).strip(), "This time is in none of the rows."))
    if DAY not in known.times and (always := ALWAYS.search(folded)):
        found.append(Mismatch("time", always.group(0), "No row says that it is always open."))
    return found, _blank(_blank(folded, ALWAYS), TIME)


def _same_day(a: tuple[int | None, int, int], b: tuple[int | None, int, int]) -> bool:
    return a[1:] == b[1:] and (a[0] is None or b[0] is None or a[0] == b[0])


def _blank(folded: str, pattern: re.Pattern[str]) -> str:
    return pattern.sub(lambda m: " " * len(m.group(0)), folded)


def _phones(folded: str, known: Known) -> str:
    """Blank the phone numbers we know; a number of eight digits or more that nobody gave stays and is judged."""

    def known_phone(found: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", found.group(0))
        same = any(
            digits == other or (len(digits) >= 7 and (digits.endswith(other[-8:]) or other.endswith(digits[-8:])))
            for other in known.digits
            if len(other) >= 7
        )
        return " " * len(found.group(0)) if same else found.group(0)

    return PHONE.sub(known_phone, folded)


def _blank_names(folded: str, rows: Sequence[Row]) -> str:
    """Names hold digits of their own ("Boot 500"): those are no claims. Codes such as SB-200 neither."""
    for name in sorted(
        {name for row in rows for name in row.names if any(c.isdigit() for c in name)}, key=len, reverse=True
    )[:200]:
        folded = folded.replace(name, "~" * len(name))
    return _CODE.sub(lambda m: "~" * len(m.group(0)), folded)


def _segments(folded: str, original: str, rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Lines and sentences, each with the rows it names (longest names first; the last named row carries on
    to a following sentence of the same line-block that names none)."""
    found: list[tuple[str, list[Row]]] = []
    named = [(name, row) for row in rows for name in row.names]
    named.sort(key=lambda pair: -len(pair[0]))
    for part in re.finditer(r"[^\n]+?(?:[.!?;](?=\s)|\n|$)", folded):
        start, segment = part.start(), part.group(0)
        text = original[start : part.end()]
        near: list[Row] = []
        for name, row in named[:600]:
            if name in text:
                near.append(row)
                text = text.replace(name, "~" * len(name))
        # The same name in several rows (sizes of one boot): any of them may be meant.
        names = {name for row in near for name in row.names}
        near += [row for row in rows if row not in near and names & set(row.names)]
        found.append((segment, near))
    return found


def _figures(segment: str, near: Sequence[Row], everything: Known) -> list[Mismatch]:
    found: list[Mismatch] = []
    written = [(one, values_of(one)) for one in NUMBER.finditer(segment)]
    words = list(spoken(segment))
    values = {value for _one, readings in written for value, _grain in readings} | {one.value for one in words}
    for one, readings in written:
        before, after = segment[max(one.start() - 60, 0) : one.start()], segment[one.end() : one.end() + 40]
        problem: tuple[str, str] | None = ("number", "This number is in none of the rows.")
        for value, grain in readings:
            problem = _judge(value, grain, before, after, segment, near, everything, values)
            if problem is None:
                break
        if problem:
            shown = f"{one.group(0).strip()}{after[:12] if PRICE_AFTER.match(after) or PERCENT.match(after) else ''}".strip()
            found.append(Mismatch(problem[0], shown[:60], problem[1]))
    for word in words:
        before, after = segment[max(word.start - 60, 0) : word.start], segment[word.end : word.end + 40]
        # Other numbers in words are counts and figures of speech.
        if PERCENT.match(after) or PRICE_AFTER.match(after):
            problem = _judge(word.value, Decimal(0), before, after, segment, near, everything, values)
            if problem:
                found.append(Mismatch(problem[0], segment[word.start : word.end + 12].strip(), problem[1]))
    counted = [(one.start, one.end, one.value) for one in words]
    counted += [(*one.span(), Decimal(2)) for one in _PAIR.finditer(segment)]
    for start, end, value in counted:
        stock = _of(near, "stock") or everything.stock
        if _WORD_STOCK_AFTER.match(segment[end : end + 40]) and not _matches(value, Decimal(0), stock):
            found.append(Mismatch("stock", segment[start : end + 12].strip(), "No row has this stock."))
    return found


def _judge(
    value: Decimal,
    grain: Decimal,
    before: str,
    after: str,
    segment: str,
    near: Sequence[Row],
    everything: Known,
    values: set[Decimal],
) -> tuple[str, str] | None:
    if PERCENT.match(after):
        return None if _matches(value, grain, everything.percentages) else ("percentage", "No row has this percentage.")
    if PRICE_AFTER.match(after) or _RANGE_AFTER.match(after) or PRICE_BEFORE.search(before):
        if (
            PRICE_BEFORE.search(before)
            and not PRICE_AFTER.match(after)
            and (_UNIT.match(after) or _STOCK_AFTER.match(after))
        ):
            pass
        else:
            sign = sign_beside(before, after)
            return _judge_price(value, grain, before, sign, segment, near, everything, values)
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
    sign: str,
    segment: str,
    near: Sequence[Row],
    everything: Known,
    values: set[Decimal],
) -> tuple[str, str] | None:
    if _LIMIT_BEFORE.search(before) and _matches(value, grain, everything.said):
        return None
    stated, ours = currencies_of(sign), _of(near, "currencies") or everything.currencies
    if stated and ours and not stated & ours:
        return ("price", "The rows have prices in another currency.")
    own = _of(near, "prices")
    if own:
        if _matches(value, grain, own | _of(near, "numbers")):
            return None
    elif _matches(value, grain, everything.prices):
        return None
    if _composed(value, own or everything.prices, values, segment):
        return None
    other = _matches(value, grain, everything.prices)
    return ("price", "This price belongs to another item." if other and own else "No row has this price.")


def _composed(value: Decimal, prices: set[Decimal], values: set[Decimal], segment: str) -> bool:
    """A total of what is priced: so many of one, or two together."""
    counts = [number for number in values if 2 <= number <= 1000 and number == number.to_integral_value()]
    if any(price * count == value for price in prices for count in counts):
        return True
    if not _TOTAL.search(segment):
        return False
    some = list(prices)[:40]
    return any(a + b == value for index, a in enumerate(some) for b in some[index:])


def _of(near: Sequence[Row], name: str) -> set[Any]:
    return set().union(*(getattr(row.known, name) for row in near)) if near else set()


def _matches(value: Decimal, grain: Decimal, allowed: set[Decimal]) -> bool:
    if value in allowed:
        return True
    return bool(grain) and any(abs(one - value) * 2 <= grain for one in allowed)


def _availability(segment: str, near: Sequence[Row]) -> list[Mismatch]:
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
