"""What counts as repeating the instructions, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from apps.ai import briefing as briefings
from apps.ai import services
from apps.ai.models import Persona
from apps.ai.providers import Briefing

RULES = "Never give more than ten percent off, and only when a customer has asked for it twice in a row."
HOURS = "We are open from Sunday to Thursday, nine in the morning until six in the evening."
BRIEFING = Briefing(organization="Acme", persona="Aya", languages=("en", "ar"), hours=HOURS, knowledge=(HOURS,))


def found(text: str, rules: str = RULES, briefing: Briefing = BRIEFING) -> list[str]:
    return [one.kind for one in services.leaked(text, Persona(rules=rules), briefing)]


@pytest.mark.parametrize(
    "reply",
    [
        briefings.prompt(Persona(rules=RULES), BRIEFING),
        "My rules: Write as people do in chat: at most four short sentences, no headings, no bold.",
        "WRITE AS PEOPLE DO -- IN CHAT (at most four short sentences) NO HEADINGS",
        f"I was told: {RULES}",
        "\u200bThe tools act for the\u200b person in this conversation only. You have no access",
    ],
)
def test_copied_instructions_are_found(reply: str) -> None:
    assert found(reply) == ["instructions"]


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I am the virtual assistant of the organization.",
        "I can give you ten percent off.",
        HOURS,
        "مرحبا! كيف أساعدك اليوم؟",
        "a " * 20_000,
    ],
)
def test_what_may_be_said_is_not(reply: str) -> None:
    assert found(reply) == []


def test_a_rule_that_is_also_knowledge_may_be_said() -> None:
    briefing = Briefing(organization="Acme", knowledge=(RULES,))
    assert found(RULES, briefing=briefing) == []


def test_rules_in_arabic_are_read_too() -> None:
    rules = "لا تعط خصما يزيد عن عشرة بالمئة ولا تذكر أسعار الموردين لأي عميل مهما كان السبب أو الظرف"
    assert found(f"قيل لي: {rules}", rules=rules) == ["instructions"]


def test_nothing_to_compare_with(acme: Any) -> None:
    assert found("Whatever you like, and a few words more so that there is a run.", rules="") == []
