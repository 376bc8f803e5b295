"""Telling the user, after an htmx request, what was done: `return toast(render(...), _("Moved to Won"), undo_url=…)`.

After a full page load use django.contrib.messages; it appears in the same place.
"""

import json
from typing import Any

from django.http import HttpResponse


def toast(response: HttpResponse, message: Any, *, tone: str = "good", undo_url: str = "") -> HttpResponse:
    """Adds to whatever HX-Trigger already says. `undo_url` gets a POST when the user takes the act back."""
    events = _events(response.headers.get("HX-Trigger", ""))
    shown = events.setdefault("toast", {"toasts": []})
    shown["toasts"].append({"message": str(message), "tone": tone, "undo": undo_url})
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def announce(response: HttpResponse, message: Any) -> HttpResponse:
    """Says it to screen readers only."""
    events = _events(response.headers.get("HX-Trigger", ""))
    events["announce"] = {"message": str(message)}
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def _events(header: str) -> dict[str, Any]:
    if header.startswith("{"):
        known: dict[str, Any] = json.loads(header)
        return known
    return {name.strip(): {} for name in header.split(",") if name.strip()}
