"""Tolerant readers for JSON that others wrote: whatever is in there, what comes out can be stored.

Meta's bodies are trusted for who sent them (the signature), not for what is in them: a field that was a
string for years arrives as a number, a list as null, and customers type whatever they like.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.conversations.adapters import AccountNotice, Fact
from apps.jobs import clock

TEXT_LIMIT = 100_000
ID_LIMIT = 512
DEPTH_LIMIT = 40
_EARLIEST = datetime(2005, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


def clean(value: str, limit: int = TEXT_LIMIT) -> str:
    """`value` without what PostgreSQL cannot hold (NUL, lone surrogates), at most `limit` characters long."""
    if len(value) > limit:
        value = value[:limit]
    if "\x00" in value:
        value = value.replace("\x00", "")
    try:
        value.encode()
    except UnicodeEncodeError:
        value = value.encode("utf-8", "replace").decode()
    return value


def text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """A string as it is, a number as its digits, anything else as nothing."""
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return number(value)[:limit]


def number(value: float) -> str:
    try:
        return str(value) if isinstance(value, int) or math.isfinite(value) else ""
    except ValueError:  # an integer of more than 4,300 digits
        return ""


def identifier(value: Any) -> str:
    """An id: a string or an integer; "" when there is none or it is absurdly long."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    found = text(value, ID_LIMIT + 1).strip()
    return "" if len(found) > ID_LIMIT else found


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as JSON that a database takes: cleaned strings, finite numbers, a limited depth."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        if depth >= DEPTH_LIMIT:
            return "…"
        return {clean(str(key), ID_LIMIT): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return "…" if depth >= DEPTH_LIMIT else [plain(item, depth + 1) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**18 else number(value)[:ID_LIMIT]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return clean(str(value))


def details(value: Any) -> dict[str, Any]:
    """`value` as a `details` dictionary; what is not an object is kept under "raw"."""
    found = plain(value)
    return found if isinstance(found, dict) else {"raw": found}


def moment(value: Any, otherwise: datetime) -> datetime:
    """A time in seconds, milliseconds or microseconds, as a number, a string of digits or ISO 8601.

    What is missing, unreadable, before 2005 or more than a day after `otherwise` becomes `otherwise`.
    """
    found = _read_moment(value)
    if found is None or found < _EARLIEST or found > otherwise + _AHEAD:
        return otherwise
    return found


def _read_moment(value: Any) -> datetime | None:
    try:
        if isinstance(value, str):
            value = value.strip()
            if not value.replace(".", "", 1).isdecimal():
                return _read_iso(value)
            value = float(value) if len(value) < 40 else math.inf
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        for unit in (1, 1_000, 1_000_000):  # seconds reach 1e11 in the year 5138
            if abs(value) < 1e11 * unit:
                return datetime.fromtimestamp(value / unit, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _read_iso(value: str) -> datetime | None:
    # Graph writes offsets without a colon: 2026-11-02T10:15:00+0000.
    found = datetime.fromisoformat(value)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def made_id(kind: str, event: Any) -> str:
    """A stable id for an event that has none of its own: the same event twice gives the same id."""
    text_of = json.dumps(plain(event), sort_keys=True, ensure_ascii=False)
    return f"{kind}.{hashlib.sha256(text_of.encode()).hexdigest()[:40]}"


def malformed(account: str, at: datetime, why: str, raw: Any) -> AccountNotice:
    return AccountNotice(account=account, at=at, topic="malformed", text=why, details=details(raw))


def kept(facts: Iterator[Fact], account: str, at: datetime, raw: Any) -> Iterator[Fact]:
    """`facts` as they come; should reading them fail, those found so far and a notice that keeps the raw event."""
    try:
        yield from facts
    except Exception as error:  # noqa: BLE001 - one event that we cannot read must not cost us the others
        yield malformed(account, at, f"unreadable: {type(error).__name__}", raw)


def entries(part: Any, received_at: datetime | None) -> Iterator[tuple[dict[str, Any], str, datetime]]:
    """The entries of a body: (entry, account id, its time). What is no object comes as {"unreadable": …}."""
    now = received_at or clock.now()
    body = mapping(part)
    found = body.get("entry")
    if not isinstance(found, list):
        found = [part]
    for entry in found:
        if isinstance(entry, dict):
            yield entry, identifier(entry.get("id")), moment(entry.get("time"), now)
        else:
            yield {"unreadable": entry}, "", now


def split(body: Any) -> dict[str, dict[str, Any]]:
    """`accounts()` of a body whose entries each belong to one account, named by the entry's id."""
    if not isinstance(body, dict) or not isinstance(body.get("entry"), list):
        return {"": body if isinstance(body, dict) else {"entry": [body]}}
    parts: dict[str, dict[str, Any]] = {}
    for entry in body["entry"]:
        account = identifier(entry.get("id")) if isinstance(entry, dict) else ""
        part = parts.get(account)
        if part is None:
            part = parts[account] = {"object": body.get("object", ""), "entry": []}
        part["entry"].append(entry)
    return parts
