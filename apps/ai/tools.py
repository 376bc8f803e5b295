"""The tools a model may ask for, as data, and the door every call of one passes.

A tool says *what* may be asked; who it is about is never an argument. The caller runs it for the person of
the current conversation, so no text from a customer can point it at somebody else.

Results the caller hands back (JSON):
    search_catalog  {"items": [{"sku", "name", "price", "currency", "stock", "category", "url", "attributes"}],
                     "total": n}   price: decimal text; stock: whole number or null where it has no meaning
    capture_lead    {"ok": true, "captured": {"name", "email", "phone"}, "rejected": {"phone": "why"}}
    set_stage       {"ok": true, "stage": "qualified"}
    hand_off        {"ok": true}
    any             {"error": "one sentence"}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from apps.ai.providers import ToolSpec

SEARCH_CATALOG = ToolSpec(
    name="search_catalog",
    description=(
        "Search what this organization sells. Use it before saying anything about products, prices, stock or "
        "availability; never answer those from memory. Words may be English or Arabic."
    ),
    parameters={
        "type": "object",
        "properties": {
            "query": {
                "type": "string",
                "maxLength": 200,
                "description": "Words naming the thing; no prices, no courtesy.",
            },
            "category": {"type": "string", "maxLength": 100},
            "min_price": {"type": "number", "minimum": 0, "maximum": 1_000_000_000_000},
            "max_price": {"type": "number", "minimum": 0, "maximum": 1_000_000_000_000},
            "in_stock": {"type": "boolean", "description": "Only what can be had now."},
            "attributes": {
                "type": "object",
                "maxProperties": 10,
                "additionalProperties": {"type": "string", "maxLength": 100},
                "description": (
                    'What the thing must be like, named as in results of this conversation: {"color": "navy"}.'
                ),
            },
            "sort": {"type": "string", "enum": ["relevance", "price_asc", "price_desc"]},
            "limit": {"type": "integer", "minimum": 1, "maximum": 20},
        },
        "required": ["query"],
        "additionalProperties": False,
    },
)

CAPTURE_LEAD = ToolSpec(
    name="capture_lead",
    description=(
        "Save contact details that the person you are talking to has just given about themselves. "
        "Only what they wrote; never guess."
    ),
    parameters={
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 120},
            "email": {"type": "string", "minLength": 3, "maxLength": 254},
            "phone": {"type": "string", "minLength": 5, "maxLength": 32},
            "interest": {"type": "string", "maxLength": 200, "description": "What they want, in a few words."},
        },
        "additionalProperties": False,
        "minProperties": 1,
    },
)

SET_STAGE = ToolSpec(
    name="set_stage",
    description="Move the person you are talking to forward: qualified when they clearly want to buy or book.",
    parameters={
        "type": "object",
        "properties": {
            # People close sales; a conversation alone never makes someone converted, won or lost.
            "stage": {"type": "string", "enum": ["contacted", "qualified"]},
            "reason": {"type": "string", "maxLength": 200},
        },
        "required": ["stage"],
        "additionalProperties": False,
    },
)

HAND_OFF = ToolSpec(
    name="hand_off",
    description=(
        "Give the conversation to a human colleague: when asked for one, on a complaint or anger, when someone "
        "wants to order or book, or when the answer is not in what you know."
    ),
    parameters={
        "type": "object",
        "properties": {
            "reason": {"type": "string", "enum": ["asked", "complaint", "order", "unknown", "stop", "other"]},
            "note": {"type": "string", "maxLength": 300, "description": "One line for the colleague."},
        },
        "required": ["reason"],
        "additionalProperties": False,
    },
)

TOOLS: dict[str, ToolSpec] = {tool.name: tool for tool in (SEARCH_CATALOG, CAPTURE_LEAD, SET_STAGE, HAND_OFF)}


def toolset(names: Sequence[str] | None = None, *, categories: Sequence[str] = ()) -> tuple[ToolSpec, ...]:
    """The tools of one conversation; with `categories` the search offers exactly those."""
    chosen = tuple(TOOLS[name] for name in (names if names is not None else TOOLS) if name in TOOLS)
    if not categories:
        return chosen
    return tuple(
        _with_categories(tool, list(categories)[:60]) if tool.name == "search_catalog" else tool for tool in chosen
    )


def _with_categories(tool: ToolSpec, categories: list[str]) -> ToolSpec:
    properties = {**tool.parameters["properties"], "category": {"type": "string", "enum": categories}}
    return replace(tool, parameters={**tool.parameters, "properties": properties})


def validate(spec: ToolSpec, arguments: Any) -> list[str]:
    """What is wrong with the arguments, in sentences for the model; empty when they may be used. Never raises."""
    if not isinstance(arguments, dict):
        return ["The arguments must be one JSON object."]
    schema = spec.parameters
    properties: dict[str, Any] = schema.get("properties", {})
    problems = [f"{name} is required." for name in schema.get("required", ()) if name not in arguments]
    if len(arguments) < schema.get("minProperties", 0):
        problems.append("At least one field is needed: " + ", ".join(properties) + ".")
    for name, value in arguments.items():
        if name not in properties:
            problems.append(f"{_show(name)} is not a field; the fields are {', '.join(properties)}.")
            continue
        problem = _problem(properties[name], value)
        if problem:
            problems.append(f"{name} {problem}")
    return problems[:10]


def _problem(rule: dict[str, Any], value: Any) -> str:
    kind = rule["type"]
    if kind == "string":
        return _string_problem(rule, value)
    if kind == "boolean":
        return "" if isinstance(value, bool) else "must be true or false."
    if kind == "object":
        return _object_problem(rule, value)
    whole = kind == "integer"
    # bool is an int in Python; JSON says otherwise. NaN and infinity pass `json.loads`.
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return "must be a whole number." if whole else "must be a number."
    if value != value or value in (float("inf"), float("-inf")):
        return "must be a finite number."
    if whole and value != int(value):
        return "must be a whole number."
    if "minimum" in rule and value < rule["minimum"]:
        return f"must be at least {rule['minimum']}."
    if "maximum" in rule and value > rule["maximum"]:
        return f"must be at most {rule['maximum']}."
    return ""


def _string_problem(rule: dict[str, Any], value: Any) -> str:
    if not isinstance(value, str):
        return "must be text."
    if len(value) > rule.get("maxLength", 1000):
        return f"must be at most {rule.get('maxLength', 1000)} characters."
    if len(value.strip()) < rule.get("minLength", 0):
        return "must not be empty." if rule["minLength"] == 1 else f"must have at least {rule['minLength']} characters."
    if "\x00" in value:
        return "must not contain null bytes."
    if "enum" in rule and value not in rule["enum"]:
        return "must be one of: " + ", ".join(rule["enum"]) + "."
    return ""


def _object_problem(rule: dict[str, Any], value: Any) -> str:
    """Names with plain values; a number or a yes is taken for its text."""
    if not isinstance(value, dict):
        return "must be an object."
    if len(value) > rule["maxProperties"]:
        return f"must have at most {rule['maxProperties']} names."
    for name, held in value.items():
        plain = str(held) if isinstance(held, (int, float)) else held
        if problem := _string_problem({"maxLength": 60}, name) or _string_problem(rule["additionalProperties"], plain):
            return f"has {_show(name)}, which {problem}"
    return ""


def _show(name: object) -> str:
    return repr(str(name)[:40])
