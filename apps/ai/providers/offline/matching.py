"""Which trained intent a text means, and how sure that is. Tolerates typos, spelling variants and filler words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from apps.ai import language
from apps.ai.providers import IntentSpec

from .phrases import BUILT_IN, FILLER

#: A trained intent answers at this confidence; below it the text is treated as if nothing had matched.
CONFIDENT = 0.72
_WORDS = 60  # words of a text that are compared


@dataclass(frozen=True)
class Match:
    name: str
    confidence: float
    phrase: str


@dataclass(frozen=True)
class _Phrase:
    text: str
    words: tuple[tuple[str, float], ...]
    total: float


class Matcher:
    """Phrases of many intents, ready to be compared with texts."""

    def __init__(self, intents: Mapping[str, Sequence[str]]):
        self._phrases: dict[str, tuple[_Phrase, ...]] = {}
        self._exact: dict[str, str] = {}
        for name, phrases in intents.items():
            split = [(phrase, words_of(phrase)) for phrase in phrases]
            shared = _shared(words for _, words in split)
            self._phrases[name] = tuple(_weighed(text, words, shared) for text, words in split if words)
            for _, words in split:
                if words:
                    self._exact.setdefault(" ".join(words), name)
        self._vocabulary = {word for many in self._phrases.values() for one in many for word, _ in one.words}
        # One answer asks about the same text several times.
        self._remembered = lru_cache(maxsize=256)(self._rank)

    def rank(self, text: str) -> list[Match]:
        """Every intent that resembles the text, best first."""
        return self._remembered(text)

    def _rank(self, text: str) -> list[Match]:
        words = words_of(text)[:_WORDS]
        if not words:
            return []
        exact = self._exact.get(" ".join(words))
        alike = self._alike(words)
        size = sum(_weight(word) for word in words)
        found = []
        for name, phrases in self._phrases.items():
            best = max(((_score(phrase, alike, size, words), phrase.text) for phrase in phrases), default=(0.0, ""))
            if name == exact:
                best = (1.0, best[1])
            if best[0] >= 0.3:
                found.append(Match(name, round(best[0], 3), best[1]))
        return sorted(found, key=lambda match: (-match.confidence, match.name))

    def best(self, text: str) -> Match | None:
        ranked = self.rank(text)
        return ranked[0] if ranked else None

    def _alike(self, words: Sequence[str]) -> dict[str, tuple[float, str]]:
        """For each word of the phrases its likeness (0–1) to the nearest word of the text, and that word."""
        present = set(words)
        stems = {language.stem(word): word for word in present}
        result: dict[str, tuple[float, str]] = {}
        for target in self._vocabulary:
            if target in present:
                result[target] = (1.0, target)
                continue
            root = language.stem(target)
            if root in stems:
                result[target] = (0.95, stems[root])
                continue
            near = max(((likeness(target, word), word) for word in present), default=(0.0, ""))
            if near[0]:
                result[target] = near
        return result


def words_of(text: str) -> list[str]:
    return [word.replace("'", "").replace("’", "") for word in language.tokens(language.normalize(text))]


def likeness(a: str, b: str) -> float:
    """0 or 0.75–1: how much two folded words look like one word with a typo."""
    if a == b:
        return 1.0
    shorter = min(len(a), len(b))
    if shorter == 3 and len(a) == len(b) and sorted(a) == sorted(b):
        return 0.8 if OSA.distance(a, b, score_cutoff=1) == 1 else 0.0
    if shorter < 4 or abs(len(a) - len(b)) > 2 or a.isdigit() or b.isdigit():
        return 0.0
    if a[0] != b[0] and shorter < 6:
        return 0.0
    score = fuzz.ratio(a, b, score_cutoff=75 if shorter >= 5 else 85) / 100
    # Two letters swapped ("opne"): one slip of the fingers, which the ratio counts as two.
    return score or (0.8 if OSA.distance(a, b, score_cutoff=1) == 1 and len(a) == len(b) and set(a) == set(b) else 0.0)


def _weight(word: str) -> float:
    return 0.25 if word in FILLER else 1.0


def _shared(split: Iterable[list[str]]) -> frozenset[str]:
    """Words that at least half of an intent's phrases hold: they carry its meaning."""
    many = [set(words) for words in split]
    if len(many) < 2:
        return frozenset()
    counts: dict[str, int] = {}
    for words in many:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    return frozenset(word for word, count in counts.items() if count * 2 >= len(many) and word not in FILLER)


def _weighed(text: str, words: list[str], shared: frozenset[str]) -> _Phrase:
    weighed = tuple((word, _weight(word) * (1.6 if word in shared else 1.0)) for word in words)
    return _Phrase(text, weighed, sum(weight for _, weight in weighed))


def _score(phrase: _Phrase, alike: Mapping[str, tuple[float, str]], size: float, words: Sequence[str]) -> float:
    matched = 0.0
    used: set[str] = set()
    for word, weight in phrase.words:
        near = alike.get(word)
        if near:
            matched += weight * near[0]
            used.add(near[1])
    recall = matched / phrase.total
    if recall < 0.6:
        return 0.0
    # A phrase of fillers alone ("how are you") must be there whole.
    if all(weight <= 0.25 for _, weight in phrase.words) and any(word not in alike for word, _ in phrase.words):
        return 0.0
    covered = sum(_weight(word) for word in words if word in used)
    precision = min(covered / size, 1.0) if size else 0.0
    return recall * recall * (0.55 + 0.45 * precision)


@lru_cache(maxsize=1)
def built_in() -> Matcher:
    return Matcher(BUILT_IN)


@lru_cache(maxsize=64)
def trained(intents: tuple[tuple[str, tuple[str, ...]], ...]) -> Matcher:
    return Matcher(dict(intents))


def match_trained(text: str, intents: Sequence[IntentSpec]) -> list[Match]:
    """An organization's own intents ranked against a text."""
    if not intents:
        return []
    return trained(tuple((intent.name, tuple(intent.phrases)) for intent in intents)).rank(text)
