"""Search over every message, fast for rare words and for common ones.

One plan cannot do both: a word in every tenth message is found quickest by walking back in time, a rare one
by its list in the index; left alone, PostgreSQL walks through millions of rows for a word that nobody wrote.
What it expects cannot be relied on alone: for the beginning of a word it never expects less than 2 % of all rows.
So we glance at the newest messages and count, then ask it, and no walk goes on without an end.
"""

from __future__ import annotations

import json
import re
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from .models import Message

# Messages looked at one by one before anything else: a few milliseconds, and enough for words that everybody uses.
GLANCE = 1_000
# From here on a word is so common that walking back in time finds a page of it sooner.
COMMON = 20_000
# A walk ends here, and a list from the index that is this long is not read on.
FARTHEST = 20_000
MOST = 20_000
# What PostgreSQL expects at least of the beginning of a word, as a share of all rows (DEFAULT_TS_MATCH_SEL * 4).
_LEAST_OF_PREFIX = 0.02
_WORDS = re.compile(r"\w+")
_MATCH = "to_tsvector('simple'::regconfig, COALESCE(text, '')) @@ to_tsquery('simple', %s)"
# The same, and not what the index is on: who walks must not wait for a list of half a million first.
_MATCH_ONE = "to_tsvector('simple'::regconfig, text) @@ to_tsquery('simple', %s)"


def text_query(words: str) -> str:
    """Words as people type them -> a tsquery that cannot be malformed; the last word may be unfinished."""
    found = _WORDS.findall(words[:300].replace("\x00", "").replace("_", " "))[:8]
    if not found:
        return ""
    terms = [f"'{word}'" for word in found]
    if len(found[-1]) > 2 and not words[-1:].isspace():
        terms[-1] += ":*"
    return " & ".join(terms)


def search_messages(words: str, *, before: int | None = None, limit: int = 50) -> list[Message]:
    """Messages that hold all the words, newest first; `before` is the id of the last one seen."""
    return list(Message.objects.filter(pk__in=search_ids(words, before=before, limit=limit)).order_by("-id"))


def matching(words: str, *, before: int | None = None, limit: int = 50) -> QuerySet[Message]:
    """The same as a query set, to be joined with what the caller shows."""
    return Message.objects.filter(pk__in=search_ids(words, before=before, limit=limit)).order_by("-id")


def search_ids(words: str, *, before: int | None = None, limit: int = 50) -> list[int]:
    """Ids of messages that hold all the words, newest first; of a common word those said lately (go on with `before`)."""
    query = text_query(words)
    if not query:
        return []
    limit = max(1, min(limit, 500))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT max(id) FROM conversations_message), reltuples FROM pg_class"
            " WHERE oid = 'conversations_message'::regclass"
        )
        newest, rows = cursor.fetchone()
        end = before or (newest or 0) + 1
        found = _walk(cursor, query, end - GLANCE, end, limit)
        if len(found) >= limit or end - GLANCE <= 1:
            return found
        if len(found) / GLANCE * rows > COMMON or _expected(cursor, query, rows) > COMMON:
            found = _walk(cursor, query, end - FARTHEST, end, limit)
            if found:
                return found
        return _listed(cursor, query, end, limit)


def _walk(cursor: Any, query: str, start: int, end: int, limit: int) -> list[int]:
    """Newest first from `end` back to `start`, looking at each message."""
    cursor.execute(
        f"SELECT id FROM conversations_message WHERE id >= %s AND id < %s AND {_MATCH_ONE} ORDER BY id DESC LIMIT %s",
        [start, end, query, limit],
    )
    return [row[0] for row in cursor.fetchall()]


def _expected(cursor: Any, query: str, rows: float) -> float:
    """How many messages PostgreSQL expects to hold the words; 0 where it cannot know."""
    cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT id FROM conversations_message WHERE {_MATCH}", [query])
    plan = cursor.fetchone()[0]
    expected = float((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"])
    return 0 if ":*" in query and expected <= rows * _LEAST_OF_PREFIX * 1.1 else expected


def _listed(cursor: Any, query: str, end: int, limit: int) -> list[int]:
    """The newest of up to MOST from the index. Materialized: the planner must not think of walking."""
    cursor.execute(
        f"WITH hits AS MATERIALIZED (SELECT id FROM conversations_message WHERE {_MATCH} AND id < %s LIMIT {MOST})"
        " SELECT id FROM hits ORDER BY id DESC LIMIT %s",
        [query, end, limit],
    )
    return [row[0] for row in cursor.fetchall()]
