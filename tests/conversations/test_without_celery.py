"""Without Celery: what `manage.py run_automations` drains is what the workers would."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from apps.conversations.models import Message
from apps.events.models import JournalEntry
from apps.integrations.models import Delivery
from apps.jobs import clock
from apps.jobs.registry import groups
from apps.webhooks_outbox import services as outbox
from apps.webhooks_outbox.models import Delivery as Letter
from tests.vendors.receiver import Receiver

pytestmark = pytest.mark.usefixtures("noon")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver(settings):
    with Receiver([SECRET], tolerance=None) as running:
        settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = [running.place]
        yield running


def command(**options: str) -> None:
    """The command; it leaves no tenant behind, and the test goes on in its own."""
    tenant = connection.tenant
    call_command("run_automations", **options)
    connection.set_tenant(tenant)


def run(task: str) -> None:
    """As a cron job would: every second, for ten seconds."""
    for _second in range(10):
        command(task=task)
        clock.advance(timedelta(seconds=1))


def test_each_task_drains_its_own_and_nothing_else(says, graph, boots, receiver, thread, capsys):
    outbox.create_endpoint(url=receiver.url, secret=SECRET)
    says("facebook", "How much are the steel toe boots?")
    says("whatsapp", "Do you have boots?")

    run("webhooks")
    assert Delivery.objects.filter(state="pending").count() == 2, "arriving is not the task of webhooks"
    before = len(receiver.messages)

    run("messages")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
    assert set(Message.objects.filter(direction="out").values_list("sender", "status")) == {("bot", "sent")}
    assert {sent.account for sent in graph.messages} == {"1001", "3001"}
    assert len(receiver.messages) == before, "leaving is not the task of messages"

    run("webhooks")
    facts = set(JournalEntry.objects.values_list("uuid", flat=True))
    assert facts
    assert not JournalEntry.objects.filter(relayed_at=None).exists()
    assert set(Letter.objects.values_list("event", "state")) == {(fact, "delivered") for fact in facts}
    assert set(receiver.times) == {letter.webhook_id for letter in Letter.objects.all()}
    assert set(receiver.times.values()) == {1}

    run("all")
    command()
    assert "Nothing was due." in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("task", groups())
def test_every_task_can_be_asked_for(task, says):
    says("webchat", "Hello")
    command(task=task)


def test_another_organizations_work_waits(says, graph):
    says("facebook", "Hello")
    command(organization="globex")
    assert Delivery.objects.filter(state="pending").count() == 1
    command(organization="acme")
    assert Delivery.objects.filter(state="pending").count() == 0
