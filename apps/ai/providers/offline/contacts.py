"""Names that people give about themselves. Their numbers and addresses: own.py."""

from __future__ import annotations

import re

from apps.ai import language

from .own import EMAIL, NUMBER, PHONE_WORD, email, phone

_NAME_EN = re.compile(
    r"\b(?:my name(?:['’]?s| is)|name\s*(?:is|:)|i am called|call me|this is|i['’]?m|i am|it['’]?s)\s+(?P<name>[^\W\d_][^\d\n,.;:!?@]{0,60})",
    re.IGNORECASE,
)
_NAME_AR = re.compile(
    r"(?:^|[\s,.])(?P<cue>اسمي|إسمي|الاسم|الإسم|اسمى|معك|معاك|معكم|انا اسمي|أنا|انا|esmi|ismi)\s*:?\s+(?P<name>[^\W\d_][^\d\n,.;:!?@]{0,60})",
    re.IGNORECASE,
)
_LOOSE_EN = re.compile(r"^(?:i['’]?m|i am|it['’]?s|this is|call me)\b", re.IGNORECASE)
_LOOSE_AR = frozenset(("انا", "أنا", "معك", "معاك", "معكم"))
_END = re.compile(
    r"\b(?:and|my|from|with|here|phone|mobile|email|e-mail|number|i|you|on|at|at the|please|thanks|but|or|looking|interested|is)\b|"
    r"(?:^|\s)(?:و?رقمي|و?رقم|و?جوالي|و?ايميلي|و?إيميلي|و?بريدي|و?هاتفي|و?موبايلي|من|وعايز|واريد|وأريد|وابغى|وابي|عايز|اريد|أريد|ابغى|ابي|شكرا|بس|لكن)(?:\s|$)",
    re.IGNORECASE,
)
# What follows "I'm …" or "أنا …" and is no name.
_NOT_NAME = frozenset(
    language.normalize(word)
    for word in (
        "looking interested not just still going trying sorry fine good ok okay sure happy angry new here there back "
        "from in at the a an very so really done waiting asking calling writing wondering thinking planning located "
        "based able unable ready afraid your you me my we they it that this what how when where who why which later "
        "tomorrow today tonight soon maybe asap broken late wrong great nice bad terrible upset disappointed "
        "frustrated tired using having getting searching buying wanting needing after also already all about only "
        "available expensive cheap urgent for too no yes his her an old customer client manager owner buyer "
        "عايز عاوز عايزه عاوزه اريد أريد ابغى ابغا ابي بدي محتاج محتاجه مهتم مهتمه زعلان زعلانه غاضب مستاء ابحث ادور "
        "بدور شاري عميل زبون مش مو ما لا لست من في على مع هنا جديد قديم تعبت منتظر مستني طلبت اشتريت اشتري حجزت ارسلت "
        "رجل امراه شخص موافق جاهز متاخر اسال بسال سالت كنت لسه حاليا الان اللي ايضا كمان برضه فقط اسف اسفه كويس بخير تمام سكنت ساكن "
        "اسكن مقيم مدير صاحب متواجد موجود متضايق متضايقه محبط عندي احتاج افكر اقدر استطيع حابب حابه ودي نفسي"
    ).split()
)


def name(text: str, *, expected: bool = False) -> str:
    """A name someone introduces ("my name is…", "اسمي…", "أنا…"), or "". `expected`: it was asked for, or other
    details stand beside it; otherwise "I'm tired" must not become a name, so a weak cue needs a capital letter."""
    for pattern in (_NAME_AR, _NAME_EN):
        for found in pattern.finditer(text):
            head = found.group(0).strip()
            loose = (found.groupdict().get("cue") or "") in _LOOSE_AR or bool(_LOOSE_EN.match(head))
            if (
                loose
                and not expected
                and not language.has_arabic(found.group("name"))
                and not found.group("name")[:1].isupper()
            ):
                continue
            value = tidy_name(found.group("name"), loose=loose)
            if value:
                return value
    return ""


def tidy_name(text: str, *, loose: bool = False) -> str:
    """A plausible name of one to four words, or "". `loose`: the cue was weak, so be strict about the words."""
    cut = _END.search(text)
    words = (text[: cut.start()] if cut else text).replace("-", " - ").split()
    words = [word.strip("'’\"()[]{}*~|<>/\\ ") for word in words if word != "-"][: 3 if loose else 4]
    words = [word for word in words if word]
    if not words or any(not re.fullmatch(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?", word) for word in words):
        return ""
    # "على" is no name; folded, علي is the same word.
    if any(language.normalize(word) in _NOT_NAME and word != "علي" for word in words[: 1 if not loose else 3]):
        return ""
    if loose and len(words[0]) < 2:
        return ""
    if all(word.isascii() for word in words):
        words = [
            word if any(c.isupper() for c in word[1:]) and not word.isupper() else word.capitalize() for word in words
        ]
    return " ".join(words)[:120]


def name_beside(text: str, *, expected: bool = False) -> str:
    """The name in "Omar Farouk, 050 765 4321": all that is left are two or three words, in Latin letters capitalized.

    `expected`: it was asked for a moment ago, so that one word or small letters will do.
    """
    rest = EMAIL.sub(" ", NUMBER.sub(" ", text))
    rest = re.sub(r"[^\w'’-]+", " ", rest).strip()
    words = rest.split()
    if not (1 if expected else 2) <= len(words) <= 3 or PHONE_WORD.search(language.fold(rest)):
        return ""
    if not expected and not all(word[0].isupper() or language.has_arabic(word) for word in words):
        return ""
    return tidy_name(rest, loose=True)


def answer_as_name(text: str) -> str:
    """A bare reply to "may I have your name?": letters only, one to four words."""
    rest = EMAIL.sub(" ", text)
    rest = NUMBER.sub(" ", rest)
    rest = re.sub(r"[,.;:!\n]+", " ", rest).strip()
    if not rest or len(rest.split()) > 4 or len(rest) > 60 or "?" in rest:
        return ""
    return tidy_name(rest)


def asks_name(reply: str) -> bool:
    """Whether the assistant has just asked for their name."""
    return bool(
        re.search(r"(?:May I have|leave|what is|what's|share) your (?:full )?name|باسمك|اترك لنا اسمك|ما اسمك", reply)
    )


__all__ = ["answer_as_name", "asks_name", "email", "name", "name_beside", "phone", "tidy_name"]
