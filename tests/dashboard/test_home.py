"""The home page: who waits comes first, then what to do, then what was."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.analytics.services import tally
from apps.catalog import services as catalog
from apps.conversations.models import Conversation, Owner
from apps.dashboard import todo
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.leads import services as leads
from apps.leads.models import Lead
from apps.organizations.models import Role


@pytest.fixture
def thread(acme):
    """Make a conversation in which somebody has waited for a person for so long."""
    account = ConnectedAccount.objects.create(channel="whatsapp", external_id="3001", name="Shop")

    numbers = itertools.count(1_000_000)

    def make(name, waiting, owner=Owner.HUMAN):
        lead, identity, _new = leads.find_or_create_by_identity("whatsapp", "3001", f"97150{next(numbers)}", name=name)
        leads.note_message(lead, text=f"Hello from {name}")
        return Conversation.objects.create(
            channel="whatsapp", account=account, identity=identity, lead=lead, owner=owner,
            waiting_since=clock.now() - waiting if waiting else None,
        )  # fmt: skip

    return make


def test_an_empty_home_says_what_to_do_first(acme, alice, client_for):
    page = client_for(alice).get("/dashboard/").content.decode()
    assert "Connect a channel" in page
    assert "Add what you sell" in page
    assert "Nobody is waiting for a person" in page


def test_who_has_waited_longest_comes_first_one_click_from_the_thread(acme, bob, client_for, thread):
    late = thread("Lina", timedelta(hours=3, minutes=20))
    latest = thread("Omar", timedelta(days=2, hours=4))
    thread("Answered", None)
    thread("Theirs", timedelta(hours=9), owner=Owner.BOT)
    page = client_for(bob).get("/dashboard/").content.decode()
    assert page.index(f"/dashboard/inbox/{latest.pk}/") < page.index(f"/dashboard/inbox/{late.pk}/")
    assert "Hello from Omar" in page
    assert "2 d 4 h" in page
    assert "3 h 20 min" in page
    assert "Hello from Answered" not in page
    assert "Hello from Theirs" not in page
    assert page.index("Waiting for an answer") < page.index("To do now") < page.index("How it went")


def test_more_than_fit_are_one_click_away(acme, bob, client_for, thread):
    for n in range(todo.SHOWN + 2):
        thread(f"Person {'x' * n}", timedelta(hours=n + 1))
    page = client_for(bob).get("/dashboard/").content.decode()
    assert f"See all {todo.SHOWN + 2}" in page


def test_to_do_names_what_wants_a_person_and_who_may_see_it(acme, alice, bob, victor, client_for):
    hot = leads.create_lead(by="bot", name="Salma")
    leads.set_label(hot, "hot", by=f"user:{bob.pk}")
    mine = leads.create_lead(by="bot", name="Yusuf", owner=bob)
    leads.set_label(mine, "hot", by=f"user:{bob.pk}")
    quiet = leads.create_lead(by="bot", name="Nadia")
    leads.move_to_stage(quiet, "qualified", by=f"user:{bob.pk}")
    Lead.objects.filter(pk=quiet.pk).update(last_activity_at=clock.now() - timedelta(days=9))
    catalog.create_item(by="user:1", sku="1", name="Boots", price="10.00", stock=1)
    broken = ConnectedAccount.objects.create(
        channel="facebook", external_id="1", name="Our page", state="attention", problem="The password was changed."
    )
    client = client_for(bob)
    page = client.get("/dashboard/").content.decode()
    assert "1 hot lead has no owner" in page
    assert "1 lead has gone quiet" in page
    assert "Our page" not in page
    page = client_for(alice).get("/dashboard/").content.decode()
    assert f"/dashboard/channels/{broken.pk}/" in page
    assert "The password was changed." in page
    assert "To do now" not in client_for(victor).get("/dashboard/").content.decode()
    tasks = {task.icon: task.url for task in todo.tasks(Role.AGENT, now=clock.now())}
    assert ">Salma<" in client.get(tasks["flame"]).content.decode()
    assert ">Yusuf<" not in client.get(tasks["flame"]).content.decode()
    listed = client.get(tasks["clock-pause"]).content.decode()
    assert ">Nadia<" in listed
    assert ">Salma<" not in listed


def test_home_costs_the_same_however_much_happened(acme, victor, client_for, django_assert_num_queries):
    client = client_for(victor)
    client.get("/dashboard/")
    tally(clock.now(), [("lead.created", "whatsapp", 0), ("message.received", "whatsapp", 0)])
    with CaptureQueriesContext(connection) as few:
        client.get("/dashboard/")
    for day in range(25):
        for channel in ("facebook", "instagram", "whatsapp", "webchat"):
            tally(clock.now() - timedelta(days=day), [("message.received", channel, 0), ("lead.created", channel, 0)])
    with django_assert_num_queries(len(few)):
        page = client.get("/dashboard/").content.decode()
    assert "New leads per day" in page


def test_only_members_see_home(acme, charlie, client_for):
    assert client_for(None).get("/dashboard/").status_code == 302
    assert client_for(charlie).get("/dashboard/").status_code in {302, 403}
