"""What a message is made of besides words and files: a place, an order, the answers of a form, a shared post.

Adapters say it in these plain structs; `as_json()` is how one lies in a message's payload. The words for people and for
the assistant are made where it is shown (apps.conversations.wording), so that each reader gets their own language.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Sharing(StrEnum):
    """What somebody shared or answered to."""

    POST = "post"
    REEL = "reel"
    STORY = "story"
    PRODUCT = "product"
    LINK = "link"


class Mark(StrEnum):
    """What a platform says of a message as a whole."""

    FORWARDED = "forwarded"
    FORWARDED_OFTEN = "forwarded_often"
    DISAPPEARING = "disappearing"
    EMPTY_FORM = "empty_form"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A location that was sent. Coordinates are degrees, None where only an address is known."""

    name: str = ""
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A card of somebody, not of who sends it (see Inbound.shared)."""

    name: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    company: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of an order. `sku`: our own code of the item; `price` of one, decimal text; `title` where it is known."""

    sku: str = ""
    quantity: str = "1"
    price: str = ""
    currency: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Order:
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer of a form: `question` as the form's maker named it."""

    question: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class Product:
    """The item that a message is about."""

    sku: str = ""
    title: str = ""
    subtitle: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Share:
    """Something of the web or of the platform that was shared, mentioned or answered."""

    what: Sharing = Sharing.LINK
    title: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The small print of a row that was chosen from a list."""

    description: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """Words on a card that stands for a message (a template of another app): not the sender's own."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Marked:
    mark: Mark


@dataclass(frozen=True, kw_only=True)
class Strange:
    """A kind of message that we do not know, or that the platform does not show. `reason`: English source sentence."""

    type: str = ""
    reason: str = ""


Part = Place | Contact | Order | Answer | Product | Share | Choice | Said | Marked | Strange
PARTS: dict[str, type[Any]] = {
    "place": Place,
    "contact": Contact,
    "order": Order,
    "answer": Answer,
    "product": Product,
    "share": Share,
    "choice": Choice,
    "said": Said,
    "marked": Marked,
    "strange": Strange,
}
_NAMES = {kind: name for name, kind in PARTS.items()}


def as_json(part: Part) -> dict[str, Any]:
    """A part as it is kept: what is empty is left out."""
    return {"is": _NAMES[type(part)], **_full(asdict(part))}


def _full(value: dict[str, Any]) -> dict[str, Any]:
    found = {name: one for name, one in value.items() if one not in ("", None, ())}
    return {
        name: [_full(row) if isinstance(row, dict) else row for row in one] if isinstance(one, tuple) else one
        for name, one in found.items()
    }
