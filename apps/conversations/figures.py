"""Numbers that other floors ask for; each costs the same however long the history is."""

from __future__ import annotations

from .models import Conversation, Message, Owner

# Above this a count is "so many and more": nobody reads the difference, and counting would cost.
MANY = 1000


def waiting_count() -> int:
    """Open conversations in which a person, not the assistant, owes an answer, up to MANY."""
    waiting = Conversation.objects.filter(
        status=Conversation.Status.OPEN, owner=Owner.HUMAN, waiting_since__isnull=False
    )
    return waiting.order_by()[:MANY].count()


def longest_waiting(most: int) -> list[Conversation]:
    """Those in which a person owes an answer, who has waited longest first, with whom they are with and what was said."""
    waiting = Conversation.objects.filter(
        status=Conversation.Status.OPEN, owner=Owner.HUMAN, waiting_since__isnull=False
    )
    shown = waiting.select_related("lead", "last_message", "assignee").defer("lead__search_text")
    return list(shown.order_by("waiting_since", "id")[:most])


def seconds_waited(message_id: int) -> int | None:
    """How long a customer had waited for this answer; None if it answers nothing (a second bubble, a follow-up)."""
    answer = Message.objects.filter(pk=message_id).only("conversation_id", "created_at").first()
    if answer is None:
        return None
    earlier = Message.objects.filter(conversation_id=answer.conversation_id, pk__lt=message_id)
    last_answer = (
        earlier.filter(direction=Message.Direction.OUT).order_by("-pk").values_list("pk", flat=True).first() or 0
    )
    first_question = (
        earlier.filter(direction=Message.Direction.IN, pk__gt=last_answer).order_by("pk").only("created_at").first()
    )
    if first_question is None:
        return None
    return max(0, round((answer.created_at - first_question.created_at).total_seconds()))
