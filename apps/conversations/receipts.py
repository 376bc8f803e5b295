"""What platforms say about the business's own messages: echoes of what was sent, and how far it got."""

from __future__ import annotations

import uuid
from dataclasses import asdict

from apps.events import record
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock, trace

from . import fates, pieces
from .adapters import Echo, Receipt
from .events import MessageSent
from .incoming import Arrival, NotYet, fill_placeholder, is_old, stored_parts
from .models import Conversation, Message, Owner
from .outgoing import note_sent
from .ownership import about, claim_for_human, leave_to_others, note_answered
from .queries import find_message

Status = Message.Status
_IN_FLIGHT = (Status.SENDING, Status.UNKNOWN)
_NEWS = {"sent": Status.SENT, "delivered": Status.DELIVERED, "read": Status.READ, "failed": Status.FAILED}


def echo(arrival: Arrival, fact: Echo) -> None:
    """The business wrote. Ours: we learn its id. Somebody else's, in another app: the bot steps back."""
    account = arrival.account(fact.account)
    ours = _by_reference(fact.reference)
    if ours is not None:
        _confirm(ours, fact.id)
        return
    conversation, _started = arrival.conversation(account, fact.person)
    if find_message(fact.id, conversation=conversation) is not None:
        if fact.history:
            fill_placeholder(conversation, fact)
        return
    if fact.history:
        _from_elsewhere(arrival, conversation, fact)
        return
    in_flight = list(
        Message.objects.filter(
            conversation=conversation, direction=Message.Direction.OUT, status__in=_IN_FLIGHT
        ).order_by("id")
    )
    for message in in_flight:
        if _says_the_same(message, fact):
            _learn_id(conversation, message, fact.id)
            return
    if any(message.status == Status.SENDING for message in in_flight):
        raise NotYet("an echo while a message is on its way: its ids are not known yet")
    _from_elsewhere(arrival, conversation, fact)


def _says_the_same(message: Message, fact: Echo) -> bool:
    said, words = " ".join(fact.text.split()), " ".join(message.text.split())
    return bool(said) and (said == words or words.startswith(said) or words.endswith(said))


def _confirm(message: Message, external_id: str) -> None:
    conversation = Conversation.locked(message.conversation_id)
    fresh = Message.objects.filter(pk=message.pk).first()
    if conversation is not None and fresh is not None:
        _learn_id(conversation, fresh, external_id)


def _learn_id(conversation: Conversation, message: Message, external_id: str) -> None:
    """The platform has our message under this id; one that was split has several."""
    if external_id in {message.external_id, *message.external_ids}:
        return
    if message.status in {Status.QUEUED, Status.SENDING, Status.UNKNOWN, Status.FAILED} and not message.external_id:
        if message.status == Status.FAILED:
            message.status = Status.UNKNOWN  # it was taken all the same
        note_sent(conversation, message, external_id)
        return
    if message.external_id:
        message.external_ids = [*message.external_ids, external_id]
    else:
        message.external_id = external_id
    message.save(update_fields=["external_id", "external_ids"])


def _from_elsewhere(arrival: Arrival, conversation: Conversation, fact: Echo) -> None:
    now = clock.now()
    at = min(fact.at, now)
    stored = Message.objects.create(
        conversation=conversation,
        direction=Message.Direction.OUT,
        sender="app",
        kind=fact.kind,
        text=fact.text,
        attachments=[asdict(one) for one in fact.attachments],
        payload={
            "app_id": fact.app_id,
            **({"parts": stored_parts(fact.parts)} if fact.parts else {}),
            **({"details": fact.details} if fact.details else {}),
            **({"old": True} if fact.history else {}),
        },
        external_id=fact.id,
        status=Status.SENT,
        status_at=now,
        delivery_id=arrival.delivery.pk,
        trace=trace.current(),
        at=at,
        created_at=now,
    )
    conversation.change(**conversation.last(stored))
    if fact.history:
        return  # who answered then does not say who answers now
    if fact.standby and not is_old(at):
        if conversation.owner == Owner.BOT:
            leave_to_others(conversation)
        if conversation.waiting_since is not None and conversation.waiting_since <= at:
            note_answered(conversation)
    elif not is_old(at):
        claim_for_human(conversation, user=None, actor="app")
        if conversation.waiting_since is not None and conversation.waiting_since <= at:
            note_answered(conversation)
    record(
        MessageSent(
            **about(conversation),
            message_id=stored.pk,
            sender="app",
            kind=stored.kind,
            text=stored.text,
            at=at.isoformat(),
        ),
        actor="app",
    )


def receipt(arrival: Arrival, fact: Receipt) -> None:
    """How far a message of ours got: one by its id or reference, or all up to a time."""
    account = arrival.account(fact.account)
    news = _NEWS.get(fact.status)
    if news is None:
        return
    if fact.up_to is not None and not fact.id:
        _up_to(arrival, account, fact, news)
        return
    found = _by_reference(fact.reference) or find_message(fact.id, account=account)
    if found is None and fact.id and (conversation := arrival.known(fact.person, account)):
        found = find_message(fact.id, conversation=conversation)
    if found is None:
        raise NotYet(f"no message {fact.id[:80]}")
    conversation = Conversation.locked(found.conversation_id)
    message = Message.objects.filter(pk=found.pk).first()
    if conversation is None or message is None or message.direction != Message.Direction.OUT:
        return
    if fact.id and (message.external_id or news != Status.FAILED):
        _learn_id(conversation, message, fact.id)
    _advance(conversation, message, news, fact)


def _up_to(arrival: Arrival, account: ConnectedAccount, fact: Receipt, news: str) -> None:
    conversation = arrival.known(fact.person, account)
    if conversation is None:
        raise NotYet("a receipt from somebody we do not know")
    below = [Status.SENT] if news == Status.DELIVERED else [Status.SENT, Status.DELIVERED]
    messages = Message.objects.filter(
        conversation=conversation, direction=Message.Direction.OUT, status__in=below, at__lte=fact.up_to
    ).order_by("-at", "-id")[:200]
    for message in reversed(messages):
        _advance(conversation, message, news, fact)


def _advance(conversation: Conversation, message: Message, news: str, fact: Receipt) -> None:
    """What the news of one piece make of the whole."""
    before = message.payload
    became = pieces.take(message, news, piece=fact.id, reason=fact.reason)
    if not became:
        return
    if message.payload.get("again") or (became == message.status and message.payload is not before):
        # A part is on its way once more, or the news are of a piece and change nothing for the whole.
        message.save(update_fields=["payload"])
        conversation.change()
    elif became in (Status.FAILED, Status.PARTLY):
        if fact.reason is not None:
            fates.note_failed(conversation, message, fact.reason, partly=became == Status.PARTLY)
    elif became == Status.SENT:
        note_sent(conversation, message, message.external_id or fact.id)
    else:
        fates.note_delivered(conversation, message, became)


def _by_reference(reference: str) -> Message | None:
    """Our own message by the reference it carried to the platform and back."""
    try:
        key = uuid.UUID(reference)
    except (ValueError, AttributeError, TypeError):
        return None
    return Message.objects.filter(uuid=key).first()
