"""What a platform thinks of message templates, and what follows for those who want to send one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.conversations import services
from apps.conversations.models import Conversation, Decision, Message, MessageTemplate
from apps.integrations.models import ConnectedAccount, Delivery, Notice
from apps.jobs import clock
from tests.vendors import graph_webhooks as webhooks

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def hello(accounts) -> MessageTemplate:
    return MessageTemplate.objects.create(account=accounts["whatsapp"], name="hello", language="en_US", body="Hello!")


@pytest.fixture
def judged(deliver, settle):
    """`judged("PAUSED", …)`: what the platform says about the template, under its business account's id."""

    def say(event: str, name: str = "hello", language: str = "en-US", at: Any = None, **more: Any) -> Delivery:
        value = {"event": event, "message_template_name": name, "message_template_language": language, **more}
        entry = {
            "id": "9001",
            "time": int((at or clock.now()).timestamp()),
            "changes": [{"field": "message_template_status_update", "value": value}],
        }
        row = deliver("whatsapp", {"object": "whatsapp_business_account", "entry": [entry]}, account="9001")
        settle(0)
        row.refresh_from_db()
        assert row.state == "done", row.error
        return row

    return say


@pytest.fixture
def late(says, settle, graph) -> Conversation:
    """A conversation whose reply window is closed."""
    graph.templates[("hello", "en_US")] = 0
    says("whatsapp", "Hi")
    settle()
    clock.advance(timedelta(hours=30))
    return Conversation.objects.get()


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("REJECTED", "rejected"),
        ("PAUSED", "paused"),
        ("DISABLED", "disabled"),
        ("PENDING", "pending"),
        ("IN_APPEAL", "pending"),
        ("ARCHIVED", "archived"),
        ("PENDING_DELETION", "deleted"),
        ("FLAGGED", "approved"),
        ("LOCKED", "approved"),
        ("SOMETHING_NEW", "approved"),
    ],
)
def test_the_platform_s_word_is_the_state(hello, judged, event, state):
    judged(event)
    hello.refresh_from_db()
    assert hello.state == state
    clock.advance(timedelta(minutes=1))
    judged("REINSTATED")
    hello.refresh_from_db()
    assert hello.state == "approved"


def test_a_rejected_template_is_neither_offered_nor_sent(hello, judged, late, bob, client_for, api_for, graph):
    page = f"/dashboard/inbox/{late.pk}/"
    client = client_for(bob)
    assert "Hello!" in client.get(page).content.decode()
    judged("REJECTED", reason="INVALID_FORMAT", rejection_info={"reason": "No variables at the end."})
    hello.refresh_from_db()
    assert (hello.state, hello.state_reason) == ("rejected", "No variables at the end.")
    assert f'value="{hello.pk}"' not in client.get(page).content.decode()
    with pytest.raises(services.NotSent) as refused:
        services.send_message(late, template=hello, by=bob)
    assert refused.value.code == "template_rejected"
    assert "rejected the template “hello”. No variables at the end." in str(refused.value)
    answer = client.post(
        f"{page}send/", {"mode": "template", "template": hello.pk, "token": "t"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert "rejected the template" in answer.content.decode()
    api = api_for(bob).post(f"/api/conversations/{late.pk}/messages/", {"template": hello.pk})
    assert (api.status_code, api.json()["code"]) == (409, "template_rejected")
    assert not Message.objects.filter(kind="template").exists()
    assert "No variables at the end." in client.get("/dashboard/settings/templates/").content.decode()


def test_a_template_that_is_paused_while_it_waits_is_not_sent(hello, judged, late, bob, settle, graph):
    message = services.send_message(late, template=hello, by=bob)
    MessageTemplate.objects.update(state="paused")
    settle()
    message.refresh_from_db()
    assert (message.status, message.failure_code) == ("cancelled", "template_paused")
    assert Decision.objects.filter(message=message, verdict="refuse").exists()
    with pytest.raises(services.NotSent):
        services.retry_message(message, by=bob)
    judged("APPROVED")
    services.retry_message(message, by=bob)
    settle()
    message.refresh_from_db()
    assert message.status == "sent"


def test_a_refusal_says_that_it_is_paused(hello, late, bob, settle, graph):
    graph.fail_next(132015)
    services.send_message(late, template=hello, by=bob)
    settle()
    hello.refresh_from_db()
    assert hello.state == "paused"


def test_late_news_and_other_templates_change_nothing(hello, judged, accounts):
    other = MessageTemplate.objects.create(account=accounts["whatsapp"], name="hello", language="ar", body="مرحبا")
    judged("PAUSED")
    judged("APPROVED", at=clock.now() - timedelta(hours=2))
    judged("REJECTED", name="nobody_knows_it")
    hello.refresh_from_db()
    other.refresh_from_db()
    assert (hello.state, other.state) == ("paused", "approved")


def test_all_numbers_of_a_business_account_share_it(hello, judged, accounts, alice, client_for):
    second = ConnectedAccount.objects.create(channel="whatsapp", external_id="3002", settings={"waba_id": "9001"})
    stranger = ConnectedAccount.objects.create(channel="whatsapp", external_id="3003", settings={"waba_id": "9002"})
    rows = [
        MessageTemplate.objects.create(account=one, name="hello", language="en_US", body="x")
        for one in (second, stranger)
    ]
    judged("DISABLED", reason="ABUSIVE_CONTENT")
    assert [MessageTemplate.objects.get(pk=row.pk).state for row in (hello, *rows)] == [
        "disabled",
        "disabled",
        "approved",
    ]
    assert set(Notice.objects.values_list("account__external_id", flat=True)) == {"3001", "3002"}


def test_hostile_news_do_no_harm(hello, deliver, settle):
    for value in (
        {"event": ["REJECTED"], "message_template_name": {"a": 1}},
        {"event": "REJECTED", "message_template_name": "hello\x00" * 500, "message_template_language": None},
        {"event": None, "message_template_name": "hello", "message_template_language": 7, "rejection_info": [1]},
        {},
    ):
        deliver("whatsapp", webhooks.whatsapp("3001", field="message_template_status_update", **value))
    settle(0)
    hello.refresh_from_db()
    assert hello.state == "approved"
