"""Conversations over the API: reading, answering, steering, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django_tenants.utils import tenant_context

from apps.conversations.models import Conversation, Message, MessageTemplate
from apps.jobs import clock

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def talk(says, settle, boots):
    says("facebook", "How much are the steel toe boots?")
    settle()
    return Conversation.objects.get()


def test_reading(talk, api_for, victor):
    client = api_for(victor)
    listed = client.get("/api/conversations/").json()
    assert [row["id"] for row in listed["results"]] == [talk.pk]
    assert listed["results"][0]["lead"]["stage"] == "contacted"
    assert client.get(f"/api/conversations/{talk.pk}/").json()["channel"] == "facebook"
    thread = client.get(f"/api/conversations/{talk.pk}/messages/").json()["results"]
    assert [row["direction"] for row in thread] == ["out", "in"]
    found = client.get("/api/messages/", {"search": "steel boots"}).json()["results"]
    assert found
    why = client.get(f"/api/messages/{thread[0]['id']}/why/").json()
    assert why["decisions"][0]["verdict"] == "send"
    assert all(reason["sentence"] for reason in why["decisions"][0]["reasons"])
    assert why["generations"][0]["provider"] == "offline"
    assert [part["kind"] for part in why["story"]["parts"]][:2] == ["asked", "understood"]
    assert why["story"]["summary"].endswith(".")


def test_sending_once(talk, api_for, bob, settle, graph):
    client = api_for(bob)
    url = f"/api/conversations/{talk.pk}/messages/"
    first = client.post(url, {"text": "Bob here"}, headers={"idempotency-key": "k1"})
    again = client.post(url, {"text": "Bob here"}, headers={"idempotency-key": "k1"})
    assert first.status_code == again.status_code == 201
    assert first.json()["id"] == again.json()["id"]
    settle()
    assert [sent.text for sent in graph.messages].count("Bob here") == 1
    assert client.get(f"/api/conversations/{talk.pk}/").json()["owner"] == "human"


def test_a_closed_window_is_said(talk, api_for, bob):
    clock.advance(timedelta(days=9))
    answer = api_for(bob).post(f"/api/conversations/{talk.pk}/messages/", {"text": "Hello"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "window_closed"


def test_steering(talk, api_for, bob, alice):
    client = api_for(bob)
    base = f"/api/conversations/{talk.pk}"
    assert client.post(f"{base}/take-over/").json()["owner"] == "human"
    assert client.post(f"{base}/give-back/").json()["owner"] == "bot"
    assert client.post(f"{base}/hand-off/", {"reason": "asked"}).json()["bot_status"] == "escalated"
    assert client.post(f"{base}/assign/", {"assignee": alice.pk}).json()["assignee"] == alice.pk
    assert client.post(f"{base}/notes/", {"text": "VIP"}).status_code == 201
    until = (clock.now() + timedelta(hours=2)).isoformat()
    assert client.post(f"{base}/snooze/", {"until": until}).json()["status"] == "snoozed"
    assert client.post(f"{base}/reopen/").json()["status"] == "open"
    assert client.post(f"{base}/resolve/").json()["status"] == "resolved"
    assert client.post(f"{base}/mark-read/").json()["unread"] == 0


BAD = [
    ("messages/", {}),
    ("messages/", {"text": ""}),
    ("messages/", {"text": "a\x00b"}),
    ("messages/", {"text": "\ud800"}),
    ("messages/", {"text": "x" * 30_000}),
    ("messages/", {"text": {"a": 1}}),
    ("messages/", {"attachments": "no"}),
    ("messages/", {"attachments": [{"kind": "virus", "url": "https://x.example/"}]}),
    ("messages/", {"attachments": [{"kind": "image", "url": "javascript:alert(1)"}]}),
    ("messages/", {"template": 999}),
    ("messages/", {"template": -1}),
    ("messages/", [1, 2]),
    ("assign/", {"assignee": "alice"}),
    ("assign/", {"assignee": 10**30}),
    ("assign/", {"assignee": 999_999}),
    ("assign/", {}),
    ("snooze/", {"until": "yesterday"}),
    ("snooze/", {"until": "1999-01-01T00:00:00Z"}),
    ("snooze/", {}),
    ("notes/", {"text": ""}),
    ("hand-off/", {"reason": "x" * 500}),
]


@pytest.mark.parametrize(("path", "body"), BAD)
def test_bad_input_is_a_400(talk, api_for, bob, path, body):
    raw = json.dumps(body)
    answer = api_for(bob).post(f"/api/conversations/{talk.pk}/{path}", raw, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"]


@pytest.mark.parametrize(
    "query",
    [
        {"status": "odd"},
        {"assignee": "x"},
        {"owner": "dog"},
        {"lead": "1e99"},
        {"unread": "maybe"},
        {"search": "x" * 999},
    ],
)
def test_bad_filters_are_a_400(talk, api_for, bob, query):
    assert api_for(bob).get("/api/conversations/", query).status_code == 400


@pytest.mark.parametrize("query", [{"cursor": "AAAA"}, {"search": "'\\:*&|"}, {"limit": "-5"}, {"search": "%"}])
def test_odd_queries_are_answered(talk, api_for, bob, query):
    assert api_for(bob).get("/api/messages/", query).status_code in {200, 404}
    assert api_for(bob).get("/api/conversations/", query).status_code in {200, 404}


def test_roles(talk, api_for, victor, bob, alice, accounts):
    assert api_for(victor).post(f"/api/conversations/{talk.pk}/messages/", {"text": "Hi"}).status_code == 403
    assert api_for(victor).post(f"/api/conversations/{talk.pk}/take-over/").status_code == 403
    assert api_for(None).get("/api/conversations/").status_code in {401, 403}
    body = {"account": accounts["whatsapp"].pk, "name": "hello", "language": "en", "body": "Hi {{1}}"}
    assert api_for(bob).post("/api/templates/", body).status_code == 403
    assert api_for(alice).post("/api/templates/", body).status_code == 201
    assert api_for(alice).post("/api/templates/", body).status_code == 400
    assert MessageTemplate.objects.count() == 1


def test_counts(talk, api_for, victor):
    assert api_for(None).get("/api/conversations/counts/").status_code == 401
    told = api_for(victor).get("/api/conversations/counts/").json()
    assert told["open"] == 1
    assert told["mine"] == 0


def test_canned_replies(talk, api_for, bob):
    client = api_for(bob)
    made = client.post("/api/canned-replies/", {"shortcut": "hours", "text": "We are open 9 to 5."})
    assert made.status_code == 201
    assert client.post("/api/canned-replies/", {"shortcut": "hours", "text": "again"}).status_code == 400
    url = f"/api/canned-replies/{made.json()['id']}/"
    assert client.patch(url, {"text": "9 to 6"}).json()["text"] == "9 to 6"
    assert client.delete(url).status_code == 204


def test_another_organization_sees_nothing(talk, api_for, charlie, globex):
    message = Message.objects.first()
    client = api_for(charlie, "globex")
    assert client.get("/api/conversations/").json()["results"] == []
    assert set(client.get("/api/conversations/counts/").json().values()) == {0}
    for path in (
        f"conversations/{talk.pk}/",
        f"conversations/{talk.pk}/messages/",
        f"messages/{message.pk}/",
        f"messages/{message.pk}/why/",
    ):
        assert client.get(f"/api/{path}").status_code == 404
    for verb in ("take-over", "give-back", "resolve", "messages", "mark-read"):
        body = {"text": "Hi"} if verb == "messages" else {}
        assert client.post(f"/api/conversations/{talk.pk}/{verb}/", body).status_code == 404
    with tenant_context(globex):
        assert not Conversation.objects.exists()


def test_absurd_ids_are_404(talk, api_for, bob):
    for key in ("0", "999999999999999999", "9999999999999999999999999", "abc", "-1", "1.5"):
        assert api_for(bob).get(f"/api/conversations/{key}/").status_code == 404


def test_the_number_of_queries_of_the_list_does_not_grow(
    talk, says, settle, api_for, bob, django_assert_max_num_queries
):
    for n in range(8):
        says("webchat", "Hello", person=f"v_{n}")
    settle()
    client = api_for(bob)
    client.get("/api/conversations/")
    with django_assert_max_num_queries(8):
        assert len(client.get("/api/conversations/").json()["results"]) == 9
