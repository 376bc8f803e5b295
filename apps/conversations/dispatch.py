"""Send what is queued, one conversation at a time and in order, and never blindly a second time.

queued ──claim──▶ sending ──▶ sent
                    │  ├────▶ failed      refused for good
                    │  ├────▶ queued      refused for now, or nothing reached the platform
                    │  └────▶ unknown     no answer came: reconcile() looks there first
                    └─(we died)──▶ unknown
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.cache import cache
from django.db import transaction

from apps.jobs import clock, trace
from apps.jobs import services as jobs
from apps.jobs.registry import Claimed
from apps.leads.services import came_together
from apps.organizations.queries import absolute

from . import gate, pieces
from .adapters import (
    Attachment,
    Button,
    Card,
    Kind,
    Outgoing,
    Person,
    Reason,
    Refused,
    SendError,
    Sent,
    Unknown,
    Unreachable,
)
from .adapters.registry import adapter
from .escalations import Escalation
from .fates import note_failed, note_unknown
from .models import Conversation, Message, Owner
from .outgoing import SEND, note_sent, template_of
from .ownership import hand_over, unanswer
from .surfaces import plain

log = structlog.get_logger(__name__)

Status = Message.Status
PATIENCE = timedelta(seconds=90)  # the longest that one message can be on its way
BACKOFF = (2, 10, 60, 300, 900, 3600)
ATTEMPTS = 10
LOOKS = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1))
_RATE_CODES = {"4", "17", "32", "341", "613", "80007", "130429", "131048", "133016", "http-429"}
_LOST = Reason(
    code="lost", text="The program stopped while it was sending; the message may or may not have been delivered."
)


def send_queued(job: Claimed) -> datetime | None:
    """Send a conversation's queue; returns when to go on, None when it is empty."""
    while True:
        now = clock.now()
        if job.deadline - now < PATIENCE / 2:
            return now  # too little time left to be alone with a slow platform
        step = _claim(job)
        if not isinstance(step, Message):
            return step
        again = _send(job, step)
        if again is not None:
            return again


def _claim(job: Claimed) -> Message | datetime | None:
    """The next message, marked as ours; or when to look again; or None."""
    with transaction.atomic():
        conversation = Conversation.locked(int(job.key))
        if conversation is None:
            return None
        jobs.hold(job)
        message = (
            Message.objects.filter(conversation=conversation, status__in=[Status.QUEUED, Status.SENDING])
            .order_by("id")
            .first()
        )
        if message is None:
            return None
        if message.status == Status.SENDING:
            return _found_sending(conversation, message)
        if (paused := _paused_until(conversation)) is not None:
            return paused
        ruling = _ask_gate_again(conversation, message)
        if ruling.verdict != gate.SEND:
            return ruling.until or clock.now()
        message.conversation = conversation
        message.status, message.status_at, message.claim = Status.SENDING, clock.now(), job.lease
        message.attempts += 1
        message.payload = {**message.payload, "purpose": ruling.purpose}
        message.save(update_fields=["status", "status_at", "claim", "attempts", "payload"])
        return message


def _found_sending(conversation: Conversation, message: Message) -> datetime:
    """Somebody was sending this and never said how it ended. Whoever it was may still be at it for a while."""
    over = message.status_at + PATIENCE
    if clock.now() < over:
        return over
    note_unknown(conversation, message, _LOST)
    return clock.now()


def _ask_gate_again(conversation: Conversation, message: Message) -> gate.Ruling:
    """What was allowed when it was queued need not be now: somebody took over, the window closed …"""
    proposal = gate.Proposal(
        conversation=conversation,
        sender=message.sender,
        purpose=message.payload.get("asked_as", "reply"),
        marketing=bool(message.payload.get("marketing")),
        template=template_of(message),
        owner_version=message.owner_version,
    )
    ruling = gate.decide(proposal)
    if ruling.verdict != gate.SEND:
        gate.record_decision(ruling, proposal, cause={"check": "before sending"}, message=message)
    if not ruling.allowed:
        cancel(conversation, message, ruling.code)
        if message.sender == "bot":  # nobody else would answer now
            hand_over(conversation, reason=Escalation.REFUSED, note=ruling.code)
    return ruling


def cancel(conversation: Conversation, message: Message, code: str) -> None:
    """Take a queued message back; a customer it was to answer waits again."""
    message.status, message.status_at, message.failure_code = Status.CANCELLED, clock.now(), code
    message.save(update_fields=["status", "status_at", "failure_code"])
    conversation.change()
    if message.sender == "bot":
        unanswer(conversation, message)


def _send(job: Claimed, message: Message) -> datetime | None:
    """Hand one claimed message to the platform and write down what came of it."""
    conversation = message.conversation
    with trace.following(message.trace):
        try:
            sent = adapter(conversation.channel).send(plain(conversation.account), outgoing(message))
        except SendError as error:
            trouble = error
            return jobs.surely(lambda: _settle(job, message, trouble))
        jobs.surely(lambda: _settled(message, sent))
    return None


@transaction.atomic
def _settled(message: Message, sent: Sent) -> None:
    conversation, message = _again(message)
    if message is not None:
        _taken(conversation, message, sent)


def _taken(conversation: Conversation, message: Message, sent: Sent) -> None:
    every = list(dict.fromkeys(pieces.filled(message.payload.get("sent_ids", []), [sent.id, *sent.more_ids])))
    if message.external_id and message.external_id not in every:
        every.insert(0, message.external_id)
    if message.payload.get("again"):
        message.payload = {key: value for key, value in message.payload.items() if key != "again"}
        message.external_ids = []
        message.save(update_fields=["payload"])
    if message.status in {Status.SENDING, Status.UNKNOWN, Status.QUEUED}:
        note_sent(conversation, message, every[0], every[1:])
    else:  # an echo or a receipt was quicker
        message.external_id, message.external_ids = every[0], every[1:]
        if message.status == Status.FAILED and len(every) > 1:  # of the first piece, before the others were known
            message.status = Status.PARTLY
            pieces.note(message, [every[0]], Status.FAILED)
        message.save(update_fields=["external_id", "external_ids", "status", "payload"])


def _settle(job: Claimed, message: Message, error: SendError) -> datetime | None:
    """A send that did not end well; returns when to try again, None to go on with the next message."""
    reason, mine = error.reason, job.lease
    with transaction.atomic():
        conversation, message = _again(message)
        if message is None or not _is_mine(message, mine, error):
            return None  # an echo told more, or somebody else looks after it now
        if error.sent_ids:
            sent_ids = pieces.filled(message.payload.get("sent_ids", []), list(error.sent_ids))
            message.payload = {**message.payload, "sent_ids": sent_ids}
            message.save(update_fields=["payload"])
        if isinstance(error, Unknown):
            note_unknown(conversation, message, reason)
            return None
        if (isinstance(error, Refused) and error.permanent) or message.attempts >= ATTEMPTS:
            _refused(conversation, message, reason)
            if message.sender == "bot":
                unanswer(conversation, message)
                hand_over(conversation, reason=Escalation.SEND_FAILED, note=reason.text)
            return None
        again = clock.now() + _wait(reason, message.attempts)
        message.status, message.status_at, message.claim = Status.QUEUED, clock.now(), None
        message.failure_code, message.failure = reason.code[:40], reason.text
        message.save(update_fields=["status", "status_at", "claim", "failure_code", "failure"])
        conversation.change()
        if reason.code.split("/")[0] in _RATE_CODES:
            cache.set(_pause_key(conversation), again, (again - clock.now()).total_seconds())
        return again


def _is_mine(message: Message, mine: int, error: SendError) -> bool:
    """Whether this attempt decides what becomes of the message: nobody else sends it, and what echoes and receipts told
    meanwhile was of pieces that went out before the trouble."""
    if message.status == Status.SENDING:
        return message.claim == mine
    arrived = {message.external_id, *message.external_ids} - {None}
    mixed = message.status in (Status.SENT, Status.DELIVERED, Status.READ) and message.claim is None
    return mixed and bool(error.sent_ids) and arrived <= {*message.payload.get("sent_ids", ()), *error.sent_ids}


def _refused(conversation: Conversation, message: Message, reason: Reason) -> None:
    """For good. Pieces that went out before stay where they are: the message has failed partly."""
    went_out = [one for one in message.payload.get("sent_ids", ()) if one]
    if went_out:
        message.external_id, message.external_ids = went_out[0], went_out[1:]
        message.status = Status.SENT
        message.payload = {key: value for key, value in message.payload.items() if key != "again"}
        pieces.note(message, [pieces.REST], Status.FAILED, reason)
        message.save(update_fields=["external_id", "external_ids"])
    note_failed(conversation, message, reason, partly=bool(went_out))


def _again(message: Message) -> tuple[Conversation, Message]:
    """Conversation and message as they are now, locked in the one order everybody uses."""
    conversation = Conversation.locked(message.conversation_id)
    if conversation is None:
        return None, None  # type: ignore[return-value]
    return conversation, Message.objects.select_for_update().filter(pk=message.pk).first()  # type: ignore[return-value]


def _wait(reason: Reason, attempts: int) -> timedelta:
    own = timedelta(seconds=BACKOFF[min(attempts, len(BACKOFF)) - 1])
    return max(own, reason.retry_after) if reason.retry_after else own


def _pause_key(conversation: Conversation) -> str:
    return f"conversations:paused:{conversation.account_id}"


def _paused_until(conversation: Conversation) -> datetime | None:
    """An account that was told to slow down rests as a whole, not each conversation by itself."""
    until = cache.get(_pause_key(conversation))
    return until if until and until > clock.now() else None


def outgoing(message: Message) -> Outgoing:
    """A stored message in the adapters' words."""
    conversation, payload = message.conversation, message.payload
    return Outgoing(
        reference=str(message.uuid),
        to=recipient(conversation),
        text="" if payload.get("template") else message.text,
        attachments=tuple(
            replace(attachment(row), url=absolute(row.get("url", "")))
            for row in message.attachments  # platforms fetch it
        ),
        cards=tuple(
            Card(**{**row, "buttons": tuple(Button(**button) for button in row.get("buttons", ()))})
            for row in payload.get("cards", ())
        ),
        quick_replies=tuple(Button(**row) for row in payload.get("quick_replies", ())),
        template=template_of(message),
        purpose=payload.get("purpose", "response"),
        reply_to=message.reply_to,
        created_at=message.created_at,
        done=frozenset(n for n, one in enumerate(payload.get("sent_ids", ())) if one),
    )


def attachment(row: dict[str, Any]) -> Attachment:
    return Attachment(**{**row, "kind": Kind(row["kind"])})


def recipient(conversation: Conversation) -> Person:
    """The person with every id that the platform knows them by on this account; first the one they wrote from.

    Ids that a merge of records brought are somebody's who wrote elsewhere: what is said here is not for them.
    """
    identity = conversation.identity
    others = [
        row.value
        for row in conversation.lead.identities.all()
        if (row.kind, row.account) == (identity.kind, identity.account)
        and row.pk != identity.pk
        and came_together(row, identity)
    ]
    return Person(
        id=identity.value, aliases=tuple(others), name=conversation.lead.name, phone=identity.profile.get("phone", "")
    )


def reconcile(job: Claimed) -> datetime | None:
    """Find out what became of a message: look there, and send again only where it is surely not."""
    message = (
        Message.objects.select_related("conversation__account", "conversation__identity", "conversation__lead")
        .filter(pk=int(job.key), status=Status.UNKNOWN)
        .first()
    )
    if message is None:
        return None
    conversation = message.conversation
    looked = int(message.payload.get("looks", 0))
    found: Sent | None = None
    not_there = False
    there: tuple[str, ...] = ()
    try:
        found = adapter(conversation.channel).find(plain(conversation.account), outgoing(message))
        not_there = found is None
    except Unreachable as error:  # the first pieces arrived, the rest surely did not
        not_there, there = True, error.sent_ids
    except SendError as error:
        log.info("message.fate_unknown", message=message.pk, code=error.reason.code)
    with transaction.atomic():
        conversation, message = _again(message)
        if message is None or message.status != Status.UNKNOWN:
            return None
        jobs.hold(job)
        if found is not None:
            _taken(conversation, message, found)
            return None
        if not_there and message.attempts < ATTEMPTS:
            message.status, message.status_at, message.claim = Status.QUEUED, clock.now(), None
            message.payload = {
                **message.payload,
                "sent_ids": pieces.filled(message.payload.get("sent_ids", []), list(there)),
            }
            message.save(update_fields=["status", "status_at", "claim", "payload"])
            conversation.change()
            jobs.schedule(SEND, str(conversation.pk))
            return None
        message.payload = {**message.payload, "looks": looked + 1}
        message.save(update_fields=["payload"])
        if looked < len(LOOKS):
            return clock.now() + LOOKS[looked]
        if message.sender == "bot" and conversation.owner == Owner.BOT:
            unanswer(conversation, message)
            hand_over(conversation, reason=Escalation.SEND_UNKNOWN)
        return None  # stays visible as unknown, with a button to send it again
