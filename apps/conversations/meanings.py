"""What the assistant may have taken a message for: every code of the built-in one, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MEANINGS: dict[str, Any] = {
    "greeting": gettext_lazy("a greeting"),
    "thanks": gettext_lazy("thanks"),
    "goodbye": gettext_lazy("a goodbye"),
    "help": gettext_lazy("a call for help"),
    "bot": gettext_lazy("the question whether a machine answers"),
    "capabilities": gettext_lazy("the question what you offer"),
    "hours": gettext_lazy("a question about your opening hours"),
    "location": gettext_lazy("a question about where you are"),
    "search": gettext_lazy("a question about what you sell"),
    "item": gettext_lazy("a question about one item"),
    "fact": gettext_lazy("a question about one item"),
    "which": gettext_lazy("a question that fits several items"),
    "variant": gettext_lazy("the wish for another size, color or the like"),
    "more": gettext_lazy("the wish to see more"),
    "cheaper": gettext_lazy("the wish for something cheaper"),
    "knowledge": gettext_lazy("a question that one of your notes answers"),
    "order": gettext_lazy("the wish to order"),
    "contact": gettext_lazy("their contact details"),
    "human": gettext_lazy("the wish to speak to a person"),
    "complaint": gettext_lazy("a complaint"),
    "stop": gettext_lazy("the wish to get no more messages"),
    "yes": gettext_lazy("a yes"),
    "no": gettext_lazy("a no"),
    "injection": gettext_lazy("an attempt to change its instructions"),
    "unknown": gettext_lazy("something that it did not understand"),
}


def meaning(code: str, *, trained: bool | None = None) -> str:
    """A sentence; `code` is a built-in one or the name of something the organization taught ("" where no model tells)."""
    if not code or code == "unchecked":
        return _("The assistant read the conversation.")
    if trained or code not in MEANINGS:
        return _("Understood as what you taught it under “%(name)s”.") % {"name": code}
    return _("Understood as: %(meaning)s.") % {"meaning": MEANINGS[code]}
