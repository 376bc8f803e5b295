"""What became of a message of ours: taken, delivered, read, refused, unknown. Only ever forward."""

from __future__ import annotations

from datetime import timedelta

from apps.events import record
from apps.integrations.services import note_health
from apps.integrations.surfaces import Checkup
from apps.jobs import clock
from apps.jobs import services as jobs

from . import approvals
from .adapters import Action, Reason
from .events import MessageDelivered, MessageFailed, MessageRead
from .models import Conversation, Message, Suppression
from .outgoing import actor_of

RECONCILE = "conversations.reconcile"
# A platform needs a moment until a message shows in its own history.
LOOK_AFTER = timedelta(seconds=20)

Status = Message.Status


def note_delivered(conversation: Conversation, message: Message, status: str) -> None:
    """The customer's device has it, or they have read it."""
    message.status, message.status_at, message.claim = status, clock.now(), None
    message.failure = message.failure_code = ""
    message.save(update_fields=["status", "status_at", "claim", "failure", "failure_code", "payload"])
    conversation.change()
    event = MessageRead if status == Status.READ else MessageDelivered
    record(
        event(
            message_id=message.pk,
            conversation_id=conversation.pk,
            lead_id=conversation.lead_id,
            channel=conversation.channel,
        )
    )


def note_failed(conversation: Conversation, message: Message, reason: Reason, *, partly: bool = False) -> None:
    """The platform refused for good (`partly`: some pieces only): show why, and do what the refusal asks for."""
    message.status, message.status_at, message.claim = Status.PARTLY if partly else Status.FAILED, clock.now(), None
    message.failure_code, message.failure = reason.code[:40], reason.text
    if reason.details:
        message.payload = {**message.payload, "failure_details": reason.details[:1000]}
    message.save(update_fields=["status", "status_at", "claim", "failure_code", "failure", "payload"])
    conversation.change()
    record(
        MessageFailed(
            message_id=message.pk,
            conversation_id=conversation.pk,
            lead_id=conversation.lead_id,
            channel=conversation.channel,
            code=reason.code,
            reason=reason.text,
            partly=partly,
        ),
        actor=actor_of(message),
    )
    approvals.note_refusal(conversation, message, reason.code)
    if reason.action is Action.RECONNECT:
        note_health(conversation.account, Checkup(ok=False, code=reason.code, problem=reason.text, must_reconnect=True))
    elif reason.action is Action.SUPPRESS:
        suppress(conversation, reason=reason.text)
    elif reason.action is Action.TEMPLATE and conversation.window_until and conversation.window_until > clock.now():
        conversation.change(window_until=clock.now())  # the platform knows better than our count


def note_unknown(conversation: Conversation, message: Message, reason: Reason) -> None:
    """It may or may not have been delivered: look there before anything is sent again."""
    message.status, message.status_at, message.claim = Status.UNKNOWN, clock.now(), None
    message.failure_code, message.failure = reason.code[:40], reason.text
    message.save(update_fields=["status", "status_at", "claim", "failure_code", "failure", "external_ids"])
    conversation.change()
    jobs.schedule(RECONCILE, str(message.pk), at=clock.now() + LOOK_AFTER)


def suppress(conversation: Conversation, *, scope: str = "marketing", reason: str = "") -> None:
    """This person wants no (marketing) messages on this channel."""
    Suppression.objects.get_or_create(
        lead_id=conversation.lead_id,
        channel=conversation.channel,
        scope=scope,
        defaults={"reason": reason[:200]},
    )


def unsuppress(conversation: Conversation, *, scope: str = "marketing") -> None:
    """This person wants them again."""
    Suppression.objects.filter(lead_id=conversation.lead_id, channel=conversation.channel, scope=scope).delete()
