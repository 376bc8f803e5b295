"""Names, email addresses and phone numbers that people give about themselves."""

from __future__ import annotations

import re

import phonenumbers

from apps.ai import language

_EMAIL = re.compile(
    r"(?<![\w.+-])[a-z0-9][\w.+-]{0,63}@[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,62}){1,4}(?![\w-])", re.IGNORECASE
)
_NUMBER = re.compile(r"(?<![\w@.])(\+|00)?\(?\d(?:[\s().-]{0,2}\d){5,16}(?!\w)")
_PHONE_WORD = re.compile(
    r"\b(phone|mobile|cell|call me|whats ?app|number is|reach me|tel|contact)\b|رقم|جوال|موبايل|هاتف|تلفون|واتس|اتصل|كلمني"
)
_NOT_PHONE_WORD = re.compile(
    r"\b(order|invoice|sku|item|ref|reference|tracking|model|policy)\b|طلبيه|رقم الطلب|فاتوره|موديل|الشحنه"
)
_PRICE_NEAR = re.compile(
    r"^\s*(?:sar|aed|egp|usd|eur|gbp|kwd|qar|\$|€|£|dollars?|riyals?|dirhams?|ريال|درهم|جنيه|دولار|دينار|الف|k\b)"
)
# National mobile formats of the region and the commonest Western ones: first digits, length.
_NATIONAL = re.compile(
    r"^(?:05\d{8}|5\d{8}|01[0125]\d{8}|07[3-9]\d{8,9}|07[789]\d{7}|0[67]\d{8}|0\d{8,10}|[2-9]\d{2}[2-9]\d{6}|[3569]\d{7})$"
)
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


def email(text: str) -> str:
    """The first email address, lower case, or ""."""
    found = _EMAIL.search(text)
    return found.group(0).rstrip(".-").lower() if found else ""


def phone(text: str) -> str:
    """The first phone number as digits with an optional leading +, or "". Prices and order numbers are not phones."""
    folded = language.fold(text)
    cue = bool(_PHONE_WORD.search(folded))
    other = bool(_NOT_PHONE_WORD.search(folded))
    for found in _NUMBER.finditer(text):
        digits = re.sub(r"\D", "", found.group(0))
        if _PRICE_NEAR.match(language.fold(text[found.end() : found.end() + 12])):
            continue
        international = found.group(1) is not None and found.group(0).lstrip("(").startswith(("+", "00"))
        if international:
            number = "+" + (digits[2:] if found.group(1) == "00" else digits)
            if 8 <= len(number) - 1 <= 15 and _possible(number):
                return number
            continue
        alone = len(re.sub(r"[\d\s().+-]", "", text)) <= 3
        if _NATIONAL.match(digits) and (digits.startswith("0") or cue or alone) and not (other and not cue):
            return digits
        if cue and not other and 7 <= len(digits) <= 15:
            return digits
        # A country code without its plus: 9665…, 9715…, 2010….
        if 11 <= len(digits) <= 15 and not other and _possible("+" + digits):
            return "+" + digits
    return ""


def _possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


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
    rest = _EMAIL.sub(" ", _NUMBER.sub(" ", text))
    rest = re.sub(r"[^\w'’-]+", " ", rest).strip()
    words = rest.split()
    if not (1 if expected else 2) <= len(words) <= 3 or _PHONE_WORD.search(language.fold(rest)):
        return ""
    if not expected and not all(word[0].isupper() or language.has_arabic(word) for word in words):
        return ""
    return tidy_name(rest, loose=True)


def answer_as_name(text: str) -> str:
    """A bare reply to "may I have your name?": letters only, one to four words."""
    rest = _EMAIL.sub(" ", text)
    rest = _NUMBER.sub(" ", rest)
    rest = re.sub(r"[,.;:!\n]+", " ", rest).strip()
    if not rest or len(rest.split()) > 4 or len(rest) > 60 or "?" in rest:
        return ""
    return tidy_name(rest)
