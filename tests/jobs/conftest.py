"""Kinds of work that only tests know."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from apps.jobs.registry import KINDS, handles
from tests.jobs.committed import committed  # noqa: F401  fixture


@pytest.fixture
def kind() -> Iterator[Callable[..., str]]:
    """`kind(run, queue=…, …)`: register a handler for this test alone; returns its name."""
    names: list[str] = []

    def register(run: Callable[..., object], name: str = "", queue: str = "interactive", **options: object) -> str:
        name = name or f"test.kind{len(names)}"
        handles(name, queue=queue, **options)(run)
        names.append(name)
        return name

    yield register
    for name in names:
        KINDS.pop(name, None)
