"""Cuts a long text into messages at the end of a paragraph, line, sentence or word, in that order of liking."""

from __future__ import annotations

import re
import unicodedata

# The later a kind of break stands here the less it is liked; each must lie in the second half of the piece.
_BREAKS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?…؟۔。！？]['\"”’»)\]]*(?=\s)|[。！？]"),
    re.compile(r"[,;:،؛](?=\s)"),
    re.compile(r"\s(?=\S)"),
)
_JOINERS = "\u200d\ufe0f\u20e3"


def split(text: str, limit: int, unit: str = "characters") -> list[str]:
    """`text` in pieces of at most `limit` characters, or bytes of UTF-8; no piece is empty."""
    pieces = []
    rest = text.strip()
    while rest:
        room = _room(rest, limit, unit)
        if room >= len(rest):
            pieces.append(rest)
            break
        cut = _cut(rest, room)
        if piece := rest[:cut].rstrip():
            pieces.append(piece)
        rest = rest[cut:].lstrip()
    return pieces


def shorten(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, with an ellipsis where it was cut."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    return text[: _whole(text, limit - 1)].rstrip() + "…"


def _room(text: str, limit: int, unit: str) -> int:
    """How many characters of `text` fit."""
    if unit != "bytes":
        return limit
    return len(text[:limit].encode()[:limit].decode(errors="ignore"))


def _cut(text: str, room: int) -> int:
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(text, room // 2, room)]
        if ends:
            return ends[-1]
    return _whole(text, room)


def _whole(text: str, at: int) -> int:
    """The nearest place at or before `at` that does not tear an emoji or an accent from its letter."""
    cut = at
    while 0 < cut < len(text) and at - cut < 32 and _joined(text[cut - 1], text[cut]):
        cut -= 1
    return cut if cut > 0 and at - cut < 32 else at


def _joined(before: str, after: str) -> bool:
    modifier = 0x1F3FB <= ord(after) <= 0x1F3FF  # skin tones
    flags = 0x1F1E6 <= ord(before) <= 0x1F1FF and 0x1F1E6 <= ord(after) <= 0x1F1FF
    return after in _JOINERS or before == "\u200d" or modifier or flags or bool(unicodedata.combining(after))
