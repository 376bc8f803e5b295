"""One answer to everything that is unanswered, from one worker at a time."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction

from apps.ai import queries as ai_queries
from apps.ai import services as ai
from apps.jobs import clock, trace
from apps.jobs import services as jobs
from apps.jobs.registry import Claimed
from apps.leads import services as leads
from apps.organizations.queries import current_organization
from apps.organizations.services import ai_level

from . import agent, drafts
from .escalations import Escalation
from .fates import suppress
from .models import Conversation, Message, Owner
from .outgoing import Content, queue_message
from .ownership import hand_over, note_answered, unanswered

log = structlog.get_logger(__name__)

REPLY = "conversations.reply"
# However long somebody goes on typing, an answer comes this long after their first message.
LONGEST_WAIT = timedelta(seconds=10)
# A draft is thrown away this often because the customer wrote on.
REDRAFTS = 2
# So often an answer is tried before a person gets it; after that only the hand-off itself is tried again.
TRIES = 3
ATTEMPTS = 5
# Of the job's lease, what models may not use: the answer must be written down before another worker begins anew.
RESERVE = 30.0
# With less time than this left, a draft is not thrown away because the customer wrote on.
TIME_FOR_ANOTHER = 25.0


def schedule_answer(conversation: Conversation) -> None:
    """Answer after a short quiet time, so that several quick messages get one answer."""
    now = clock.now()
    first = next((message.created_at for message in unanswered(conversation)), now)
    at = min(now + timedelta(seconds=settings.REPLY_QUIET_SECONDS), max(first + LONGEST_WAIT, now))
    jobs.schedule(REPLY, str(conversation.pk), at=at, postpone=True)


def answer(job: Claimed) -> None:
    """Answer a conversation, if there is something to answer and the assistant is the one to do it.

    All models together, rounds, rewrites and new drafts included, get what the job's lease allows.
    """
    with ai.within(job.seconds_left() - RESERVE):
        _answer(job)


def _answer(job: Claimed) -> None:
    for redraft in range(REDRAFTS + 1):
        conversation = (
            Conversation.objects.select_related("lead", "identity", "account").filter(pk=int(job.key)).first()
        )
        if conversation is None or not (conversation.owner == Owner.BOT or drafts.is_for_people(conversation)):
            return
        todo = unanswered(conversation)
        if not todo:
            return
        if not ai_queries.persona().is_on:
            _leave_to_people(job)
            return
        with trace.following(todo[-1].trace):
            level = ai_level(current_organization())
            if level == "draft" or conversation.owner != Owner.BOT:
                drafts.suggest(job, conversation, todo, reason=drafts.BUDGET)
                return
            try:
                draft = _draft(job, conversation, todo, level)
            except ai.Silent:
                return  # the organization is paused: people see that somebody waits
            last = redraft == REDRAFTS or ai.seconds_left() < TIME_FOR_ANOTHER
            try:
                if _commit(job, conversation, todo, draft, last=last):
                    return
            except jobs.LeaseLost:
                draft.discard("Another worker had taken over by then.")
                raise


@transaction.atomic
def _leave_to_people(job: Claimed) -> None:
    """The assistant is switched off: whoever wrote waits for a person, and people see so."""
    conversation = Conversation.locked(int(job.key))
    jobs.hold(job)
    if conversation is not None:
        hand_over(conversation, reason=Escalation.OFF, actor="system")


def _draft(job: Claimed, conversation: Conversation, todo: list[Message], level: ai.Level) -> agent.Draft:
    if job.attempt > TRIES:  # workers died over it, or what was written could not be kept
        return agent.give_up(conversation, todo)
    try:
        return agent.draft_answer(conversation, todo, level=level)
    except ai.Silent:
        raise
    except Exception:
        if job.attempt < TRIES:
            raise
        log.exception("reply.given_up", conversation=conversation.pk)
        return agent.give_up(conversation, todo)


@transaction.atomic
def given_up(job: Claimed, _error: str) -> None:
    """Not even the hand-off could be answered: the conversation is people's, without a word to the customer."""
    conversation = Conversation.locked(int(job.key))
    jobs.hold(job)
    if conversation is not None and unanswered(conversation):
        hand_over(conversation, reason=Escalation.AI_UNAVAILABLE, actor="system")


def _commit(job: Claimed, seen: Conversation, todo: list[Message], draft: agent.Draft, *, last: bool) -> bool:
    """Queue the draft, unless the world has moved on; False: write a new one."""
    with transaction.atomic():
        conversation = Conversation.locked(seen.pk)
        jobs.hold(job)
        if conversation is None:
            return True
        answered = [message.pk for message in todo]
        now_open = {message.pk for message in unanswered(conversation)}
        if now_open - set(answered) and not last and conversation.owner_version == seen.owner_version:
            draft.discard("The customer wrote on; a newer answer took its place.")
            return False
        version = seen.owner_version
        mine = conversation.owner_version == version and conversation.owner == Owner.BOT
        if mine and draft.hand_off is not None:
            hand_over(conversation, reason=draft.hand_off.reason, note=draft.hand_off.note)
            version = conversation.owner_version
        queued = queue_message(
            conversation,
            Content(
                text=draft.text,
                cards=draft.cards,
                quick_replies=draft.quick_replies,
                details={
                    "answers": answered,
                    "facts": draft.facts,
                    "intent": draft.intent,
                    **({"knowledge": list(draft.knowledge)} if draft.knowledge else {}),
                },
            ),
            sender="bot",
            cause={"answers": answered, "generation": str(draft.generation.pk) if draft.generation else ""},
            generation=draft.generation,
            owner_version=version,
        )
        sent = queued.ruling.allowed
        draft.settle(used=sent, note=queued.ruling.sentence)
        if sent:
            # A hand-off is no answer: people see that somebody waits for them.
            if draft.hand_off is None:
                note_answered(conversation, up_to=max(answered))
            else:
                conversation.change(answered_to=max(answered))
            leads.note_answer(conversation.lead, actor="bot")
            leads.note_wish(conversation.lead, draft.wish)
            if draft.signals:
                leads.signal(conversation.lead, *draft.signals)
            if draft.hand_off is not None and draft.hand_off.reason == "stop":
                suppress(conversation, reason="asked to stop")
        elif mine and queued.ruling.against is not None:
            hand_over(conversation, reason=Escalation.REFUSED, note=queued.ruling.code)
        return True
