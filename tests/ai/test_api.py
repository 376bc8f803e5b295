"""What the persona knows, over the API."""

import pytest

from apps.ai import queries
from apps.ai.models import Note

pytestmark = pytest.mark.django_db


def test_notes(acme, alice, bob, victor, charlie, api_for):
    api = api_for(alice)
    made = api.post("/api/ai/notes/", {"title": "Delivery", "text": "Two days.", "language": "en"}, format="json")
    assert made.status_code == 201, made.data
    url = f"/api/ai/notes/{made.data['id']}/"
    assert any("Two days." in note for note in queries.notes())
    assert api_for(bob).get("/api/ai/notes/").data["results"][0]["title"] == "Delivery"
    assert api_for(bob).patch(url, {"text": "Three days."}, format="json").status_code == 403
    assert api_for(victor).get(url).status_code == 403
    stranger = api_for(charlie, "globex")
    assert stranger.get("/api/ai/notes/").data["results"] == []
    assert stranger.get(url).status_code == stranger.delete(url).status_code == 404
    assert stranger.patch(url, {"text": "x"}, format="json").status_code == 404
    assert api.patch(url, {"is_active": False}, format="json").data["text"] == "Two days."
    assert queries.notes() == []
    assert api.get("/api/ai/notes/?is_active=true").data["results"] == []
    assert api.delete(url).status_code == 204
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"title": "x"}, {"title": "", "text": "y"}, {"title": "x" * 121, "text": "y"}, {"title": "x", "text": "y" * 8001},
        {"title": "x", "text": "\x00"}, {"title": "x", "text": "y", "language": "fr"}, {"title": ["x"], "text": "y"}, {"title": "x", "text": "y", "is_active": "perhaps"},
    ],
)  # fmt: skip
def test_bad_notes(acme, alice, api_for, body):
    assert api_for(alice).post("/api/ai/notes/", body, format="json").status_code == 400
    assert not Note.objects.exists()


def test_intents_are_made_changed_and_deleted(acme, alice, charlie, api_for):
    api = api_for(alice)
    made = api.post(
        "/api/ai/intents/",
        {"name": "Hours", "phrases": ["when are you open"], "responses": {"en": "9 to 5"}},
        format="json",
    )
    assert made.status_code == 201, made.data
    url = f"/api/ai/intents/{made.data['id']}/"
    assert api.patch(url, {"responses": {"en": "9 to 6"}}, format="json").data["responses"] == {"en": "9 to 6"}
    assert api_for(charlie, "globex").get(url).status_code == 404
    assert api.delete(url).status_code == 204
