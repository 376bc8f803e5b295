"""Which adapter speaks for which channel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from apps.conversations.adapters import (
    Account,
    Attachment,
    Fact,
    Health,
    Limits,
    Media,
    Outgoing,
    Person,
    Profile,
    Reason,
    Sent,
    instagram,
    messenger,
    webchat,
    whatsapp,
)


class Adapter(Protocol):
    """The verbs of an adapter module; what they mean stands in the package's docstring."""

    NAME: str
    LIMITS: Limits

    def accounts(self, body: Any, /) -> dict[str, dict[str, Any]]: ...
    def parse(self, part: Any, /, received_at: datetime | None = None) -> list[Fact]: ...
    def check(self, account: Account, /) -> Health: ...
    def subscribe(self, account: Account, /) -> None: ...
    def profile(self, account: Account, person: Person, /) -> Profile: ...
    def media(self, account: Account, attachment: Attachment, /) -> Media: ...
    def send(self, account: Account, message: Outgoing, /) -> Sent: ...
    def find(self, account: Account, message: Outgoing, /) -> Sent | None: ...
    def explain(self, code: Any, subcode: Any = "", /) -> Reason: ...


ADAPTERS: dict[str, Adapter] = {
    "facebook": messenger,
    "instagram": instagram,
    "whatsapp": whatsapp,
    "webchat": webchat,
}


def channels() -> Iterable[str]:
    return ADAPTERS.keys()


def adapter(channel: str) -> Adapter:
    """The adapter of a channel; KeyError names a channel that does not exist."""
    return ADAPTERS[channel]
