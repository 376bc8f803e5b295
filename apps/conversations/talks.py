"""What was said with a person, for their timeline: a line per conversation and day, with the way to the thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q
from django.db.models.functions import TruncDate

from apps.leads import timeline

from .models import Message


@dataclass(frozen=True)
class Talk:
    """The messages of one conversation on one day; `at` is when the last of them was written."""

    at: datetime
    number: int  # the newest message's id
    conversation_id: int
    channel: str
    count: int
    theirs: int
    assistant: int
    people: int
    last: Message | None
    template: str = "conversations/_talk.html"


@timeline.source("last_at", "last_id")
def talks(lead_id: int, before: Q, most: int) -> list[Talk]:
    """Days on which something was said, newest first; two queries however much that was."""
    rows = (
        Message.objects.filter(conversation__lead=lead_id, direction__in=["in", "out"])
        .exclude(kind="notice")
        .exclude(status=Message.Status.CANCELLED)
        .annotate(day=TruncDate("at"))
        .values("conversation_id", "conversation__channel", "day")
        .annotate(
            last_at=Max("at"),
            last_id=Max("pk"),
            count=Count("pk"),
            theirs=Count("pk", filter=Q(direction="in")),
            assistant=Count("pk", filter=Q(direction="out", sender="bot")),
        )
        .filter(before)
        .order_by("-last_at", "-last_id")[:most]
    )
    found = list(rows)
    newest = Message.objects.only("direction", "sender", "text", "kind", "unsent_at").in_bulk(
        [row["last_id"] for row in found]
    )
    return [
        Talk(
            at=row["last_at"],
            number=row["last_id"],
            conversation_id=row["conversation_id"],
            channel=row["conversation__channel"],
            count=row["count"],
            theirs=row["theirs"],
            assistant=row["assistant"],
            people=row["count"] - row["theirs"] - row["assistant"],
            last=newest.get(row["last_id"]),
        )
        for row in found
    ]
