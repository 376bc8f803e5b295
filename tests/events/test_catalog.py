"""Every event is documented: what it means, and an example that has exactly its fields."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from apps.events.journal import TYPES

EVENTS = sorted((name, event) for name, event in TYPES.items() if event.__module__.startswith("apps."))


@pytest.mark.parametrize(("name", "event"), EVENTS, ids=[name for name, _ in EVENTS])
def test_it_is_documented(name, event):
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name)
    assert event.description.strip().endswith(".")
    assert {field.name for field in dataclasses.fields(event)} == set(event.example)
    assert json.loads(json.dumps(event.example)) == event.example
    event(**event.example)
    assert event.__module__.endswith(".events")


def test_there_are_some():
    assert "endpoint.disabled" in dict(EVENTS)
