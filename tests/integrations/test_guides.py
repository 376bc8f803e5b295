"""Connecting a channel is shown step by step, with what to copy where; what was typed stays when it was wrong."""

from __future__ import annotations

import pytest
from django.template.loader import get_template

from apps.integrations.forms import ConnectForm
from apps.integrations.guides import GUIDES
from apps.integrations.models import ConnectedAccount
from apps.integrations.surfaces import SURFACES


def test_each_channel_that_is_connected_by_token_has_its_steps():
    assert set(GUIDES) == {surface.channel for surface in SURFACES.values() if surface.signed}
    for channel, steps in GUIDES.items():
        asked = {*ConnectForm(surface=SURFACES[channel]).fields} - {"name"}
        assert {step.field for step in steps} == asked, channel  # nothing asked for without saying where it stands
        for step in steps:
            get_template(step.drawing)
            assert step.link.startswith("https://")


@pytest.mark.parametrize("channel", sorted(GUIDES))
def test_address_and_verify_token_are_there_to_be_copied(acme, alice, bob, client_for, settings, channel):
    settings.FACEBOOK_VERIFY_TOKEN, settings.WHATSAPP_VERIFY_TOKEN = "of-meta", "of-whatsapp"
    page = client_for(alice).get(f"/dashboard/channels/connect/{channel}/").content.decode()
    assert f'/webhook/{channel}/"' in page
    assert f'data-copy="{"of-whatsapp" if channel == "whatsapp" else "of-meta"}"' in page
    assert client_for(bob).get(f"/dashboard/channels/connect/{channel}/").status_code == 403


def test_nothing_typed_is_lost_on_an_error(acme, alice, client_for):
    body = {"external_id": "", "waba_id": "555", "token": "long-token", "name": "Our number"}
    answer = client_for(alice).post("/dashboard/channels/connect/whatsapp/", body)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert all(f'value="{typed}"' in page for typed in ("555", "long-token", "Our number"))
    assert "no-store" in answer.headers.get("Cache-Control", "")


def test_the_account_says_in_plain_words_how_far_it_is(acme, alice, client_for):
    account = ConnectedAccount.objects.create(channel="facebook", external_id="1", name="Our page", state="attention")
    page = client_for(alice).get(f"/dashboard/channels/{account.pk}/").content.decode()
    assert "The token does not work yet" in page
    assert "No message has arrived yet" in page
