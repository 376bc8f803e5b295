"""Words for the translation catalogs that stand in the code without a gettext call around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

_sources: list[Callable[[], Iterable[str]]] = []


def say_elsewhere(source: Callable[[], Iterable[str]]) -> None:
    """Register words that are declared once, in English, and translated where a page shows them."""
    _sources.append(source)


def elsewhere() -> Iterable[str]:
    return (text for source in _sources for text in source())
