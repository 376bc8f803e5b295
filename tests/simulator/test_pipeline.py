"""The customer's side inside this process: what is said goes through the door, what is answered arrives on the phone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.conversations import services as conversations
from apps.conversations.models import Conversation, Message
from apps.integrations.models import ConnectedAccount, Delivery
from apps.jobs import clock
from apps.simulator import doors, queries, services
from apps.simulator.models import Phone, PhoneMessage
from apps.simulator.services import Ad, Customer
from tests.simulator.conftest import CHANNELS, settle

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_customer_writes_and_gets_an_answer(within: Any, channel: str) -> None:
    account = services.connect(channel)
    sami = Customer.new(channel, name="Sami Haddad")
    mid = services.say(account, sami, "Hello, what are your opening hours?")
    settle()
    said = Message.objects.get(external_id=mid)
    assert said.trace == Delivery.objects.earliest("id").trace
    conversation = said.conversation
    answer = conversation.messages.filter(direction="out", sender="bot").earliest("id")
    assert answer.text
    assert conversation.lead.name == "Sami Haddad"
    if channel == "webchat":
        assert answer.status == "sent"
        assert [row.pk for row in queries.chat_messages(Phone.objects.get())] == [answer.pk]
    else:
        arrived = PhoneMessage.objects.filter(sent=False).earliest("id")
        assert arrived.external_id in {answer.external_id, *answer.external_ids}
        assert arrived.delivered_at
        assert answer.status == ("sent" if channel == "instagram" else "delivered")
    services.see(account, sami)
    settle(3)
    answer.refresh_from_db()
    assert answer.status == "read"
    assert conversation.messages.filter(sender="app").count() == 0, "our own echo is not another app"


@pytest.mark.parametrize("channel", CHANNELS)
def test_buttons_pictures_and_ads_arrive(within: Any, channel: str) -> None:
    account = services.connect(channel)
    mona = Customer.new(channel, name="Mona")
    ad = Ad(id="120200000001", title="Summer boots", click_id="click-1")
    services.say(account, mona, "How much?", referral=ad)
    pressed = services.say(account, mona, "Yes", button="yes-please")
    sent = services.say(account, mona, image=services.keep_picture(PNG))
    settle()
    conversation = Conversation.objects.get()
    assert conversation.origin["kind"] == "ad"
    message = Message.objects.get(external_id=pressed)
    assert (message.text, message.payload["button"]) == ("Yes", "yes-please")
    picture = Message.objects.get(external_id=sent)
    assert picture.attachments[0]["kind"] == "image"
    if channel != "webchat":
        assert conversations.fetch_attachment(picture, 0).content == PNG


@pytest.mark.parametrize("channel", ["facebook", "instagram", "whatsapp"])
def test_a_reaction_arrives_and_goes(within: Any, channel: str) -> None:
    account = services.connect(channel)
    mona = Customer.new(channel, name="Mona")
    services.say(account, mona, "Hello")
    settle()
    arrived = PhoneMessage.objects.filter(sent=False).earliest("id")
    services.react(account, mona, arrived.external_id, "❤️")
    settle(2)
    answer = Message.objects.filter(direction="out", sender="bot").earliest("id")
    assert answer.reactions[0]["emoji"] == "❤️"
    services.react(account, mona, arrived.external_id, "")
    settle(2)
    answer.refresh_from_db()
    assert answer.reactions == []


def test_the_window_is_kept_by_the_stand_in(within: Any) -> None:
    account = services.connect("whatsapp")
    mona = Customer.new("whatsapp", name="Mona")
    services.say(account, mona, "Hello", at=clock.now() - timedelta(hours=30))
    phone = queries.find_phone(account, mona.id)
    assert phone is not None
    assert clock.now() - phone.heard_at > timedelta(hours=24)  # type: ignore[operator]


def test_an_account_is_made_once_and_only_simulated_ones_are_played(within: Any) -> None:
    account = services.connect("facebook", name="Acme on Messenger")
    assert services.connect("facebook") == account
    assert len(account.external_id) == 21
    real = ConnectedAccount.objects.create(channel="facebook", external_id="1001", credentials={"token": "t"})
    with pytest.raises(ValidationError):
        services.say(real, Customer.new("facebook"), "Hello")
    with pytest.raises(ValidationError):
        services.connect("fax")


def test_without_a_secret_nothing_can_be_said(within: Any, settings: Any) -> None:
    settings.FACEBOOK_APP_SECRET = []
    with pytest.raises(doors.NotTaken):
        services.say(services.connect("facebook"), Customer.new("facebook"), "Hello")
    assert not PhoneMessage.objects.exists()
