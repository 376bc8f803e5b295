"""The whole way, once per channel: a question, an answer from the catalog, a lead, signed events, take-over and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.ai.models import Persona
from apps.catalog.services import create_item
from apps.conversations import services as conversations
from apps.conversations.models import Conversation, Owner
from apps.conversations.queries import trace_steps
from apps.dashboard.journey import journey
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.leads.models import Lead
from apps.organizations.models import Role
from apps.simulator import doors, services
from apps.simulator.services import Customer
from apps.webhooks_outbox import services as webhooks
from tests.simulator.conftest import CHANNELS
from tests.vendors.receiver import Receiver

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TALKS = {
    "en": ("Do you have safety boots?", "Steel toe boots", "I am Sami Haddad, my number is +971 50 123 4567"),
    "ar": ("هل عندكم أحذية سلامة؟", "حذاء سلامة", "اسمي سامي حداد ورقمي 0501234567"),
}


@pytest.fixture
def shop(acme: Any, settings: Any) -> Any:
    settings.FACEBOOK_APP_SECRET = ["app-secret"]
    acme.country = "AE"
    acme.save()
    Persona.objects.update_or_create(
        pk=1, defaults={"name": "Aya", "languages": ["en", "ar"], "collect": ["name", "phone"]}
    )
    create_item(
        by="user:1", sku="BT-44", name="Steel toe boots", price="149.00", currency="AED", stock=12,
        description="Safety boots for building sites.",
        texts={"ar": {"name": "حذاء سلامة بمقدمة فولاذية", "description": "أحذية سلامة لمواقع البناء."}},
    )  # fmt: skip
    with clock.frozen(clock.now()), doors.in_process():
        yield acme


def settle() -> None:
    jobs.run_due()
    for _second in range(30):
        clock.advance(timedelta(seconds=1))
        jobs.run_due()


@pytest.mark.parametrize("language", TALKS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_from_a_question_to_a_signed_event(shop: Any, settings: Any, bob: Any, channel: str, language: str) -> None:
    question, named, details = TALKS[language]
    with Receiver([SECRET], tolerance=None) as receiver:
        settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = [receiver.place]
        webhooks.create_endpoint(url=receiver.url, secret=SECRET)
        account = services.connect(channel)
        sami = Customer.new(channel, language=language)
        services.say(account, sami, question)
        settle()
        conversation = Conversation.objects.get()
        answer = conversation.messages.get(direction="out")
        assert named in answer.text
        assert "149" in answer.text

        services.say(account, sami, details)
        settle()
        lead = Lead.objects.get()
        assert lead.phone == "+971501234567"
        assert lead.name
        assert lead.score > 0
        assert lead.stage != "new"
        assert lead.reasons

        first = conversation.messages.filter(direction="in").earliest("id")
        stations = {step.kind for step in trace_steps(first.trace)}
        assert {"delivery", "message", "lead", "generation", "decision", "send", "event", "outbox"} <= stations
        shown = journey(first.trace, Role.VIEWER)
        assert shown
        assert not shown.left_out

        conversations.take_over(conversation, by=bob)
        services.say(account, sami, question)
        settle()
        assert conversation.messages.filter(direction="out", sender="bot").count() == 2  # nobody but Bob answers now
        conversations.send_message(conversation, by=bob, text="Bob here.")
        conversations.give_back(conversation, by=bob)
        services.say(account, sami, question)
        settle()
        conversation.refresh_from_db()
        assert conversation.owner == Owner.BOT
        assert conversation.messages.filter(direction="out", sender="bot").count() == 3
        assert not conversation.messages.filter(status__in=["failed", "unknown", "queued", "sending"]).exists()

        assert not receiver.refused
        kinds = {body.split(b'"type":"', 1)[1].split(b'"', 1)[0].decode() for body in receiver.messages.values()}
        assert {"message.received", "message.sent", "lead.created", "lead.captured", "conversation.taken_over"} <= kinds
        assert max(receiver.times.values()) == 1
