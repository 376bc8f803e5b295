"""Every channel in and out over real HTTP: a server, its webhook address, its stand-in, and the jobs between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.conversations.models import Message
from apps.integrations.models import ConnectedAccount, Delivery
from apps.integrations.services import check_account
from apps.simulator import doors, queries, services
from apps.simulator.models import PhoneMessage
from apps.simulator.services import Ad, Customer
from tests.simulator.conftest import CHANNELS, PNG


def answer_to(mid: str) -> Message | None:
    asked = Message.objects.filter(external_id=mid).first()
    if asked is None:
        return None
    return asked.conversation.messages.filter(sender="bot", status__in=["sent", "delivered", "read"]).first()


@pytest.mark.parametrize("channel", CHANNELS)
def test_there_and_back(real: Any, until: Callable[..., None], channel: str) -> None:
    with real.inside("acme"):
        account = services.connect(channel)
        mona = Customer.new(channel, name="Mona Saleh")
        mid = services.say(account, mona, "Hello, do you have boots?", referral=Ad(id="1202", title="Boots"))
        until(lambda: answer_to(mid))
        asked, answer = Message.objects.get(external_id=mid), answer_to(mid)
        assert answer is not None
        assert "149" in answer.text
        assert asked.conversation.origin["kind"] == "ad"
        assert asked.trace == answer.trace == Delivery.objects.earliest("id").trace
        phone = queries.find_phone(account, mona.id)
        assert phone is not None
        if channel == "webchat":
            services.see(account, mona)
        else:
            until(lambda: phone.messages.filter(sent=False, delivered_at__isnull=False).exists())
            services.see(account, mona)
        until(lambda: Message.objects.get(pk=answer.pk).status == "read")
        picture = services.say(account, mona, image=services.keep_picture(PNG))
        until(lambda: Message.objects.filter(external_id=picture).exists())


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_account_checks_out_like_a_real_one(real: Any, channel: str) -> None:
    with real.inside("acme"):
        checkup = check_account(services.connect(channel, name="Acme shop"), subscribe=True)
        assert checkup.ok, checkup.problem


def test_a_profile_is_looked_up(real: Any, until: Callable[..., None]) -> None:
    with real.inside("acme"):
        account = services.connect("facebook")
        mid = services.say(account, Customer.new("facebook", name="Mona Saleh"), "Hello")
        until(lambda: answer_to(mid))
        until(lambda: Message.objects.get(external_id=mid).conversation.lead.name == "Mona Saleh")


def test_a_server_that_is_away_says_so_and_keeps_nothing(real: Any, settings: Any) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:9"
    with real.inside("acme"):
        account = services.connect("whatsapp")
        with pytest.raises(doors.NotTaken):
            services.say(account, Customer.new("whatsapp"), "Hello")
        assert not PhoneMessage.objects.exists()


def test_a_disconnected_account_is_not_played_and_a_new_one_is_made(real: Any) -> None:
    with real.inside("acme"):
        first = services.connect("whatsapp")
        first.state = ConnectedAccount.State.DISCONNECTED
        first.save()
        with pytest.raises(ValidationError):
            services.say(first, Customer.new("whatsapp"), "Hello")
        assert services.connect("whatsapp").external_id != first.external_id
