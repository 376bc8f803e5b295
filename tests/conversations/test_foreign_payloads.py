"""Webhooks as platforms send them, posted signed to the door: what is stored, shown, given to the assistant, answered."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from apps.catalog.services import create_item
from apps.conversations import wording
from apps.conversations.adapters import Kind, Topic, parts
from apps.conversations.adapters.parts import as_json
from apps.conversations.adapters.signatures import sign_meta
from apps.conversations.agent import about_of
from apps.conversations.bubbles import preview
from apps.conversations.models import Conversation, Message, Owner
from apps.conversations.queries import notice_text
from apps.integrations import door
from apps.integrations.models import Delivery, Notice
from apps.jobs import clock
from apps.leads.models import FormerIdentity, Lead
from apps.organizations.models import AccountRoute
from tests.vendors import graph_webhooks as webhooks

pytestmark = pytest.mark.usefixtures("noon")
SECRET = "the-app-secret"
ANA, ZOE, NEW = "15551110001", "15551110003", "15551119993"


@pytest.fixture
def knock(accounts, acme, settings, client_for, settle, graph) -> Callable[..., None]:
    """`knock(body)`: Meta posts, and whatever follows from it happens. Every delivery must end well."""
    settings.FACEBOOK_APP_SECRET = [SECRET]
    door.routes.forget()
    for channel, external_id in (("facebook", "1001"), ("instagram", "2001"), ("whatsapp", "3001")):
        AccountRoute.objects.get_or_create(channel=channel, external_id=external_id, organization=acme)
    client = client_for(None, None)
    channels = {"page": "facebook", "instagram": "instagram", "whatsapp_business_account": "whatsapp"}

    def post(body: dict[str, Any], *, ends: str = "done") -> None:
        for account, person in (*(("3001", one) for one in (ANA, ZOE, NEW)), ("1001", "psid-1"), ("2001", "igsid-1")):
            graph.heard_from(account, person)
        raw = json.dumps(body).encode()
        headers = {"X-Hub-Signature-256": sign_meta(SECRET, raw)}
        answer = client.post(
            f"/webhook/{channels[body['object']]}/", raw, content_type="application/json", headers=headers
        )
        assert answer.status_code == 200
        settle()
        last = Delivery.objects.order_by("-pk")[0]
        assert (last.state, last.error if ends == "done" else "") == (ends, "")

    yield post
    door.routes.forget()


def wa(*messages: dict[str, Any], sender: str = ANA, field: str = "messages", **value: Any) -> dict[str, Any]:
    """WhatsApp messages of one person named Ana."""
    stamp = str(int(clock.now().timestamp()))
    full = [
        {"from": sender, "id": f"wamid.{abs(hash(str(m))):x}{n}", "timestamp": stamp, **m}
        for n, m in enumerate(messages)
    ]
    contacts = [{"profile": {"name": "Ana"}, "wa_id": sender}]
    return webhooks.whatsapp("3001", field=field, contacts=contacts, messages=full, **value)


def says_text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": words}, "id": f"wamid.text.{words}"}


def system(told: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A system message, which carries no contacts."""
    message = {"id": "w2", "timestamp": str(int(clock.now().timestamp())), "type": "system", "system": told, **more}
    return webhooks.whatsapp("3001", messages=[message])


def event(kind: str, **content: Any) -> dict[str, Any]:
    account, person = {"page": ("1001", "psid-1"), "instagram": ("2001", "igsid-1")}[kind]
    return webhooks.messaging(kind, account, person, **content)


def received() -> Message:
    return Message.objects.get(direction="in")


def lines() -> list[str]:
    """What the notices of the thread say."""
    return [notice_text(one) for one in Message.objects.filter(kind="notice").order_by("at", "id")]


@pytest.fixture
def bubble(client_for, bob) -> Callable[[], str]:
    """The customer's bubble as Bob reads it, without tags."""

    def read() -> str:
        message = received()
        page = (
            client_for(bob).get(reverse("conversations:conversation", args=[message.conversation_id])).content.decode()
        )
        found = re.search(rf'<li class="msg[^>]*id="m{message.pk}".*?</li>', page, re.DOTALL)
        assert found
        shown = re.sub(r'<a class="msg-foot".*?</a>', "", found.group(), flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", shown)).split())

    return read


# Two vocabularies, joined ------------------------------------------------------------------------------------------


def test_a_story_mention_is_stored_and_shown(knock, bubble):
    story = {"type": "story_mention", "payload": {"url": "https://x/y"}}
    knock(event("instagram", message={"mid": "m1", "attachments": [story]}))
    assert received().kind == "story_mention"
    assert "Mentioned you in a story" in bubble()


PARTS = [
    parts.Place(name="Dubai Mall", latitude=25.2, longitude=55.3),
    parts.Contact(name="Omar", phones=("+971 50 765 4321",), emails=("o@example.com",), company="Acme"),
    parts.Order(lines=(parts.Line(sku="BT-44", quantity="2", price="30", currency="USD"),)),
    parts.Answer(question="guests", answer="4"),
    parts.Product(sku="BT-44", title="Boots"),
    *(parts.Share(what=what, title="Winter") for what in parts.Sharing),
    parts.Choice(description="1 to 3 days"),
    parts.Said(text="Hello"),
    *(parts.Marked(mark=mark) for mark in parts.Mark),
    parts.Strange(type="hologram", reason="The platform did not take it."),
    parts.Strange(),
]


def test_every_word_that_an_adapter_can_say_is_stored_and_has_words(accounts, says, settle):
    says("facebook", "Hi")
    settle(1)
    conversation = Conversation.objects.get()
    assert {type(one) for one in PARTS} == set(parts.PARTS.values())
    assert set(wording.KINDS) == set(Kind)
    for kind in (*Kind, "note", "notice"):
        for status in Message.Status:
            stored = Message.objects.create(
                conversation=conversation, direction="in", sender="automation", kind=kind, status=status, payload={}
            )
            assert wording.words(stored)
    for language in ("en", "ar"):
        with override(language):
            for part in PARTS:
                stored = Message(kind="text", payload={"parts": json.loads(json.dumps([as_json(part)]))})
                said = wording.words(stored)
                assert said not in ("", str(wording.KINDS["text"])), part
                assert not re.search(r"[{}\[\]_]|None", said), said
    for topic in Topic:
        line = notice_text(Message(payload={"notice": str(topic), "label": "x"}))
        assert line != "Something happened here.", topic
    for owner in Owner:
        conversation.change(owner=owner)
    assert Conversation.objects.get().owner == "other"


# What a message is made of -----------------------------------------------------------------------------------------

PLACE = {"latitude": 49.234939575195, "longitude": 6.9993596}


def test_a_place_is_no_phone_number(knock, bubble, thread):
    knock(wa({"type": "location", "location": PLACE}))
    assert Lead.objects.get().phone == f"+{ANA}"
    assert "49.23494, 6.99936" in bubble()
    assert received().text == ""
    assert preview(received(), me=None).text == "Location: 49.23494, 6.99936"
    assert "number" not in thread()[-1].text


def test_a_place_beside_words_reaches_the_assistant_as_data(knock):
    knock(wa({"type": "location", "location": {**PLACE, "name": "Dubai Mall"}}, says_text("Do you deliver here?")))
    placed = Message.objects.get(kind="location")
    assert about_of(placed) == "[their location]\nDubai Mall"
    assert Lead.objects.get().phone == f"+{ANA}"


OMAR = {"name": {"formatted_name": "Omar"}, "phones": [{"phone": "+971 50 765 4321"}]}


@pytest.mark.parametrize("where", ["card", "message"])
def test_somebody_elses_card_is_not_the_customer(knock, bubble, where):
    card = {**OMAR, "origin": "other"} if where == "card" else OMAR
    knock(wa({"type": "contacts", "contacts": [card], **({"origin": "other"} if where == "message" else {})}))
    lead = Lead.objects.get()
    assert (lead.name, lead.phone) == ("Ana", f"+{ANA}")
    assert "Omar +971 50 765 4321" in bubble()


@pytest.mark.parametrize("where", ["card", "message"])
def test_ones_own_card_is_the_customer(knock, where):
    """Somebody with a user name only is asked for their number, and presses the button."""
    card = {**OMAR, "name": {"formatted_name": "Ana"}, **({"origin": "contact_request"} if where == "card" else {})}
    body = wa({"type": "contacts", "contacts": [card], **({"origin": "contact_request"} if where == "message" else {})})
    value = body["entry"][0]["changes"][0]["value"]
    value["messages"][0]["from_user_id"] = value["messages"][0].pop("from").replace(ANA, "US.111")
    value["contacts"][0] = {"profile": {"name": "Ana"}, "user_id": "US.111"}
    knock(body)
    assert Lead.objects.get().phone == "+971507654321"


def test_a_form_is_shown_in_words_and_what_it_says_of_the_person_is_kept(knock, bubble, thread):
    answers = json.dumps(
        {"email": "rami@example.com", "guests": 4, "flow_token": "secret-token", "screen_0_Seat_1": "Window"}
    )
    reply = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": answers}}
    knock(wa({"type": "interactive", "interactive": reply}))
    said = bubble()
    assert "Form" in said
    assert "Email: rami@example.com Guests: 4 Seat 1: Window" in said
    assert not re.search(r"Sent|secret-token|[{}]", said)
    assert Lead.objects.get().email == "rami@example.com"
    assert "we have your answers" in thread()[-1].text
    assert Conversation.objects.get().escalation == "form"
    assert about_of(received()).startswith("[a form they filled in]\nEmail: rami@example.com")


@pytest.mark.parametrize(
    "raw", ["", "not json", "[]", '{"a": {"b": [1, {"c": null}]}}', '{"wife_email": "w@example.com"}', None, 7]
)
def test_no_form_is_blank_or_raw_or_about_others(knock, bubble, raw):
    reply = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": raw}}
    knock(wa({"type": "interactive", "interactive": reply}))
    said = bubble().removeprefix("Form").strip()
    assert said
    assert not re.search(r"[{}\[\]]", said)
    assert Lead.objects.get().email == ""


def test_an_order_is_shown_with_its_total_and_handed_to_a_person(knock, bubble, thread, accounts):
    create_item(
        by="user:1", sku="BOOT-42", name="Winter boots", price="30", currency="USD", texts={"ar": {"name": "حذاء شتوي"}}
    )
    items = [
        {"product_retailer_id": "BOOT-42", "quantity": 2, "item_price": 30, "currency": "USD"},
        {"product_retailer_id": "SOCK-1", "quantity": 3, "item_price": 4.5, "currency": "USD"},
    ]
    knock(wa({"type": "order", "order": {"text": "Please deliver before Friday", "product_items": items}}))
    said = bubble()
    assert "Please deliver before Friday" in said
    assert said.count("Please deliver") == 1
    assert "2 × Winter boots — $60.00 3 × SOCK-1 — $13.50 Total: $73.50" in said
    assert "product_retailer_id" not in said
    with override("ar"):
        assert "حذاء شتوي" in wording.words(received())
    conversation = Conversation.objects.get()
    assert (conversation.owner, conversation.escalation) == ("human", "order")
    assert "your order" in thread()[-1].text
    assert "2 × Winter boots" in preview(received(), me=None).text
    assert "2 × Winter boots — $60.00" in about_of(received())


def test_a_cart_of_messenger_is_an_order_too(knock, bubble):
    create_item(by="user:1", sku="BOOT-42", name="Winter boots", price="30", currency="USD")
    lines = [
        {"id": "65", "retailer_id": "BOOT-42", "name": "Boots", "unit_price": 30, "currency": "USD", "quantity": 2},
        {"id": "66", "name": "Laces", "unit_price": 4.5, "currency": "USD", "quantity": 3},
    ]
    knock(event("page", order={"products": lines, "note": "Please deliver before Friday", "source": "catalog"}))
    said = bubble()
    assert "Please deliver before Friday" in said
    assert "2 × Winter boots — $60.00 3 × Laces — $13.50 Total: $73.50" in said
    conversation = Conversation.objects.get()
    assert (conversation.owner, conversation.escalation) == ("human", "order")


@pytest.mark.parametrize("kind", ["page", "instagram"])
def test_a_lead_form_is_a_form_too(knock, bubble, kind):
    data = [{"name": "email", "values": ["rami@example.com"]}, {"name": "guests", "values": ["4"]}]
    knock(event(kind, messaging_in_thread_lead_form_submit={"lead_id": "99", "field_data": data}))
    assert "Email: rami@example.com Guests: 4" in bubble()
    assert Lead.objects.get().email == "rami@example.com"
    assert Conversation.objects.get().escalation == "form"


def test_what_is_told_of_a_survey_and_of_a_form_are_lines(knock, thread):
    knock(event("page", message={"mid": "m1", "text": "Hello"}))
    stars = {"type": "csat", "payload": "4", "follow_up": {"type": "free_form", "payload": "Quick and kind"}}
    knock(event("page", messaging_feedback={"feedback_screens": [{"screen_id": 0, "questions": {"q1": stars}}]}))
    knock(event("page", messaging_in_thread_lead_form_submit={"lead_id": "99"}))
    assert lines() == [
        "The customer answered a survey: 4 · Quick and kind",
        "The customer filled in a form on the platform. Its answers lie there.",
    ]
    assert [one.direction for one in thread()] == ["in", "out"]


def test_a_question_about_a_product_names_it(knock, bubble, thread, boots):
    question = {
        **says_text("Is this in stock?"),
        "context": {
            "from": "1",
            "id": "wamid.x",
            "referred_product": {"catalog_id": "1", "product_retailer_id": "BT-44"},
        },
    }
    knock(wa(question))
    assert "About the product: Steel toe boots" in bubble()
    assert "Steel toe boots" in thread()[-1].text  # the assistant knew which
    assert Conversation.objects.get().owner == "bot"


def test_an_advert_is_named_where_the_message_came_from_it(knock, bubble):
    advert = {
        "source_type": "ad",
        "source_id": "12",
        "headline": "Winter offer",
        "source_url": "https://fb.me/x",
        "image_url": "https://x/y.jpg",
    }
    knock(wa({**says_text("Hi"), "referral": advert}))
    assert "From an ad: Winter offer" in bubble()


def test_what_nobody_knows_is_said_so_and_its_raw_form_is_for_managers(knock, bubble, client_for, alice):
    knock(wa({"type": "hologram", "hologram": {"depth": 3}}))
    said = bubble()
    assert "A message of a kind that Frontdesk does not know yet (type “hologram”)." in said
    assert "depth" not in said
    page = (
        client_for(alice).get(reverse("conversations:conversation", args=[received().conversation_id])).content.decode()
    )
    assert "depth" in page


VARIANTS = {
    "a post": ("instagram", {"attachments": [{"type": "ig_post", "payload": {"title": "Winter", "url": "https://x.fbcdn.net/1"}}]}, "Shared a post: Winter"),
    "a reel": ("instagram", {"attachments": [{"type": "ig_reel", "payload": {"title": "Boots on ice", "reel_video_id": "1", "url": "https://x.fbcdn.net/1"}}]}, "Shared a reel: Boots on ice"),
    "an ephemeral picture": ("instagram", {"attachments": [{"type": "ephemeral"}]}, "A picture or video that disappears"),
    "unsupported": ("instagram", {"is_unsupported": True}, "A message that the platform does not show here."),
    "a story reply": ("instagram", {"text": "Price?", "reply_to": {"story": {"id": "1", "url": "https://x/y"}}}, "Replied to your story"),
    "a product": ("page", {"attachments": [{"type": "template", "payload": {"product": {"elements": [{"id": "771", "retailer_id": "BT-1", "title": "Boot", "subtitle": "$10"}]}}}]}, "About the product: Boot — $10"),
    "a template": ("page", {"attachments": [{"type": "template", "payload": {"template_type": "button", "text": "Pick one", "buttons": [{"title": "A"}]}}]}, "Pick one"),
    "a link": ("page", {"text": "https://a.example/x", "attachments": [{"type": "fallback", "title": "Shoes", "payload": {"url": "https://a.example/x"}}]}, "Link: Shoes"),
    "a place": ("page", {"attachments": [{"type": "location", "title": "Pinned", "payload": {"coordinates": {"lat": 1.5, "long": 2.5}}}]}, "Pinned"),
    "a hologram": ("page", {"text": "look", "attachments": [{"type": "hologram", "payload": {}}]}, "(type “hologram”)"),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIANTS)
def test_what_is_shared_on_messenger_and_instagram_is_shown_in_words(knock, bubble, name):
    kind, content, words = VARIANTS[name]
    knock(event(kind, message={"mid": "m1", **content}))
    said = bubble()
    assert words in said
    assert not re.search(r"[{}]|None", said)
    assert len(re.findall(r"https://a\.example/x", said)) <= 1
    assert preview(received(), me=None).text


# What nobody wrote ---------------------------------------------------------------------------------------------------


def moved(**told: Any) -> dict[str, Any]:
    return {"type": "user_changed_number", "wa_id": NEW, "body": f"User Zoe changed from {ZOE} to {NEW}", **told}


def test_a_new_number_moves_the_person_and_is_no_message(knock, thread, graph):
    knock(wa(says_text("Hello"), sender=ZOE))
    before = Conversation.objects.get()
    knock(system(moved(), **{"from": ZOE}))
    conversation = Conversation.objects.get()
    assert (conversation.unread, conversation.window_until) == (before.unread, before.window_until)
    assert len([one for one in thread() if one.direction == "out"]) == 1  # nothing answered the notice
    assert lines()[-1] == f"The customer has a new number or account id: +{ZOE} became +{NEW}. Answers go there."
    knock(wa(says_text("It is me"), sender=NEW))
    assert Conversation.objects.count() == Lead.objects.count() == 1
    assert Lead.objects.get().phone == f"+{NEW}"
    assert {one.to for one in graph.messages[-1:]} == {NEW}
    assert FormerIdentity.objects.get().value == ZOE


def test_the_same_notice_twice_moves_once_and_a_late_message_is_still_theirs(knock):
    knock(wa(says_text("Hello"), sender=ZOE))
    late = wa(says_text("Sent before"), sender=ZOE)
    clock.advance(timedelta(seconds=90))
    for _ in range(2):
        knock(system(moved(), **{"from": ZOE}))
    assert len([line for line in lines() if "new number" in line]) == 1
    knock(late)
    assert Conversation.objects.count() == Lead.objects.count() == 1
    clock.advance(timedelta(seconds=90))
    knock(wa(says_text("I have this number now"), sender=ZOE))  # a stranger got the number
    assert Conversation.objects.count() == Lead.objects.count() == 2
    assert Message.objects.get(text="I have this number now").conversation.lead.phone == f"+{ZOE}"


def test_a_new_number_that_is_somebody_elses_merges_nobody(knock, client_for, bob):
    knock(wa(says_text("Hello"), sender=ZOE))
    knock(wa(says_text("I am Nora"), sender=NEW))
    zoe, nora = Lead.objects.order_by("pk")
    knock(system(moved(), **{"from": ZOE}))
    assert (zoe.identities.get(kind="whatsapp").value, nora.identities.get(kind="whatsapp").value) == (ZOE, NEW)
    assert any("Nothing was merged" in line for line in lines())
    assert "compare the two" in client_for(bob).get(reverse("leads:detail", args=[zoe.pk])).content.decode()


@pytest.mark.parametrize(
    "told",
    [
        {"type": "user_changed_user_id", "previous_user_id": "US.111", "user_id": "US.222"},
        {"type": "user_changed_user_id", "user_id": "US.222", "body": "User Zoe changed from US.111 to US.222"},
    ],
)
def test_a_new_user_id_without_a_sender_moves_the_person(knock, told, graph):
    graph.heard_from("3001", "US.111")
    graph.heard_from("3001", "US.222")
    knock(webhooks.message("whatsapp", "3001", "US.111", "Hello", name="Zoe"))
    knock(system(told))
    knock(webhooks.message("whatsapp", "3001", "US.222", "Still me", name="Zoe"))
    assert Conversation.objects.count() == Lead.objects.count() == 1
    assert len([line for line in lines() if "US.111 became US.222" in line]) == 1


def test_a_new_user_id_leaves_the_number(knock, graph):
    graph.heard_from("3001", "US.111")
    body = webhooks.message("whatsapp", "3001", "US.111", "Hello", name="Zoe")
    body["entry"][0]["changes"][0]["value"]["messages"][0]["from"] = ZOE
    knock(body)
    knock(system({"type": "user_changed_user_id", "previous_user_id": "US.111", "user_id": "US.222"}, **{"from": ZOE}))
    assert {one.value for one in Lead.objects.get().identities.filter(kind="whatsapp")} == {"US.222", ZOE}


def test_a_change_of_somebody_unknown_makes_nobody(knock):
    knock(system(moved(), **{"from": ZOE}))
    assert not Lead.objects.exists()
    assert Notice.objects.get().topic == "user_changed_number"


@pytest.mark.parametrize("kind", ["customer_identity_changed", "something_new"])
def test_other_notices_of_the_platform_are_lines(knock, thread, kind):
    knock(wa(says_text("Hello"), sender=ZOE))
    unread = Conversation.objects.get().unread
    body = system({"type": kind, "customer": ZOE, "identity": "abc"}, **{"from": ZOE})
    knock(body)
    knock(body)
    assert [one.direction for one in thread()] == ["in", "out"]
    assert len(lines()) == 1
    assert Conversation.objects.get().unread == unread


# Who has the thread --------------------------------------------------------------------------------------------------


def test_what_another_agent_answers_is_shown_and_not_answered(knock, thread, client_for, bob):
    knock(wa(says_text("Hello"), field="standby"))
    conversation = Conversation.objects.get()
    assert [one.direction for one in thread()] == ["in"]
    assert (conversation.owner, conversation.unread, conversation.waiting_since) == ("other", 0, None)
    page = client_for(bob).get(reverse("conversations:conversation", args=[conversation.pk])).content.decode()
    assert "another app answers here; yours is silent" in page
    knock(wa(says_text("And to you?")))  # the platform gives the thread to us
    assert [one.direction for one in thread()] == ["in", "in", "out"]
    assert Conversation.objects.get().owner == "bot"


def test_standby_below_its_own_key_with_the_agents_answer_and_its_receipt(knock, thread):
    stamp = str(int(clock.now().timestamp()))
    inner = {
        "messages": [{"from": ANA, "id": "wamid.s1", "timestamp": stamp, "type": "text", "text": {"body": "Hi"}}],
        "message_echoes": [{"to": ANA, "id": "wamid.s2", "timestamp": stamp, "type": "text", "text": {"body": "Hello from the agent"}}],
        "statuses": [{"id": "wamid.s2", "status": "read", "timestamp": stamp, "recipient_id": ANA}],
    }  # fmt: skip
    knock(webhooks.whatsapp("3001", field="standby", standby=inner))
    assert [(one.direction, one.sender) for one in thread()] == [("in", "customer"), ("out", "app")]
    assert thread()[1].status == "read"
    assert Conversation.objects.get().owner == "other"


@pytest.mark.parametrize("kind", ["page", "instagram"])
def test_standby_on_messenger_and_instagram(knock, thread, kind):
    body = event(kind, message={"mid": "m1", "text": "Hello"})
    body["entry"][0]["standby"] = body["entry"][0].pop("messaging")
    knock(body)
    assert [one.direction for one in thread()] == ["in"]
    assert Conversation.objects.get().owner == "other"


def test_a_person_who_took_over_keeps_the_thread(knock):
    knock(wa(says_text("Hello")))
    Conversation.objects.get().change(owner="human")
    knock(wa(says_text("More"), field="standby"))
    assert Conversation.objects.get().owner == "human"


def test_handovers_of_messenger(knock, thread):
    knock(event("page", message={"mid": "m1", "text": "Hello"}))
    knock(event("page", take_thread_control={"previous_owner_app_id": "1", "metadata": "x"}))
    assert Conversation.objects.get().owner == "other"
    knock(event("page", request_thread_control={"requested_owner_app_id": "2"}))
    knock(event("page", pass_thread_control={"new_owner_app_id": "1"}))
    assert Conversation.objects.get().owner == "bot"
    assert [one.direction for one in thread()] == ["in", "out"]
    assert lines() == [
        "The platform gave this conversation to its own assistant or another app.",
        "Another app asked for this conversation.",
        "The platform passed this conversation to Frontdesk.",
    ]


def test_the_platforms_agent_asks_for_a_person(knock):
    knock(wa(says_text("Hello"), field="standby"))
    roles = {"previous_owner_role": "ai_agent", "new_owner_role": "escalation"}
    value = {
        "messaging_product": "whatsapp", "sender": {"phone_number": ANA}, "recipient": {"phone_number_id": "3001"},
        "type": "control_passed", "timestamp": str(int(clock.now().timestamp())), "control_passed": roles,
    }  # fmt: skip
    change = {"field": "messaging_handovers", "value": value}
    knock({"object": "whatsapp_business_account", "entry": [{"id": "9001", "changes": [change]}]})
    conversation = Conversation.objects.get()
    assert (conversation.owner, conversation.escalation) == ("human", "platform")


# What we do not know beside what we do -------------------------------------------------------------------------------


def test_strange_events_beside_a_message_cost_nothing(knock, thread):
    body = event("page", message={"mid": "m1", "text": "Hello"})
    base = {"sender": {"id": "psid-1"}, "recipient": {"id": "1001"}, "timestamp": 1}
    body["entry"][0]["messaging"] += [
        {**base, "response_feedback": {"feedback": "Good response", "mid": "m1"}},
        {**base, "account_linking": {"status": "linked"}},
        {**base, "game_play": None},
        {**base, "order": {"mid": "m9", "products": []}},
    ]
    body["entry"][0]["hop_context"] = [{"app_id": 1}]
    knock(body)
    knock(body)
    assert [one.direction for one in thread()] == ["in", "out"]
    assert sorted(lines()) == sorted(
        [
            "The customer found an answer helpful.",
            *(
                f"Something happened that Frontdesk does not know yet (“{name}”)."
                for name in ("account_linking", "game_play", "order")
            ),
        ]
    )
    assert set(Notice.objects.values_list("topic", flat=True)) == {"hop_context"}


def test_a_group_is_left_alone_and_told_once_a_day(knock):
    for words in ("One", "Two"):
        knock(wa({**says_text(words), "group_id": "g1"}))
    assert not Message.objects.exists()
    assert not Lead.objects.exists()
    assert Notice.objects.get().topic == "group_message"


def test_calls_and_permissions_are_lines(knock, thread):
    knock(wa(says_text("Hello")))
    stamp = str(int(clock.now().timestamp()))
    call = {"id": "wacid.1", "from": ANA, "to": "1", "event": "connect", "timestamp": stamp, "session": {"sdp": "x"}}
    knock(webhooks.whatsapp("3001", field="calls", calls=[call]))
    reply = {"type": "call_permission_reply", "call_permission_reply": {"response": "reject"}}
    knock(wa({"type": "interactive", "interactive": reply}))
    assert [one.direction for one in thread()] == ["in", "out"]
    assert lines() == ["The customer called. Calls are not answered here.", "The customer does not want to be called."]
