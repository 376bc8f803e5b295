"""The persona's pages and API: roles, walls, hostile input, and that they do what they say."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from apps.ai.models import Generation, Intent, Note, Persona
from apps.organizations.models import Organization, User

PAGES = ["ai:persona", "ai:notes", "ai:intents", "ai:try", "ai:generations"]
PERSONA = {
    "is_on": "on",
    "name": "Noor",
    "tone": "warm",
    "languages": ["en", "ar"],
    "collect": ["name"],
    "greeting_en": "Hi there",
}
INTENT = {
    "name": "Wholesale",
    "phrases": "bulk orders\nwholesale\nالجملة",
    "response_en": "From 20 pieces.",
    "action": "",
    "is_active": "on",
}


@pytest.mark.parametrize("page", PAGES)
def test_agents_see_pages_and_viewers_do_not(
    acme: Organization, client_for: Callable[..., Any], bob: User, victor: User, charlie: User, page: str
) -> None:
    assert client_for(bob).get(reverse(page)).status_code == 200
    assert client_for(victor).get(reverse(page)).status_code == 403
    assert client_for(charlie).get(reverse(page)).status_code in (302, 403, 404)
    assert client_for(None).get(reverse(page)).status_code == 302


def test_the_persona_is_saved(acme: Organization, client_for: Callable[..., Any], alice: User, bob: User) -> None:
    data = {**PERSONA, "provider_1": "gemini", "model_1": "gemini-2.5-pro", "provider_2": "openai"}
    assert client_for(bob).post(reverse("ai:save_persona"), data).status_code == 403
    assert client_for(alice).post(reverse("ai:save_persona"), data).status_code == 302
    persona = Persona.objects.get()
    assert (persona.name, persona.greeting, persona.collect) == ("Noor", {"en": "Hi there"}, ["name"])
    assert persona.providers == [{"provider": "gemini", "model": "gemini-2.5-pro"}, {"provider": "openai"}]
    page = client_for(alice).get(reverse("ai:persona")).content.decode()
    assert "gemini-2.5-pro" in page
    assert "Hi there" in page


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"languages": []},
        {"languages": ["xx"]},
        {"name": "x" * 81},
        {"name": "a\x00b"},
        {"provider_1": "evil"},
        {"provider_1": "openai", "provider_2": "openai"},
    ],
)
def test_a_bad_persona_is_refused(
    acme: Organization, client_for: Callable[..., Any], alice: User, change: dict[str, Any]
) -> None:
    assert client_for(alice).post(reverse("ai:save_persona"), {**PERSONA, **change}).status_code == 422


def test_an_intent_from_making_to_deleting(
    acme: Organization, client_for: Callable[..., Any], alice: User, bob: User
) -> None:
    browser = client_for(alice)
    assert browser.post(reverse("ai:intent_new"), INTENT).status_code == 302
    intent = Intent.objects.get()
    assert intent.phrases == ["bulk orders", "wholesale", "الجملة"]
    assert intent.responses == {"en": "From 20 pieces."}
    assert "Wholesale" in client_for(bob).get(reverse("ai:intents")).content.decode()
    tried = (
        client_for(bob)
        .get(reverse("ai:try"), {"text": "do you take bulk ordrs?"}, headers={"HX-Request": "true"})
        .content.decode()
    )
    assert "Wholesale" in tried
    assert "<html" not in tried
    assert client_for(bob).post(reverse("ai:intent_delete", args=[intent.pk])).status_code == 403
    assert browser.post(reverse("ai:intent", args=[intent.pk]), {**INTENT, "name": "Bulk"}).status_code == 302
    assert browser.post(reverse("ai:intent_delete", args=[intent.pk])).status_code == 302
    assert not Intent.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"phrases": " \n "},
        {"phrases": "x" * 300},
        {"response_en": ""},
        {"action": "drop_table"},
        {"name": "a\x00"},
        {"phrases": "a\x00b"},
    ],
)
def test_a_bad_intent_is_refused(
    acme: Organization, client_for: Callable[..., Any], alice: User, change: dict[str, str]
) -> None:
    assert client_for(alice).post(reverse("ai:intent_new"), {**INTENT, **change}).status_code == 422
    assert not Intent.objects.exists()


def test_names_of_intents_are_unique(acme: Organization, client_for: Callable[..., Any], alice: User) -> None:
    assert client_for(alice).post(reverse("ai:intent_new"), INTENT).status_code == 302
    assert client_for(alice).post(reverse("ai:intent_new"), INTENT).status_code == 422


def test_notes(acme: Organization, client_for: Callable[..., Any], alice: User) -> None:
    data = {"title": "Delivery", "text": "Two days.", "language": "en", "is_active": "on"}
    assert client_for(alice).post(reverse("ai:note_new"), data).status_code == 302
    note = Note.objects.get()
    assert client_for(alice).get(reverse("ai:note", args=[note.pk])).status_code == 200
    assert client_for(alice).post(reverse("ai:note", args=[note.pk]), {**data, "title": ""}).status_code == 422
    assert client_for(alice).post(reverse("ai:note_delete", args=[note.pk])).status_code == 302


def test_a_generation_page_shows_hostile_text_as_text(
    acme: Organization, client_for: Callable[..., Any], bob: User
) -> None:
    run = uuid.uuid4()
    row = Generation.objects.create(
        provider="openai", model="m", outcome="answered", text="<script>alert(1)</script>\u202e", run=run, system="Be kind.",
        turns=[{"role": "customer", "text": "<b>hi</b>"}], calls=[{"name": "search_catalog", "arguments": {"query": "<i>"}}],
        details={"intent": "search", "confidence": 0.9, "fact_check": [{"kind": "price", "text": "9 SAR", "reason": "No row."}]},
    )  # fmt: skip
    Generation.objects.create(provider="offline", outcome="failed", error="no", run=run)
    page = client_for(bob).get(reverse("ai:generation", args=[row.pk])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "<b>hi" not in page
    assert "\u202e" not in page
    assert "9 SAR" in page
    assert "Be kind." in page
    listed = (
        client_for(bob)
        .get(reverse("ai:generations"), {"outcome": "failed", "cursor": "rubbish", "used": "x"})
        .content.decode()
    )
    assert "<script>alert" not in listed


def test_ids_of_others_do_not_resolve(
    acme: Organization, globex: Organization, client_for: Callable[..., Any], api_for: Callable[..., Any], alice: User
) -> None:
    with tenant_context(globex):
        intent = Intent.objects.create(pk=987654, name="Theirs", phrases=["x"])
        note = Note.objects.create(pk=987654, title="Theirs", text="x")
        row = Generation.objects.create(provider="offline", outcome="answered")
    for address in (
        reverse("ai:intent", args=[intent.pk]),
        reverse("ai:note", args=[note.pk]),
        reverse("ai:generation", args=[row.pk]),
    ):
        assert client_for(alice).get(address).status_code == 404
    for address in (f"/api/ai/intents/{intent.pk}/", f"/api/ai/generations/{row.pk}/"):
        assert api_for(alice).get(address).status_code == 404


def test_intents_over_the_api(
    acme: Organization, api_for: Callable[..., Any], alice: User, bob: User, victor: User
) -> None:
    api, body = api_for(alice), {"name": "Wholesale", "phrases": ["bulk orders"], "responses": {"en": "From 20."}}
    made = api.post("/api/ai/intents/", body)
    assert made.status_code == 201, made.data
    assert api_for(bob).post("/api/ai/intents/", body).status_code == 403
    assert api_for(victor).get("/api/ai/intents/").status_code == 403
    assert api_for(bob).get("/api/ai/intents/").data["results"][0]["phrases"] == ["bulk orders"]
    assert api.post("/api/ai/intents/", body).status_code == 400
    changed = api.patch(f"/api/ai/intents/{made.data['id']}/", {"action": "hand_off"})
    assert changed.data["action"] == "hand_off"
    tried = api.post("/api/ai/intents/try/", {"text": "bulk ordrs"})
    assert tried.data[0]["name"] == "Wholesale"
    assert tried.data[0]["answers"] is True
    assert api.delete(f"/api/ai/intents/{made.data['id']}/").status_code == 204


@pytest.mark.parametrize(
    "body",
    [{}, [], "x", {"name": "a", "phrases": "x"}, {"name": "a", "phrases": []}, {"name": "\ud800", "phrases": ["x"]}, {"name": "a\x00", "phrases": ["x"]},
     {"name": "a", "phrases": [{"x": 1}]}, {"name": "a", "phrases": ["x"], "responses": "y"}, {"name": "a", "phrases": ["x"], "action": "drop"}, {"name": "a", "phrases": ["x"] * 201}],
)  # fmt: skip
def test_bad_intents_over_the_api(acme: Organization, api_for: Callable[..., Any], alice: User, body: Any) -> None:
    # Written out: JSON may hold a lone surrogate as an escape, which the test client would refuse to encode.
    answer = api_for(alice).post("/api/ai/intents/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert answer.data["code"]


def test_the_persona_over_the_api(acme: Organization, api_for: Callable[..., Any], alice: User, bob: User) -> None:
    assert api_for(bob).get("/api/ai/persona/").status_code == 200
    assert api_for(bob).patch("/api/ai/persona/", {"name": "X"}).status_code == 403
    answer = api_for(alice).patch(
        "/api/ai/persona/",
        {"name": "Noor", "greeting": {"ar": "أهلا"}, "providers": [{"provider": "gemini"}], "collect": ["email"]},
    )
    assert answer.status_code == 200, answer.data
    persona = Persona.objects.get()
    assert (persona.name, persona.greeting, persona.providers) == ("Noor", {"ar": "أهلا"}, [{"provider": "gemini"}])


@pytest.mark.parametrize(
    "body",
    [
        {"languages": []},
        {"languages": ["fr"]},
        {"collect": ["password"]},
        {"providers": [{"provider": "x"}]},
        {"temperature": 9},
        {"max_tokens": -1},
        {"name": "\x00"},
        [],
    ],
)
def test_a_bad_persona_over_the_api(acme: Organization, api_for: Callable[..., Any], alice: User, body: Any) -> None:
    assert api_for(alice).patch("/api/ai/persona/", body).status_code == 400


def test_pages_say_how_a_model_without_a_price_counts(
    acme: Organization, client_for: Callable[..., Any], alice: User
) -> None:
    """Where it is chosen, in the list of calls, and at the call itself, with the figure that is counted."""
    row = Generation.objects.create(
        provider="openai", model="house-llm", outcome="answered", text="hi", details={"cost_unknown": True}, cost_usd="0.75"
    )  # fmt: skip
    client, said = client_for(alice), "at the dearest price there is"
    for address in (reverse("ai:persona"), reverse("ai:generations"), reverse("ai:generation", args=[row.pk])):
        assert said in client.get(address).content.decode(), address
    assert "0.75" in client.get(reverse("ai:generation", args=[row.pk])).content.decode()


def test_generations_over_the_api(acme: Organization, api_for: Callable[..., Any], bob: User) -> None:
    row = Generation.objects.create(
        provider="openai", model="m", outcome="answered", text="hi", details={"cost_unknown": True}
    )
    Generation.objects.create(provider="offline", outcome="failed")
    found = api_for(bob).get("/api/ai/generations/", {"outcome": "answered"}).data["results"]
    assert [one["id"] for one in found] == [str(row.pk)]
    assert found[0]["cost_known"] is False
    assert api_for(bob).get(f"/api/ai/generations/{row.pk}/").status_code == 200
    for query in ({"run": "x"}, {"outcome": "\x00"}, {"cursor": "@@@"}, {"provider": "a\x00b"}):
        assert api_for(bob).get("/api/ai/generations/", query).status_code in (200, 400, 404)
    assert api_for(bob).post("/api/ai/generations/", {}).status_code in (403, 405)
