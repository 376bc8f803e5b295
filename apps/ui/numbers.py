"""Numbers as people write them: every grouping and decimal style, and in English and Arabic words. Plain Python.

    readings("1.355,90")       (Decimal("1355.90"),)
    readings("1.250")          (Decimal(1250), Decimal("1.250")): the likelier first
    spoken("ninety-nine riyals"), spoken("ثلاثميه ريال")      where in a folded text numbers stand in words

Texts come cleaned (Western digits, `٫` as "." and `٬` as ","), for words also folded: see text.normalize.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

SPACES = "\u00a0\u202f '’"
LONGEST = 24  # digits and marks; a longer figure is no amount of anything
# A figure with its marks: grouped by commas, points, spaces or apostrophes, or in the Indian way, or not at all.
FIGURE = (
    rf"(?:\d{{1,3}}(?:(?:,\d{{3}})+|(?:\.\d{{3}})+|(?:[{SPACES}]\d{{3}})+)(?:[.,]\d{{1,4}})?(?!\d)"
    r"|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d{1,4})?(?!\d)"
    r"|\d+(?:[.,]\d+)?)"
)


def readings(figure: str) -> tuple[Decimal, ...]:
    """What a figure may mean, the likelier first; nothing where it is too long or no figure.

    One mark before exactly three digits is a grouping in half of the world and a decimal mark in the other.
    """
    plain = re.sub(f"[{SPACES}]", "", figure)
    if len(plain) > LONGEST or not re.fullmatch(r"\d[\d.,]*", plain):
        return ()
    marks = [mark for mark in plain if mark in ".,"]
    if not marks:
        return (Decimal(plain),)
    last = marks[-1]
    if len(set(marks)) == 2 and marks.count(last) == 1:
        whole, _mark, rest = plain.rpartition(last)
        return (Decimal(f"{re.sub('[.,]', '', whole)}.{rest or 0}"),)
    if len(marks) > 1:
        return (Decimal(re.sub("[.,]", "", plain)),)
    whole, _mark, rest = plain.partition(last)
    decimal = Decimal(f"{whole}.{rest or 0}")
    is_grouped_by_spaces = plain != figure
    if len(rest) == 3 and len(whole) <= 3 and not whole.startswith("0") and not is_grouped_by_spaces:
        return (Decimal(whole + rest), decimal)
    return (decimal,)


# In words ---------------------------------------------------------------------------------------------------------

_SMALL: dict[str, int] = {}
for _value, _words in enumerate(
    (
        "zero صفر", "one واحد واحده", "two اثنان اثنين اتنين ثنتين", "three ثلاث ثلاثه تلاته تلات", "four اربع اربعه",
        "five خمس خمسه", "six ست سته", "seven سبع سبعه", "eight ثمان ثماني ثمانيه تمانيه تمن", "nine تسع تسعه",
        "ten عشر عشره", "eleven احدعشر حداشر احداعشر", "twelve اثناعشر اتناشر اثنعشر", "thirteen ثلاثهعشر تلتاشر ثلاثتعش",
        "fourteen اربعهعشر اربعتاشر", "fifteen خمسهعشر خمستاشر", "sixteen ستهعشر ستاشر", "seventeen سبعهعشر سبعتاشر",
        "eighteen ثمانيهعشر تمنتاشر", "nineteen تسعهعشر تسعتاشر",
    )
):  # fmt: skip
    _SMALL.update(dict.fromkeys(_words.split(), _value))
_TENS = {
    word: tens
    for tens, words in {
        20: "twenty عشرون عشرين", 30: "thirty ثلاثون ثلاثين تلاتين", 40: "forty fourty اربعون اربعين",
        50: "fifty خمسون خمسين", 60: "sixty ستون ستين", 70: "seventy سبعون سبعين", 80: "eighty ثمانون ثمانين تمانين",
        90: "ninety تسعون تسعين",
    }.items()
    for word in words.split()
}  # fmt: skip
# ثلاثمئه is written in one word; folding makes مئه to ميه and keeps مائه's alef.
_HUNDREDS = {
    f"{stem}{hundred}": value * 100
    for stem, value in {
        "ثلاث": 3, "تلت": 3, "تلات": 3, "اربع": 4, "ربع": 4, "خمس": 5, "ست": 6, "سبع": 7, "ثمان": 8, "ثماني": 8, "تمن": 8,
        "تسع": 9,
    }.items()
    for hundred in ("ميه", "مايه")
} | {"ميتان": 200, "ميتين": 200, "مايتان": 200, "مايتين": 200}  # fmt: skip
_HUNDRED = {"hundred", "ميه", "مايه"}
_SCALES = {
    "thousand": 1000, "الف": 1000, "الاف": 1000, "الفا": 1000, "million": 10**6, "millions": 10**6, "مليون": 10**6,
    "ملايين": 10**6,
}  # fmt: skip
_PAIRS = {"الفان": 2000, "الفين": 2000, "مليونين": 2 * 10**6, "مليونان": 2 * 10**6}
_AND = {"and", "a", "و"}
_KNOWN = {*_SMALL, *_TENS, *_HUNDREDS, *_HUNDRED, *_SCALES, *_PAIRS}
_WORD = re.compile(r"[a-z]+|[\u0620-\u064a]+")


@dataclass(frozen=True)
class Spoken:
    start: int
    end: int
    value: Decimal


def spoken(folded: str) -> Iterator[Spoken]:
    """Numbers written in words in a folded text, as long as each goes on; single small words ("one") among them."""
    run: list[tuple[str, int, int]] = []
    before = 0
    for found in _WORD.finditer(folded):
        word = _known(found.group(0))
        if word in _SCALES and folded[max(found.start() - 2, 0) : found.start()].rstrip()[-1:].isdigit():
            word = ""  # "1.25 million" is a figure, with its scale
        goes_on = bool(run) and not folded[before : found.start()].strip(" -")
        before = found.end()
        if word and (goes_on or not run):
            run.append((word, found.start(), found.end()))
            continue
        if goes_on and found.group(0) in _AND:
            run.append(("", found.start(), found.end()))
            continue
        yield from _closed(run)
        run = [(word, found.start(), found.end())] if word else []
    yield from _closed(run)


def _known(word: str) -> str:
    """The number word in `word`, which may begin with an Arabic "and"; "" if there is none."""
    if word in _KNOWN:
        return word
    bare = word.removeprefix("و")
    return bare if bare in _KNOWN else ""


def _closed(run: list[tuple[str, int, int]]) -> Iterator[Spoken]:
    words = list(run)
    while words and not words[-1][0]:
        words.pop()
    if words:
        yield Spoken(words[0][1], words[-1][2], Decimal(_sum([word for word, _start, _end in words if word])))


def _sum(words: list[str]) -> int:
    total = part = 0
    for word in words:
        if word in _SCALES:
            total += max(part, 1) * _SCALES[word]
            part = 0
        elif word in _HUNDRED:
            part = part * 100 if 1 <= part <= 9 else part + 100
        else:
            part += _SMALL.get(word) or _TENS.get(word) or _HUNDREDS.get(word) or _PAIRS.get(word) or 0
    return total + part
