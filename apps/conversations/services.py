"""What people do with a conversation. Who does it is `by`: a User, or None for an API key (then name `actor`)."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from apps.events import record
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.leads import services as leads
from apps.organizations.models import User
from apps.organizations.queries import current_organization, membership_of

from . import drafts, gate, queries
from .adapters import Attachment, Media, Template
from .adapters.registry import adapter
from .dispatch import attachment as to_attachment
from .dispatch import cancel
from .events import (
    ConversationAssigned,
    ConversationReopened,
    ConversationResolved,
    ConversationSnoozed,
)
from .models import CannedReply, Conversation, Message, MessageTemplate, Owner, Presence, Suppression
from .outgoing import SEND, Content, queue_message, template_of
from .ownership import about, claim_for_human, hand_over, note_answered, return_to_bot, unanswered, write_notice
from .replies import schedule_answer
from .surfaces import plain

WAKE_UP = "conversations.wake_up"
LONGEST_TEXT = 20_000
_OURS = uuid.UUID("5a1f2c8e-6f2b-4b57-9c1d-7d0f6f1f5f10")

Status = Conversation.Status
_UNDONE = ("owner", "bot_status", "escalation", "answered_to")  # what resolving changes and undoing brings back


@dataclass(eq=False)  # not frozen: Python writes an exception's traceback into it
class NotSent(Exception):
    """The gate refused a person's message; `ruling` says why. Nothing was stored but the decision."""

    ruling: gate.Ruling

    @property
    def code(self) -> str:
        return self.ruling.code

    def __str__(self) -> str:
        return self.ruling.sentence


def _actor(by: User | None, actor: str) -> str:
    return actor or (f"user:{by.pk}" if by is not None and by.pk else "system")


def _user(by: User | None) -> User | None:
    return by if isinstance(by, User) and by.pk else None


def _locked(conversation: Conversation) -> Conversation:
    found = Conversation.locked(conversation.pk)
    if found is None:
        raise ValidationError(_("This conversation is gone."))
    return found


# Who answers


@transaction.atomic
def take_over(conversation: Conversation, *, by: User | None, actor: str = "") -> Conversation:
    """A person answers from now on: the bot is silent, and what it had not yet sent stays unsent."""
    locked = _locked(conversation)
    claim_for_human(locked, user=_user(by), actor=_actor(by, actor))
    _withdraw_drafts(locked)
    if locked.assignee_id is None and _user(by) is not None:
        locked.change(assignee=_user(by))
    return locked


@transaction.atomic
def give_back(conversation: Conversation, *, by: User | None, actor: str = "") -> Conversation:
    """The bot answers again, starting with whatever nobody has answered."""
    locked = _locked(conversation)
    return_to_bot(locked, user=_user(by), actor=_actor(by, actor))
    if locked.draft:
        locked.change(draft={})
    if unanswered(locked):
        schedule_answer(locked)
    elif locked.waiting_since is not None:
        locked.change(waiting_since=None)
    return locked


@transaction.atomic
def hand_off(conversation: Conversation, *, reason: str, note: str = "", actor: str = "system") -> Conversation:
    """Give a conversation to people without naming one, from an automation or the API."""
    locked = _locked(conversation)
    hand_over(locked, reason=reason[:40], note=note[:500], actor=actor)
    _withdraw_drafts(locked)
    return locked


def _withdraw_drafts(conversation: Conversation) -> None:
    """Cancel what the bot has queued; what is already on its way cannot be called back."""
    queued = Message.objects.filter(
        conversation=conversation, status=Message.Status.QUEUED, sender="bot"
    ).select_for_update()
    for message in queued:
        if message.owner_version == conversation.owner_version:
            continue
        proposal = gate.Proposal(conversation=conversation, sender="bot", owner_version=message.owner_version or 0)
        gate.record_decision(gate.decide(proposal), proposal, cause={"check": "taken over"}, message=message)
        cancel(conversation, message, "owner_changed")


@transaction.atomic
def assign(conversation: Conversation, *, to: User | None, by: User | None, actor: str = "") -> Conversation:
    """Give the conversation to a member, or to nobody; ValidationError for somebody who cannot see it."""
    locked = _locked(conversation)
    if to is not None and membership_of(to, current_organization()) is None:
        raise ValidationError({"assignee": _("This person does not work here.")})
    if locked.assignee_id == (to.pk if to else None):
        return locked
    locked.change(assignee=to)
    write_notice(locked, "assigned" if to else "unassigned", by=_user(by), name=str(to) if to else "")
    record(ConversationAssigned(**about(locked), assignee_id=to.pk if to else None), actor=_actor(by, actor))
    return locked


# Notes and state


@transaction.atomic
def add_note(conversation: Conversation, *, text: str, by: User | None) -> Message:
    """A note that only the team sees."""
    text = _clean(text)
    if not text:
        raise ValidationError({"text": _("Write something first.")})
    locked = _locked(conversation)
    now = clock.now()
    note = Message.objects.create(
        conversation=locked,
        direction=Message.Direction.NOTE,
        sender="user",
        user=_user(by),
        kind="note",
        text=text,
        status=Message.Status.SENT,
        at=now,
        status_at=now,
        created_at=now,
    )
    locked.change()
    return note


@transaction.atomic
def snooze(conversation: Conversation, *, until: datetime, by: User | None, actor: str = "") -> Conversation:
    """Put a conversation away until a time, or until the customer writes."""
    if until <= clock.now():
        raise ValidationError({"until": _("Choose a time that is still to come.")})
    locked = _locked(conversation)
    locked.change(status=Status.SNOOZED, snoozed_until=until)
    write_notice(locked, "snoozed", by=_user(by), until=until.isoformat())
    record(ConversationSnoozed(**about(locked), until=until.isoformat()), actor=_actor(by, actor))
    jobs.schedule(WAKE_UP, str(locked.pk), at=until, postpone=True)
    return locked


@transaction.atomic
def resolve(conversation: Conversation, *, by: User | None, actor: str = "") -> Conversation:
    """Done. The next message of the customer opens it again, and the bot answers it."""
    locked = _locked(conversation)
    if locked.status == Status.RESOLVED:
        return locked
    before = {name: getattr(locked, name) for name in _UNDONE}
    before["waiting_since"] = locked.waiting_since.isoformat() if locked.waiting_since else None
    if locked.owner == Owner.HUMAN:
        return_to_bot(locked, user=_user(by), actor=_actor(by, actor))
    note_answered(locked)
    locked.change(
        status=Status.RESOLVED,
        snoozed_until=None,
        bot_status=Conversation.BotStatus.RESOLVED,
        waiting_since=None,
        unread=0,
    )
    write_notice(locked, "resolved", by=_user(by), before=before)
    record(ConversationResolved(**about(locked)), actor=_actor(by, actor))
    return locked


@transaction.atomic
def undo_resolve(conversation: Conversation, *, by: User | None, actor: str = "") -> Conversation:
    """As it was a moment ago: open, and with whoever answered it then, rather than with the bot."""
    locked = _locked(conversation)
    if locked.status != Status.RESOLVED:
        return locked
    notice = locked.messages.filter(kind="notice", payload__notice="resolved").order_by("-at", "-id").first()
    before = dict((notice.payload.get("before") if notice else None) or {})
    locked = reopen(locked, by=by, actor=actor)
    if not before:
        return locked
    waiting = before.pop("waiting_since", None)
    fields = {name: value for name, value in before.items() if name in _UNDONE}
    locked.change(
        **fields,
        owner_version=locked.owner_version + 1,
        waiting_since=datetime.fromisoformat(waiting) if waiting else None,
    )
    if locked.owner == Owner.BOT and unanswered(locked):
        schedule_answer(locked)
    return locked


@transaction.atomic
def reopen(conversation: Conversation, *, by: User | None, actor: str = "", cause: str = "user") -> Conversation:
    """Back into the inbox."""
    locked = _locked(conversation)
    if locked.status == Status.OPEN:
        return locked
    fields: dict[str, Any] = {"status": Status.OPEN, "snoozed_until": None}
    if locked.bot_status == Conversation.BotStatus.RESOLVED:
        fields["bot_status"] = Conversation.BotStatus.ACTIVE
    locked.change(**fields)
    write_notice(locked, "reopened", by=_user(by))
    record(ConversationReopened(**about(locked), cause=cause), actor=_actor(by, actor))
    return locked


@transaction.atomic
def wake_snoozed(conversation_id: int) -> datetime | None:
    """Open a snoozed conversation whose time has come; returns when to look again, if it was put off further."""
    locked = Conversation.locked(conversation_id)
    if locked is None or locked.status != Status.SNOOZED or locked.snoozed_until is None:
        return None
    if locked.snoozed_until > clock.now():
        return locked.snoozed_until
    reopen(locked, by=None, cause="time")
    locked.change(unread=max(1, locked.unread))
    return None


def mark_read(conversation: Conversation, *, by: User | None = None) -> None:  # noqa: ARG001
    """Somebody of the team has seen it."""
    if Conversation.objects.filter(pk=conversation.pk, unread__gt=0).exists():
        with transaction.atomic():
            _locked(conversation).change(unread=0)


def mark_unread(conversation: Conversation, *, by: User | None = None) -> None:  # noqa: ARG001
    """Leave it for later, or for somebody else."""
    with transaction.atomic():
        _locked(conversation).change(unread=1)


# Sending


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
    text = _clean(text)
    filled = _fill(template, variables) if template else None
    _check_content(conversation, text, attachments, template)
    reference = _reference(conversation, by, actor, token)
    with transaction.atomic():
        locked = _locked(conversation)
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
            user=_user(by),
            cause={"actor": _actor(by, actor)},
            purpose="agent",
            reference=reference,
        )
        if queued.message is not None:
            if pause_bot:
                claim_for_human(locked, user=_user(by), actor=_actor(by, actor))
                _withdraw_drafts(locked)
            note_answered(locked)
            locked.change(unread=0, **drafts.settle(locked, text))
            leads.note_answer(locked.lead, actor=_actor(by, actor))
    if queued.message is None:
        raise NotSent(queued.ruling)
    return queued.message


def was_sent(conversation: Conversation, *, by: User | None, actor: str = "", token: str) -> bool:
    """Whether `send_message` with this token has stored its message already."""
    reference = _reference(conversation, by, actor, token)
    return reference is not None and Message.objects.filter(uuid=reference).exists()


def _reference(conversation: Conversation, by: User | None, actor: str, token: str) -> uuid.UUID | None:
    who = f"{current_organization().schema_name}:{conversation.pk}:{_actor(by, actor)}:{token}"
    return uuid.uuid5(_OURS, who) if token else None


def _clean(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode().strip()


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


def retry_message(message: Message, *, by: User | None, actor: str = "") -> Message:
    """Send a failed, unknown or withheld message again; a person decides that, and answers for a double.

    Raises ValidationError where there is nothing to retry, NotSent where the gate refuses.
    """
    refused: gate.Ruling | None = None
    with transaction.atomic():
        conversation = _locked(message.conversation)
        fresh = Message.objects.get(pk=message.pk)
        if fresh.direction != Message.Direction.OUT or fresh.status not in {
            Message.Status.FAILED,
            Message.Status.UNKNOWN,
            Message.Status.CANCELLED,
        }:
            raise ValidationError(_("This message needs no second try."))
        proposal = gate.Proposal(conversation=conversation, sender="user", purpose="agent", template=template_of(fresh))
        ruling = gate.decide(proposal)
        gate.record_decision(ruling, proposal, cause={"actor": _actor(by, actor), "retry": True}, message=fresh)
        if ruling.allowed:
            _requeue(conversation, fresh, ruling, by)
        else:
            refused = ruling
    if refused is not None:
        raise NotSent(refused)
    return fresh


def _requeue(conversation: Conversation, message: Message, ruling: gate.Ruling, by: User | None) -> None:
    now = clock.now()
    if message.sender == "bot" and _user(by) is not None:
        message.sender, message.user, message.owner_version = "user", _user(by), None
    message.status, message.status_at, message.at = Message.Status.QUEUED, now, now
    message.claim, message.attempts = None, 0
    message.failure = message.failure_code = ""
    message.payload = {**message.payload, "purpose": ruling.purpose, "looks": 0}
    message.save()
    conversation.change(**conversation.last(message))
    jobs.schedule(SEND, str(conversation.pk))


def cancel_message(message: Message, *, by: User | None = None) -> bool:  # noqa: ARG001
    """Take a message back that has not left yet; False when it is too late."""
    with transaction.atomic():
        conversation = _locked(message.conversation)
        fresh = Message.objects.filter(pk=message.pk, status=Message.Status.QUEUED).first()
        if fresh is None:
            return False
        cancel(conversation, fresh, "withdrawn")
        return True


def fetch_attachment(message: Message, position: int) -> Media:
    """The bytes behind an attachment of a message, from the platform; raises adapters.SendError or IndexError."""
    found = to_attachment(message.attachments[position])
    account = message.conversation.account
    return adapter(account.channel).media(plain(account), found)


# Whose it is


@transaction.atomic
def follow_person(lead_id: int, other_id: int) -> None:
    """People were merged or taken apart: a conversation belongs to whoever has its identity now.

    Whoever did not want messages as the one does not want them as the other; that is not undone.
    """
    both = [lead_id, other_id]
    astray = Conversation.objects.filter(Q(lead__in=both) | Q(identity__lead__in=both)).exclude(
        lead=F("identity__lead")
    )
    for key in astray.order_by("pk").values_list("pk", flat=True):
        if conversation := Conversation.locked(key):
            conversation.change(lead_id=conversation.identity.lead_id)
    wishes = Suppression.objects.filter(lead=other_id).values_list("channel", "scope", "reason", "at")
    Suppression.objects.bulk_create(
        [Suppression(lead_id=lead_id, channel=c, scope=s, reason=r, at=at) for c, s, r, at in wishes],
        ignore_conflicts=True,
    )


# Who is here


def note_presence(conversation: Conversation, *, by: User, typing: bool = False) -> None:
    """`by` looks at the conversation now, and perhaps types."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_presence AS p (conversation_id, user_id, seen_at, typing_at)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (conversation_id, user_id) DO UPDATE"
            " SET seen_at = excluded.seen_at, typing_at = CASE WHEN %s THEN excluded.typing_at ELSE p.typing_at END",
            [conversation.pk, by.pk, now, now if typing else None, typing],
        )


def note_customer_typing(conversation: Conversation) -> None:
    """The customer writes just now; forgotten by itself, and not worth a write to the database."""
    with contextlib.suppress(Exception):  # a cache that is away
        cache.set(queries.typing_key(conversation.pk), 1, timeout=queries.TYPING.total_seconds())


def leave(conversation: Conversation, *, by: User) -> None:
    """`by` has gone elsewhere."""
    Presence.objects.filter(conversation=conversation, user_id=by.pk).delete()


# Canned replies and templates


def save_canned_reply(reply: CannedReply, **changes: Any) -> CannedReply:
    """Create or change a canned reply; ValidationError on a taken shortcut."""
    for name, value in changes.items():
        setattr(reply, name, value)
    reply.shortcut = reply.shortcut.strip().lstrip("/")
    reply.text = _clean(reply.text)[:LONGEST_TEXT]
    reply.updated_at = clock.now()
    reply.full_clean()
    reply.save()
    return reply


def delete_canned_reply(reply: CannedReply) -> None:
    reply.delete()


def save_template(template: MessageTemplate, **changes: Any) -> MessageTemplate:
    """Register a template that the platform has approved."""
    for name, value in changes.items():
        setattr(template, name, value)
    template.body = _clean(template.body)[:4096]
    template.full_clean()
    template.save()
    return template


def delete_template(template: MessageTemplate) -> None:
    template.delete()
