"""What arrives ends in exactly one row each, whatever its order, shape or number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.conversations.models import Conversation, Message, Suppression
from apps.events.models import JournalEntry
from apps.integrations.models import ConnectedAccount, Delivery
from apps.jobs import clock
from apps.leads.models import Lead
from apps.organizations.models import OrganizationHealth
from tests.vendors import graph_webhooks as webhooks

pytestmark = pytest.mark.usefixtures("noon")


def events(name: str) -> int:
    return JournalEntry.objects.filter(type=name).count()


def test_the_same_message_twice_is_one_message(says, settle, thread):
    says("facebook", "Hello", mid="m_same")
    says("facebook", "Hello", mid="m_same")
    settle()
    assert [message.direction for message in thread()] == ["in", "out"]
    assert events("message.received") == 1
    says("facebook", "Hello", mid="m_same")
    settle()
    assert len(thread()) == 2


def test_messages_are_shown_in_the_order_they_were_written(deliver, settle, thread):
    now = clock.now()
    bodies = [
        webhooks.message("page", "1001", "psid-1", f"line {n}", at=now - timedelta(seconds=30 - n), mid=f"m_{n}")
        for n in range(4)
    ]
    for body in reversed(bodies):
        deliver("facebook", body)
    settle(1)
    assert [message.text for message in thread() if message.direction == "in"] == [f"line {n}" for n in range(4)]
    assert Conversation.objects.get().last_message.text == "line 3"


def test_a_batch_of_many_people_in_one_body(deliver, settle):
    bodies = [webhooks.message("page", "1001", f"psid-{n}", "Hi", mid=f"m_{n}") for n in range(20)]
    deliver("facebook", webhooks.batched(bodies)[0])
    settle(0)
    assert Conversation.objects.count() == Lead.objects.count() == 20


def test_old_messages_are_kept_and_not_answered(says, settle, thread):
    says("whatsapp", "From last month", at=clock.now() - timedelta(days=20))
    settle()
    (message,) = thread()
    assert message.wants_answer is False
    conversation = Conversation.objects.get()
    assert (conversation.unread, conversation.waiting_since) == (0, None)


def test_late_history_does_not_replace_the_last_message(says, settle, thread):
    says("facebook", "Newest")
    settle()
    last = Conversation.objects.get().last_message
    says("facebook", "Long ago", at=clock.now() - timedelta(days=3))
    settle()
    assert Conversation.objects.get().last_message == last
    assert thread()[0].text == "Long ago"


def history(*messages: dict, **more: object) -> dict:
    chunk = {
        "metadata": {"phase": 0, "chunk_order": 1, "progress": 55},
        "threads": [{"id": "15551230001", "messages": list(messages)}],
    }
    return webhooks.whatsapp("3001", field="history", history=[chunk], **more)


def said(number: int, sender: str, text: str, minutes: int = 5) -> dict:
    at = int((clock.now() - timedelta(minutes=minutes)).timestamp())
    return {
        "from": sender,
        "id": f"wamid.h{number}",
        "timestamp": str(at),
        "type": "text",
        "text": {"body": text},
        "history_context": {"status": "read"},
    }


OURS = "15550100199"


def test_history_is_shown_and_never_answered_however_young(deliver, settle, thread):
    body = history(
        said(1, "15551230001", "Do you have boots?", 9), said(2, OURS, "We do.", 8), said(3, "15551230001", "Which?", 1)
    )
    deliver("whatsapp", body)
    deliver("whatsapp", body)
    settle()
    assert [(one.direction, one.sender, one.text) for one in thread()] == [
        ("in", "customer", "Do you have boots?"), ("out", "app", "We do."), ("in", "customer", "Which?")
    ]  # fmt: skip
    conversation = Conversation.objects.get()
    assert (conversation.owner, conversation.unread, conversation.waiting_since) == ("bot", 0, None)
    assert not any(one.wants_answer for one in thread())
    assert events("message.received") == events("message.sent") == 0
    assert Lead.objects.get().identities.get(kind="whatsapp").value == "15551230001"


def test_media_of_history_fill_their_place_and_are_not_answered(deliver, settle, thread):
    placeholder = {**said(1, "15551230001", ""), "type": "media_placeholder"}
    deliver("whatsapp", history(placeholder))
    settle()
    assert [one.kind for one in thread()] == ["unsupported"]
    photo = {
        **said(1, "15551230001", ""),
        "type": "image",
        "image": {"id": "77", "mime_type": "image/jpeg", "caption": "This one"},
    }
    theirs = {**said(2, OURS, ""), "type": "image", "image": {"id": "78", "mime_type": "image/jpeg"}}
    contacts = [{"wa_id": "15551230001", "profile": {"name": "Sara"}}]
    deliver("whatsapp", webhooks.whatsapp("3001", field="history", messages=[photo], contacts=contacts))
    deliver("whatsapp", webhooks.whatsapp("3001", field="history", messages=[theirs], contacts=contacts))
    settle()
    assert [(one.direction, one.kind, one.text) for one in thread()] == [
        ("in", "image", "This one"),
        ("out", "image", ""),
    ]
    assert Conversation.objects.get().owner == "bot"


def test_a_live_message_after_the_history_is_answered_once(deliver, says, settle, thread):
    deliver("whatsapp", history(said(1, "15551230001", "Do you have boots?")))
    settle()
    says("whatsapp", "Hello, are you there?")
    settle()
    assert [one.direction for one in thread()] == ["in", "in", "out"]
    assert len(thread()[-1].payload["answers"]) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"\xff\xfe\x00", b"[" * 5000, b'"text"', b"{}", b"[]", b"null", b'{"entry": 5}', b'{"entry": [[[]]]}',
     b'{"object": "page", "entry": [{"id": "1001", "messaging": [{"sender": null}, 7, {"message": {"text": "no id"}}]}]}'],
)  # fmt: skip
def test_what_cannot_be_read_is_kept_and_flagged(deliver, settle, body):
    delivery = deliver("facebook", body)
    settle(0)
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.MALFORMED
    assert delivery.error
    assert not Message.objects.exists()
    assert "facebook" in OrganizationHealth.objects.get(organization__slug="acme").last_failure


def test_one_bad_event_does_not_cost_the_others(deliver, settle):
    good = webhooks.message("page", "1001", "psid-1", "Hello")
    good["entry"].append({"id": "1001", "messaging": ["nonsense", {"sender": {"id": "x" * 300}, "recipient": {"id": "1001"}, "message": {"mid": "m_1", "text": "?"}}]})  # fmt: skip
    delivery = deliver("facebook", good)
    settle(0)
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.MALFORMED
    assert Message.objects.get().text == "Hello"


def test_a_message_for_an_account_we_do_not_have(deliver, settle):
    delivery = deliver("facebook", webhooks.message("page", "7777", "psid-1", "Hello"), account="7777")
    settle(0)
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.MALFORMED
    assert "7777" in delivery.error


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "\u202egnp.exe", "👩‍👩‍👧‍👦" * 500, "a\x00b", "x" * 1_000_000, "' OR 1=1 --", "{{7*7}} {% debug %}", "\ud800"],
    ids=["html", "bidi", "emoji", "null", "long", "sql", "template", "surrogate"],
)  # fmt: skip
def test_hostile_text_is_a_message_like_any_other(says, settle, thread, text):
    delivery = says("facebook", text)
    settle()
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DONE, delivery.error
    assert [message.direction for message in thread()] == ["in", "out"]


def test_an_unknown_type_is_shown_as_unsupported(deliver, settle, thread, graph):
    graph.heard_from("3001", "15551230001")
    body = webhooks.message("whatsapp", "3001", "15551230001", "", mid="wamid.x")
    body["entry"][0]["changes"][0]["value"]["messages"][0].update(type="hologram", hologram={"depth": 3})
    deliver("whatsapp", body)
    settle()
    received, answer = thread()
    assert received.kind == "unsupported"
    assert "colleague" in answer.text
    assert Conversation.objects.get().owner == "human"


def test_edit_unsend_and_reaction_even_when_they_come_first(deliver, says, settle, thread):
    now = clock.now()
    person = "psid-1"
    deliver(
        "facebook",
        webhooks.messaging(
            "page", "1001", person, now, message_edit={"mid": "m_a", "text": "44, sorry", "num_edit": 1}
        ),
    )
    deliver(
        "facebook",
        webhooks.messaging("page", "1001", person, now, reaction={"mid": "m_b", "action": "react", "emoji": "❤"}),
    )
    settle(0)
    says("facebook", "Size 43", mid="m_a", at=now - timedelta(seconds=5))
    says("facebook", "Thanks", mid="m_b", at=now - timedelta(seconds=4))
    settle(15)
    edited = Message.objects.get(external_id="m_a")
    assert (edited.text, edited.payload["edits"][0]["text"]) == ("44, sorry", "Size 43")
    assert Message.objects.get(external_id="m_b").reactions == [{"by": "customer", "emoji": "❤"}]
    deliver("instagram", webhooks.message("instagram", "2001", "igsid-1", "secret", mid="ig_a"))
    settle(0)
    deliver(
        "instagram",
        webhooks.messaging("instagram", "2001", "igsid-1", now, message={"mid": "ig_a", "is_deleted": True}),
    )
    settle(0)
    gone = Message.objects.get(external_id="ig_a")
    assert (gone.text, gone.wants_answer) == ("", False)
    assert gone.unsent_at
    assert Delivery.objects.exclude(state="done").count() == 0


def test_what_somebody_takes_back_is_told_as_theirs(deliver, says, settle, client_for, alice):
    """Both sides can: an echo that is deleted was the business's own, and changes nothing of what the customer said."""
    says("facebook", "Do you have boots?", mid="m_theirs")
    settle(0)
    deliver("facebook", webhooks.echo("page", "1001", "psid-1", "m_ours", app_id="263902037430900", text="Wrong price"))
    settle(0)
    conversation = Conversation.objects.get()
    deliver("facebook", webhooks.echo("page", "1001", "psid-1", "m_ours", is_deleted=True))
    settle(0)
    page = client_for(alice).get(f"/dashboard/inbox/{conversation.pk}/").content.decode()
    assert "Wrong price" not in page
    assert page.count("Taken back by your team, in another app") == 1
    assert "Taken back by the customer" not in page
    assert JournalEntry.objects.get(type="message.unsent").actor == "app"
    conversation.lead.refresh_from_db()
    assert conversation.lead.last_said == "Do you have boots?"
    deleted = {"mid": "m_theirs", "is_deleted": True}
    deliver("facebook", webhooks.messaging("page", "1001", "psid-1", clock.now(), message=deleted))
    settle(0)
    page = client_for(alice).get(f"/dashboard/inbox/{conversation.pk}/").content.decode()
    assert page.count("Taken back by the customer") == 1
    assert JournalEntry.objects.filter(type="message.unsent").latest("id").actor == "customer"


def test_somebody_answers_in_another_app_and_the_bot_steps_back(deliver, says, settle, thread):
    says("facebook", "Hello?")
    settle(0)
    deliver(
        "facebook", webhooks.echo("page", "1001", "psid-1", "m_out", app_id="263902037430900", text="Hi from the shop")
    )
    settle()
    conversation = Conversation.objects.get()
    assert conversation.owner == "human"
    assert conversation.waiting_since is None
    assert [(message.direction, message.sender) for message in thread()] == [("in", "customer"), ("out", "app")]
    assert events("conversation.taken_over") == 1


def test_our_own_echoes_and_receipts_only_move_forward(deliver, says, settle, graph, thread):
    says("facebook", "Hello")
    settle()
    ours = thread()[-1]
    sent = graph.messages[0]
    deliver(
        "facebook",
        webhooks.messaging(
            "page", "1001", "psid-1", read={"watermark": webhooks._ms(clock.now() + timedelta(seconds=1))}
        ),
    )
    settle(0)
    for body in webhooks.about(sent, "page", ("echo", "delivered")):
        deliver("facebook", body)
    settle(0)
    ours.refresh_from_db()
    assert ours.status == "read"
    assert len(thread()) == 2
    assert Conversation.objects.get().owner == "bot"


def test_whatsapp_statuses_out_of_order_and_failed(deliver, says, settle, graph, thread):
    says("whatsapp", "Hello")
    settle()
    ours, sent = thread()[-1], graph.messages[0]
    for name in ("read", "delivered", "sent"):
        deliver("whatsapp", webhooks.status("3001", sent.id, name, sent.to, reference=sent.reference))
    settle(0)
    ours.refresh_from_db()
    assert ours.status == "read"
    error = {"code": 131026, "title": "Message undeliverable"}
    deliver("whatsapp", webhooks.status("3001", sent.id, "failed", sent.to, reference=sent.reference, errors=[error]))
    settle(0)
    ours.refresh_from_db()
    assert ours.status == "read"


def test_a_marketing_opt_out_suppresses(deliver, says, settle, graph, thread):
    says("whatsapp", "Hello")
    settle()
    sent = graph.messages[0]
    error = {"code": 131050, "title": "User opted out"}
    deliver("whatsapp", webhooks.status("3001", sent.id, "failed", sent.to, reference=sent.reference, errors=[error]))
    settle(0)
    failed = thread()[-1]
    assert (failed.status, failed.failure_code) == ("failed", "131050")
    assert Suppression.objects.get().scope == "marketing"


def test_receipts_for_messages_that_are_not_ours_are_let_go(deliver, settle):
    delivery = deliver("whatsapp", webhooks.status("3001", "wamid.other", "delivered", "15551230001"))
    settle(0)
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.PENDING
    clock.advance(timedelta(hours=2))
    settle(600)
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DONE
    assert delivery.error


def test_attribution_from_an_ad(deliver, settle, graph):
    graph.heard_from("1001", "psid-9")
    ad = {
        "ref": "boots",
        "ad_id": "120210",
        "source": "ADS",
        "type": "OPEN_THREAD",
        "ads_context_data": {"ad_title": "Winter"},
    }
    deliver("facebook", webhooks.messaging("page", "1001", "psid-9", referral=ad))
    settle(0)
    conversation = Conversation.objects.get()
    assert conversation.origin["ad_id"] == "120210"
    assert conversation.lead.source == "ad"
    deliver("facebook", webhooks.message("page", "1001", "psid-9", "Hello", referral=ad))
    settle(0)
    assert Message.objects.get(direction="in").origin["ad_id"] == "120210"
    assert Conversation.objects.count() == 1


def test_a_whatsapp_user_without_a_number_stays_one_person(deliver, settle, graph):
    graph.heard_from("3001", "US.13491208655302741918")
    graph.heard_from("3001", "15550001111")
    body = webhooks.message("whatsapp", "3001", "US.13491208655302741918", "Hi", name="Sara")
    value = body["entry"][0]["changes"][0]["value"]
    value["contacts"][0]["wa_id"] = "15550001111"
    value["messages"][0]["from"] = "15550001111"
    deliver("whatsapp", body)
    settle()
    deliver("whatsapp", webhooks.message("whatsapp", "3001", "15550001111", "Me again"))
    deliver("whatsapp", webhooks.message("whatsapp", "3001", "US.13491208655302741918", "And again"))
    settle()
    assert Lead.objects.count() == Conversation.objects.count() == 1


def test_a_notice_about_the_account_is_recorded(deliver, settle, accounts):
    deliver(
        "whatsapp",
        webhooks.whatsapp("3001", field="phone_number_quality_update", event="FLAGGED", current_limit="TIER_1K"),
    )
    settle(0)
    assert events("account.noticed") == 1
    account = ConnectedAccount.objects.get(channel="whatsapp")
    assert account.state == "connected"
    assert account.notices.get().details["current_limit"] == "TIER_1K"


def test_a_snoozed_or_resolved_conversation_opens_again(says, settle, alice):
    from apps.conversations import services

    says("webchat", "Hello")
    settle()
    services.resolve(Conversation.objects.get(), by=alice)
    assert Conversation.objects.get().status == "resolved"
    says("webchat", "One more thing: what are your opening hours?")
    settle()
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.bot_status) == ("open", "active")
    assert conversation.messages.filter(direction="out").count() == 2
