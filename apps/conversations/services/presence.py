"""Who is here, and who types."""

from __future__ import annotations

import contextlib

from django.core.cache import cache
from django.db import connection

from apps.jobs import clock
from apps.organizations.actors import Can
from apps.organizations.models import User
from apps.organizations.permissions import needs

from .. import queries
from ..models import Conversation, Presence


@needs(Can.LOOK)
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


@needs(Can.LOOK)
def leave(conversation: Conversation, *, by: User) -> None:
    """`by` has gone elsewhere."""
    Presence.objects.filter(conversation=conversation, user_id=by.pk).delete()
