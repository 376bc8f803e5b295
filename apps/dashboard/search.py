"""One search over everything: people, what was said, what is sold."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language

from apps.catalog import queries as catalog
from apps.catalog.models import Item
from apps.conversations.models import Message
from apps.conversations.search import matching
from apps.leads import queries as leads
from apps.leads.models import Lead
from apps.ui import phrases, text

MOST = 8  # of each kind; the list behind each heading shows the rest
LONGEST = 200
# So many of the newest hits are looked through for those of different conversations.
_LOOKED_AT = 60
_BEFORE, _AFTER = 60, 120  # characters shown around what was found


@dataclass(frozen=True)
class Said:
    """The newest message of a conversation that holds the words: what stands before, the hit itself, and after."""

    message: Message
    before: str
    hit: str
    after: str


@dataclass(frozen=True)
class Found:
    words: str
    people: list[Lead]
    said: list[Said]
    items: list[Item]

    @property
    def nothing(self) -> bool:
        return not (self.people or self.said or self.items)


def find(given: str) -> Found:
    """The best few of each kind for what was typed; a fixed number of queries however much there is."""
    words = text.line(given, LONGEST)
    if not text.normalize(words, LONGEST):
        return Found("", [], [], [])
    people = leads.search(leads.for_lists(leads.leads()), words).order_by("-last_activity_at", "-id")[:MOST]
    items = catalog.search(words, language=get_language(), limit=MOST, active=None)
    return Found(words, list(people), _said(words), items)


def _said(words: str) -> list[Said]:
    rows = (
        matching(words, limit=_LOOKED_AT)
        .filter(conversation__lead__deleted_at=None, unsent_at=None)
        .select_related("conversation__lead", "user")
    )
    newest: dict[int, Message] = {}
    for message in rows:
        newest.setdefault(message.conversation_id, message)
    return [_around(message, words) for message in list(newest.values())[:MOST]]


def _around(message: Message, words: str) -> Said:
    """Cut a long message down to the place where the first of the words stands."""
    said = " ".join(phrases.without_bidi_controls(message.text).split())
    low = said.lower()
    hits = [(low.find(word), word) for word in words.lower().split()]
    at, word = min((hit for hit in hits if hit[0] >= 0), default=(0, ""))
    if len(low) != len(said):  # a few letters change their length with their case
        at, word = 0, ""
    end = at + len(word)
    before = said[max(0, at - _BEFORE) : at]
    after = said[end : end + _AFTER]
    return Said(
        message,
        f"…{before}" if at > _BEFORE else before,
        said[at:end],
        f"{after}…" if len(said) > end + _AFTER else after,
    )
