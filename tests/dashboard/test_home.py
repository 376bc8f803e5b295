"""The home page."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.analytics.services import tally
from apps.jobs import clock


def test_an_empty_home_says_what_to_do_first(acme, alice, client_for):
    page = client_for(alice).get("/dashboard/").content.decode()
    assert "Connect a channel" in page


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
