"""Where a conversation stands: open, put off, done; read or not; and notes about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events import record
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.organizations.actors import Can
from apps.organizations.models import User
from apps.organizations.permissions import needs

from ..events import ConversationReopened, ConversationResolved, ConversationSnoozed
from ..models import Conversation, Message, Owner
from ..ownership import about, note_answered, return_to_bot, unanswered, write_notice
from ..replies import schedule_answer
from .base import actor_name, clean_text, lock, real_user

WAKE_UP = "conversations.wake_up"
Status = Conversation.Status
_UNDONE = ("owner", "bot_status", "escalation", "answered_to")  # what resolving changes and undoing brings back


@needs(Can.CONVERSE)
@transaction.atomic
def add_note(conversation: Conversation, *, text: str, by: User | None) -> Message:
    """A note that only the team sees."""
    text = clean_text(text)
    if not text:
        raise ValidationError({"text": _("Write something first.")})
    locked = lock(conversation)
    now = clock.now()
    note = Message.objects.create(
        conversation=locked,
        direction=Message.Direction.NOTE,
        sender="user",
        user=real_user(by),
        kind="note",
        text=text,
        status=Message.Status.SENT,
        at=now,
        status_at=now,
        created_at=now,
    )
    locked.change()
    return note


@needs(Can.CONVERSE)
@transaction.atomic
def snooze(conversation: Conversation, *, until: datetime, by: User | None, actor: str = "") -> Conversation:
    """Put a conversation away until a time, or until the customer writes."""
    if until <= clock.now():
        raise ValidationError({"until": _("Choose a time that is still to come.")})
    until = until.astimezone(UTC)  # written down as every moment is, whatever clock it was chosen by
    locked = lock(conversation)
    locked.change(status=Status.SNOOZED, snoozed_until=until)
    write_notice(locked, "snoozed", by=real_user(by), until=until.isoformat())
    record(ConversationSnoozed(**about(locked), until=until.isoformat()), actor=actor_name(by, actor))
    jobs.schedule(WAKE_UP, str(locked.pk), at=until, postpone=True)
    return locked


@needs(Can.CONVERSE)
@transaction.atomic
def resolve(conversation: Conversation, *, by: User | None, actor: str = "") -> Conversation:
    """Done. The next message of the customer opens it again, and the bot answers it."""
    locked = lock(conversation)
    if locked.status == Status.RESOLVED:
        return locked
    before = {name: getattr(locked, name) for name in _UNDONE}
    before["waiting_since"] = locked.waiting_since.isoformat() if locked.waiting_since else None
    if locked.owner == Owner.HUMAN:
        return_to_bot(locked, user=real_user(by), actor=actor_name(by, actor))
    note_answered(locked)
    locked.change(
        status=Status.RESOLVED,
        snoozed_until=None,
        bot_status=Conversation.BotStatus.RESOLVED,
        waiting_since=None,
        unread=0,
    )
    write_notice(locked, "resolved", by=real_user(by), before=before)
    record(ConversationResolved(**about(locked)), actor=actor_name(by, actor))
    return locked


@needs(Can.CONVERSE)
@transaction.atomic
def undo_resolve(conversation: Conversation, *, by: User | None, actor: str = "") -> Conversation:
    """As it was a moment ago: open, and with whoever answered it then, rather than with the bot."""
    locked = lock(conversation)
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


@needs(Can.CONVERSE)
@transaction.atomic
def reopen(conversation: Conversation, *, by: User | None, actor: str = "", cause: str = "user") -> Conversation:
    """Back into the inbox."""
    locked = lock(conversation)
    if locked.status == Status.OPEN:
        return locked
    fields: dict[str, Any] = {"status": Status.OPEN, "snoozed_until": None}
    if locked.bot_status == Conversation.BotStatus.RESOLVED:
        fields["bot_status"] = Conversation.BotStatus.ACTIVE
    locked.change(**fields)
    write_notice(locked, "reopened", by=real_user(by))
    record(ConversationReopened(**about(locked), cause=cause), actor=actor_name(by, actor))
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


@needs(Can.CONVERSE)
def mark_read(conversation: Conversation, *, by: User | None = None) -> None:  # noqa: ARG001
    """Somebody of the team has seen it."""
    if Conversation.objects.filter(pk=conversation.pk, unread__gt=0).exists():
        with transaction.atomic():
            lock(conversation).change(unread=0)


@needs(Can.CONVERSE)
def mark_unread(conversation: Conversation, *, by: User | None = None) -> None:  # noqa: ARG001
    """Leave it for later, or for somebody else."""
    with transaction.atomic():
        lock(conversation).change(unread=1)
