"""Answers that the assistant writes and a person sends: on request, and by itself once the AI budget is used up.

A draft lies on its conversation (`Conversation.draft`): {"state": "asked" | "ready" | "none", "at", "reason", "text",
"generation"}. It is worth something until the customer writes again or somebody answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.ai import services as ai
from apps.ai.models import Generation
from apps.jobs import clock, trace
from apps.jobs import services as jobs
from apps.jobs.registry import Claimed
from apps.organizations.actors import Can
from apps.organizations.permissions import needs
from apps.organizations.queries import current_organization
from apps.organizations.services import ai_level

from . import agent
from .escalations import Escalation
from .models import Conversation, Message, Owner
from .ownership import hand_over, unanswered

DRAFT = "conversations.draft"
BUDGET = Escalation.BUDGET.value  # why a conversation was given to people, and why a draft was written
# A draft that was asked for and has not come by then never will.
PATIENCE = timedelta(seconds=60)
# Everything the customer said since somebody last answered, at most.
MOST = 10


@dataclass(frozen=True)
class Suggestion:
    """What the composer shows. `state`: writing, ready, none (there is no answer to suggest)."""

    state: str
    text: str = ""


def suggestion_of(conversation: Conversation) -> Suggestion | None:
    """The draft that still fits the thread, or None."""
    kept = conversation.draft
    try:
        at = datetime.fromisoformat(str(kept.get("at", "")))
    except ValueError:
        return None
    if conversation.last_inbound_at and conversation.last_inbound_at > at:
        return None
    if kept.get("state") == "asked":
        return Suggestion("writing") if clock.now() - at < PATIENCE else None
    return Suggestion(str(kept.get("state", "none")), str(kept.get("text", "")))


@needs(Can.CONVERSE)
@transaction.atomic
def ask(conversation: Conversation) -> None:
    """Have a draft written; it appears in the composer. ValidationError where there is nothing to answer."""
    locked = Conversation.locked(conversation.pk)
    if locked is None or not _asked(locked):
        raise ValidationError(_("There is nothing to answer here yet."))
    if ai_level(current_organization()) == "none":
        raise ValidationError(_("The assistant is switched off while this organization is paused."))
    locked.change(draft={"state": "asked", "at": clock.now().isoformat()})
    jobs.schedule(DRAFT, str(locked.pk))


def write(job: Claimed) -> None:
    """Write the draft that somebody asked for."""
    conversation = Conversation.objects.select_related("lead", "identity", "account").filter(pk=int(job.key)).first()
    todo = _asked(conversation) if conversation else []
    if conversation is not None and todo:
        with trace.following(todo[-1].trace), ai.within(min(job.seconds_left(), PATIENCE.total_seconds())):
            suggest(job, conversation, todo)


def suggest(job: Claimed, seen: Conversation, todo: list[Message], *, reason: str = "asked") -> None:
    """Write one answer to `todo` and leave it to people. With `reason` BUDGET the conversation is theirs from now on."""
    level = ai_level(current_organization())
    try:
        draft = agent.draft_answer(seen, todo, level="offline" if level == "draft" else level)
    except ai.Silent:
        draft = agent.Draft("")
    with transaction.atomic():
        conversation = Conversation.locked(seen.pk)
        jobs.hold(job)
        if conversation is None:
            return
        if reason == BUDGET and conversation.owner == Owner.BOT:
            hand_over(conversation, reason=BUDGET)
        # What only promises that a colleague will answer is no help to that colleague.
        text = "" if draft.hand_off is not None else draft.text
        draft.discard("Written for a person to send.")
        conversation.change(
            draft={
                "state": "ready" if text else "none",
                "at": clock.now().isoformat(),
                "reason": reason,
                "text": text,
                "generation": str(draft.generation.pk) if draft.generation and text else "",
            }
        )


def settle(conversation: Conversation, text: str) -> dict[str, Any]:
    """Somebody answers: the draft goes, and if it was sent as it stood, that is known. Returns the fields to change."""
    kept = conversation.draft
    if not kept:
        return {}
    if kept.get("generation") and kept.get("text", "").strip() == text:
        generation = Generation.objects.filter(pk=kept["generation"]).first()
        if generation is not None:
            ai.mark_used(generation, True, note="Sent by a person as it stood.")
    return {"draft": {}}


@needs(Can.CONVERSE)
@transaction.atomic
def drop(conversation: Conversation) -> None:
    """Nobody wants it."""
    locked = Conversation.locked(conversation.pk)
    if locked is not None and locked.draft:
        locked.change(draft={})


def is_for_people(conversation: Conversation) -> bool:
    """Whether people answer here only because the budget is used up, so that each question gets a draft."""
    return conversation.owner == Owner.HUMAN and conversation.escalation == BUDGET


def _asked(conversation: Conversation) -> list[Message]:
    """What waits for an answer; where all is answered, what the customer said last."""
    if waiting := unanswered(conversation):
        return waiting[-MOST:]
    lately = Message.objects.filter(conversation=conversation, unsent_at=None).exclude(kind__in=["notice", "system"])
    last = lately.filter(direction=Message.Direction.IN).order_by("-at", "-id").first()
    return [last] if last else []
