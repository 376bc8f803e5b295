"""Reading what people write: script, digits, spelling. Plain Python, English and Arabic.

Everything here is linear in the length of the text, and `clip` bounds that length first.
"""

from __future__ import annotations

import re
import unicodedata

from apps.ui.text import masculine

#: Longest customer text that is read closely; the rest of a longer one is ignored.
READ = 4000

_DIGITS = {ord(c): str(i % 10) for i, c in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}
_PUNCTUATION = {ord("٫"): ".", ord("٬"): ",", ord("،"): ",", ord("؟"): "?", ord("؛"): ";", ord("٪"): "%"}
# Direction overrides, zero-width marks, soft hyphens: invisible, so no part of what was meant.
_INVISIBLE = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0x00AD, 0x061C], None
)
_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(127, 160)], " ")
_LETTERS = {
    **dict.fromkeys(map(ord, "أإآٱ"), "ا"),
    ord("ى"): "ي",
    ord("ی"): "ي",
    ord("ئ"): "ي",
    ord("ؤ"): "و",
    ord("ة"): "ه",
    ord("ک"): "ك",
    ord("گ"): "ك",
    ord("ڤ"): "ف",
    ord("ـ"): None,
}
_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0300-\u036f]")
_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3]")
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)
_BLANKS = re.compile(r"[^\S\n]+")
_NEWLINES = re.compile(r"\n{3,}")
_TOKEN = re.compile(r"[^\W_]+(?:[-./'’][^\W_]+)*")
_ARABIZI_SHAPE = re.compile(r"^(?=.*[235679])(?=.*[a-z])[a-z235679']{3,}$")
_ARABIZI_WORDS = frozenset(
    "salam slm salamu alaykum 3alaykum marhaba mar7aba ahlan ahlen hala shukran shokran ezayak ezayek izzayak "
    "bkam bekam bikam kam se3r 3ayez 3ayz 3ayza 3awez 3awz abi aby abgha abga 3ndkom 3andkom 3andko 3ndko 3andak "
    "fe fi feh mawjood mawgood momken mumkin law sama7t samaht tamam yalla wain wen fain feen esmi ismi ana "
    "arkhas a5ra akhir laih leh lih eih eh eh7 de da dah kwayes khalas inshallah".split()
)


def clip(text: object, limit: int = READ) -> str:
    """The first `limit` characters of anything, as text."""
    return text[:limit] if isinstance(text, str) else str(text or "")[:limit]


def clean(text: object, limit: int = READ) -> str:
    """What was written, without invisible characters and with Western digits; letters stay as they were."""
    value = unicodedata.normalize("NFKC", clip(text, limit))[: limit * 2]
    value = value.translate(_INVISIBLE).translate(_CONTROLS).translate(_DIGITS).translate(_PUNCTUATION)
    # Long runs of blanks mean nothing and are what slow patterns choke on.
    return _BLANKS.sub(" ", _NEWLINES.sub("\n\n", value))


def fold(text: str) -> str:
    """`clean` text with spelling differences removed: case, accents, alef, ya, ta marbuta, tatweel."""
    # NFD first: a lone combining hamza would otherwise survive beside its alef.
    value = unicodedata.normalize("NFC", text).casefold().translate(_LETTERS)
    return _MARKS.sub("", unicodedata.normalize("NFD", value)).translate(_LETTERS)


def normalize(text: object, limit: int = READ) -> str:
    """`clean` and `fold` together: the form in which texts are compared."""
    return fold(clean(text, limit))


def tokens(text: str) -> list[str]:
    """Words of a text, inner hyphens and dots kept (S1-P, 2.5)."""
    return _TOKEN.findall(text)


def has_arabic(text: str) -> bool:
    return bool(_ARABIC.search(text))


def is_arabizi(text: str) -> bool:
    """Arabic in Latin letters and digits ("3ayez ba3ref se3r el jacket"); best effort."""
    words = tokens(text.casefold())
    if not words or has_arabic(text):
        return False
    hits = sum(1 for word in words if word in _ARABIZI_WORDS or _looks_arabizi(word))
    strong = sum(1 for word in words if _looks_arabizi(word) or (word in _ARABIZI_WORDS and len(word) > 3))
    return strong > 0 and hits / len(words) >= 0.3


def _looks_arabizi(word: str) -> bool:
    # A digit between letters, or a leading 3/7 before letters; "s1p", "42cm" and "3d" are not words.
    if not _ARABIZI_SHAPE.match(word):
        return False
    return bool(re.search(r"[a-z][23579][a-z]|^[37][a-z]{3,}|[a-z]{2,}[37]$", word)) and not re.search(r"\d\d", word)


def detect(text: str) -> str:
    """ "ar", "en", or "" when there is nothing to go by. In a mixed text Arabic words decide:
    people keep product names in Latin letters inside Arabic sentences."""
    arabic = latin = 0
    for word in tokens(clip(text)):
        if has_arabic(word):
            arabic += 1
        elif _LATIN.search(word):
            latin += 1
    if arabic and (arabic * 2 >= latin or arabic >= 3):
        return "ar"
    if latin:
        return "ar" if is_arabizi(clip(text)) else "en"
    return "ar" if arabic else ""


_PREFIXES = ("وال", "بال", "كال", "فال", "لل", "ال")


def strip_article(word: str) -> str:
    """An Arabic word without its article ("الأحذية" → "أحذية"); other words unchanged."""
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            return word[len(prefix) :]
    return word


_SUFFIXES = ("ات", "ين", "ون", "ها", "كم", "هم", "نا", "يه", "ه")


def stem(word: str) -> str:
    """A rough root for comparing folded words: article, plural and possessive endings go."""
    if has_arabic(word):
        word = masculine(strip_article(word))
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= 3:
                return word[: -len(suffix)]
        return word
    for suffix, put in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("s", "")):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            return word[: -len(suffix)] + put
    return word
