"""What somebody filled in, as answers: WhatsApp's flows, the lead forms of Messenger and Instagram.

A form names its fields as its maker liked; nothing else tells what was asked.
"""

from __future__ import annotations

import json
import re
from typing import Any

from apps.conversations.adapters import Shared
from apps.conversations.adapters.parts import Answer
from apps.conversations.adapters.reading import mapping, sequence, text

_MOST = 100  # answers of one form
_PLUMBING = {"flow_token"}
# Fields of a form that ask about the person themselves; "company_name" or "guest_email" does not.
_ASKS = {
    **dict.fromkeys(("email", "e mail", "email address", "your email", "my email"), "email"),
    **dict.fromkeys(("phone", "phone number", "mobile", "mobile number", "telephone", "your phone"), "phone"),
    **dict.fromkeys(("name", "full name", "your name", "my name"), "name"),
}
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,}")


def answers(given: Any) -> tuple[Answer, ...]:
    return tuple(_leaves(given))


def fields(given: Any) -> dict[str, Any]:
    """A list of `{name, values}`, as lead forms come, as an object."""
    rows = [mapping(one) for one in sequence(given)[:_MOST]]
    return {name: row.get("values", row.get("value")) for row in rows if (name := text(row.get("name"), 200))}


def _leaves(given: Any, under: str = "", depth: int = 0) -> list[Answer]:
    """The leaves of whatever a form sent."""
    if isinstance(given, dict) and depth < 5:
        found = [
            one
            for key, value in list(given.items())[:_MOST]
            if key not in _PLUMBING
            for one in _leaves(value, " ".join(filter(None, [under, _readable(key)])), depth + 1)
        ]
        return found[:_MOST]
    if isinstance(given, list) and any(isinstance(one, dict | list) for one in given) and depth < 5:
        return [one for value in given[:_MOST] for one in _leaves(value, under, depth + 1)][:_MOST]
    said = ", ".join(filter(None, map(_value, given[:_MOST]))) if isinstance(given, list) else _value(given)
    return [Answer(question=under, answer=said[:2000])] if said else []


def _value(given: Any) -> str:
    if isinstance(given, bool):
        return "✓" if given else "✗"
    return text(given, 2000).strip()


def _readable(key: Any) -> str:
    """`screen_0_First_name_1` → "First name 1": how a form's maker names fields is all there is."""
    words = re.sub(r"^screen_\d+_", "", text(key, 200), flags=re.IGNORECASE)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words)
    return " ".join(re.sub(r"[_\-.]+", " ", words).split())


def about(answers: tuple[Answer, ...]) -> Shared | None:
    """What the form asks about the person themselves, told by how its fields are named."""
    found: dict[str, str] = {}
    for one in answers:
        what = _ASKS.get(re.sub(r" \d+$", "", one.question.lower()))
        if what and (what != "email" or _EMAIL.fullmatch(one.answer)):
            found.setdefault(what, one.answer)
    return Shared(**found) if found else None


def decoded(raw: Any) -> Any:
    """The JSON in a text, or what was given."""
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw
