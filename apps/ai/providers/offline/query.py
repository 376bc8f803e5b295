"""From a customer's sentence to a catalog search: the words that name the thing, and the limits on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.ai import language
from apps.ui import numbers
from apps.ui.numbers import FIGURE

from .matching import likeness
from .phrases import FILLER

# "مليون" alone is one million; "ألف" alone one thousand.
_N = (
    r"(?:(?P<{0}>" + FIGURE.replace("{", "{{").replace("}", "}}") + r")|(?=مليون|الف\b))\s*"
    r"(?P<{0}_scale>k\b|m\b|thousand|million|الف|الاف|مليون|ملايين|mil\b)?"
)
_CURRENCY = r"(?:sar|aed|egp|usd|eur|gbp|kwd|qar|omr|bhd|jod|\$|€|£|dollars?|euros?|pounds?|riyals?|dirhams?|dinars?|ريال(?:ات)?|درهم|جنيه|دولار|دينار|يورو|ر\.?س)"
_GAP = rf"\s*(?:{_CURRENCY}\s*)?"
_BETWEEN = re.compile(
    rf"(?:between|from|price range|range|بين|ما بين|مابين|من)\s*{_GAP}{_N.format('low')}{_GAP}\s*(?:and|to|-|–|—|و|ل|الي|لـ|حتي)\s*{_GAP}{_N.format('high')}{_GAP}"
)
_DASH = re.compile(rf"(?<![\d,.]){_N.format('low')}\s*(?:-|–|—|to)\s*{_GAP}{_N.format('high')}\s*(?P<unit>{_CURRENCY})")
_MAX = re.compile(
    r"(?:under|below|less than|cheaper than|lower than|up to|no more than|not more than|at most|maximum|max|within|"
    r"budget(?: of| is|:)?|my budget(?: is)?|اقل من|تحت|ارخص من|لا يتجاوز|ما يتجاوز|لا يزيد عن|ما يزيد عن|ما يتعدي|"
    rf"في حدود|بحدود|حدود|حتي|لحد|لغايه|ميزانيتي|ميزانيه|معي|معايا|aqal men|ta7t)\s*:?{_GAP}{_N.format('high')}{_GAP}"
)
_MIN = re.compile(
    rf"(?:over|above|more than|at least|starting from|from|minimum|min|اكثر من|اكتر من|فوق|اعلي من|اغلي من|علي الاقل|ابتداء من)\s*{_GAP}{_N.format('low')}{_GAP}"
)
_ABOUT = re.compile(rf"(?:around|about|roughly|approximately|حوالي|تقريبا|قرابه|نحو)\s*{_GAP}{_N.format('mid')}{_GAP}")
_UNIT = re.compile(
    r"^\s*(?:mm|cm|m2|sqm|sq|meters?|metres?|inch(?:es)?|kg|g\b|grams?|ml|l\b|liters?|pieces?|pcs|units?|people|persons?|"
    r"days?|hours?|minutes?|weeks?|months?|years?|bed(?:room)?s?|rooms?|bath(?:room)?s?|floors?|km|am\b|pm\b|%|"
    r"متر|سم|كيلو|جرام|غرام|قطع|قطعه|حبه|حبات|يوم|ايام|ساعه|ساعات|دقيقه|غرف|غرفه|حمام|شخص|اشخاص|سنه|سنوات|شهر|لتر)"
)
_FINE = re.compile(r"\b(?:kwd|bhd|omr|jod|dinars?)\b|دينار|دنانير")
_CHEAPEST = re.compile(r"\b(?:cheapest|lowest price|least expensive|most affordable)\b|\bارخص\b|اقل سعر")
_DEAREST = re.compile(r"\b(?:most expensive|highest price|top of the range|premium)\b|\bاغلي\b|الاغلي")
_SCALES = {
    "k": 1000,
    "thousand": 1000,
    "mil": 1000,
    "الف": 1000,
    "الاف": 1000,
    "m": 10**6,
    "million": 10**6,
    "مليون": 10**6,
    "ملايين": 10**6,
}
# "3 bedrooms", "three-bed", "size 43", "مقاس 44", "ثلاث غرف": a count or size that a row's attribute must have.
COUNTS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "غرفتين": 2, "ثلاث": 3, "ثلاثه": 3, "اربع": 4, "اربعه": 4, "خمس": 5, "خمسه": 5, "ست": 6, "سته": 6,
}  # fmt: skip
_COUNTED = re.compile(
    rf"(?<![\w.,])(?P<count>\d{{1,2}}|{'|'.join(COUNTS)})[\s-]*(?:(?P<bedrooms>bed(?:room)?s?\b|br\b|غرف(?:ه)?(?: نوم)?)|(?P<bathrooms>bath(?:room)?s?\b|حمام(?:ات)?))|(?P<pair>غرفتين)"
)
_SIZED = re.compile(
    r"(?:\bsize(?=\d)|\bsizes?\b|\beu|(?:^|\s)(?:ال|بال|ب|و)?(?:مقاس|قياس|نمره))\s*(?:no\.?|number|رقم|:)?\s*(?P<size>\dxl\b|x{0,3}[sml]\b|\d{1,3}(?:\.5)?(?![\dx]))|"
    r"\bin (?:an? )?(?P<letters>x{0,3}[sl]|[2-5]xl|m)\b"
)
#: Words that show somebody is asking about something to be sold.
_SIGNAL = re.compile(
    r"\b(?:price|prices|cost|costs|how much|have you got|do you (?:have|sell|carry|stock)|have any|looking for|interested in|"
    r"i (?:need|want)|i(?:'| a|’)?m after|in stock|available|show me|sell|buy|any)\b|"
    r"(?:^|\s)(?:كم|بكم|بكام|سعر|اسعار|عندكم|عندك|عندكو|متوفر\w*|موجود\w*|ابحث|ادور|بدور|ابغ[يا]|ابي|عايز\w*|عاوز\w*|اريد|بدي|محتاج\w*|فيه?|هل يوجد|bkam|bekam|3ndkom|3andkom|3ayez|se3r|3andko)(?:\s|$)"
)


@dataclass(frozen=True)
class Search:
    """What to ask the catalog. `words` keep the customer's order and spelling."""

    words: tuple[str, ...] = ()
    min_price: float | None = None
    max_price: float | None = None
    sort: str = ""
    category: str = ""
    signal: bool = False
    features: tuple[tuple[str, str], ...] = ()  # ("bedrooms", "3"), ("sizes", "43")

    @property
    def named(self) -> bool:
        """Whether a thing is named, rather than only its size, color, number of rooms or price."""
        asked = {value for _key, value in self.features}
        return any(word not in asked and language.fold(word) not in MEASURES for word in self.words)

    @property
    def query(self) -> str:
        return " ".join(self.words)[:200]

    @property
    def filtered(self) -> bool:
        return self.min_price is not None or self.max_price is not None

    def arguments(self, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = {"query": self.query}
        if self.category:
            found["category"] = self.category
        if self.min_price is not None:
            found["min_price"] = _plain(self.min_price)
        if self.max_price is not None:
            found["max_price"] = _plain(self.max_price)
        if self.sort:
            found["sort"] = self.sort
        return {**found, **more}


@dataclass
class _Limits:
    low: float | None = None
    high: float | None = None
    spans: list[tuple[int, int]] = field(default_factory=list)


#: Words of measures: they narrow what was named before and name nothing themselves.
MEASURES = frozenset(
    "size sizes bed beds bedroom bedrooms br bath baths bathroom bathrooms room rooms eu مقاس مقاسات قياس نمره غرف غرفه غرفتين نوم حمام حمامات".split()
)
_BUY = re.compile(r"\b(?:to (?:buy|purchase)|for sale|on sale)\b|للبيع|للشراء|تمليك")
_RENT = re.compile(r"\b(?:to (?:rent|let|lease)|for rent|rental|renting)\b|للايجار|ايجار")
_HOMES = frozenset(
    "apartment flat house villa property properties land studio office شقه شقق بيت فيلا فلل عقار عقارات".split()
)


def read(text: str, *, categories: Sequence[str] = ()) -> Search:
    """The search a sentence asks for; empty `words` when it names nothing."""
    clean = language.clean(text)
    folded = language.fold(clean)
    features = _features(folded)
    for word, count in COUNTS.items():
        if ("bedrooms", str(count)) in features or ("bathrooms", str(count)) in features:
            folded = re.sub(rf"\b{word}(?=[\s-]*(?:bed|bath|غرف|حمام))", str(count), folded)
    limits = _limits(folded)
    rest = folded
    for start, end in sorted(limits.spans, reverse=True):
        rest = rest[:start] + " , " + rest[end:]
    sort = "price_asc" if _CHEAPEST.search(rest) else "price_desc" if _DEAREST.search(rest) else ""
    rest = _DEAREST.sub(" ", _CHEAPEST.sub(" ", rest))
    deal = _deal(folded, categories)
    if deal:
        rest = _RENT.sub(" ", _BUY.sub(" ", rest))
    words = tuple(_spelling(word, clean) for word in language.tokens(rest) if _meaningful(word))[:12]
    words = (*words, *deal)
    if len(words) > 1 or limits.high is not None:  # "a gift under 40": whom it is for does not narrow it
        words = tuple(word for word in words if word not in ("gift", "gifts", "present", "presents"))
    return Search(
        features=features,
        words=words,
        min_price=limits.low,
        max_price=limits.high,
        sort=sort,
        category=_category(words, categories),
        signal=bool(_SIGNAL.search(folded)) or limits.high is not None or limits.low is not None or bool(sort),
    )


def _features(folded: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for one in _COUNTED.finditer(folded):
        if one.group("pair"):
            found.setdefault("bedrooms", "2")
            continue
        count = str(COUNTS.get(one.group("count"), one.group("count")))
        found.setdefault("bedrooms" if one.group("bedrooms") else "bathrooms", count)
    size = _SIZED.search(folded)
    if size:
        found.setdefault("sizes", size.group("size") or size.group("letters"))
    return tuple(found.items())


def _deal(folded: str, categories: Sequence[str]) -> tuple[str, ...]:
    """Whether homes are to be bought or rented; where other things are sold, "to buy" says nothing."""
    shelves = {language.stem(word) for name in categories for word in language.tokens(language.normalize(name))}
    if not shelves & {language.stem(word) for word in _HOMES}:
        return ()
    return ("sale",) if _BUY.search(folded) else ("rent",) if _RENT.search(folded) else ()


def _limits(folded: str) -> _Limits:
    limits = _Limits()
    for pattern in (_BETWEEN, _DASH):
        found = pattern.search(folded)
        if found and not _UNIT.match(folded[found.end() :]):
            low, high = _value(found, "low"), _value(found, "high")
            if low < high and not (
                found.group("high_scale") and not found.group("low_scale") and low * 1000 < high and low >= 1000
            ):
                if found.group("high_scale") and not found.group("low_scale"):
                    low *= _SCALES.get(found.group("high_scale"), 1)
                limits.low, limits.high = low, high
                limits.spans.append(found.span())
                return limits
    for pattern in (_MAX, _MIN, _ABOUT):
        found = pattern.search(folded)
        if not found or _UNIT.match(folded[found.end() :]):
            continue
        if any(start < found.end() and found.start() < end for start, end in limits.spans):
            continue
        if "high" in found.groupdict():
            limits.high = _value(found, "high")
        elif "low" in found.groupdict():
            limits.low = _value(found, "low")
        else:
            middle = _value(found, "mid")
            limits.low, limits.high = middle * 0.8, middle * 1.2
        limits.spans.append(found.span())
    return limits


def _value(found: re.Match[str], name: str) -> float:
    scale = _SCALES.get(found.group(f"{name}_scale") or "", 1)
    meant = numbers.readings(found.group(name) or "1") or (Decimal(0),)
    # "1.250" is a thousand and more, but of dinars, which have three decimals, and before "million".
    is_fine = scale > 1 or _FINE.search(found.group(0)) is not None
    return float(meant[-1 if is_fine else 0]) * scale


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 2)


def _meaningful(word: str) -> bool:
    plain = word.replace("'", "").replace("’", "")
    if plain in FILLER or language.strip_article(plain) in FILLER:
        return False
    if all(part in FILLER for part in re.split("['’]", word)):  # "I'll", "what's"
        return False
    if len(plain) > 2 and plain[0] in "وبلف" and language.has_arabic(plain) and plain[1:] in FILLER:
        return False
    if len(plain) == 1 and not plain.isdigit():
        return False
    return len(plain) <= 40


def _spelling(word: str, clean: str) -> str:
    """The word as the customer spelled it (hamza and ta marbuta kept), without an Arabic article."""
    for original in language.tokens(clean):
        if language.fold(original) == word:
            return language.strip_article(original) if language.has_arabic(original) else original.lower()
    return language.strip_article(word)


def _category(words: Sequence[str], categories: Sequence[str]) -> str:
    """A category that the words name outright (plural and one typo allowed)."""
    roots = {language.stem(language.fold(word)) for word in words}
    for category in categories:
        names = [language.stem(part) for part in language.tokens(language.normalize(category))]
        if names and all(any(name == root or likeness(name, root) >= 0.85 for root in roots) for name in names):
            return category
    return ""
