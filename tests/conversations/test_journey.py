"""A customer writes, and is answered, on every channel."""

from __future__ import annotations

import pytest

from apps.conversations import queries, services
from apps.conversations.models import Conversation, Decision, Message
from apps.events.models import JournalEntry
from apps.integrations.models import Delivery
from apps.jobs.models import Job
from apps.leads.models import Lead

pytestmark = pytest.mark.usefixtures("noon")


@pytest.mark.parametrize("channel", ["facebook", "instagram", "whatsapp", "webchat"])
def test_a_question_is_answered_from_the_catalog(channel, says, settle, graph, boots, thread):
    delivery = says(channel, "How much are the steel toe boots?")
    settle()
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DONE, delivery.error
    asked, answered = thread()
    assert (asked.direction, asked.text) == ("in", "How much are the steel toe boots?")
    assert answered.direction == "out"
    assert "149" in answered.text
    assert answered.status == Message.Status.SENT
    assert answered.trace == asked.trace == delivery.trace
    assert answered.generation.was_used
    if channel != "webchat":
        assert any("149" in sent.text for sent in graph.messages)
        assert answered.external_id == graph.messages[0].id
    conversation = Conversation.objects.get()
    assert conversation.waiting_since is None
    assert conversation.last_message == answered
    assert conversation.lead.stage == "contacted"
    assert Decision.objects.get(message=answered).verdict == "send"
    types = list(JournalEntry.objects.order_by("id").values_list("type", flat=True))
    assert types.index("lead.created") < types.index("message.received") < types.index("message.sent")
    assert not Job.objects.filter(kind__startswith="conversations.").exists()
    kinds = [step.kind for step in queries.trace_steps(delivery.trace)]
    assert kinds[0] == "delivery"
    assert {"message", "lead", "generation", "decision", "send", "event"} <= set(kinds)


def test_a_phone_number_makes_a_qualified_lead(says, settle, boots, thread):
    says("whatsapp", "Hello, my name is Sara Haddad and my number is +971 50 123 4567")
    settle()
    lead = Lead.objects.get()
    assert (lead.name, lead.phone, lead.stage) == ("Sara Haddad", "+15551230001", "qualified"), "as WhatsApp certifies"
    beside = lead.identities.get(kind="phone", value="+971501234567")
    assert not beside.is_proven
    assert lead.score > 20


def test_what_is_left_with_a_colleague_is_kept_too(says, settle, boots, thread, bob):
    says("facebook", "Hello")
    settle()
    services.take_over(Conversation.objects.get(), by=bob)
    says("facebook", "You can reach me at +971 50 123 4567 or sara@example.com, order 12345678")
    settle()
    lead = Lead.objects.get()
    assert (lead.phone, lead.email) == ("+971501234567", "sara@example.com")
    assert [message.sender for message in thread()] == ["customer", "bot", "customer"]


def test_several_quick_messages_get_one_answer(says, settle, boots, thread):
    for text in ("Hi", "do you have", "steel toe boots?"):
        says("facebook", text)
    settle()
    messages = thread()
    assert [message.direction for message in messages] == ["in", "in", "in", "out"]
    assert messages[-1].payload["answers"] == [message.pk for message in messages[:3]]
