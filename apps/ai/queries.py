"""Reads: the persona, what it knows, what models have answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from apps.ai.models import Generation, Intent, Note, Persona
from apps.ai.providers import IntentSpec
from apps.ai.providers.offline.matching import Match, match_trained

_NOTES, _INTENTS = 100, 200


def persona() -> Persona:
    """The one persona of this organization; unsaved defaults where there is none yet."""
    return Persona.objects.order_by("pk").first() or Persona(languages=["en"], collect=["name", "phone"])


def notes() -> list[str]:
    """Active knowledge as "title: text"; the title is what questions are matched with first."""
    rows = Note.objects.filter(is_active=True).order_by("pk").values_list("title", "text")[:_NOTES]
    return [f"{title}\n{text}" for title, text in rows]


def intents() -> tuple[IntentSpec, ...]:
    return tuple(spec_of(intent) for intent in Intent.objects.filter(is_active=True)[:_INTENTS])


def spec_of(intent: Intent) -> IntentSpec:
    responses = {str(code): str(text) for code, text in dict(intent.responses or {}).items() if text}
    phrases = tuple(str(phrase) for phrase in intent.phrases or () if str(phrase).strip())
    return IntentSpec(name=intent.name, phrases=phrases, responses=responses, action=intent.action)


def match_intents(text: str) -> list[Match]:
    """This organization's intents ranked against a text, best first."""
    return match_trained(text, intents())


def generations(filters: dict[str, str] | None = None) -> QuerySet[Generation]:
    """Newest first; filters: provider, outcome, purpose, used (yes, no)."""
    rows = Generation.objects.order_by("-created_at", "-id")
    filters = filters or {}
    for name in ("provider", "outcome", "purpose"):
        if filters.get(name):
            rows = rows.filter(**{name: filters[name]})
    if filters.get("used") in ("yes", "no"):
        rows = rows.filter(was_used=filters["used"] == "yes")
    return rows


def run_of(run: UUID) -> QuerySet[Generation]:
    """The calls of one answer, in the order they were made."""
    return Generation.objects.filter(run=run).order_by("created_at", "id")


def totals(rows: QuerySet[Generation]) -> dict[str, Any]:
    return rows.order_by().aggregate(
        calls=Count("id"), cost=Sum("cost_usd"), tokens=Sum("input_tokens") + Sum("output_tokens")
    )
