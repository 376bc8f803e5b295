"""The inbox's pages: who may do what, what strangers get, what hostile words do, and how much it costs."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.conversations import queries, services
from apps.conversations.models import CannedReply, Conversation, Message, MessageTemplate, Upload
from apps.jobs import clock

pytestmark = pytest.mark.usefixtures("noon")
HTMX = {"HX-Request": "true"}
HOSTILE = '<script>alert(1)</script> <img src=x onerror=alert(2)> "quoted" \u202egnp.exe https://evil.example/"><b>x javascript:alert(3)'


def address(name: str, *args: object) -> str:
    return reverse(f"conversations:{name}", args=args)


@pytest.fixture
def talk(says, settle):
    """Somebody wrote on the chat, and the bot answered."""
    says("webchat", "Hello, do you have boots?")
    settle(5)
    return Conversation.objects.get()


@pytest.fixture
def bob_at(client_for, bob):
    return client_for(bob)


def text_of(answer) -> str:
    return answer.content.decode()


def test_list_and_thread_are_shown(talk, bob_at):
    assert f'id="c{talk.pk}"' not in text_of(bob_at.get(address("inbox"))), "nobody waits for a person"
    services.hand_off(talk, reason="asked")
    page = text_of(bob_at.get(address("inbox") + "?status=open"))
    assert f'id="c{talk.pk}"' in page
    assert "is-unread" in page
    thread = text_of(bob_at.get(address("conversation", talk.pk)))
    assert "do you have boots?" in thread
    assert "<h1" in thread
    talk.refresh_from_db()
    assert talk.unread == 0
    fragment = text_of(bob_at.get(address("conversation", talk.pk), headers=HTMX))
    assert "<html" not in fragment
    assert "do you have boots?" in fragment


def test_viewers_read_and_change_nothing(talk, client_for, victor):
    client = client_for(victor)
    services.mark_unread(talk)
    page = text_of(client.get(address("conversation", talk.pk)))
    assert "composer-form" not in page
    assert "Take over" not in page
    talk.refresh_from_db()
    assert talk.unread > 0
    for name in (
        "send",
        "take-over",
        "give-back",
        "assign",
        "snooze",
        "resolve",
        "reopen",
        "unread",
        "edit-person",
        "stage",
    ):
        assert client.post(address(name, talk.pk), {"text": "x"}).status_code == 403, name
    message = talk.messages.first()
    assert client.post(address("retry", message.pk)).status_code == 403
    assert client.get(address("story", talk.pk, message.pk)).status_code == 200
    assert client.post(address("here", talk.pk), {"seen": "1"}).status_code == 204
    talk.refresh_from_db()
    assert talk.unread > 0


def test_other_tenants_and_strangers_get_nothing(talk, client_for, charlie):
    message = talk.messages.first()
    other = client_for(charlie, "globex")
    for name, key in [
        ("conversation", talk.pk),
        ("person", talk.pk),
        ("older", talk.pk),
        ("text", message.pk),
    ]:
        assert other.get(address(name, key)).status_code == 404, name
        assert other.get(address(name, 2**62)).status_code == 404, name
    assert other.get(address("story", talk.pk, message.pk)).status_code == 404
    for name, key in [("send", talk.pk), ("take-over", talk.pk), ("retry", message.pk), ("here", talk.pk)]:
        assert other.post(address(name, key), {"text": "x"}).status_code == 404, name
    assert client_for(charlie, "acme").get(address("conversation", talk.pk)).status_code == 403
    assert client_for(None).get(address("conversation", talk.pk)).status_code == 302


def test_a_double_click_sends_once(talk, bob_at):
    given = {"text": "We do.", "token": "abc", "mode": "reply"}
    for _n in range(2):
        assert bob_at.post(address("send", talk.pk), given, headers=HTMX).status_code == 200
    assert Message.objects.filter(sender="user", text="We do.").count() == 1
    for _n in range(2):
        bob_at.post(address("send", talk.pk), {"text": "For us", "token": "n1", "mode": "note"}, headers=HTMX)
    assert Message.objects.filter(direction="note", text="For us").count() == 1
    talk.refresh_from_db()
    assert talk.owner == "human"
    assert text_of(bob_at.get(address("conversation", talk.pk))).count("We do.") >= 1


def test_what_cannot_be_sent_says_why_and_is_kept(talk, bob_at, says, settle):
    empty = bob_at.post(address("send", talk.pk), {"text": "  ", "token": "t"}, headers=HTMX)
    assert empty.status_code == 422
    assert "Write something first." in text_of(empty)
    says("whatsapp", "Hi")
    settle(5)
    phone = Conversation.objects.get(channel="whatsapp")
    clock.advance(timedelta(days=2))
    page = text_of(bob_at.get(address("conversation", phone.pk)))
    assert "The reply window is closed." in page
    refused = bob_at.post(address("send", phone.pk), {"text": "Too late", "token": "u"}, headers=HTMX)
    assert refused.status_code == 422
    assert "The reply window is closed." in text_of(refused)
    assert not Message.objects.filter(text="Too late").exists()
    template = MessageTemplate.objects.create(account=phone.account, name="hello", body="Hello {{1}}")
    assert "Hello {{1}}" in text_of(bob_at.get(address("conversation", phone.pk)))
    wanting = bob_at.post(
        address("send", phone.pk), {"mode": "template", "template": template.pk, "token": "v"}, headers=HTMX
    )
    assert wanting.status_code == 422
    sent = bob_at.post(
        address("send", phone.pk),
        {"mode": "template", "template": template.pk, "variable": ["Sam"], "token": "w"},
        headers=HTMX,
    )
    assert sent.status_code == 200
    assert Message.objects.filter(text="Hello Sam", kind="template").exists()


def test_steering_a_conversation(talk, bob_at, bob, alice):
    def fresh():
        talk.refresh_from_db()
        return talk

    assert "data-parts" in text_of(bob_at.post(address("take-over", talk.pk), headers=HTMX))
    assert (fresh().owner, talk.assignee) == ("human", bob)
    bob_at.post(address("assign", talk.pk), {"assignee": str(alice.pk)})
    assert fresh().assignee == alice
    assert bob_at.post(address("assign", talk.pk), {"assignee": "999999"}, headers=HTMX).status_code == 422
    bob_at.post(address("give-back", talk.pk))
    assert fresh().owner == "bot"
    bob_at.post(address("snooze", talk.pk), {"preset": "tomorrow"})
    assert fresh().status == "snoozed"
    for wrong in ("2001-01-01T10:00", "soon", "9999-12-31T23:59", ""):
        assert bob_at.post(address("snooze", talk.pk), {"until": wrong}, headers=HTMX).status_code in (200, 422), wrong
    bob_at.post(address("reopen", talk.pk))
    bob_at.post(address("resolve", talk.pk))
    assert fresh().status == "resolved"
    bob_at.post(address("reopen", talk.pk))
    assert fresh().status == "open"
    bob_at.post(address("unread", talk.pk))
    assert fresh().unread == 1
    bob_at.post(address("here", talk.pk), {"seen": "1"})
    assert fresh().unread == 0
    bob_at.post(address("stage", talk.pk), {"stage": "qualified"})
    talk.lead.refresh_from_db()
    assert talk.lead.stage == "qualified"
    assert bob_at.post(address("stage", talk.pk), {"stage": "rich"}, headers=HTMX).status_code == 422
    bob_at.post(address("edit-person", talk.pk), {"name": "Sam Reed", "email": "sam@example.com"})
    talk.lead.refresh_from_db()
    assert (talk.lead.name, talk.lead.email) == ("Sam Reed", "sam@example.com")
    assert bob_at.post(address("edit-person", talk.pk), {"email": "no"}, headers=HTMX).status_code == 422


PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def test_files_go_out_with_a_reply_once(talk, bob_at, bob):
    def send(token: str, *files: tuple[str, bytes], text: str = ""):
        given = [SimpleUploadedFile(name, content) for name, content in files]
        return bob_at.post(address("send", talk.pk), {"text": text, "token": token, "file": given}, headers=HTMX)

    for _click in range(2):
        answer = send("t", ("boot.png", PNG), ("prices.pdf", b"%PDF-1.7"), text="Here you are")
        assert answer.status_code == 200
    message = Message.objects.get(sender="user")
    assert [one["kind"] for one in message.attachments] == ["image", "file"]
    assert Upload.objects.count() == 2
    assert not Upload.objects.filter(used_at=None).exists()
    page = text_of(answer)
    assert f'<img src="{message.attachments[0]["url"]}"' in page
    assert "prices.pdf" in page
    assert "Here you are" in page
    assert send("u", ("boot.png", PNG)).status_code == 200, "a picture needs no words"
    for token, files, why in [
        ("v", [("run.exe", b"MZ")], "Files of this kind cannot be sent here."),
        ("w", [("boot.png", b"<html>")], "not the picture that its name says"),
        ("x", [("n.txt", b"x")] * 11, "at most 10 files"),
    ]:
        refused = send(token, *files, text="Look")
        assert refused.status_code == 422
        assert why in text_of(refused)
    assert not Message.objects.filter(text="Look").exists()


def test_undoing_done_brings_back_who_answered(talk, bob_at, bob, says, settle):
    bob_at.post(address("take-over", talk.pk))
    says("webchat", "And gloves?")
    settle(5)
    talk.refresh_from_db()
    before = (talk.owner, talk.waiting_since, talk.answered_to, talk.assignee_id)
    assert before[0] == "human"
    assert before[1] is not None
    done = bob_at.post(address("resolve", talk.pk), headers=HTMX)
    assert address("undo-resolve", talk.pk) in done.headers["HX-Trigger"]
    talk.refresh_from_db()
    assert (talk.status, talk.owner, talk.waiting_since) == ("resolved", "bot", None)
    for _twice in range(2):
        bob_at.post(address("undo-resolve", talk.pk), headers=HTMX)
        talk.refresh_from_db()
        assert talk.status == "open"
        assert (talk.owner, talk.waiting_since, talk.answered_to, talk.assignee_id) == before


def test_an_account_in_trouble_says_so_and_managers_find_the_way(talk, bob_at, client_for, alice):
    channel = reverse("integrations:detail", args=[talk.account_id])
    page = text_of(bob_at.get(address("conversation", talk.pk)))
    assert "composer-why" not in page
    talk.account.state, talk.account.problem = "attention", "The access token has expired; connect the account again."
    talk.account.save()
    page = text_of(bob_at.get(address("conversation", talk.pk)))
    assert "needs attention; messages may not go out. The access token has expired" in page
    assert 'value="reply"' in page
    assert channel not in page
    assert "A manager can mend that" in page
    assert channel in text_of(client_for(alice).get(address("conversation", talk.pk)))
    talk.account.state = "disconnected"
    talk.account.save()
    page = text_of(client_for(alice).get(address("conversation", talk.pk)))
    assert "is disconnected, so nothing can be sent here." in page
    assert channel in page
    assert 'value="reply"' not in page
    refused = bob_at.post(address("send", talk.pk), {"text": "Hello", "token": "t"}, headers=HTMX)
    assert refused.status_code == 422
    assert "is disconnected" in text_of(refused)


def test_live_is_silent_until_something_happens(talk, bob_at, client_for, alice, says, settle):
    cursor = queries.change_cursor()
    quiet = bob_at.get(address("live"), {"since": cursor, "open": talk.pk})
    assert quiet.status_code in (200, 204)  # in one transaction everything is still going on
    says("webchat", "And gloves?")
    settle(5)
    news = bob_at.get(address("live"), {"since": cursor, "open": talk.pk, "rows": 30})
    assert news.status_code == 200
    assert "And gloves?" in text_of(news)
    assert 'id="thread-messages"' in text_of(news)
    client_for(alice).post(address("here", talk.pk), {"typing": "1"})
    assert "Alice is typing" in text_of(bob_at.get(address("live"), {"since": cursor, "open": talk.pk}))
    for wrong in ("x", "-1", "9" * 40):
        assert bob_at.get(address("live"), {"since": wrong, "open": wrong, "rows": wrong}).status_code in (200, 204)


@pytest.mark.parametrize(
    "query",
    ["status=nonsense", "assignee=%00", "assignee=99999999999999999999999", "lead=abc", "lead=9" * 3, "cursor=zzz", "q=%00%27", "q=" + "a" * 5000, "label=x&channel=%F0%9F%98%80&show=y&owner=z"],
)  # fmt: skip
def test_strange_filters_are_no_error(talk, bob_at, query):
    assert bob_at.get(f"{address('inbox')}?{query}").status_code == 200
    assert bob_at.get(f"{address('conversation', talk.pk)}?{query}").status_code == 200
    assert bob_at.get(f"{address('older', talk.pk)}?{query}").status_code == 200
    assert bob_at.get(f"{address('live')}?{query}&since=5").status_code in (200, 204)


def test_filters_find(talk, bob_at):
    def found(query: str) -> bool:
        return f'id="c{talk.pk}"' in text_of(bob_at.get(f"{address('inbox')}?{query}"))

    services.mark_unread(talk)
    assert found("q=boots")
    assert found("status=open&channel=webchat&owner=bot&show=unread")
    assert found(f"lead={talk.lead_id}")
    assert not found("q=submarine")
    assert not found("status=resolved")
    assert not found("assignee=me")
    assert not found("status=open&owner=other")
    Conversation.objects.filter(pk=talk.pk).update(owner="other")
    assert found("status=open&owner=other"), "what another app answers can be looked for"
    assert not found("status=open&owner=bot")


def test_mine_and_unassigned_keep_the_other_filters(talk, bob_at, bob, alice):
    def rows(whose: object) -> int:
        return text_of(bob_at.get(f"{address('inbox')}?status=open&assignee={whose}")).count("data-row")

    assert (rows("me"), rows("none")) == (0, 1)
    services.assign(talk, to=bob, by=alice)
    assert (rows("me"), rows("none"), rows(alice.pk)) == (1, 0, 0)
    page = text_of(bob_at.get(address("inbox") + "?channel=webchat&assignee=me&cursor=x"))
    assert 'href="/dashboard/inbox/?channel=webchat&amp;assignee=none"' in page
    assert 'href="/dashboard/inbox/?channel=webchat"' in page
    assert 'inbox-filters" open' in page
    assert 'inbox-filters" open' not in text_of(bob_at.get(address("inbox") + "?assignee=me"))


def test_hostile_words_are_only_words(talk, bob_at):
    services.add_note(talk, text=HOSTILE, by=None)
    message = Message.objects.create(
        conversation=talk, direction="in", sender="customer", text=HOSTILE, status="received", kind="unsupported",
        attachments=[{"kind": "file", "url": "javascript:alert(1)", "name": HOSTILE}, {"kind": "image", "url": "//evil.example/x.png"}, "odd", None],
        payload={"details": {"x": HOSTILE}, "parts": [{"is": "place", "name": HOSTILE, "latitude": "1", "longitude": []}, {"is": "order", "lines": [None, {"title": HOSTILE}]}, {"is": 7}, None], "cards": [{"title": HOSTILE}], "button": HOSTILE, "edits": [{"text": HOSTILE}]},
        edited_at=clock.now(), reactions=[{"by": "customer", "emoji": "<b>"}], reply_to="nothing",
    )  # fmt: skip
    talk.change(last_message=message, last_message_at=clock.now())
    talk.lead.name = HOSTILE[:150]
    talk.lead.save()
    for page in (
        bob_at.get(address("inbox")), bob_at.get(address("conversation", talk.pk)), bob_at.get(address("story", talk.pk, message.pk)),
        bob_at.get(address("text", message.pk)), bob_at.get(address("live"), {"since": 1, "open": talk.pk}),
    ):  # fmt: skip
        if page.status_code == 204:
            continue
        shown = text_of(page)
        assert page.status_code == 200
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert "\u202e" not in shown
        assert 'href="javascript:' not in shown
    assert 'href="https://evil.example/"' in text_of(bob_at.get(address("conversation", talk.pk)))


def test_very_long_messages_are_cut_until_asked_for(talk, bob_at):
    long = "wall of text " * 7_000
    message = Message.objects.create(conversation=talk, direction="in", sender="customer", text=long, status="received")
    talk.change(last_message=message, last_message_at=clock.now())
    page = text_of(bob_at.get(address("conversation", talk.pk)))
    assert len(page) < 200_000
    assert "Show all" in page
    assert long.strip() in text_of(bob_at.get(address("text", message.pk), headers=HTMX))


def test_every_kind_of_message_is_shown(talk, bob_at):
    for n, (kind, details, attachments) in enumerate([
        ("image", {}, [{"kind": "image", "url": "https://cdn.example/a.png"}]),
        ("audio", {}, [{"kind": "audio", "media_id": "77"}]),
        ("video", {}, [{"kind": "video", "url": "http://127.0.0.1:9/x.mp4"}]),
        ("file", {}, [{"kind": "file", "url": "https://cdn.example/a.pdf", "name": "offer.pdf", "size": 90210}]),
        ("location", {"is": "place", "latitude": 25.1, "longitude": 55.2}, []),
        ("story_reply", {"story": {"url": "https://cdn.example/story"}}, []),
        ("share", {}, [{"kind": "share", "url": "https://cdn.example/post"}]),
        ("order", {"is": "order", "lines": []}, []),
        ("unsupported", {"is": "strange", "type": "hologram"}, []),
        ("a_new_one", {}, []),
    ]):  # fmt: skip
        Message.objects.create(
            conversation=talk, direction="in", sender="customer", kind=kind, text="", status="received",
            attachments=attachments, payload={"details": details, "parts": [details]}, external_id=f"k{n}",
        )  # fmt: skip
    page = text_of(bob_at.get(address("conversation", talk.pk)))
    for part in (
        "cdn.example/a.png",
        "<audio",
        "<video",
        "offer.pdf",
        "openstreetmap.org",
        "cdn.example/story",
        "hologram",
        "Open what was shared",
    ):
        assert part in page
    sound = Message.objects.get(kind="audio")
    assert address("file", sound.pk, 0) in page
    assert bob_at.get(address("file", sound.pk, 0)).status_code == 404
    assert bob_at.get(address("file", sound.pk, 9)).status_code == 404


def test_a_failure_says_why_and_can_be_sent_again(talk, bob_at):
    message = Message.objects.create(
        conversation=talk, direction="out", sender="user", text="Late", status="failed", failure="The platform had a problem.", failure_code="2"
    )  # fmt: skip
    page = text_of(bob_at.get(address("conversation", talk.pk)))
    assert "The platform had a problem." in page
    assert "Send again" in page
    assert bob_at.post(address("retry", message.pk), headers=HTMX).status_code == 200
    message.refresh_from_db()
    assert message.status == "queued"
    assert bob_at.post(address("cancel", message.pk), headers=HTMX).status_code == 200
    assert bob_at.post(address("cancel", message.pk), headers=HTMX).status_code == 422


def test_costs_the_same_however_much_there_is(talk, bob_at, says, settle):
    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert bob_at.get(path).status_code == 200
        return len(captured)

    bob_at.get(address("conversation", talk.pk))
    before = count(address("inbox")), count(address("conversation", talk.pk)), count(address("older", talk.pk))
    for n in range(6):
        says("webchat", f"I am {n}", person=f"v_x{n}")
    settle(5)
    for n in range(60):
        Message.objects.create(
            conversation=talk, direction="in", sender="customer", text=f"number {n}", status="received",
            reply_to=f"gone{n}", external_id=f"e{uuid.uuid4()}", at=clock.now() + timedelta(seconds=n),
        )  # fmt: skip
    after = count(address("inbox")), count(address("conversation", talk.pk)), count(address("older", talk.pk))
    assert all(b - a <= 1 for a, b in zip(before, after, strict=True)), (before, after)  # one for quoted messages
    assert max(after) < 45


def test_older_messages_come_by_cursor(talk, bob_at):
    for n in range(70):
        Message.objects.create(
            conversation=talk, direction="in", sender="customer", text=f"number {n}", status="received", at=clock.now() + timedelta(seconds=n)
        )  # fmt: skip
    page = text_of(bob_at.get(address("conversation", talk.pk)))
    assert "number 69" in page
    assert "number 3<" not in page
    link = page.split('data-older="')[1].split('"')[0]
    assert "number 3<" in text_of(bob_at.get(link, headers=HTMX))


def test_saved_replies_are_found(talk, bob_at):
    CannedReply.objects.create(shortcut="hours", text="We open at 9.")
    assert "We open at 9." in text_of(bob_at.get(address("canned"), {"q": "hou"}))
    assert "No saved reply fits." in text_of(bob_at.get(address("canned"), {"q": "zzz\x00"}))


def test_several_at_once(talk, bob_at, bob, alice, says, settle, client_for, victor, charlie):
    says("webchat", "And I?", person="v_two")
    settle(5)
    both = [one.pk for one in Conversation.objects.order_by("pk")]

    def act(what, ids=both, **more):
        return bob_at.post(address("bulk") + "?status=open", {"act": what, "id": ids}, headers=HTMX, **more)

    def of(field):
        return list(Conversation.objects.order_by("pk").values_list(field, flat=True))

    assert act(f"assign:{alice.pk}").status_code == 200
    assert of("assignee") == [alice.pk, alice.pk]
    act("assign:me", both[:1])
    act("assign:", both[1:])
    assert of("assignee") == [bob.pk, None]
    act("unread")
    assert of("unread") == [1, 1]
    act("read")
    assert of("unread") == [0, 0]
    done = act("done")
    assert of("status") == ["resolved", "resolved"]
    assert "data-row" not in text_of(done)
    undo = json.loads(done.headers["HX-Trigger"])["toast"]["toasts"][0]["undo"]
    assert undo.startswith(f"{address('bulk')}?status=open&act=undo")
    assert text_of(bob_at.post(undo, headers=HTMX)).count("data-row") == 2
    assert of("status") == ["open", "open"]
    act("snooze:tomorrow", both[:1])
    assert of("status") == ["snoozed", "open"]
    for strange in (
        "",
        "delete",
        "assign:999999",
        f"assign:{charlie.pk}",
        "snooze:never",
        "done:x",
        "x" * 5000,
        "\x00",
    ):
        assert act(strange).status_code == 422, strange
    for ids in ([], ["x"], ["9" * 30], ["-1"], ["\x00"]):
        assert act("done", ids).status_code == 422
    assert bob_at.post(address("bulk"), {"act": "done", "id": both}).status_code == 302, "without script too"
    assert client_for(victor).post(address("bulk"), {"act": "undo", "id": both}).status_code == 403
    assert client_for(charlie, "globex").post(address("bulk"), {"act": "undo", "id": both}).status_code == 302
    assert of("status") == ["resolved", "resolved"]
