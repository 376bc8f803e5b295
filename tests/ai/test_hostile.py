"""Whatever a customer or a model sends: no exception, no long wait."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ai.providers import Briefing, IntentSpec, Request, ToolCall, Turn, offline
from apps.ai.tools import TOOLS, toolset, validate

BRIEFING = Briefing(
    organization="Acme", persona="Noor", languages=("en", "ar"), collect=("name", "phone"), hours="9-18",
    intents=(IntentSpec(name="Returns", phrases=("can I return it", "إرجاع"), responses={"en": "Yes."}),), knowledge=("Delivery\nTwo days.",),
)  # fmt: skip


def answer(*turns: Turn, briefing: Briefing = BRIEFING) -> Any:
    return offline.complete(Request(system="s", turns=turns, tools=toolset(), briefing=briefing))


anything = st.text() | st.text(
    alphabet="٠١٢٣٤٥ابتثجحخدذرزسشعغفقكلمنهويءآةى\u064b\u0651\u0640\u202e\u2066\u200f 123abc@.+-,?!\n"
)


@given(anything, anything)
@settings(max_examples=300, deadline=None)
def test_any_text(text: str, before: str) -> None:
    result = answer(
        Turn(role="customer", text=before),
        Turn(role="assistant", text="May I have your name?"),
        Turn(role="customer", text=text),
    )
    assert result.text or result.calls
    for call in result.calls:
        assert validate(TOOLS[call.name], call.arguments) == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["items", "name", "price", "stock", "error", "names", "total", "rejected", "x"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    st.sampled_from(
        ["boots under 50", "my number is 0501234567", "I want a human", "what do you sell", "I'll take it"]
    ),
    values,
)
@settings(max_examples=300, deadline=None)
def test_any_result(text: str, result: Any) -> None:
    turns = [Turn(role="customer", text=text)]
    for _ in range(6):
        found = answer(*turns)
        if not found.calls:
            break
        turns += [
            Turn(role="assistant", calls=found.calls),
            *(Turn(role="tool", call_id=call.id, name=call.name, result=result) for call in found.calls),
        ]
    assert found.text


@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "boots " * 170_000, "١" * 1_000_000, "\x00" * 1_000_000, "\u202e" * 1_000_000, "a@" * 500_000, "+1 " * 330_000, "(((" * 300_000, "my name is " * 90_000,
     "under 5 " * 125_000, "ﷺ" * 300_000, "e\u0301" * 500_000, "اسمي " * 200_000, "?!." * 330_000, "\n" * 1_000_000, "😀" * 250_000, "ignore " * 140_000],
    ids=range(17),
)  # fmt: skip
def test_a_megabyte(text: str) -> None:
    answer(Turn(role="customer", text="warm up"))
    result = answer(*(Turn(role="customer", text=text) for _ in range(3)))
    assert result.text or result.calls


def test_many_turns_and_many_phrases() -> None:
    intents = tuple(
        IntentSpec(
            name=f"i{n}", phrases=tuple(f"phrase {n} {k} about thing{n * k}" for k in range(20)), responses={"en": "ok"}
        )
        for n in range(100)
    )
    briefing = Briefing(organization="Acme", intents=intents)
    turns = [Turn(role=("customer", "assistant")[n % 2], text=f"message {n} about boots") for n in range(2001)]
    answer(*turns[:1], briefing=briefing)
    answer(*turns, briefing=briefing)


def test_a_stored_call_without_result() -> None:
    lost = ToolCall(id="x", name="search_catalog", arguments={"query": "boots"})
    result = answer(Turn(role="customer", text="boots?"), Turn(role="assistant", calls=(lost,)))
    assert result.text or result.calls


BAD: list[tuple[str, Any, str]] = [
    ("search_catalog", None, "JSON object"),
    ("search_catalog", [], "JSON object"),
    ("search_catalog", "boots", "JSON object"),
    ("search_catalog", {}, "query is required"),
    ("search_catalog", {"query": 5}, "must be text"),
    ("search_catalog", {"query": "x" * 201}, "at most 200"),
    ("search_catalog", {"query": "a\x00"}, "null bytes"),
    ("search_catalog", {"query": "x", "lead_id": 7}, "not a field"),
    ("search_catalog", {"query": "x", "min_price": "5"}, "number"),
    ("search_catalog", {"query": "x", "min_price": True}, "number"),
    ("search_catalog", {"query": "x", "min_price": float("nan")}, "finite"),
    ("search_catalog", {"query": "x", "max_price": float("inf")}, "finite"),
    ("search_catalog", {"query": "x", "max_price": -1}, "at least 0"),
    ("search_catalog", {"query": "x", "max_price": 10**40}, "at most"),
    ("search_catalog", {"query": "x", "limit": 2.5}, "whole number"),
    ("search_catalog", {"query": "x", "limit": 500}, "at most 20"),
    ("search_catalog", {"query": "x", "sort": "random"}, "one of"),
    ("search_catalog", {"query": "x", "in_stock": "yes"}, "true or false"),
    ("search_catalog", {"query": "x", "attributes": "color:navy"}, "must be an object"),
    ("search_catalog", {"query": "x", "attributes": {"color": None}}, "must be text"),
    ("search_catalog", {"query": "x", "attributes": {"color": {"$ne": 1}}}, "must be text"),
    ("search_catalog", {"query": "x", "attributes": {"color": "n\x00"}}, "null bytes"),
    ("search_catalog", {"query": "x", "attributes": {"c" * 61: "navy"}}, "at most 60"),
    ("search_catalog", {"query": "x", "attributes": {5: "navy"}}, "must be text"),
    ("search_catalog", {"query": "x", "attributes": {str(n): "x" for n in range(11)}}, "at most 10 names"),
    ("capture_lead", {}, "At least one"),
    ("capture_lead", {"name": ""}, "not be empty"),
    ("capture_lead", {"phone": "12"}, "at least 5"),
    ("capture_lead", {"conversation": 12, "name": "x"}, "not a field"),
    ("set_stage", {"stage": "won"}, "one of: contacted, qualified"),
    ("hand_off", {"reason": "because"}, "one of"),
]


@pytest.mark.parametrize(("tool", "arguments", "problem"), BAD)
def test_bad_arguments_are_named(tool: str, arguments: Any, problem: str) -> None:
    assert any(problem in one for one in validate(TOOLS[tool], arguments))


@given(
    st.sampled_from(sorted(TOOLS)),
    values
    | st.dictionaries(st.text(max_size=10) | st.sampled_from(["query", "limit", "name", "stage"]), values, max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_validation_never_raises(tool: str, arguments: Any) -> None:
    assert all(isinstance(one, str) and len(one) < 400 for one in validate(TOOLS[tool], arguments))


def test_categories_become_the_only_choices() -> None:
    search = toolset(["search_catalog"], categories=["Boots", "Gloves"])[0]
    assert validate(search, {"query": "x", "category": "Boots"}) == []
    assert validate(search, {"query": "x", "category": "Planes"})
    assert "enum" not in TOOLS["search_catalog"].parameters["properties"]["category"]
