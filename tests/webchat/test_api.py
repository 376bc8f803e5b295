"""What a visitor's browser may ask, what it gets, and what it cannot do."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django_tenants.utils import tenant_context

from apps.conversations import services as conversations
from apps.conversations.models import Conversation, Message, Upload
from apps.integrations.models import ConnectedAccount, Delivery
from apps.jobs import clock
from apps.leads.models import Lead
from apps.organizations.services import create_organization
from apps.webchat import queries, services
from apps.webchat.widget import Widget, read_site, widget_of

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def test_every_organization_has_a_chat_from_the_start(public):
    made = create_organization(
        slug="fresh", name="Fresh", owner_email="owner@fresh.example", owner_password="long enough!"
    )
    with tenant_context(made):
        account = queries.chat_account()
        assert queries.is_on(account)
        assert account.name == "Fresh"


def test_a_visitor_writes_and_is_answered(visitor, run_due_jobs):
    anna = visitor()
    assert anna.thread().json() == {
        "state": "none", "messages": [], "older": None, "typing": "", "with_person": False, "unread": 0,
    }  # fmt: skip
    taken = anna.say("Hello, what do you sell?")
    assert taken.status_code == 202
    run_due_jobs()
    shown = anna.thread().json()
    question, answer = shown["messages"]
    assert question["id"] == taken.json()["id"]
    assert question["mine"]
    assert question["text"] == "Hello, what do you sell?"
    assert not answer["mine"]
    assert answer["is_bot"]
    assert answer["text"]
    assert shown["unread"] == 1
    assert anna.thread(f"?state={shown['state']}").status_code == 204


def test_sending_again_is_sending_once(visitor, run_due_jobs):
    anna = visitor()
    for _try in range(3):
        assert anna.say("Hi", id="same-id-1").status_code == 202
        run_due_jobs()
    assert Message.objects.filter(direction="in").count() == 1


def test_where_the_visitor_came_from_is_kept(visitor, run_due_jobs):
    page = {
        "url": "https://shop.example/boots?gclid=abc",
        "title": "Boots",
        "referrer": "https://news.example/",
        "utm": {"source": "newsletter", "campaign": "autumn", "other": "dropped"},
    }
    visitor().say("Hi", page=page)
    run_due_jobs()
    origin = Conversation.objects.get().origin
    assert origin["kind"] == "ad"
    assert origin["click_id"] == "abc"
    assert origin["ref"] == "autumn"
    assert origin["source"] == "newsletter"
    assert Lead.objects.get().source == "ad"


def test_reading_is_told_to_the_team(visitor, run_due_jobs):
    anna = visitor()
    anna.say("Hello")
    run_due_jobs()
    answer = anna.thread().json()["messages"][-1]
    assert anna.api.post("/api/chat/read/", {"until": answer["at"]}, format="json").status_code == 204
    run_due_jobs()
    assert Message.objects.get(direction="out").status == Message.Status.READ
    before = Delivery.objects.count()
    anna.api.post("/api/chat/read/", {"until": answer["at"]}, format="json")
    assert Delivery.objects.count() == before  # nothing new was seen: nothing is stored


def test_files_both_ways(visitor, run_due_jobs, bob):
    anna = visitor()
    given = anna.upload(SimpleUploadedFile("صورة.png", PNG))
    assert given.status_code == 201
    assert anna.say("", files=[given.json()["id"]]).status_code == 202
    run_due_jobs()
    (shown,) = anna.thread().json()["messages"][0]["files"]
    assert shown["kind"] == "image"
    assert anna.api.get(shown["url"]).status_code == 200
    message = Message.objects.filter(direction="in").get()
    assert message.kind == "image"
    assert message.attachments[0]["name"] == "صورة.png"


def test_who_writes_is_shown(visitor, run_due_jobs, bob):
    anna = visitor()
    anna.say("Hello")
    run_due_jobs()
    conversation = Conversation.objects.get()
    anna.say("And another thing")
    conversations.take_over(conversation, by=bob)
    conversations.note_presence(conversation, by=bob, typing=True)
    shown = anna.thread().json()
    assert shown["typing"] == "Bob"
    assert shown["with_person"]
    conversations.send_message(conversation, by=bob, text="Bob here")
    assert anna.thread().json()["messages"][-1]["author"] == "Bob"


def test_the_team_sees_the_visitor_typing(visitor, run_due_jobs, bob, client_for):
    anna = visitor()
    assert anna.api.post("/api/chat/typing/").status_code == 204  # nobody to tell yet
    anna.say("Hello")
    run_due_jobs()
    page = f"/dashboard/inbox/{Conversation.objects.get().pk}/"
    assert "is typing" not in client_for(bob).get(page).content.decode()
    assert anna.api.post("/api/chat/typing/").status_code == 204
    assert "Unknown person is typing" in client_for(bob).get(page).content.decode()


def test_notes_drafts_and_notices_stay_inside(visitor, run_due_jobs, bob):
    anna = visitor()
    anna.say("Hello")
    run_due_jobs()
    conversation = Conversation.objects.get()
    conversations.take_over(conversation, by=bob)
    conversations.add_note(conversation, by=bob, text="Difficult customer")
    assert "Difficult" not in anna.thread().content.decode()
    assert {one["mine"] for one in anna.thread().json()["messages"]} == {True, False}
    assert len(anna.thread().json()["messages"]) == 2


def test_earlier_messages_come_page_by_page(visitor, run_due_jobs):
    anna = visitor()
    start = clock.now() - timedelta(hours=3)
    for n in range(95):
        with clock.frozen(start + timedelta(minutes=n)):
            anna.say(f"Number {n}")
            if n % 25 == 0:
                from django.core.cache import cache

                cache.clear()
    run_due_jobs()
    Message.objects.filter(direction="out").delete()
    shown = anna.thread().json()
    seen = [one["text"] for one in shown["messages"]]
    while shown["older"]:
        shown = anna.thread(f"?before={shown['older']}").json()
        seen = [one["text"] for one in shown["messages"]] + seen
    assert seen == [f"Number {n}" for n in range(95)]


def test_the_thread_costs_the_same_however_long_it_is(visitor, run_due_jobs, django_assert_max_num_queries):
    anna = visitor()
    for n in range(12):
        anna.say(f"Number {n}")
    run_due_jobs()
    state = anna.thread().json()["state"]
    with django_assert_max_num_queries(10):
        anna.thread()
    with django_assert_max_num_queries(8):
        assert anna.thread(f"?state={state}").status_code == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "id"),
        ({"id": "x"}, "id"),
        ({"id": "a" * 65}, "id"),
        ({"id": "has spaces"}, "id"),
        ({"id": "abcdefgh"}, "text"),
        ({"id": "abcdefgh", "text": "   "}, "text"),
        ({"id": "abcdefgh", "text": "x" * 4001}, "text"),
        ({"id": "abcdefgh", "text": "nul \x00 byte"}, "text"),
        ({"id": "abcdefgh", "text": "half \ud800 character"}, "text"),
        ({"id": "abcdefgh", "text": {"a": 1}}, "text"),
        ({"id": "abcdefgh", "text": ["a"]}, "text"),
        ({"id": "abcdefgh", "files": ["../etc/passwd"]}, "files"),
        ({"id": "abcdefgh", "files": ["00000000-0000-0000-0000-000000000000"]}, "files"),
        ({"id": "abcdefgh", "text": "hi", "files": ["00000000-0000-0000-0000-000000000000"] * 11}, "files"),
        ({"id": "abcdefgh", "text": "hi", "page": "nowhere"}, "page"),
        ({"id": "abcdefgh", "text": "hi", "page": {"url": "x" * 2001}}, "page"),
        ([1, 2], None),
        ("words", None),
    ],
)
def test_what_cannot_be_read_is_told(visitor, body, field):
    anna = visitor()
    answer = anna.api.post("/api/chat/messages/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["message"]
    if field:
        assert field in answer.json()["fields"]
    assert not Delivery.objects.exists()


def test_hostile_text_is_only_text(visitor, run_due_jobs):
    anna = visitor()
    said = [
        "<script>alert(1)</script>",
        "\u202ereversed\u202c",
        "مرحبا 👋🏽 " * 200,
        "{{ 7*7 }} ${7*7} %(name)s",
        "'; DROP TABLE x; --",
    ]
    for text in said:
        assert anna.say(text).status_code == 202
    run_due_jobs()
    assert [one["text"].strip() for one in anna.thread().json()["messages"] if one["mine"]] == [
        one.strip() for one in said
    ]


def test_a_body_that_is_too_large_is_refused_unread(visitor):
    anna = visitor()
    assert anna.say("x", page={"title": "y" * 70_000}).status_code == 413
    assert anna.api.post("/api/chat/messages/", b"[" * 50_000, content_type="application/json").status_code == 400
    assert anna.api.post("/api/chat/messages/", b"\xff\xfe", content_type="application/json").status_code == 400


def test_files_that_are_refused(visitor):
    anna = visitor()
    assert anna.upload(SimpleUploadedFile("x.html", b"<b>")).status_code == 400
    assert anna.upload(SimpleUploadedFile("x.png", b"<b>")).json()["fields"]["file"]
    assert anna.upload("no file at all").status_code == 400
    huge = SimpleUploadedFile("x.mp4", b"x" * 10_030_000)
    assert anna.upload(huge).status_code == 413
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "path", ["/api/chat/", "/api/chat/messages/", "/api/chat/read/", "/api/chat/files/", "/api/chat/typing/"]
)
@pytest.mark.parametrize("token", ["", "Visitor", "Visitor x:y:z", "Visitor \x00", "Bearer abc", "Api-Key fd_123"])
def test_only_with_a_token_of_ours(acme, api_for, path, token):
    api = api_for(None)
    api.credentials(**({"HTTP_AUTHORIZATION": token} if token else {}))
    answer = api.get(path) if path == "/api/chat/" else api.post(path, {}, format="json")
    assert answer.status_code == 401


def test_a_token_is_worth_nothing_at_another_organization(visitor, globex):
    with tenant_context(globex):
        services.open_chat(globex)
    anna = visitor()
    stranger = visitor("globex", token=anna.token)
    assert stranger.thread().status_code == 401
    assert stranger.say("Let me in").status_code == 401


def test_nobody_reads_or_sends_what_is_another_visitors(visitor, run_due_jobs):
    anna, eve = visitor(), visitor()
    anna.say("My number is 0501234567")
    file = anna.upload(SimpleUploadedFile("a.png", PNG)).json()["id"]
    run_due_jobs()
    assert eve.thread().json()["messages"] == []
    key = anna.thread().json()["messages"][-1]["key"]
    eve.say("Hello")
    run_due_jobs()
    assert "050" not in eve.thread(f"?before={key + 1}").content.decode()
    assert eve.say("", files=[file]).status_code == 400


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "1.5", "\x00"])
def test_a_strange_cursor_is_told(visitor, before):
    assert visitor().thread(f"?before={before}").status_code == 400


def test_too_much_is_too_much(visitor):
    anna = visitor()
    answers = [anna.say(f"{n}").status_code for n in range(35)]
    assert answers.count(202) == 30
    assert answers[-1] == 429
    assert "Retry-After" in anna.say("again").headers
    assert visitor().say("I am somebody else").status_code == 202


def test_a_day_has_only_so_many_files(visitor):
    anna, now = visitor(), clock.now().replace(hour=12, minute=0)
    for n in range(40):
        with clock.frozen(now + timedelta(minutes=n)):
            assert anna.upload(SimpleUploadedFile("a.png", PNG)).status_code == 201
    with clock.frozen(now + timedelta(hours=2)):
        assert anna.upload(SimpleUploadedFile("a.png", PNG)).status_code == 429
    with clock.frozen(now + timedelta(days=1)):
        assert anna.upload(SimpleUploadedFile("a.png", PNG)).status_code == 201


def test_switched_off_is_told_and_nothing_is_kept(visitor, alice):
    anna = visitor()
    services.switch(queries.chat_account(), on=False, user=alice, actor="user:1")
    for answer in (anna.thread(), anna.say("Anybody?"), anna.api.post("/api/chat/visitors/")):
        assert answer.status_code == 404
        assert answer.json()["code"] == "chat_off"
    assert not Delivery.objects.exists()
    services.switch(queries.chat_account(), on=True, user=alice, actor="user:1")
    assert anna.say("There you are").status_code == 202


# The widget's settings ----------------------------------------------------------------------------------------------


def test_the_settings_over_the_api(acme, api_for, alice, bob):
    api = api_for(alice)
    told = {
        "title": "Acme helps",
        "greeting": {"en": "Hi", "ar": "أهلا"},
        "starters": {"en": ["What do you sell?"]},
        "sites": ["https://Shop.Example/path", "*.acme.example", "münchen.example", "localhost:3000"],
        "position": "start",
    }
    answer = api.patch("/api/chat/widget/", told, format="json")
    assert answer.status_code == 200
    assert answer.json()["sites"] == ["shop.example", "*.acme.example", "xn--mnchen-3ya.example", "localhost:3000"]
    assert api.get("/api/chat/widget/").json() == {**told, "sites": answer.json()["sites"], "is_on": True}
    assert api.patch("/api/chat/widget/", {"is_on": False}, format="json").json()["is_on"] is False
    assert api_for(bob).get("/api/chat/widget/").status_code == 200
    assert api_for(bob).patch("/api/chat/widget/", {"title": "x"}, format="json").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"sites": ["java script"]}, {"sites": ["'none'; script-src *"]}, {"sites": ["a.example; b"]}, {"sites": "x"},
        {"sites": ["*"]}, {"sites": ["a" * 254 + ".example"]}, {"sites": ["ok.example"] * 51}, {"position": "top"},
        {"starters": {"en": ["1", "2", "3", "4", "5"]}}, {"starters": {"en": ["x" * 81]}}, {"greeting": "Hello"},
        {"title": "x" * 61}, {"is_on": "perhaps"},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(acme, api_for, alice, body):
    before = widget_of(queries.chat_account())
    assert api_for(alice).patch("/api/chat/widget/", body, format="json").status_code == 400
    assert widget_of(queries.chat_account()) == before


def test_stored_nonsense_falls_back(acme):
    account = queries.chat_account()
    for nonsense in (None, [], {"sites": {"a": 1}, "position": 7, "greeting": [1], "starters": {"en": "x"}}):
        ConnectedAccount.objects.filter(pk=account.pk).update(settings={"widget": nonsense})
        assert widget_of(queries.chat_account()) == Widget()


def test_a_site_is_read_however_it_is_pasted():
    assert read_site(" HTTPS://www.Example.com/shop?x=1 ") == "www.example.com"
