"""Search over every message, fast for rare words and for common ones.

One plan cannot do both: a word in every tenth message is found quickest by walking back in time, a rare one
by its list in the index; left alone, PostgreSQL walks through millions of rows for a word that nobody wrote.
So it is asked first how many it expects, and then told which way to go.
"""

from __future__ import annotations

import json
import re
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from .models import Message

# From here on a word is so common that walking back in time finds a page of it sooner.
COMMON = 20_000
# At most so many rows of a rarer word are sorted; beyond them estimates were wrong and the newest may be missed.
MOST = 50_000
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
    query = text_query(words)
    if not query:
        return []
    older = "AND id < %s" if before else ""
    parameters: list[Any] = [query, *([before] if before else [])]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT id FROM conversations_message WHERE {_MATCH}", [query])
        plan = cursor.fetchone()[0]
        expected = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"]
        if expected > COMMON:
            sql = f"SELECT id FROM conversations_message WHERE {_MATCH} {older} ORDER BY id DESC LIMIT %s"
        else:
            sql = (
                f"WITH hits AS MATERIALIZED (SELECT id FROM conversations_message WHERE {_MATCH} {older} LIMIT {MOST})"
                " SELECT id FROM hits ORDER BY id DESC LIMIT %s"
            )
        cursor.execute(sql, [*parameters, max(1, min(limit, 500))])
        return [row[0] for row in cursor.fetchall()]
