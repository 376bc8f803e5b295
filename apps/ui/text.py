"""Text that people typed, made comparable: English and Arabic, plain Python, for every floor.

    clean("Caf\\u00e9\\u202e \\u0663\\x00")   what was written: no control or invisible characters, Western digits
    normalize("الأحذِية  CAFÉ")            the form that is stored for search and compared: "الاحذيه cafe"
    words("S1-P boots, 44")                ["s1-p", "boots", "44"] of a normalized text
    stem("الاحذيه")                        a rough root: article, plural and possessive endings go

All of them accept anything, are linear in the length of the text, and bound that length first.
"""

from __future__ import annotations

import re
import unicodedata

READ = 4000

_DIGITS = {ord(c): str(i % 10) for i, c in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}
_PUNCTUATION = {ord("٫"): ".", ord("٬"): ",", ord("،"): ",", ord("؟"): "?", ord("؛"): ";", ord("٪"): "%"}
# Direction overrides, zero-width marks, soft hyphens: invisible, so no part of what was meant. Zero-width
# joiner and non-joiner stay in `clean` texts, where emoji and Persian need them.
_DIRECTION = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0x00AD, 0x061C])
_INVISIBLE = {**_DIRECTION, **dict.fromkeys([0x200B, 0x200C, 0x200D])}
_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(127, 160)], " ")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LETTERS = {
    **dict.fromkeys(map(ord, "أإآٱ"), "ا"),
    **dict.fromkeys(map(ord, "ىیئ"), "ي"),
    ord("ؤ"): "و",
    ord("ة"): "ه",
    ord("ک"): "ك",
    ord("گ"): "ك",
    ord("ڤ"): "ف",
    ord("ـ"): None,
}
_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0300-\u036f]")
_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3]")
_WORD = re.compile(r"[^\W_]+(?:[-./'’][^\W_]+)*")


def clean(text: object, limit: int = READ) -> str:
    """What was written, storable anywhere: no null bytes, lone surrogates, controls or direction overrides."""
    value = text if isinstance(text, str) else "" if text is None else str(text)
    return _SURROGATES.sub("", value[: limit * 2]).translate(_DIRECTION).translate(_CONTROLS)[:limit].strip()


def line(text: object, limit: int = 200) -> str:
    """`clean` text on one line: names, titles, subjects."""
    return " ".join(clean(text, limit * 2).split())[:limit].strip()


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words; only a word that is longer than that is cut itself."""
    if len(text) <= limit:
        return text
    whole = text[:limit].rsplit(None, 1)[0] if not text[limit].isspace() else text[:limit]
    return (whole if len(whole) > limit // 2 else text[: limit - 1]).rstrip() + "…"


def western_digits(text: str) -> str:
    return text.translate(_DIGITS)


def normalize(text: object, limit: int = READ) -> str:
    """The form in which texts are compared: case, accents, digits, alef, ya, ta marbuta, tatweel, spaces."""
    value = unicodedata.normalize("NFKC", clean(text, limit))[: limit * 2]
    value = value.translate(_INVISIBLE).translate(_DIGITS).translate(_PUNCTUATION)
    # NFC first: a lone combining hamza would otherwise survive beside its alef.
    value = unicodedata.normalize("NFC", value).casefold().translate(_LETTERS)
    value = _MARKS.sub("", unicodedata.normalize("NFD", value)).translate(_LETTERS)
    return " ".join(value.split())


def words(text: str) -> list[str]:
    """Words of a normalized text, inner hyphens and dots kept (s1-p, 2.5)."""
    return _WORD.findall(text)


def has_arabic(text: str) -> bool:
    return bool(_ARABIC.search(text))


_PREFIXES = ("وال", "بال", "كال", "فال", "لل", "ال")
_SUFFIXES = ("ات", "ين", "ون", "ها", "كم", "هم", "نا", "يه", "ه")
_PLURALS = (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("s", ""))


# Feminine colors differ in more than an ending: صفراء is أصفر. Both stem to the masculine.
_COLORS = {
    "صفرا": "اصفر", "حمرا": "احمر", "خضرا": "اخضر", "زرقا": "ازرق", "سودا": "اسود", "بيضا": "ابيض",
    **{color: color for color in ("برتقالي", "رمادي", "كحلي", "بني", "وردي", "زهري", "فضي", "ذهبي", "بنفسجي", "عسلي", "كهرماني")},
}  # fmt: skip


def masculine(word: str) -> str:
    """A normalized feminine color as its masculine; any other word as it is."""
    bare = word.removeprefix("بال").removeprefix("ال")
    return _COLORS.get(bare.rstrip("ءه"), word)


def stem(word: str) -> str:
    """A rough root for comparing normalized words: article, plural and possessive endings go."""
    if has_arabic(word):
        word = masculine(word)
        for prefix in _PREFIXES:
            if word.startswith(prefix) and len(word) - len(prefix) >= 3:
                word = word[len(prefix) :]
                break
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= 3:
                return word[: -len(suffix)]
        return word
    for suffix, put in _PLURALS:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            return word[: -len(suffix)] + put
    return word


def compact(text: object) -> str:
    """Letters and digits only, normalized: "WW-1001 / b" → "ww1001b"; how codes and SKUs are compared."""
    return "".join(c for c in normalize(text, 200) if c.isalnum())
