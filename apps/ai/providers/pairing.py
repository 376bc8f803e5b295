"""Turns in the order every vendor insists on: each call answered, each answer to a call that was made."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from apps.ai.providers import Turn


def paired(turns: Sequence[Turn]) -> list[Turn]:
    """A crash between a call and its result leaves half a pair; vendors answer that with an error forever."""
    results = {turn.call_id: turn for turn in turns if turn.role == "tool"}
    found: list[Turn] = []
    for turn in turns:
        if turn.role == "tool":
            continue
        if turn.role == "assistant" and turn.calls:
            found.append(turn)
            for call in turn.calls:
                missing = Turn(role="tool", call_id=call.id, name=call.name, result={"error": "There is no result."})
                found.append(results.get(call.id, missing))
        elif turn.whole.strip():
            found.append(turn)
    return found


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def slug(value: object) -> str:
    """A vendor's error code if it is one; free text may hold a key and is never repeated."""
    text = str(value or "")
    return text if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{1,50}", text) and not re.match(r"(?i)sk-|aiza", text) else ""


def seconds(value: object) -> float | None:
    """A Retry-After header in seconds, within reason."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return min(number, 3600.0) if number >= 0 else None
