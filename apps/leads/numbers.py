"""Phone numbers in one form: every door reads them here, and whatever compares two of them asks here.

    read("050 123 4567", "AE")   "+971501234567"   E.164, as it is dialed today; ValueError where none can be read
    key("+5491123456789")        "+541123456789"   equal for all ways to write one line: for comparing, not for dialing
    spellings("+541123456789")   {"+541123456789", "+5491123456789"}   what a stored number with that key may read

Countries changed their plans and platforms did not: WhatsApp still knows Brazilian mobiles by eight digits, Mexican
ones with the 1 that went in 2019, and Argentine ones with the 9 that only callers from abroad dial
(github.com/WhatsApp/WhatsApp-Business-API-Setup-Scripts issues; Meta, "Phone numbers", 2025). Benin put 01 before
all of its numbers in 2024.
"""

from __future__ import annotations

import re

import phonenumbers

from apps.ui import text

# Today's form of numbers that are still met in an older one.
_TODAY = (
    (re.compile(r"\+55([1-9]\d)([6-9]\d{7})"), r"+55\g<1>9\2"),
    (re.compile(r"\+521(\d{10})"), r"+52\1"),
    (re.compile(r"\+229(\d{8})"), r"+22901\1"),
)
LONGEST = 16  # a plus and the 15 digits of E.164
_ARGENTINE_MOBILE = re.compile(r"\+549(\d{10})")


def read(given: object, country: str = "") -> str:
    """E.164. A national number is read in `country` (ISO 3166, two letters); without one only full numbers are read."""
    value = text.western_digits(text.line(given, 60))
    value = re.sub(r"^\(?\+?\s*00\s*(?=[1-9])", "+", value)
    if value.startswith(("+", "(+")):
        return _international(value)
    if country and (found := _valid(value, country.upper())):
        return found
    digits = re.sub(r"\D", "", value)
    if 10 <= len(digits) <= 15 and digits[0] != "0" and re.fullmatch(r"[\d\s().–/-]+", value):
        return _international(f"+{digits}", sure=bool(country))
    raise ValueError("no phone number")


def _international(value: str, *, sure: bool = False) -> str:
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException as error:
        raise ValueError("no phone number") from error
    today = _today(_e164(number))
    # New ranges reach our tables late: a full international number of a possible length is believed.
    known = phonenumbers.is_valid_number(phonenumbers.parse(today, None))
    if not known and (sure or not phonenumbers.is_possible_number(number)):
        raise ValueError("no such phone number")
    if not _is_settled(today):
        raise ValueError("no such phone number")
    return today


def _valid(value: str, country: str) -> str:
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return ""
    today = _today(_e164(number))
    known = phonenumbers.is_valid_number(phonenumbers.parse(today, None))
    return today if known and _is_settled(today) else ""


def _is_settled(number: str) -> bool:
    """What is too long, or reads otherwise the second time (zeros after the country's code), is nobody's number."""
    return len(number) <= LONGEST and _e164(phonenumbers.parse(number, None)) == number


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _today(number: str) -> str:
    for old, new in _TODAY:
        if found := old.fullmatch(number):
            return found.expand(new)
    return number


def key(number: str) -> str:
    """Of a number in E.164: the same for all ways to write one line. A line in Argentina has one number with and without 9."""
    today = _today(number)
    return _ARGENTINE_MOBILE.sub(r"+54\1", today) if _ARGENTINE_MOBILE.fullmatch(today) else today


def same(one: str, other: str) -> bool:
    return bool(one) and bool(other) and key(one) == key(other)


def spellings(number: str) -> set[str]:
    """The forms in which `read` may have stored this line."""
    line = key(number)
    return {line, f"+549{line[3:]}"} if re.fullmatch(r"\+54\d{10}", line) else {line}


def shown(number: str) -> str:
    """+971 50 123 4567."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
