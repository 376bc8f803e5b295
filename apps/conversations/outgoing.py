"""Write a message to a person: ask the gate, store, and promise to send it, in the caller's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from apps.ai.models import Generation
from apps.events import record
from apps.jobs import clock, trace
from apps.jobs import services as jobs
from apps.organizations.models import User

from . import gate
from .adapters import Attachment, Button, Card, Kind, Template
from .adapters.registry import adapter
from .events import MessageSent
from .models import Conversation, Decision, Message

SEND = "conversations.send"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a message says, in the adapters' words."""

    text: str = ""
    attachments: Sequence[Attachment] = ()
    cards: Sequence[Card] = ()
    quick_replies: Sequence[Button] = ()
    template: Template | None = None
    template_text: str = ""  # the template as the customer reads it
    reply_to: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        if self.template:
            return Kind.TEMPLATE
        return self.attachments[0].kind if self.attachments and not self.text else Kind.TEXT

    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = dict(self.details)
        if self.cards:
            found["cards"] = [asdict(card) for card in self.cards]
        if self.quick_replies:
            found["quick_replies"] = [asdict(button) for button in self.quick_replies]
        if self.template:
            found["template"] = asdict(self.template)
        return found


@dataclass(frozen=True)
class Queued:
    """`message` is None where a person's message was refused: the composer keeps it."""

    ruling: gate.Ruling
    decision: Decision
    message: Message | None


def queue_message(
    conversation: Conversation,
    content: Content,
    *,
    sender: str,
    cause: dict[str, Any],
    purpose: str = "reply",
    marketing: bool = False,
    user: User | None = None,
    generation: Generation | None = None,
    owner_version: int | None = None,
    reference: uuid.UUID | None = None,
) -> Queued:
    """Queue `content` if the gate lets it pass; the caller has locked the conversation.

    What the gate refuses a bot is kept as a cancelled message, so that the draft and the reason can be seen.
    """
    proposal = gate.Proposal(
        conversation=conversation,
        sender=sender,
        purpose=purpose,
        marketing=marketing,
        template=content.template,
        owner_version=owner_version,
    )
    ruling = gate.decide(proposal)
    if not ruling.allowed and sender == "user":
        return Queued(ruling, gate.record_decision(ruling, proposal, cause=cause), None)
    instant = ruling.verdict == gate.SEND and adapter(conversation.channel).LIMITS.instant
    now = clock.now()
    message = Message.objects.create(
        uuid=reference or uuid.uuid4(),
        conversation=conversation,
        direction=Message.Direction.OUT,
        sender=sender,
        user=user,
        kind=content.kind,
        text=content.template_text if content.template else content.text,
        attachments=[asdict(attachment) for attachment in content.attachments],
        payload={**content.payload(), "purpose": ruling.purpose, "asked_as": purpose, "marketing": marketing},
        reply_to=content.reply_to,
        status=Message.Status.QUEUED if ruling.allowed else Message.Status.CANCELLED,
        failure_code="" if ruling.allowed else ruling.code,
        generation=generation,
        owner_version=owner_version,
        trace=trace.current(),
        at=now,
        status_at=now,
        created_at=now,
    )
    decision = gate.record_decision(ruling, proposal, cause=cause, message=message)
    if not ruling.allowed:
        conversation.change()
    elif instant:
        note_sent(conversation, message, str(message.uuid))
    else:
        conversation.change(**conversation.last(message))
        jobs.schedule(SEND, str(conversation.pk), at=ruling.until)
    return Queued(ruling, decision, message)


def template_of(message: Message) -> Template | None:
    """The template that a stored message is sent under."""
    kept = message.payload.get("template")
    return Template(**{**kept, "variables": tuple(kept["variables"])}) if kept else None


def note_sent(conversation: Conversation, message: Message, external_id: str, more: Sequence[str] = ()) -> None:
    """The platform has taken a message: from now on it is known there by `external_id`."""
    now = clock.now()
    message.external_id = external_id
    message.external_ids = list(dict.fromkeys([*message.external_ids, *more]))
    if message.status in {Message.Status.QUEUED, Message.Status.SENDING, Message.Status.UNKNOWN}:
        message.status = Message.Status.SENT
        message.at = now
    message.status_at = now
    message.claim = None
    message.failure = message.failure_code = ""
    message.save(
        update_fields=["external_id", "external_ids", "status", "at", "status_at", "claim", "failure", "failure_code"]
    )
    conversation.change(**conversation.last(message))
    record(
        MessageSent(
            message_id=message.pk,
            conversation_id=conversation.pk,
            lead_id=conversation.lead_id,
            channel=conversation.channel,
            sender=message.sender,
            kind=message.kind,
            text=message.text,
            at=message.at.isoformat(),
        ),
        actor=actor_of(message),
    )


def actor_of(message: Message) -> str:
    """Who wrote it, as the journal names actors."""
    if message.sender == "user" and message.user_id:
        return f"user:{message.user_id}"
    return message.sender
