"""Search over every message, fast for rare words and for common ones.

One plan cannot do both: a word in every tenth message is found quickest by walking back in time, a rare one
by its list in the index; left alone, PostgreSQL walks through millions of rows for a word that nobody wrote.
What it expects cannot be relied on alone: for the beginning of a word it never expects less than 2 % of all rows.
So we glance at the newest messages, then ask it, and no walk goes on without an end.
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
# A walk ends here (a word that is common no more), and so long a list from the index is sorted.
FARTHEST = 20_000
MOST = 20_000
# What PostgreSQL expects at least of the beginning of a word, as a share of all rows (DEFAULT_TS_MATCH_SEL * 4).
_LEAST_OF_PREFIX = 0.02
_WORDS = re.compile(r"\w+")
_MATCH = "to_tsvector('simple'::regconfig, COALESCE(text, '')) @@ to_tsquery('simple', %s)"


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
    """Ids of messages that hold all the words, newest first."""
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
        expected = _expected(cursor, query)
        told = ":*" not in query or expected > rows * _LEAST_OF_PREFIX * 1.1
        is_common = told and expected > COMMON
        if is_common:
            found = _walk(cursor, query, end - FARTHEST, end, limit)
            if len(found) >= limit:
                return found
        listed, all_of_them = _listed(cursor, query, end, limit)
        if not all_of_them and not is_common:  # commoner than expected, and those listed need not be the newest
            found = _walk(cursor, query, end - FARTHEST, end, limit)
        return sorted({*found, *listed}, reverse=True)[:limit]


def _walk(cursor: Any, query: str, start: int, end: int, limit: int) -> list[int]:
    """Newest first from `end` back to `start`, looking at each message."""
    cursor.execute(
        f"SELECT id FROM conversations_message WHERE id >= %s AND id < %s AND {_MATCH} ORDER BY id DESC LIMIT %s",
        [start, end, query, limit],
    )
    return [row[0] for row in cursor.fetchall()]


def _expected(cursor: Any, query: str) -> float:
    """How many messages PostgreSQL expects to hold the words."""
    cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT id FROM conversations_message WHERE {_MATCH}", [query])
    plan = cursor.fetchone()[0]
    return float((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"])


def _listed(cursor: Any, query: str, end: int, limit: int) -> tuple[list[int], bool]:
    """The newest of up to MOST from the index, and whether that is all there are.

    Materialized: the planner must not think of walking.
    """
    cursor.execute(
        f"WITH hits AS MATERIALIZED (SELECT id FROM conversations_message WHERE {_MATCH} AND id < %s LIMIT {MOST})"
        " SELECT id, (SELECT count(*) FROM hits) FROM hits ORDER BY id DESC LIMIT %s",
        [query, end, limit],
    )
    rows = cursor.fetchall()
    return [row[0] for row in rows], not rows or rows[0][1] < MOST
