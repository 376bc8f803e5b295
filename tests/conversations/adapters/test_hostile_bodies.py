"""Whatever a body holds, reading it raises nothing and gives only what a database can store."""

from __future__ import annotations

import copy
import dataclasses
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.conversations.adapters import AccountNotice, Echo, Fact, Inbound, Kind, ThreadNotice, Topic, reading, registry

PAYLOADS = Path(__file__).parents[1] / "payloads"
FOLDERS = {"messenger": "facebook", "instagram": "instagram", "whatsapp": "whatsapp"}
BODIES = {
    (FOLDERS[path.parent.name], path.stem): json.loads(path.read_text())["body"] for path in PAYLOADS.glob("*/*.json")
}
WEBCHAT = {
    "object": "webchat",
    "entry": [
        {
            "id": "w1",
            "messaging": [
                {
                    "visitor": {"id": "v1", "name": "Sam", "locale": "en"},
                    "mid": "m1",
                    "text": "Hi",
                    "attachments": [{"kind": "image", "url": "/m/1", "name": "a.png", "mime": "image/png", "size": 3}],
                    "at": 1789459200,
                    "page": {
                        "url": "https://a.example/?gclid=1",
                        "referrer": "https://b.example/",
                        "utm": {"source": "x"},
                    },
                }
            ],
        }
    ],
}
BODIES["webchat", "text"] = WEBCHAT
NOW = datetime(2026, 11, 2, tzinfo=UTC)

absurd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["", "\x00", "a\x00b", "\ud800", "9" * 600, "1e999", "٣", "-1", "2026-13-45", 10**400, 2**70, -1]),
)
json_values = st.recursive(
    absurd, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)), max_leaves=12
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to each value inside `value`."""
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    value = copy.deepcopy(value)
    there = value
    for key in path[:-1]:
        there = there[key]
    there[path[-1]] = new
    return value


def storable(value: Any) -> None:
    """Every string is without NUL and lone surrogates and not endless; details are plain JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            storable(getattr(value, field.name))
    elif isinstance(value, str):
        assert "\x00" not in value
        value.encode()
        assert len(value) <= reading.TEXT_LIMIT
    elif isinstance(value, dict):
        json.dumps(value, allow_nan=False)
        for key, inner in value.items():
            storable(key)
            storable(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            storable(inner)


def read_all(channel: str, body: Any) -> list[Fact]:
    adapter = registry.adapter(channel)
    facts = []
    for external_id, part in adapter.accounts(body).items():
        storable(external_id)
        facts += adapter.parse(part, received_at=NOW)
    for fact in facts:
        storable(fact)
        assert fact.at.tzinfo is not None
        assert len(getattr(fact, "id", "")) <= reading.ID_LIMIT
        if isinstance(fact, Inbound):
            assert fact.id
            assert fact.person.id
        # The safety net is for what we did not think of: nothing here may need it.
        assert not (isinstance(fact, AccountNotice) and fact.text.startswith("unreadable")), fact
    return facts


@given(channel=st.sampled_from(sorted(registry.channels())), body=json_values)
@settings(max_examples=100, deadline=None)
def test_any_json(channel, body):
    read_all(channel, body)


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_real_body_with_one_place_made_absurd(data):
    channel, name = data.draw(st.sampled_from(sorted(BODIES)))
    body = BODIES[channel, name]
    path = data.draw(st.sampled_from(places(body)))
    read_all(channel, replaced(body, path, data.draw(json_values)))


SIBLINGS = {
    "messaging": {
        "sender": {"id": "s1"}, "recipient": {"id": "a1"}, "timestamp": 1789459200000,
        "message": {"mid": "sibling", "text": "I am here too"},
    },
    "messages": {
        "from": "15550009999", "id": "sibling", "timestamp": "1789459200", "type": "text",
        "text": {"body": "I am here too"},
    },
}  # fmt: skip


def lists_of_events(body: Any) -> list[tuple[Any, ...]]:
    """The paths of the lists that hold people's messages."""
    return [path for path in places(body) if path and path[-1] in SIBLINGS and path[0] == "entry"]


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_event_costs_its_siblings(data):
    """However one event of a body is broken, missing, repeated or huge: the message beside it is read once."""
    names = sorted(key for key in BODIES if key[0] != "webchat" and lists_of_events(BODIES[key]))
    body = copy.deepcopy(BODIES[data.draw(st.sampled_from(names))])
    channel = (
        "whatsapp"
        if body["object"] == "whatsapp_business_account"
        else {"page": "facebook"}.get(body["object"], "instagram")
    )
    path = data.draw(st.sampled_from(lists_of_events(body)))
    events = body
    for key in path:
        events = events[key]
    broken = data.draw(st.sampled_from(places(events[0])))
    mutated = replaced(events[0], broken, data.draw(json_values | st.just("x" * 200_000)))
    events[:] = [mutated, *([mutated] if data.draw(st.booleans()) else []), SIBLINGS[path[-1]]]
    found = [fact for fact in read_all(channel, body) if getattr(fact, "id", "") == "sibling"]
    assert [fact.text for fact in found] == ["I am here too"]
    assert isinstance(found[0], Inbound | Echo)  # in a history it depends on whose thread it is


@pytest.mark.parametrize("channel", registry.channels())
def test_junk_is_kept_under_no_account(channel):
    adapter = registry.adapter(channel)
    for junk in (None, 7, "x", [], {}, {"entry": None}, {"entry": {}}, [1, 2]):
        assert list(adapter.accounts(junk)) == [""]
        assert [fact.topic for fact in adapter.parse(adapter.accounts(junk)[""])] == ["malformed"]


def test_an_entry_that_names_no_account_is_kept_beside_the_others():
    body = {"object": "page", "entry": [{"messaging": [{}]}, {"id": "1", "messaging": []}, None, {"id": ["x"]}]}
    parts = registry.adapter("facebook").accounts(body)
    assert {key: len(part["entry"]) for key, part in parts.items()} == {"": 3, "1": 1}


def test_deep_nesting_is_cut():
    deep: Any = "end"
    for _ in range(900):
        deep = {"a": [deep]}
    facts = read_all(
        "facebook", {"object": "page", "entry": [{"id": "1", "changes": [{"field": "feed", "value": deep}]}]}
    )
    assert [fact.topic for fact in facts] == ["feed"]


def test_a_text_of_a_megabyte_is_cut_and_says_so():
    body = copy.deepcopy(BODIES["facebook", "text"])
    body["entry"][0]["messaging"][0]["message"]["text"] = "ا" * 1_000_000
    [fact] = read_all("facebook", body)
    assert len(fact.text) == reading.TEXT_LIMIT
    assert fact.details == {"truncated_from": 1_000_000}


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (1789459200, "2026-09-15T08:00:00+00:00"),
        (1789459200123, "2026-09-15T08:00:00.123000+00:00"),
        ("1789459200", "2026-09-15T08:00:00+00:00"),
        (1789459200123456, "2026-09-15T08:00:00.123456+00:00"),
        ("2026-09-15T08:00:00+0000", "2026-09-15T08:00:00+00:00"),
        ("2026-09-15T08:00:00Z", "2026-09-15T08:00:00+00:00"),
        *[
            (absurd_one, NOW.isoformat())
            for absurd_one in (None, "", "soon", -1, 0, 99999999999, "٣", float("nan"), [], True)
        ],
    ],
)
def test_moments(stamp, expected):
    assert reading.moment(stamp, NOW).isoformat() == expected


def test_a_future_type_is_shown_as_unsupported():
    [fact] = read_all("whatsapp", BODIES["whatsapp", "unknown_type"])
    assert (type(fact), fact.kind, bool(fact.details)) == (Inbound, Kind.UNSUPPORTED, True)


def test_a_future_event_is_no_message():
    """It may carry the id of a message of ours, as a judgment of it does."""
    [fact] = read_all("facebook", BODIES["facebook", "unknown_event_with_mid"])
    assert (type(fact), fact.about, fact.label) == (ThreadNotice, Topic.UNKNOWN, "hologram")


def test_splitting_a_batch_of_a_thousand_is_quick():
    entry = BODIES["facebook", "text"]["entry"][0]
    body = {"object": "page", "entry": [{**entry, "id": str(number % 20)} for number in range(1000)]}
    began = time.thread_time()
    parts = registry.adapter("facebook").accounts(body)
    assert time.thread_time() - began < 0.1
    assert len(parts) == 20
