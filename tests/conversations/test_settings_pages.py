"""Saved replies and message templates."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.conversations.models import CannedReply, MessageTemplate


def address(name: str, *args: object) -> str:
    return reverse(f"conversations:{name}", args=args)


def test_agents_keep_saved_replies(acme, client_for, bob):
    client = client_for(bob)
    assert "No saved reply yet" in client.get(address("replies")).content.decode()
    assert (
        client.post(address("reply-new"), {"shortcut": "hours", "text": "We open at 9.", "language": ""}).status_code
        == 302
    )
    reply = CannedReply.objects.get()
    twice = client.post(address("reply-new"), {"shortcut": "hours", "text": "x"})
    assert twice.status_code == 422
    assert client.post(address("reply-new"), {"shortcut": "two words", "text": "x"}).status_code == 422
    assert client.post(address("reply-new"), {"shortcut": "x\x00", "text": "\x00"}).status_code == 422
    client.post(address("reply", reply.pk), {"shortcut": "hours", "text": "<b>We open at 10.</b>", "language": "en"})
    page = client.get(address("replies")).content.decode()
    assert "We open at 10." in page
    assert "<b>We" not in page
    assert client.get(address("replies"), {"q": "10", "cursor": "zz"}).status_code == 200
    client.post(address("reply-delete", reply.pk))
    assert not CannedReply.objects.exists()


def test_managers_add_templates(acme, accounts, client_for, alice, bob):
    client = client_for(alice)
    assert "No template yet" in client.get(address("templates")).content.decode()
    given = {
        "account": accounts["whatsapp"].pk,
        "name": "order_update",
        "language": "en",
        "category": "utility",
        "body": "Hello {{1}}",
    }
    assert client.post(address("template-new"), given).status_code == 302
    template = MessageTemplate.objects.get()
    assert client.post(address("template-new"), given).status_code == 422
    assert (
        client.post(address("template-new"), {**given, "account": accounts["webchat"].pk, "name": "b"}).status_code
        == 422
    )
    assert client.post(address("template", template.pk), {**given, "body": "Hi {{1}}"}).status_code == 302
    assert client_for(bob).get(address("templates")).status_code == 200
    assert client_for(bob).get(address("template", template.pk)).status_code == 403
    assert client_for(bob).post(address("template-delete", template.pk)).status_code == 403
    client.post(address("template-delete", template.pk))
    assert not MessageTemplate.objects.exists()


@pytest.mark.parametrize("name", ["reply", "template"])
def test_others_see_nothing(acme, client_for, alice, victor, charlie, name):
    assert client_for(alice).get(address(name, 2**62)).status_code == 404
    assert client_for(charlie, "globex").get(address(name, 1)).status_code == 404
    assert client_for(victor).get(address(name, 1)).status_code == 403
    assert client_for(victor).get(address("replies")).status_code == 403
