"""What people send: messages, another try, a way back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.leads import services as leads
from apps.organizations.actors import Can
from apps.organizations.models import User
from apps.organizations.permissions import needs
from apps.organizations.queries import current_organization

from .. import drafts, gate, pieces
from ..adapters import Attachment, Media, Template
from ..adapters.registry import adapter
from ..dispatch import attachment as to_attachment
from ..dispatch import cancel
from ..models import Conversation, Message, MessageTemplate
from ..outgoing import SEND, Content, queue_message, template_of
from ..ownership import claim_for_human, note_answered
from ..surfaces import plain
from .base import LONGEST_TEXT, actor_name, clean_text, lock, real_user, withdraw_drafts

_OURS = uuid.UUID("5a1f2c8e-6f2b-4b57-9c1d-7d0f6f1f5f10")


@dataclass(eq=False)  # not frozen: Python writes an exception's traceback into it
class NotSent(Exception):
    """The gate refused a person's message; `ruling` says why. Nothing was stored but the decision."""

    ruling: gate.Ruling

    @property
    def code(self) -> str:
        return self.ruling.code

    def __str__(self) -> str:
        return self.ruling.sentence


@needs(Can.CONVERSE)
def send_message(
    conversation: Conversation,
    *,
    text: str = "",
    attachments: Sequence[Attachment] = (),
    template: MessageTemplate | None = None,
    variables: Sequence[str] = (),
    reply_to: str = "",
    by: User | None,
    actor: str = "",
    token: str = "",
    pause_bot: bool = True,
) -> Message:
    """Send what a person wrote; the bot pauses. The same `token` twice sends once and returns the first.

    Raises ValidationError for an empty or too long message, NotSent where the gate refuses.
    """
    text = clean_text(text)
    filled = _fill(template, variables) if template else None
    _check_content(conversation, text, attachments, template)
    reference = _reference(conversation, by, actor, token)
    with transaction.atomic():
        locked = lock(conversation)
        if reference and (earlier := Message.objects.filter(uuid=reference).first()):
            return earlier
        content = Content(
            text=text,
            attachments=attachments,
            template=Template(name=template.name, language=template.language, variables=tuple(variables))
            if template
            else None,
            template_text=filled or "",
            reply_to=reply_to,
        )
        queued = queue_message(
            locked,
            content,
            sender="user",
            user=real_user(by),
            cause={"actor": actor_name(by, actor)},
            purpose="agent",
            reference=reference,
        )
        if queued.message is not None:
            if pause_bot:
                claim_for_human(locked, user=real_user(by), actor=actor_name(by, actor))
                withdraw_drafts(locked)
            note_answered(locked)
            locked.change(unread=0, **drafts.settle(locked, text))
            leads.note_answer(locked.lead, actor=actor_name(by, actor))
    if queued.message is None:
        raise NotSent(queued.ruling)
    return queued.message


def was_sent(conversation: Conversation, *, by: User | None, actor: str = "", token: str) -> bool:
    """Whether `send_message` with this token has stored its message already."""
    reference = _reference(conversation, by, actor, token)
    return reference is not None and Message.objects.filter(uuid=reference).exists()


def _reference(conversation: Conversation, by: User | None, actor: str, token: str) -> uuid.UUID | None:
    who = f"{current_organization().schema_name}:{conversation.pk}:{actor_name(by, actor)}:{token}"
    return uuid.uuid5(_OURS, who) if token else None


def _check_content(
    conversation: Conversation, text: str, attachments: Sequence[Attachment], template: MessageTemplate | None
) -> None:
    limits = adapter(conversation.channel).LIMITS
    if not (text or attachments or template):
        raise ValidationError({"text": _("Write something first.")})
    if len(text) > LONGEST_TEXT:
        raise ValidationError({"text": _("This is too long: at most %(limit)s characters.") % {"limit": LONGEST_TEXT}})
    if template is not None and template.account_id != conversation.account_id:
        raise ValidationError({"template": _("This template belongs to another account.")})
    for one in attachments:
        if one.kind not in limits.attachments:
            raise ValidationError({"attachments": _("This channel does not take this kind of file.")})
        if one.size is not None and one.size > limits.upload_bytes:
            raise ValidationError({"attachments": _("This file is too large for this channel.")})


def _fill(template: MessageTemplate, variables: Sequence[str]) -> str:
    """The template as the customer will read it; ValidationError when a placeholder has no value."""
    text, wanted = template.body, 0
    for number, value in enumerate(variables, 1):
        if not str(value).strip():
            raise ValidationError({"variables": _("Fill in every field of the template.")})
        text = text.replace(_field(number), str(value))
    while _field(wanted + 1) in template.body:
        wanted += 1
    if wanted != len(variables):
        raise ValidationError({"variables": _("This template has %(count)s fields to fill in.") % {"count": wanted}})
    return text


def _field(number: int) -> str:
    return "{{" + str(number) + "}}"


@needs(Can.CONVERSE)
def retry_message(message: Message, *, by: User | None, actor: str = "") -> Message:
    """Send a failed, unknown or withheld message again, of one that failed partly only what did not arrive; a person
    decides that, and answers for a double.

    Raises ValidationError where there is nothing to retry, NotSent where the gate refuses.
    """
    refused: gate.Ruling | None = None
    with transaction.atomic():
        conversation = lock(message.conversation)
        fresh = Message.objects.get(pk=message.pk)
        if fresh.direction != Message.Direction.OUT or fresh.status not in {
            Message.Status.FAILED,
            Message.Status.PARTLY,
            Message.Status.UNKNOWN,
            Message.Status.CANCELLED,
        }:
            raise ValidationError(_("This message needs no second try."))
        proposal = gate.Proposal(conversation=conversation, sender="user", purpose="agent", template=template_of(fresh))
        ruling = gate.decide(proposal)
        gate.record_decision(ruling, proposal, cause={"actor": actor_name(by, actor), "retry": True}, message=fresh)
        if ruling.allowed:
            _requeue(conversation, fresh, ruling, by)
        else:
            refused = ruling
    if refused is not None:
        raise NotSent(refused)
    return fresh


def _requeue(conversation: Conversation, message: Message, ruling: gate.Ruling, by: User | None) -> None:
    now, before = clock.now(), message.status
    if message.sender == "bot" and real_user(by) is not None:
        message.sender, message.user, message.owner_version = "user", real_user(by), None
    message.status, message.status_at, message.at = Message.Status.QUEUED, now, now
    message.claim, message.attempts = None, 0
    message.failure = message.failure_code = ""
    message.payload = {**message.payload, "purpose": ruling.purpose, "looks": 0, **_once_more(message, before)}
    message.save()
    conversation.change(**conversation.last(message))
    jobs.schedule(SEND, str(conversation.pk))


def _once_more(message: Message, before: str) -> dict[str, Any]:
    """What a second try has to know of the first: which pieces are there already. Ids that failed are let go."""
    if before == Message.Status.PARTLY:
        places = pieces.to_send_again(message)
        told = {one: fate for one, fate in (message.payload.get("pieces") or {}).items() if one in places and one}
        message.external_id, *message.external_ids = [one for one in places if one]
        return {"sent_ids": places, "pieces": told, "again": True}
    if before == Message.Status.FAILED:
        message.external_id, message.external_ids = None, []
        return {"pieces": {}}
    return {}


@needs(Can.CONVERSE)
def cancel_message(message: Message, *, by: User | None = None) -> bool:  # noqa: ARG001
    """Take a message back that has not left yet; False when it is too late."""
    with transaction.atomic():
        conversation = lock(message.conversation)
        fresh = Message.objects.filter(pk=message.pk, status=Message.Status.QUEUED).first()
        if fresh is None:
            return False
        cancel(conversation, fresh, "withdrawn")
        return True


@needs(Can.LOOK)
def fetch_attachment(message: Message, position: int) -> Media:
    """The bytes behind an attachment of a message, from the platform; raises adapters.SendError or IndexError."""
    found = to_attachment(message.attachments[position])
    account = message.conversation.account
    return adapter(account.channel).media(plain(account), found)
