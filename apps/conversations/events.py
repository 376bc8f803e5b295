"""Facts about conversations and their messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from apps.events import Event

_CONVERSATION: dict[str, Any] = {"conversation_id": 12, "lead_id": 7, "channel": "whatsapp"}
_MESSAGE: dict[str, Any] = {"message_id": 345, **_CONVERSATION}


@dataclass(frozen=True, kw_only=True)
class ConversationEvent(Event):
    conversation_id: int
    lead_id: int
    channel: str


@dataclass(frozen=True, kw_only=True)
class ConversationStarted(ConversationEvent):
    type: ClassVar[str] = "conversation.started"
    description: ClassVar[str] = "Somebody came into contact on a channel for the first time."
    example: ClassVar[dict[str, Any]] = {
        **_CONVERSATION,
        "account_id": 3,
        "origin": {"kind": "ad", "ad_id": "120210000", "title": "Winter offer"},
    }

    account_id: int
    origin: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ConversationReopened(ConversationEvent):
    type: ClassVar[str] = "conversation.reopened"
    description: ClassVar[str] = "A resolved or snoozed conversation is open again; `cause` says why."
    example: ClassVar[dict[str, Any]] = {**_CONVERSATION, "cause": "message"}

    cause: str  # message, user, time


@dataclass(frozen=True, kw_only=True)
class ConversationResolved(ConversationEvent):
    type: ClassVar[str] = "conversation.resolved"
    description: ClassVar[str] = "A conversation was marked as resolved."
    example: ClassVar[dict[str, Any]] = dict(_CONVERSATION)


@dataclass(frozen=True, kw_only=True)
class ConversationSnoozed(ConversationEvent):
    type: ClassVar[str] = "conversation.snoozed"
    description: ClassVar[str] = "A conversation was put off until a time."
    example: ClassVar[dict[str, Any]] = {**_CONVERSATION, "until": "2026-11-23T08:00:00+00:00"}

    until: str


@dataclass(frozen=True, kw_only=True)
class ConversationAssigned(ConversationEvent):
    type: ClassVar[str] = "conversation.assigned"
    description: ClassVar[str] = "A conversation was given to a person, or to nobody."
    example: ClassVar[dict[str, Any]] = {**_CONVERSATION, "assignee_id": 4}

    assignee_id: int | None


@dataclass(frozen=True, kw_only=True)
class ConversationHandedOff(ConversationEvent):
    type: ClassVar[str] = "conversation.handed_off"
    description: ClassVar[str] = (
        "The assistant gave a conversation to people and is silent there; `sentence` says why, `note` in whose words."
    )
    example: ClassVar[dict[str, Any]] = {
        **_CONVERSATION,
        "reason": "asked",
        "note": "Wants to speak about a bulk order.",
        "sentence": "The customer asked for a person.",
    }

    reason: str
    note: str
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class ConversationTakenOver(ConversationEvent):
    type: ClassVar[str] = "conversation.taken_over"
    description: ClassVar[str] = "A person took a conversation over from the assistant; `user_id` null: in another app."
    example: ClassVar[dict[str, Any]] = {**_CONVERSATION, "user_id": 4}

    user_id: int | None


@dataclass(frozen=True, kw_only=True)
class ConversationGivenBack(ConversationEvent):
    type: ClassVar[str] = "conversation.given_back"
    description: ClassVar[str] = "The assistant answers a conversation again."
    example: ClassVar[dict[str, Any]] = {**_CONVERSATION, "user_id": 4}

    user_id: int | None


@dataclass(frozen=True, kw_only=True)
class MessageEvent(ConversationEvent):
    message_id: int


@dataclass(frozen=True, kw_only=True)
class MessageReceived(MessageEvent):
    type: ClassVar[str] = "message.received"
    description: ClassVar[str] = (
        "A customer wrote. `text` holds their own words, `parts` what else the message is made of: a place, the lines of "
        "an order, the answers of a form, the product it is about …; each part says what it `is`."
    )
    example: ClassVar[dict[str, Any]] = {
        **_MESSAGE,
        "kind": "text",
        "text": "Do you have safety boots in size 44?",
        "parts": [{"is": "product", "sku": "BOOT-42", "title": "Winter boots"}],
        "at": "2026-11-21T09:30:00+00:00",
        "origin": {},
    }

    kind: str
    text: str
    at: str
    origin: dict[str, Any]
    parts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class MessageSent(MessageEvent):
    type: ClassVar[str] = "message.sent"
    description: ClassVar[str] = "A message of ours was taken by the platform; `sender` is `bot`, `user` or `app`."
    example: ClassVar[dict[str, Any]] = {
        **_MESSAGE,
        "sender": "bot",
        "kind": "text",
        "text": "Yes, in black and in brown.",
        "at": "2026-11-21T09:30:04+00:00",
    }

    sender: str
    kind: str
    text: str
    at: str


@dataclass(frozen=True, kw_only=True)
class MessageDelivered(MessageEvent):
    type: ClassVar[str] = "message.delivered"
    description: ClassVar[str] = "A message of ours reached the customer's device."
    example: ClassVar[dict[str, Any]] = dict(_MESSAGE)


@dataclass(frozen=True, kw_only=True)
class MessageRead(MessageEvent):
    type: ClassVar[str] = "message.read"
    description: ClassVar[str] = "The customer read a message of ours."
    example: ClassVar[dict[str, Any]] = dict(_MESSAGE)


@dataclass(frozen=True, kw_only=True)
class MessageFailed(MessageEvent):
    type: ClassVar[str] = "message.failed"
    description: ClassVar[str] = (
        "A message of ours was refused for good; `code` is the platform's own. `partly`: some of its pieces arrived."
    )
    example: ClassVar[dict[str, Any]] = {
        **_MESSAGE,
        "code": "131047",
        "reason": "The reply window is shut.",
        "partly": False,
    }

    code: str
    reason: str
    partly: bool = False


@dataclass(frozen=True, kw_only=True)
class MessageEdited(MessageEvent):
    type: ClassVar[str] = "message.edited"
    description: ClassVar[str] = "A customer rewrote a message."
    example: ClassVar[dict[str, Any]] = {**_MESSAGE, "text": "Size 45, sorry."}

    text: str


@dataclass(frozen=True, kw_only=True)
class MessageUnsent(MessageEvent):
    type: ClassVar[str] = "message.unsent"
    description: ClassVar[str] = "A customer took a message back; its content is gone here too."
    example: ClassVar[dict[str, Any]] = dict(_MESSAGE)


@dataclass(frozen=True, kw_only=True)
class MessageReacted(MessageEvent):
    type: ClassVar[str] = "message.reacted"
    description: ClassVar[str] = "A customer put an emoji on a message, or took it away (empty)."
    example: ClassVar[dict[str, Any]] = {**_MESSAGE, "emoji": "❤"}

    emoji: str


@dataclass(frozen=True, kw_only=True)
class AccountNoticed(Event):
    type: ClassVar[str] = "account.noticed"
    description: ClassVar[str] = "A platform said something about a connected account: quality, templates, limits."
    example: ClassVar[dict[str, Any]] = {
        "account_id": 3,
        "channel": "whatsapp",
        "topic": "phone_number_quality_update",
        "text": "FLAGGED",
    }

    account_id: int
    channel: str
    topic: str
    text: str
