"""Numbers and addresses that people say are their own. A number in a text is anybody's until somebody says whose.

One is the writer's own where they say so right beside it ("my number is …", "رقمي …", "ra2mi …", "call me on …",
"… is my number"), where the assistant has just asked for it, or where the message is nothing but that (and perhaps a
name). Everything else (the number of their wife, an order, views, a price, coordinates, an IBAN) is none of it. What is
found is still a claim: it never replaces what a platform certifies (leads.services).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import phonenumbers

from apps.ai import language

EMAIL = re.compile(
    r"(?<![\w.+-])[a-z0-9][\w.+-]{0,63}@[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,62}){1,4}(?![\w-])", re.IGNORECASE
)
NUMBER = re.compile(r"(?<![\w@.])(\+|00)?\(?\d(?:[\s().-]{0,2}\d){5,16}(?!\w)")
PHONE_WORD = re.compile(
    r"\b(phone|mobile|cell|call me|whats ?app|number is|reach me|tel|contact)\b|رقم|جوال|موبايل|هاتف|تلفون|واتس|اتصل|كلمني"
)
# What holds digits and is no number to call: addresses of pages, IBANs, places on the map.
_NO_NUMBER = re.compile(
    r"(?:https?://|www\.)\S+|\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,4})?\b"
    r"|-?\d{1,3}\.\d{4,}\s*[,،/ ]\s*-?\d{1,3}\.\d{4,}|-?\d{1,3}\.\d{4,}"
)
# National mobile formats of the region and the commonest Western ones: first digits, length.
_NATIONAL = re.compile(
    r"^(?:05\d{8}|5\d{8}|01[0125]\d{8}|07[3-9]\d{8,9}|07[789]\d{7}|0[67]\d{8}|0\d{8,10}|[2-9]\d{2}[2-9]\d{6}|[3569]\d{7})$"
)

# Folded texts hold one private character in place of each number and address.
_FIRST, _LAST = 0xE000, 0xE0FF
_DETAIL = f"[{chr(_FIRST)}-{chr(_LAST)}]"
_KIND = (
    r"(?:(?:new|own|personal|private|work|business|direct|current|best|whats ?app|mobile|cell|phone|contact|tel|telephone|home"
    r"|office|e ?-?mail|mail)\s+){0,3}"
)
_MY_PHONE = (
    rf"\bmy\s+{_KIND}(?:number|no|nr|num|phone|mobile|cell|cellphone|whats ?app|tel|telephone)\b"
    r"|\b(?:call|text|ring|phone|reach|whats ?app|message|contact|dial|get)\s+me\b"
    r"|(?:^|\s)و?(?:رقمي|جوالي|موبايلي|هاتفي|تلفوني|تليفوني|نمرتي|محمولي|واتسابي|واتسي)(?=\s|$|[:،,])"
    r"|رقم\s+(?:جوالي|هاتفي|موبايلي|تلفوني|تليفوني|واتسابي)|رقم\s*(?:ي|الجوال|الهاتف|الواتس)\s+(?:حقي|تبعي|بتاعي)"
    r"|(?:كلم|راسل|اتصل|تواصل|تواصلو|دق|كلمو|راسلو|اتصلو|رن)\w{0,2}\s*(?:بي|بيا|فيني|معي|معاي|معايا|عليا|علي|لي|ني)(?=\s|$)"
    r"|كلموني|كلميني|كلمني|راسلني|راسلوني"
    r"|\b(?:w ?)?(?:ra2mi|ra2my|ra8mi|raqmi|raqami|rakmi|rakami|rqmi|nemreti|nemrety|nimrti|nimreti|jawali|jawwali|jwali|mobaili|mobayli|mobaily"
    r"|telefoni|talifoni|tilifoni|hatfi|hatifi)\b"
    r"|\b(?:kall?e?mni|kalimni|kalemoni|rasilni|2?et+esel\s+(?:beya|biya|bi|feyya)|it+asil\s+(?:bi|fini|feni))\b"
)
_MY_EMAIL = (
    rf"\bmy\s+{_KIND}(?:e ?-?mail|mail)(?:\s+(?:address|id))?\b"
    r"|\b(?:e ?-?mail|mail|write|reach|contact|get)\s+(?:to\s+)?me\b"
    r"|(?:^|\s)و?(?:ايميلي|بريدي|بريدي\s+الالكتروني|اميلي|ايميل\s+(?:حقي|تبعي|بتاعي))(?=\s|$|[:،,])|راسلني|راسلوني"
    r"|\b(?:emaili|imeili|imeli|emeili|ime?ly|bareedi|baridi)\b"
)
# What may stand between "my number" and the number.
_BETWEEN = (
    rf"(?:\s|[:=,،;.\-–—()\"'’*_]|{_DETAIL}|\b(?:is|s|are|on|at|via|through|under|to|by|it|here|the|this|please|pls|now|still|just|also|too|and|or|back"
    r"|after|before|tomorrow|today|tonight|later|any ?time|in|morning|evening|afternoon|noon|am|pm|asap|directly|number|no|phone|mobile|cell|tel"
    r"|whats ?app|e ?-?mail|mail|address|call|text|only|first|again|with|for|(?:\d{1,2}(?::\d\d)?))\b"
    r"|(?<!\w)(?:هو|هي|هذا|هاد|ده|دا|على|علي|ع|عال|عن|طريق|الرقم|رقم|رقمي|جديد|الجديد|الان|بعد|قبل|اليوم|بكره|غدا|مساء|صباحا|و|او|لو|سمحت|من|فضلك|الواتس|واتس|واتساب"
    r"|جوال|موبايل|هاتف|ايميل|وايميلي|ايميلي|وبريدي|بريدي|الساعه|تحت|هنا|كمان|ايضا|3ala|3al|3la|howa|huwa|hwa|da|el|w|wa|aw|number)(?!\w)){0,40}"
)
_BEFORE = {
    "phone": re.compile(rf"(?:{_MY_PHONE}|{_MY_EMAIL}){_BETWEEN}$"),
    "email": re.compile(rf"(?:{_MY_EMAIL}|{_MY_PHONE}){_BETWEEN}$"),
}
_AFTER = {
    "phone": re.compile(rf"^[\s,،.:()\-–]*(?:is|that ?'?s|this is|it ?'?s|هذا|هاد|هو|ده|dah?|da)?\s*(?:{_MY_PHONE})"),
    "email": re.compile(rf"^[\s,،.:()\-–]*(?:is|that ?'?s|this is|it ?'?s|هذا|هاد|هو|ده|dah?|da)?\s*(?:{_MY_EMAIL})"),
}
_LABEL = {
    "phone": re.compile(r"(?:^|[\n;,،|])\s*(?:phone|mobile|mob|cell|tel|whats ?app|(?:ال)?(?:هاتف|جوال|موبايل|تلفون|واتساب))\s*(?:number|no)?\s*[:\-–.]?\s*$"),
    "email": re.compile(r"(?:^|[\n;,،|])\s*(?:e ?-?mail|mail|(?:ال)?(?:ايميل|بريد))\s*(?:address)?\s*[:\-–.]?\s*$"),
}  # fmt: skip
# Somebody or something else: never the writer, even where they were asked.
_OTHERS = re.compile(
    r"\b(?:his|her|hers|him|their|them|wife|husband|son|daughter|brother|sister|mother|father|mom|mum|dad|friend|colleague|coworker|partner"
    r"|boss|manager|assistant|secretary|driver|neighbou?r|cousin|uncle|aunt|client|customer|supplier|shop|company|support|hotline|somebody"
    r"|someone|order|invoice|sku|item|ref|reference|tracking|shipment|model|policy|iban|account|ticket|booking|views?|followers|likes|pieces|pcs|units)\b"
    r"|زوج|مرات|اخو|اخي|اخت|(?:^|\s)(?:امي|ابي|ابوي|بابا|ماما)(?=\s|$)|والد|ابني|بنتي|صديق|صاحب|زميل|مدير|سكرتير|سايق|سائق"
    r"|رقم(?:ه|ها|هم|ك|كم)(?=\s|$)|جوال(?:ه|ها|هم)(?=\s|$)|كلم(?:ه|ها|هم|و)(?=\s|$)|(?:^|\s)كلم\s|اتصل\w*\s+(?:به|بها|فيه|فيها|عليه|عليها|ب)|طلبيه|رقم الطلب|الطلب|فاتوره|موديل|الشحنه|شحنه|مشاهده|متابع|حساب|ايبان"
    r"|\b(?:mrati|marti|zawjti|zawji|jozi|gozi|akhi|akhoy|akhoya|okhti|ommi|abouya|sa7bi|sadi2i|ra2mo|ra2mha|talab)\b"
)
_UNIT_AFTER = re.compile(
    r"^\s*(?:[%$€£°]|(?:sar|aed|egp|usd|eur|gbp|kwd|qar|omr|bhd|jod|dollars?|riyals?|dirhams?|pounds?|euros?|k|m|km|kg|g|cm|mm|ml|l"
    r"|views?|likes?|followers?|pieces?|pcs|units?|points?|people|times?|years?|days?|hours?|sq(?:m|ft)?)\b"
    r"|(?:ريال|درهم|جنيه|دولار|دينار|يورو|الف|مليون|مشاهد|متابع|قطعه|حبه|كيلو|متر|نقطه|مره|سنه|يوم))"
)
# What may stand beside a number in a message that is nothing but it.
_COURTESY = frozenset(
    "hi hello hey thanks thank you please pls ok okay yes sure here is it's its it this there you go i'm im i am my me mr mrs ms name and or with the to on at"
    " مرحبا اهلا هلا السلام عليكم شكرا تفضل تفضلي تفضلو نعم اي ايوه طيب اوكي من فضلك لو سمحت هذا هو معك معاك انا اسمي و"
    " salam marhaba ahlan shukran ana esmi ismi tfadal aywa".split()
)
_INTRODUCE = frozenset("i'm im am name esmi ismi ana اسمي انا معك معاك".split())
_VERBS = frozenset(
    "contact call write ask see visit check send try cancel stop find كلم راسل اسال شوف الغ ارسل".split()
)
_ASKS = re.compile(
    r"\?|؟|\b(?:please|leave|share|send|give|provide|may i|could you|can you|what|tell)\b|هل|اترك|شارك|ارسل|زود|ممكن|اكتب|اعط|ما هو|تكرم"
)
_ASKED = {
    "phone": re.compile(
        r"(?:phone|mobile|contact|whats ?app|call ?back|telephone)\s*(?:number|no)\b|\byour (?:number|phone|mobile|whats ?app)\b"
        r"|number (?:to|where|so|that|for)|a phone\b|رقم\s*(?:ال)?(?:هاتف|جوال|موبايل|تواصل|تلفون|واتس)|رقمك|جوالك|هاتفك|موبايلك|برقم"
    ),
    "email": re.compile(r"\be ?-?mail\b|ايميل|بريد"),
}  # fmt: skip


class _Found(NamedTuple):
    kind: str
    value: str
    written_for_it: bool  # a number that looks like nothing but a phone number


def phone(text: str, reply: str = "") -> str:
    """Their own phone number, as digits with an optional leading +, or "". `reply`: what the assistant said before."""
    return next(phones(text, reply), "")


def email(text: str, reply: str = "") -> str:
    """Their own email address, lower case, or ""."""
    return next(emails(text, reply), "")


def phones(text: str, reply: str = "") -> Iterator[str]:
    return (value for kind, value in _own(text, reply) if kind == "phone")


def emails(text: str, reply: str = "") -> Iterator[str]:
    return (value for kind, value in _own(text, reply) if kind == "email")


def _own(text: str, reply: str) -> Iterator[tuple[str, str]]:
    marked, details = _details(language.clean(text))
    folded = language.fold(marked)
    if not details:
        return
    asked = {kind for kind in ("phone", "email") if is_asked(reply, kind)}
    alone = _is_alone(marked) and not _OTHERS.search(language.normalize(reply))
    for at, found in ((folded.index(mark), one) for mark, one in details.items()):
        before, after = folded[max(0, at - 160) : at], folded[at + 1 : at + 80]
        if found.kind == "phone" and _UNIT_AFTER.match(after):
            continue
        if (
            _BEFORE[found.kind].search(before)
            or _AFTER[found.kind].match(after)
            or (_LABEL[found.kind].search(before) and not _OTHERS.search(folded))
            or (found.kind in asked and not _OTHERS.search(folded))
            or (alone and found.written_for_it)
        ):
            yield found.kind, found.value


def is_asked(reply: str, kind: str) -> bool:
    """Whether the assistant has just asked for it."""
    said = language.normalize(reply)
    return bool(_ASKED[kind].search(said) and _ASKS.search(said))


def _details(text: str) -> tuple[str, dict[str, _Found]]:
    """The text with a mark in place of each number and address, and what the marks stand for, in order."""
    found: dict[str, _Found] = {}

    def mark(one: _Found | None, instead: str = " * ") -> str:
        if one is None or len(found) > _LAST - _FIRST:
            return instead
        found[chr(_FIRST + len(found))] = one
        return f" {chr(_FIRST + len(found) - 1)} "

    text = re.sub(_DETAIL, " ", text)
    text = EMAIL.sub(lambda one: mark(_Found("email", one.group(0).rstrip(".-").lower(), True)), text)
    text = _NO_NUMBER.sub(lambda one: one.group(0) if NUMBER.fullmatch(one.group(0)) else " * ", text)
    text = NUMBER.sub(lambda one: mark(_number(one), one.group(0)), text)
    return text, found


def _number(found: re.Match[str]) -> _Found | None:
    digits = re.sub(r"\D", "", found.group(0))
    if found.group(1) is not None:
        number = "+" + (digits[2:] if found.group(1) == "00" else digits)
        return _Found("phone", number, True) if 8 <= len(number) - 1 <= 15 and _possible(number) else None
    if _NATIONAL.match(digits):
        return _Found("phone", digits, digits.startswith("0"))
    # A country code without its plus: 9665…, 9715…, 2010….
    if 11 <= len(digits) <= 15 and _possible("+" + digits):
        return _Found("phone", "+" + digits, False)
    return _Found("phone", digits, False) if 7 <= len(digits) <= 15 else None


def _possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def _is_alone(marked: str) -> bool:
    """Whether there is nothing beside numbers and addresses but courtesy, or a few words that may be a name."""
    if _OTHERS.search(language.fold(marked)) or "?" in marked or "؟" in marked:
        return False
    rest = re.sub(rf"{_DETAIL}|[^\w'’]+", " ", marked).split()
    words = [word for word in rest if language.fold(word) not in _COURTESY]
    introduced = any(language.fold(word) in _INTRODUCE for word in rest)
    return len(words) <= 3 and all(_may_be_name(word, introduced) for word in words)


def _may_be_name(word: str, introduced: bool) -> bool:
    if any(c.isdigit() for c in word) or language.fold(word) in _VERBS:
        return False
    return introduced or language.has_arabic(word) or word[:1].isupper()
