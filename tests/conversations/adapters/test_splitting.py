from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.conversations.adapters.splitting import shorten, split


@given(st.text(max_size=400), st.integers(20, 120), st.sampled_from(["characters", "bytes"]))
def test_pieces_fit_and_lose_nothing_but_space(words, limit, unit):
    pieces = split(words, limit, unit)
    sizes = [len(piece.encode()) if unit == "bytes" else len(piece) for piece in pieces]
    assert all(0 < size <= limit for size in sizes)
    assert "".join("".join(pieces).split()) == "".join(words.split())


@pytest.mark.parametrize(
    ("words", "limit", "expected"),
    [
        ("One. Two. Three is longer.", 16, ["One. Two.", "Three is longer."]),
        ("First line\nsecond line", 16, ["First line", "second line"]),
        ("Price is 1.500 JOD today", 20, ["Price is 1.500 JOD", "today"]),
        ("هل عندكم أحذية؟ نعم عندنا", 18, ["هل عندكم أحذية؟", "نعم عندنا"]),
        ("", 10, []),
        ("x" * 25, 10, ["x" * 10, "x" * 10, "x" * 5]),
    ],
)
def test_breaks_where_a_reader_would(words, limit, expected):
    assert split(words, limit) == expected


def test_an_emoji_is_not_torn():
    worker = "👩🏽‍🔧"
    pieces = split("a" * 17 + worker, 20)
    assert pieces == ["a" * 17, worker]


def test_instagram_counts_bytes():
    assert [len(piece.encode()) <= 1000 for piece in split("كلمة " * 400, 1000, "bytes")] == [True] * 4


def test_shorten():
    assert shorten("Steel-toe boots, size 44", 20) == "Steel-toe boots, si…"
    assert shorten("a\nb", 20) == "a b"
