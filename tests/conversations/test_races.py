"""Several workers at once, and workers that die: on a database where commits are real."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django_tenants.utils import tenant_context

from apps.conversations import arrival
from apps.conversations.models import Conversation, Message
from apps.events.models import JournalEntry
from apps.integrations.models import ConnectedAccount, Delivery
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.leads.models import Lead
from apps.organizations.models import Organization
from tests.jobs.committed import child, committed  # noqa: F401  fixture
from tests.vendors import graph_webhooks as webhooks
from tests.vendors.graph import Graph


@pytest.fixture
def acme_for_real(committed):
    """Acme on a database of its own, with a page behind which a Graph API stands."""
    before = settings.META_GRAPH_URL
    organization = Organization.objects.get(slug="acme")
    with Graph() as graph, tenant_context(organization):
        graph.add_page("1001", token="page-token")
        settings.META_GRAPH_URL = graph.url
        ConnectedAccount.objects.create(channel="facebook", external_id="1001", credentials={"token": "page-token"})
        yield organization, graph
    settings.META_GRAPH_URL = before


def store(body, trace=None):
    import json

    row = Delivery.objects.create(
        channel="facebook", account="1001", body=json.dumps(body).encode(), trace=trace or uuid.uuid4()
    )
    jobs.wake("conversations.receive")
    return row


def test_duplicates_racing_in_many_workers_are_one_message(acme_for_real):
    organization, _graph = acme_for_real
    bodies = [webhooks.message("page", "1001", f"psid-{n}", "Hi", mid=f"m_{n}") for n in range(3)]
    deliveries = [store(body).pk for body in bodies for _ in range(3)]
    start, failed = threading.Barrier(4), []

    def worker(mine):
        try:
            with tenant_context(organization):
                start.wait()
                for pk in mine:
                    with transaction.atomic():
                        arrival.take(Delivery.objects.select_for_update().get(pk=pk))
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker, args=(deliveries[n:] + deliveries[:n],)) for n in range(4)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert not failed
    assert Message.objects.filter(direction="in").count() == 3
    assert Conversation.objects.count() == Lead.objects.count() == 3
    assert JournalEntry.objects.filter(type="message.received").count() == 3
    assert set(Conversation.objects.values_list("unread", flat=True)) == {0}  # the assistant has them


WORK = """
from apps.jobs import services
print("ready", flush=True)
services.run_due(until_quiet=True)
import threading
while True:
    services.run_due()
    threading.Event().wait(0.1)
"""


@pytest.mark.slow
def test_a_worker_killed_while_sending_neither_loses_nor_doubles(acme_for_real, committed):
    organization, graph = acme_for_real
    graph.heard_from("1001", "psid-1")
    store(webhooks.message("page", "1001", "psid-1", "Hello"))
    graph.hang_next(60)
    worker = child(WORK, committed, META_GRAPH_URL=graph.url)
    try:
        for _ in range(300):
            if graph.messages:
                break
            threading.Event().wait(0.1)
        assert len(graph.messages) == 1, "the worker never sent"
    finally:
        worker.kill()
        worker.wait()
    message = Message.objects.get(direction="out")
    assert message.status == "sending"
    with clock.frozen(clock.now() + timedelta(minutes=3)):
        for _ in range(6):
            jobs.run_due()
            clock.advance(timedelta(seconds=40))
    message.refresh_from_db()
    assert message.status == "sent"
    assert message.external_id == graph.messages[0].id
    assert len(graph.messages) == 1
    connection.set_tenant(organization)


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_of_a_crowd(acme_for_real, committed):
    _organization, graph = acme_for_real
    for n in range(12):
        graph.heard_from("1001", f"psid-{n}")
        store(webhooks.message("page", "1001", f"psid-{n}", "Hello", mid=f"m_{n}"))
    worker = child(WORK, committed, META_GRAPH_URL=graph.url, REPLY_QUIET_SECONDS="0")
    try:
        for _ in range(300):
            if len(graph.messages) >= 3:
                break
            threading.Event().wait(0.1)
    finally:
        worker.kill()
        worker.wait()
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        for _ in range(8):
            jobs.run_due()
            clock.advance(timedelta(seconds=60))
    assert Message.objects.filter(direction="in").count() == 12
    assert Message.objects.filter(direction="out", status="sent").count() == 12
    assert sorted(sent.to for sent in graph.messages) == sorted(f"psid-{n}" for n in range(12))
