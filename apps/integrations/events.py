"""Facts about connected accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class AccountConnected(Event):
    type: ClassVar[str] = "account.connected"
    description: ClassVar[str] = "A page, Instagram account, WhatsApp number or chat was connected."
    example: ClassVar[dict[str, Any]] = {
        "account_id": 3,
        "channel": "whatsapp",
        "external_id": "106540352242922",
        "name": "Northgate Workwear",
    }

    account_id: int
    channel: str
    external_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class AccountDisconnected(Event):
    type: ClassVar[str] = "account.disconnected"
    description: ClassVar[str] = "An account was disconnected; nothing arrives or leaves through it any more."
    example: ClassVar[dict[str, Any]] = {"account_id": 3, "channel": "whatsapp", "external_id": "106540352242922"}

    account_id: int
    channel: str
    external_id: str


@dataclass(frozen=True, kw_only=True)
class AccountTroubled(Event):
    type: ClassVar[str] = "account.troubled"
    description: ClassVar[str] = "An account stopped working, for example because its token expired."
    example: ClassVar[dict[str, Any]] = {
        "account_id": 3,
        "channel": "facebook",
        "code": "190",
        "problem": "The access token has expired or was withdrawn. Connect the account again.",
    }

    account_id: int
    channel: str
    code: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class AccountRecovered(Event):
    type: ClassVar[str] = "account.recovered"
    description: ClassVar[str] = "An account that needed attention works again."
    example: ClassVar[dict[str, Any]] = {"account_id": 3, "channel": "facebook"}

    account_id: int
    channel: str
