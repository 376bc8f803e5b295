"""What the assistant takes down, and what it gives back: only what whoever writes said themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.conversations import agent, own_details, services
from apps.conversations.models import Conversation
from apps.conversations.tools import Toolbox
from apps.leads import merging
from apps.leads import services as leads
from apps.leads.models import Lead
from tests.vendors import graph_webhooks as webhooks

MINE = "+15551230001"  # certified by WhatsApp for the person of `says("whatsapp", …)`
OTHER = "+971507654321"


def lead_of(channel: str) -> Lead:
    return Conversation.objects.get(channel=channel).lead


def wa(kind: str, body: Any) -> dict[str, Any]:
    message = {
        "id": f"wamid.{kind}.{len(str(body))}",
        "from": MINE[1:],
        "timestamp": str(webhooks._ms(None) // 1000),
        "type": kind,
        kind: body,
    }
    contacts = [{"wa_id": MINE[1:], "profile": {"name": "Ana"}}]
    return webhooks.whatsapp("3001", messages=[message], contacts=contacts)


# What is whose in a text: tests/ai/test_own.py. Here: that both of those who read texts ask there.
NOT_THEIRS = [
    "call my wife on +44 7911 123456",
    "447911123456 views, write to support@vendor.com",
    "رقم الطلب 0507654321",
]
THEIRS = [
    ("my number is +971 50 765 4321", OTHER),
    ("رقمي +٩٧١٥٠٧٦٥٤٣٢١", OTHER),
    ("kalemni 3ala +201012345678", "+201012345678"),
    ("my email is omar@example.com", "omar@example.com"),
]


@pytest.mark.parametrize("words", NOT_THEIRS)
@pytest.mark.parametrize("owner", ["bot", "human"])
def test_what_is_somebody_elses_is_not_taken_for_theirs(says, settle, noon, boots, bob, words, owner):
    says("whatsapp", "Hello")
    settle()
    if owner == "human":
        services.take_over(Conversation.objects.get(), by=bob)
    says("whatsapp", words)
    settle()
    lead = Lead.objects.get()
    assert (lead.phone, lead.email) == (MINE, "")
    assert set(lead.identities.values_list("kind", flat=True)) == {"whatsapp", "phone"}
    assert lead.identities.get(kind="phone").is_proven


@pytest.mark.parametrize(("words", "value"), THEIRS)
def test_what_they_say_is_theirs_stands_beside_what_is_certified(says, settle, noon, boots, words, value):
    says("whatsapp", words)
    settle()
    lead = Lead.objects.get()
    assert lead.phone == MINE
    assert not lead.identities.get(value=value).is_proven
    assert value in Conversation.objects.get().identity.said.values()


def test_a_number_counts_where_it_was_just_asked_for(says, settle, noon, boots, thread):
    says("facebook", "I want to talk to a person")
    settle()
    assert "phone number" in thread()[-1].text
    says("facebook", "sure, 447911123456")
    settle()
    services_lead = Lead.objects.get()
    assert services_lead.phone == "+447911123456"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("location", {"latitude": 49.234939575195, "longitude": 6.9993596}),
        (
            "contacts",
            [{"origin": "other", "name": {"formatted_name": "Omar"}, "phones": [{"phone": "+971 50 765 4321"}]}],
        ),
    ],
)
@pytest.mark.parametrize("owner", ["bot", "human"])
def test_places_and_cards_of_others_leave_the_number_alone(
    deliver, says, settle, noon, bob, boots, thread, kind, body, owner
):
    says("whatsapp", "Hello")
    settle()
    if owner == "human":
        services.take_over(Conversation.objects.get(), by=bob)
    deliver("whatsapp", wa(kind, body))
    settle()
    lead = Lead.objects.get()
    assert lead.phone == MINE
    assert lead.identities.filter(kind="phone").count() == 1
    assert "noted" not in thread()[-1].text


def test_a_model_cannot_take_down_what_nobody_said_of_themselves(says, settle, noon, boots):
    says(
        "webchat",
        "Hi, call my wife Mona on +44 7911 123456 or mona@example.com. By the way, my number is 00971507654321",
    )
    settle()
    box = Toolbox(Conversation.objects.get(), "en")
    assert box.run("capture_lead", {"phone": "+447911123456"})["rejected"].keys() == {"phone"}
    assert box.run("capture_lead", {"email": "mona@example.com", "name": "Zoe"})["rejected"].keys() == {"email", "name"}
    assert box.run("capture_lead", {"phone": "+971507654321"}) == {
        "ok": True,
        "captured": {"phone": OTHER},
        "rejected": {},
    }
    assert lead_of("webchat").email == ""


@pytest.fixture
def merged(says, settle, noon, boots, bob) -> Conversation:
    """Eve, a visitor, claimed Mona's number; a colleague believed her and merged the two. Eve's conversation."""
    says("whatsapp", "Hello, my name is Mona Hassan and my email is mona@example.com")
    says("webchat", "I am Eve and my number is +1 555 123 0001")
    settle()
    owner, claimer = lead_of("whatsapp"), lead_of("webchat")
    assert owner.pk != claimer.pk, "a claim brings nobody together"
    leads.set_custom_field(owner, "address", "12 Palm Street", by="user:1")
    merging.merge_leads(owner, claimer, by=f"user:{bob.pk}")
    settle()
    found = Conversation.objects.get(channel="webchat")
    assert found.lead_id == owner.pk
    return found


def test_after_a_merge_tools_and_prompts_give_back_only_what_this_conversation_said(merged, says, settle, thread):
    box = Toolbox(merged, "en")
    said = [
        box.run("capture_lead", {"name": "Eve"}),
        box.run("capture_lead", {"phone": MINE}),
        box.run("capture_lead", {"email": "eve@example.com"}),
        box.run("set_stage", {"stage": "qualified"}),
    ]
    told = json.dumps(said) + json.dumps(agent._known(merged))
    for secret in ("Mona", "Hassan", "mona@", "Palm"):
        assert secret not in told
    assert agent._known(merged) == {"name": "Eve", "phone": MINE}
    for question in ("What is my name and address?", "What is my email?", "ما اسمي وعنواني؟", "eh esmi we emaili?"):
        says("webchat", question)
        settle()
    answers = " ".join(one.text for one in thread(merged) if one.direction == "out")
    assert not any(secret in answers for secret in ("Mona", "Hassan", "mona@", "Palm"))


def test_a_merge_does_not_turn_their_conversations_into_one(merged, says, settle, graph):
    sent = len(graph.messages)
    says("webchat", "And how much are the steel toe boots?")
    settle()
    assert len(graph.messages) == sent, "Eve's answer goes to Eve"
    assert Conversation.objects.count() == 2


def test_taken_apart_each_keeps_what_was_theirs(merged, bob):
    owner = merged.lead
    back = merging.unmerge_leads(owner.merges.get(), by=f"user:{bob.pk}")
    merged.identity.refresh_from_db()
    assert (merged.identity.lead_id, merged.identity.told["name"]) == (back.pk, "Eve")
    assert agent._known(Conversation.objects.get(channel="whatsapp"))["name"] == "Mona Hassan"


def test_the_answer_goes_to_the_id_they_wrote_from(says, settle, noon, boots, graph):
    graph.add_number("3001", token="wa-token", waba_id="9001")
    made = leads.create_lead(by="api_key:1", name="Ana", phone="+5511987654321")
    says("whatsapp", "Hello", person="551187654321")
    settle()
    conversation = Conversation.objects.get()
    assert (conversation.lead_id, conversation.lead.phone) == (made.pk, "+5511987654321")
    assert graph.messages[-1].to == "551187654321"
    says("whatsapp", "Hello again", person="5511987654321")
    settle()
    assert Conversation.objects.count() == Lead.objects.count() == 1
    assert graph.messages[-1].to == "5511987654321"


def test_own_details_reads_the_words_of_customers_only(says, settle, noon, boots):
    says("facebook", "my number is +971507654321")
    settle()
    message = Conversation.objects.get().messages.filter(direction="in").get()
    assert own_details.of_message(message.conversation, message) == {"phone": OTHER}
    message.kind = "location"
    assert own_details.of_message(message.conversation, message) == {}
