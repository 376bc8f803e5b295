"""What has been said so far, as the offline provider needs it: the unanswered text, the results that came
back for it, and what was shown before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from apps.ai import language
from apps.ai.providers import Briefing, Request, ToolCall, Turn

# Our own listings: "1. Steel-toe boot — 149 SAR, 12 in stock".
_LISTED = re.compile(
    r"^[ \t]*(?:(\d{1,2})[.)][ \t]+|[•*-][ \t]+)?(\S[^\n]{0,200}?)[ \t]+—[ \t]+(\S[^\n]{0,200})$", re.MULTILINE
)


@dataclass(frozen=True)
class Item:
    """One row of a search result; every field as the row had it."""

    name: str
    price: Decimal | None = None
    currency: str = ""
    stock: int | None = None
    url: str = ""
    words: str = ""  # everything there is to recognize it by
    facts: Mapping[str, Any] = field(default_factory=dict)  # its attributes
    kind: str = ""  # product, property, service
    description: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def called(self, lang: str) -> str:
        return self.names.get(lang) or self.name


@dataclass
class Dialogue:
    text: str
    earlier: list[str]
    replies: list[str]
    language: str
    calls: list[ToolCall]
    results: dict[str, Any]  # by call id
    exchanges: list[tuple[str, str]]  # what we wrote, and what they answered to it
    shown: list[Item]  # what was spoken of last
    listed: list[Item]  # the last list of several, to which "the third" belongs
    searched: dict[str, Any]  # arguments of the last search before the unanswered text

    @property
    def last_reply(self) -> str:
        return self.replies[-1] if self.replies else ""

    def answers(self, tool: str) -> list[tuple[ToolCall, Any]]:
        """The calls of one tool made for the unanswered text, with their results."""
        return [(call, self.results.get(call.id)) for call in self.calls if call.name == tool]


def read(request: Request) -> Dialogue:
    turns = request.turns[-200:]
    start = _unanswered_from(turns)
    texts = [_asked(turn) for turn in turns[start:] if turn.role == "customer" and turn.text.strip()]
    text = language.clip("\n".join(texts[-10:]))
    earlier = [language.clean(turn.text, 500) for turn in turns[:start] if turn.role == "customer" and turn.text][-10:]
    replies = [turn.text[:2000] for turn in turns[:start] if turn.role == "assistant" and turn.text.strip()][-10:]
    return Dialogue(
        text=text,
        earlier=earlier,
        replies=replies,
        language=_language(text, earlier, request.briefing),
        calls=[call for turn in turns[start:] for call in turn.calls],
        results={turn.call_id: turn.result for turn in turns[start:] if turn.role == "tool"},
        exchanges=_exchanges(turns[-80:]),
        shown=_shown(turns[:start], replies),
        listed=_shown(turns[:start], replies, least=2),
        searched=_searched(turns[:start]),
    )


def _asked(turn: Turn) -> str:
    """What they say, with the item that they point at: "Is this in stock?" is about something."""
    said = language.clean(turn.text)
    return f"{said} {language.clean(turn.subject, 200)}" if turn.subject else said


def _unanswered_from(turns: Sequence[Turn]) -> int:
    for index in range(len(turns) - 1, -1, -1):
        if turns[index].role == "assistant" and not turns[index].calls and turns[index].text.strip():
            return index + 1
    return 0


def _language(text: str, earlier: Sequence[str], briefing: Briefing | None) -> str:
    spoken = [code for code in (briefing.languages if briefing else ()) if code in ("en", "ar")] or ["en"]
    for said in (text, *reversed(earlier)):
        code = language.detect(said)
        if code:
            return code if code in spoken else spoken[0]
    return spoken[0]


def items_of(result: Any) -> list[Item]:
    """The rows of a search result, whatever shape they came in; what cannot be read is left out."""
    rows = result.get("items") if isinstance(result, Mapping) else result
    if not isinstance(rows, (list, tuple)):
        return []
    return [item for item in (_item(row) for row in rows[:50]) if item]


def total_of(result: Any) -> int:
    total = result.get("total") if isinstance(result, Mapping) else None
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else len(items_of(result))


def _item(row: Any) -> Item | None:
    if not isinstance(row, Mapping):
        return None
    names = {code: str(name) for code, name in _mapping(row.get("names")).items() if name}
    for code, texts in _mapping(row.get("texts")).items():
        if isinstance(texts, Mapping) and texts.get("name"):
            names.setdefault(code, str(texts["name"]))
    name = row.get("name") or next(iter(names.values()), "")
    if not name:
        return None
    stock = row.get("stock")
    attributes = _mapping(row.get("attributes"))
    words = [
        name,
        *names.values(),
        row.get("sku"),
        row.get("category"),
        row.get("description"),
        *attributes,
        *(one for value in attributes.values() for one in (value if isinstance(value, list) else [value])),
    ]
    return Item(
        name=_line(name),
        price=_decimal(row.get("price")),
        currency=str(row.get("currency") or "")[:3].upper(),
        stock=stock if isinstance(stock, int) and not isinstance(stock, bool) else None,
        url=str(row.get("url") or ""),
        words=language.normalize(" ".join(str(word) for word in words if word)),
        names={code: _line(value) for code, value in names.items()},
        facts=attributes,
        kind=str(row.get("kind") or ""),
        description=" ".join(language.clean(row.get("description"), 500).split()),
    )


def _line(value: object) -> str:
    return " ".join(language.clean(value, 200).split())


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _decimal(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _exchanges(turns: Sequence[Turn]) -> list[tuple[str, str]]:
    said = [turn for turn in turns if turn.role in ("assistant", "customer") and turn.text.strip()]
    return [
        (ours.text[:2000], language.clean(theirs.text, 200))
        for ours, theirs in pairwise(said)
        if (ours.role, theirs.role) == ("assistant", "customer")
    ]


def _shown(turns: Sequence[Turn], replies: Sequence[str], *, least: int = 1) -> list[Item]:
    """The items of the last listing: from what was written, completed by the rows it was written from."""
    rows: dict[str, Item] = {}
    for turn in turns:
        if turn.role == "tool" and turn.name in ("", "search_catalog"):
            for item in items_of(turn.result):
                for name in (item.name, *item.names.values()):
                    rows[language.normalize(name)] = item
    for reply in reversed(replies[-4:]):
        listed = [(_line(found.group(2)), found.group(3)) for found in _LISTED.finditer(reply)]
        if len(listed) >= least:
            return [
                rows.get(language.normalize(name))
                or Item(name=name, words=language.normalize(name), price=_quoted(rest))
                for name, rest in listed[:10]
            ]
        folded = language.normalize(reply)
        named = sorted(
            {id(i): i for n, i in rows.items() if len(n) > 3 and n in folded}.values(),
            key=lambda i: folded.find(language.normalize(i.name)),
        )
        if len(named) >= least:
            return named[:10]
    return []


def _quoted(rest: str) -> Decimal | None:
    """The price with which a line of a listing goes on."""
    found = re.match(r"\d[\d,]*(?:\.\d+)?(?= )", rest)
    return _decimal(found.group()) if found else None


def _searched(turns: Sequence[Turn]) -> dict[str, Any]:
    for turn in reversed(turns):
        for call in turn.calls:
            if call.name == "search_catalog" and isinstance(call.arguments, dict):
                return call.arguments
    return {}
