"""Reads: the organization's chat, and a visitor's thread as their browser shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.ai.queries import persona
from apps.conversations.models import Conversation, Message, Owner
from apps.conversations.queries import present
from apps.conversations.replies import REPLY
from apps.conversations.wording import safe_url
from apps.integrations.models import ConnectedAccount
from apps.jobs import services as jobs
from apps.organizations.queries import current_organization

from .visitors import Visitor

CHANNEL = "webchat"
PAGE = 40  # messages at once

Status = Message.Status
_SHOWN = (Status.RECEIVED, Status.SENT, Status.DELIVERED, Status.READ)
_ARRIVED = (Status.SENT, Status.DELIVERED)


def chat_account() -> ConnectedAccount | None:
    """The organization's own chat (not the simulator's), on or off."""
    return (
        ConnectedAccount.objects.filter(channel=CHANNEL)
        .exclude(settings__has_key="simulated")
        .defer("credentials")
        .order_by("id")
        .first()
    )


def is_on(account: ConnectedAccount | None) -> bool:
    return account is not None and account.state != ConnectedAccount.State.DISCONNECTED


@dataclass
class Thread:
    """What a visitor's browser shows. `state` changes whenever anything here does; `older` is a cursor or None."""

    state: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    older: int | None = None
    typing: str = ""  # who writes just now
    with_person: bool = False
    unread: int = 0


def conversation_of(account: ConnectedAccount, visitor: Visitor) -> Conversation | None:
    return (
        Conversation.objects.filter(
            account=account,
            identity__kind=CHANNEL,
            identity__account=account.external_id,
            identity__value=visitor.id,
        )
        .select_related("lead")
        .first()
    )


def thread(conversation: Conversation | None, *, known: str = "", before: int | None = None) -> Thread | None:
    """The newest messages, or those before an older one; None where `known` is still the state."""
    if conversation is None:
        return None if known == "none" else Thread(state="none")
    typing = _who_types(conversation)
    state = f"{conversation.changed}.{conversation.owner}.{'t' if typing else ''}"
    if known == state and before is None:
        return None
    rows = Message.objects.filter(
        conversation=conversation, direction__in=[Message.Direction.IN, Message.Direction.OUT], status__in=_SHOWN
    ).exclude(kind__in=["notice", "system"])
    if before is not None:
        edge = rows.filter(pk=before).values_list("at", flat=True).first()
        rows = rows.filter(at__lte=edge, pk__lt=before) if edge else rows.none()
    newest = list(rows.select_related("user").order_by("-at", "-id")[: PAGE + 1])
    shown = newest[:PAGE][::-1]
    names = _Names(conversation)
    return Thread(
        state=state,
        messages=[_line(row, names) for row in shown],
        older=shown[0].pk if len(newest) > PAGE else None,
        typing=typing,
        with_person=conversation.owner == Owner.HUMAN,
        unread=sum(row.direction == Message.Direction.OUT and row.status in _ARRIVED for row in shown),
    )


def _who_types(conversation: Conversation) -> str:
    """An agent who types, or the persona while an answer is being made; "" for nobody."""
    for presence in present(conversation):
        if presence.is_typing:
            return first_name(str(presence.user))
    if conversation.owner != Owner.BOT or not jobs.is_under_way((REPLY, str(conversation.pk))):
        return ""
    return str(persona().name)


def first_name(name: str) -> str:
    """What customers see of an agent's name; never an e-mail address."""
    return name.split("@", maxsplit=1)[0].split(maxsplit=1)[0][:40] if name.split() else ""


class _Names:
    def __init__(self, conversation: Conversation) -> None:
        self.bot = str(persona().name)
        self.house = current_organization().name

    def of(self, message: Message) -> str:
        if message.sender == "bot":
            return self.bot
        return (first_name(str(message.user)) if message.user else "") or self.house


def _line(message: Message, names: _Names) -> dict[str, Any]:
    mine = message.direction == Message.Direction.IN
    gone = message.unsent_at is not None
    payload = {} if gone else message.payload
    return {
        "id": message.external_id or str(message.uuid),
        "key": message.pk,
        "mine": mine,
        "at": message.at,
        "text": "" if gone else message.text,
        "author": "" if mine else names.of(message),
        "is_bot": message.sender == "bot",
        "files": [] if gone else [one for raw in message.attachments if (one := _file(raw))],
        "cards": [_card(card) for card in payload.get("cards", ())],
        "replies": [
            {"title": one.get("title", ""), "payload": one.get("payload") or one.get("title", "")}
            for one in payload.get("quick_replies", ())
            if not one.get("url")
        ],
        "state": "removed" if gone else "received" if mine else message.status,
    }


def _file(raw: dict[str, Any]) -> dict[str, Any] | None:
    address = safe_url(raw.get("url"))
    if not address:
        return None
    return {
        "kind": raw.get("kind", "file"),
        "url": address,
        "name": raw.get("name") or "",
        "size": raw.get("size"),
    }


def _card(card: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": card.get("title", ""),
        "subtitle": card.get("subtitle", ""),
        "price": card.get("price", ""),
        "image": safe_url(card.get("image_url")),
        "url": safe_url(card.get("url")),
        "buttons": [
            {"title": one.get("title", ""), "payload": one["payload"]}
            for one in card.get("buttons", ())
            if one.get("payload")
        ],
    }


def unread_before(conversation: Conversation, until: datetime) -> bool:
    """Whether something that the visitor has now seen is not marked as read yet."""
    return Message.objects.filter(
        conversation=conversation, direction=Message.Direction.OUT, status__in=_ARRIVED, at__lte=until
    ).exists()
