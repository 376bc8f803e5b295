"""What people say about themselves, checked: each function returns the value to keep or raises Refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from apps.ui import text

from . import numbers

NAMES = ("name", "email", "phone", "company")


class Refused(Exception):
    """A value that cannot be kept; the message is a sentence for whoever typed it."""


def name(given: object) -> str:
    value = text.line(given, 400)
    if len(value) > 160:
        raise Refused(_("A name has at most 160 characters."))
    if not any(c.isalpha() for c in value) or "@" in value or re.search(r"https?:|www\.|[<>{}]", value, re.IGNORECASE):
        raise Refused(_("This does not look like a name."))
    return value


def company(given: object) -> str:
    value = text.line(given, 400)
    if not any(c.isalnum() for c in value) or len(value) > 160:
        raise Refused(_("This does not look like a company's name."))
    return value


def email(given: object) -> str:
    value = text.line(given, 400).lower()
    try:
        validate_email(value)
    except ValidationError:
        raise Refused(_("This is not an email address; one looks like name@example.com.")) from None
    if len(value) > 254:
        raise Refused(_("This email address is too long."))
    return value


def phone(given: object, country: str = "") -> str:
    """E.164, in the one form of numbers.py."""
    try:
        return numbers.read(given, country)
    except ValueError as problem:
        if str(problem) == "no such phone number":
            raise Refused(_("This phone number cannot exist; please check its digits.")) from None
        raise Refused(_("This is not a phone number; one looks like +971 50 123 4567.")) from None


def checked(given: Mapping[str, object], country: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    """Of what was given under NAMES: what can be kept, and what cannot, with the sentence that says why."""
    kept: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for attribute, check in (("name", name), ("email", email), ("company", company), ("phone", phone)):
        value = given.get(attribute)
        if value is None or not str(value).strip():
            continue
        try:
            kept[attribute] = phone(value, country) if attribute == "phone" else check(value)
        except Refused as refusal:
            refused[attribute] = str(refusal)
    return kept, refused


def digits(typed: str) -> str:
    """The digits of a phone number somebody searches for, without trunk zeros: "050 123" → "50123"; else ""."""
    value = text.western_digits(typed).strip()
    if not re.fullmatch(r"[+()\d\s./-]{3,25}", value):
        return ""
    return re.sub(r"\D", "", value).lstrip("0")
