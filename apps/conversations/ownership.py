"""Who answers a conversation: the assistant, or a person. Each change voids what the assistant has not yet sent."""

from __future__ import annotations

from typing import Any

from django.db.models import Min

from apps.events import record
from apps.jobs import clock, trace
from apps.organizations.models import User

from .escalations import Escalation, for_the_journal, kept
from .events import ConversationGivenBack, ConversationHandedOff, ConversationTakenOver
from .models import Conversation, Message, Owner

Status = Message.Status


def about(conversation: Conversation) -> dict[str, Any]:
    """The ids that every event of a conversation carries."""
    return {"conversation_id": conversation.pk, "lead_id": conversation.lead_id, "channel": conversation.channel}


def hand_over(
    conversation: Conversation, *, reason: str, note: str = "", actor: str = "bot", notice: str = "handed_off"
) -> None:
    """The assistant gives the conversation to people; the caller has locked it. `reason`: an Escalation.

    `notice` "": the thread says so already.
    """
    if conversation.owner == Owner.HUMAN:
        return
    why = kept(Escalation(reason), note)
    conversation.change(
        owner=Owner.HUMAN,
        owner_version=conversation.owner_version + 1,
        bot_status=Conversation.BotStatus.ESCALATED,
        escalation=why,
        unread=max(1, conversation.unread, len(unanswered(conversation))),
    )
    if notice:
        write_notice(conversation, notice, why=why)
    told = for_the_journal(why)
    record(
        ConversationHandedOff(**about(conversation), reason=reason, note=told.words, sentence=told.sentence),
        actor=actor,
    )


def claim_for_human(conversation: Conversation, *, user: User | None, actor: str) -> None:
    """A person answers from now on (`user` None: in another app); the caller has locked it."""
    if conversation.owner == Owner.HUMAN:
        return
    conversation.change(owner=Owner.HUMAN, owner_version=conversation.owner_version + 1)
    write_notice(conversation, "taken_over", by=user)
    record(ConversationTakenOver(**about(conversation), user_id=_key(user)), actor=actor)


def leave_to_others(conversation: Conversation, *, notice: str = "held_elsewhere") -> None:
    """The platform's own assistant, or another app, answers this thread; the caller has locked it."""
    if conversation.owner == Owner.OTHER:
        return
    conversation.change(owner=Owner.OTHER, owner_version=conversation.owner_version + 1)
    if notice:
        write_notice(conversation, notice)
    record(ConversationTakenOver(**about(conversation), user_id=None), actor="app")


def return_to_bot(conversation: Conversation, *, user: User | None, actor: str, notice: str = "given_back") -> None:
    """The assistant answers again; the caller has locked it."""
    if conversation.owner == Owner.BOT and conversation.bot_status == Conversation.BotStatus.ACTIVE:
        return
    conversation.change(
        owner=Owner.BOT,
        owner_version=conversation.owner_version + 1,
        bot_status=Conversation.BotStatus.ACTIVE,
        escalation="",
        unread=0,
    )
    if notice:
        write_notice(conversation, notice, by=user)
    record(ConversationGivenBack(**about(conversation), user_id=_key(user)), actor=actor)


def unanswered(conversation: Conversation) -> list[Message]:
    """Inbound messages that nobody has answered yet, oldest first."""
    if conversation.waiting_since is None:
        return []
    return list(
        Message.objects.filter(
            conversation=conversation,
            at__gte=conversation.waiting_since,
            pk__gt=conversation.answered_to,
            wants_answer=True,
        ).order_by("at", "id")
    )


def note_answered(conversation: Conversation, *, up_to: int | None = None) -> None:
    """Everything up to the inbound message `up_to` (default: all there is) needs no answer any more."""
    if up_to is None:
        last = Message.objects.filter(conversation=conversation).order_by("-id").values_list("pk", flat=True)[:1]
        up_to = next(iter(last), 0)
    waiting = None
    if conversation.waiting_since is not None:
        waiting = Message.objects.filter(
            conversation=conversation, at__gte=conversation.waiting_since, pk__gt=up_to, wants_answer=True
        ).aggregate(oldest=Min("at"))["oldest"]
    conversation.change(answered_to=max(up_to, conversation.answered_to), waiting_since=waiting)


def unanswer(conversation: Conversation, message: Message) -> None:
    """An answer was not sent after all: what it answered waits again, unless somebody has answered since."""
    ids = message.payload.get("answers") or []
    if not ids or conversation.answered_to > max(ids):
        return
    answered_since = Message.objects.filter(
        conversation=conversation,
        at__gt=message.created_at,
        direction=Message.Direction.OUT,
        status__in=[Status.QUEUED, Status.SENDING, Status.SENT, Status.DELIVERED, Status.READ],
    ).exists()
    if answered_since:
        return
    oldest = Message.objects.filter(pk__in=ids).aggregate(oldest=Min("at"))["oldest"]
    waiting = min(filter(None, [oldest, conversation.waiting_since]), default=None)
    conversation.change(answered_to=min(ids) - 1, waiting_since=waiting)


def _key(user: User | None) -> int | None:
    return user.pk if user else None


def write_notice(conversation: Conversation, notice: str, *, by: User | None = None, **data: Any) -> Message:
    """A line in the thread about what happened to the conversation, and who did it; put into words when it is shown."""
    now = clock.now()
    return Message.objects.create(
        conversation=conversation,
        direction=Message.Direction.NOTE,
        sender="system",
        kind="notice",
        payload={"notice": notice, **({"user_id": by.pk, "by": str(by)} if by and by.pk else {}), **data},
        status=Status.SENT,
        trace=trace.current(),
        at=now,
        status_at=now,
        created_at=now,
    )
