"""No secret reaches a log, and no text makes looking for them expensive."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.redaction import HIDDEN, redact_secrets, redacted

# Beginnings of what is looked for, and what may stand between them.
PARTS = [
    "eyJ",
    "a",
    "-",
    ".",
    "_",
    "=",
    ":",
    "/",
    "://",
    "@",
    " ",
    "key",
    "token=",
    "bearer ",
    "sk-",
    "EAA",
    "whsec_",
    "é",
    "\n",
]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=6).map("".join))
@example("eyJ-")
@example("eyJaaaaaaaa-")
@example("eyJaaaaaaaa.")
def test_the_work_grows_with_the_text_and_no_faster(fragment):
    """Processor time of this thread, not the clock on the wall: 200,000 characters took minutes where it grew squarely."""
    hostile = fragment * (200_000 // len(fragment))
    begun = time.thread_time()
    redacted(hostile)
    assert time.thread_time() - begun < 2


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    "text",
    [
        f"refused {JWT}",
        f'{{"token":"{JWT}"}}',
        f"x={JWT}&y",
        "Bearer abcdefghijk",
        "postgres://me:hunter2@db/x",
        "?access_token=EAAabc&x=1",
        "sk-abcdefghijklmnop",
        "whsec_abcdefghijklmnop",
    ],
)
def test_secrets_are_hidden_wherever_they_stand(text):
    hidden = redacted(text)
    assert HIDDEN in hidden
    for secret in (JWT, "abcdefghijk", "hunter2", "EAAabc"):
        assert secret not in hidden


def test_a_log_line_is_short_and_what_is_cut_shows_no_half_secret():
    line = redact_secrets(None, "", {"event": "x", "body": "a" * 95_000 + " " + f"{JWT} " * 3_000 + "the end"})
    assert len(line["body"]) < 21_000
    assert line["body"].startswith("aaa")
    assert line["body"].endswith("the end")
    assert "eyJ" not in line["body"]
