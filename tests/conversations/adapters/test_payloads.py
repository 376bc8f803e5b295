"""Each captured payload gives the facts that stand beside it."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from apps.conversations.adapters import registry
from apps.conversations.adapters.parts import PARTS, as_json

FOLDERS = {"messenger": "facebook", "instagram": "instagram", "whatsapp": "whatsapp"}
PAYLOADS = Path(__file__).parents[1] / "payloads"
FILES = sorted(path.relative_to(PAYLOADS).as_posix() for path in PAYLOADS.glob("*/*.json"))


def shown(value: Any) -> Any:
    """A fact as JSON would show it."""
    if type(value) in PARTS.values():
        return as_json(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: shown(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [shown(one) for one in value]
    return value


def holds(found: Any, expected: Any, where: str) -> None:
    """Everything expected is found; what is not mentioned may be anything."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            assert key in found, f"{where}.{key} is missing in {found}"
            holds(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(found, list):
        assert len(found) == len(expected), f"{where}: {found}"
        for position, (one, other) in enumerate(zip(found, expected, strict=True)):
            holds(one, other, f"{where}[{position}]")
    else:
        assert found == expected, where


@pytest.mark.parametrize("file", FILES)
def test_payload(file):
    payload = json.loads((PAYLOADS / file).read_text())
    adapter = registry.adapter(FOLDERS[file.split("/")[0]])
    facts = [
        {"is": type(fact).__name__, **shown(fact)}
        for part in adapter.accounts(payload["body"]).values()
        for fact in adapter.parse(part)
    ]
    holds(facts, payload["facts"], "facts")
    assert "unreadable" not in json.dumps(facts)


@pytest.mark.parametrize("file", FILES)
def test_a_part_holds_only_its_own_account(file):
    payload = json.loads((PAYLOADS / file).read_text())
    adapter = registry.adapter(FOLDERS[file.split("/")[0]])
    for external_id, part in adapter.accounts(payload["body"]).items():
        assert {fact.account for fact in adapter.parse(part)} <= {external_id}
        assert list(adapter.accounts(part)) == [external_id]


@pytest.mark.parametrize("file", FILES)
def test_the_same_payload_twice_gives_the_same_ids(file):
    payload = json.loads((PAYLOADS / file).read_text())
    adapter = registry.adapter(FOLDERS[file.split("/")[0]])
    first, second = ([getattr(fact, "id", "") for fact in adapter.parse(payload["body"])] for _ in range(2))
    assert first == second
