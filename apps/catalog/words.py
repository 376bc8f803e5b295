"""From items to search vectors, and from what people type to the words to look for. Plain Python."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from rapidfuzz.distance import OSA

from apps.ui import text

MOST = 400  # words of one item that are searchable
LONGEST = 60
TERMS = 12  # words of one question that count

# Words that ask rather than name. Normalized; both languages, with a few in Latin letters.
ASKING = frozenset(
    """
    a an the is are am was were be been do does did have has had i you u we they he she it its me my your our their us them
    to of in on at for with from by about as and or but if so then than that this these those there here what which who whom
    when where why how can could would will shall should may might must please pls plz just also too very really any some
    want need like looking look find search get got give show tell know see let lets im i'm i'd id i've ive dont don't
    hi hello hey dear sir madam thanks thank kindly help one ones thing things something anything stuff
    buy purchase order reserve book interested offer offers sell selling carry sold ask question information info details detail
    price prices pricing cost costs much expensive cheap cheaper cheapest quote available availability stock still now today
    و في من الي علي عن مع هل يوجد توجد ما ماذا ايش شو وش ايه شنو كم بكم بكام كام متي وين فين اين كيف ازاي ليش ليه لماذا مين
    هذا هذه هذي ذا دا ده دي دول هاذا هاي هو هي هم انا انت انتم نحن احنا لي لك لكم لنا عندي عندك عندكم عندكو عندنا لدي لديكم لديك
    عايز عاوز عايزه عاوزه اريد ابغي ابغا ابي بدي حاب حابب حابه ودي محتاج محتاجه احتاج نبي نبغي ابحث ادور بدور اشتري شراء طلب اطلب
    ممكن لو سمحت سمحتي فضلك رجاء الرجاء يعني بس برضه كمان ايضا شي شيء حاجه حاجات فيه فيها موجود موجوده متوفر متوفره متاح متاحه
    سعر اسعار سعره سعرها السعر الاسعار ثمن تكلفه السلام عليكم سلام مرحبا اهلا هلا شكرا يا او ثم لكن اذا ان انه كان كل بعض اي
    el al il fi fe feh 3ayez 3ayz 3awez abi abgha bkam bekam momken da de w wa
    """.split()
)


def terms(question: object) -> list[str]:
    """The stems to look for, each once; the asking words are left out unless nothing else was said."""
    said = text.words(text.normalize(question, 400))
    naming = [word for word in said if word not in ASKING] or said
    return list(dict.fromkeys(text.stem(word[:LONGEST]) for word in naming))[:TERMS]


def codes(question: object) -> list[str]:
    """What in a question may be an SKU: the whole of it, each word, and neighbors written apart."""
    said = text.words(text.normalize(question, 400))[:40]
    found = {text.compact(question)[:80], *map(text.compact, said)}
    found.update(text.compact(a + b) for a, b in itertools.pairwise(said) if any(c.isdigit() for c in a + b))
    return [f"sku={code}" for code in sorted(found) if 2 <= len(code) <= 80]


def attribute_lexemes(attributes: Mapping[str, Any]) -> list[str]:
    """{"color": "Navy", "sizes": [44, 45]} → ["color=navy", "sizes=44", "sizes=45"]."""
    return [
        f"{text.compact(key)[:LONGEST]}={' '.join(text.words(text.normalize(value, 200)))[:200]}"
        for key, given in attributes.items()
        for value in (given if isinstance(given, list) else [given])
        if value is not None
    ]


def lexemes(
    *,
    sku: str,
    names: Iterable[str],
    categories: Iterable[str],
    attributes: Mapping[str, Any],
    descriptions: Iterable[str],
) -> dict[str, str]:
    """Everything an item is found by, each with its weight A (name, SKU) to D (description)."""
    found: dict[str, str] = {f"sku={text.compact(sku)}": "A"}
    values = [v for given in attributes.values() for v in (given if isinstance(given, list) else [given])]
    for weight, sources in (
        ("A", [sku, *names]),
        ("B", [*categories]),
        ("C", [*map(str, values), *attributes]),
        ("D", [*descriptions]),
    ):
        for source in sources:
            for word in text.words(text.normalize(source)):
                found.setdefault(text.stem(word[:LONGEST]), weight)
                if len(found) >= MOST:
                    break
    for lexeme in attribute_lexemes(attributes)[:200]:
        found.setdefault(lexeme, "D")
    return found


def vector(found: Mapping[str, str]) -> str:
    """Lexemes as PostgreSQL reads a tsvector."""
    return " ".join(f"{quote(word)}:{n % 16000 + 1}{weight}" for n, (word, weight) in enumerate(found.items()))


def quote(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def is_code(word: str) -> bool:
    return "=" in word or any(c.isdigit() for c in word)


def alike(term: str, candidates: Iterable[str]) -> list[str]:
    """Those candidates that `term` may be a slip or a beginning of, closest first."""
    # Arabic stems are short: three letters carry what five do in English.
    length = len(term) + (2 if text.has_arabic(term) else 0)
    allowed = 0 if length < 4 else 1 if length < 7 else 2
    close = []
    for word in candidates:
        if len(term) >= 2 and word.startswith(term) and len(word) <= len(term) + 12:
            close.append((0.5, word))
        elif allowed and (length >= 8 or word[0] == term[0]) and not any(c.isdigit() for c in word + term):
            distance = OSA.distance(term, word, score_cutoff=allowed)
            if distance <= allowed:
                close.append((float(distance), word))
    return [word for _distance, word in sorted(close)[:8]]
