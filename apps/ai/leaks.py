"""Whether a reply repeats what only the model was told: our instructions and the organization's rules.

Cheap and plain: runs of words that stand in both. It finds what is copied, not what is retold or translated; there
is no secret in the instructions (see `briefing`), so a retelling does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from apps.ai import language
from apps.ai.facts import Mismatch

# So many words in a row are no chance. Rules may hold sentences that customers are told in other words.
OURS, THEIRS = 8, 12
_WORD = re.compile(r"\w+")
_LONGEST = 8000  # characters of one text that are compared
_REASON = "These words are from your instructions: say it in your own words, or not at all."


def repeated(reply: str, *, instructions: Sequence[str], rules: str = "", public: Sequence[str] = ()) -> list[Mismatch]:
    """The first copied passage, as a mismatch of kind "instructions"; what stands in `public` too may be said."""
    for private, size in ((tuple(instructions), OURS), ((rules,), THEIRS)):
        runs = _runs_of(private, size)
        for run in _runs(reply, size):
            if run in runs and run not in _runs_of(tuple(public), size):
                return [Mismatch("instructions", " ".join(run), _REASON)]
    return []


@lru_cache(maxsize=64)
def _runs_of(texts: tuple[str, ...], size: int) -> frozenset[tuple[str, ...]]:
    return frozenset(run for text in texts for run in _runs(text, size))


def _runs(text: str, size: int) -> Iterator[tuple[str, ...]]:
    words = _WORD.findall(language.normalize(text, _LONGEST))
    return (tuple(words[start : start + size]) for start in range(len(words) - size + 1))
