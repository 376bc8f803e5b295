"""What a page costs, counted in calls and queries: the same on every machine, however busy it is.

Each page stands here full (as many rows as it ever shows), asked through the whole stack. A call is one of a Python
function or of a built-in one; about four thousand of them take a millisecond on a machine with nothing else to do. A page
that got dearer is mended, or its ceiling raised by somebody who says why.
"""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.analytics.services import tally
from apps.conversations.models import Conversation, Message, Owner
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.leads.models import Identity, Label, Lead, Stage
from apps.ui import charts

PEOPLE, MESSAGES = 60, 60
# Of each page: the calls it may take, and the queries.
CEILINGS = {
    "/dashboard/": (75_000, 18),
    "/dashboard/inbox/?status=open": (81_000, 11),
    "/dashboard/inbox/{talk}/": (187_000, 22),
    "/dashboard/leads/": (97_000, 13),
    "/dashboard/leads/board/": (132_000, 12),
}


@pytest.fixture
def crowd(acme: Any) -> list[Conversation]:
    """So many people, at every stage, each with a conversation; one of them is long."""
    account = ConnectedAccount.objects.create(channel="whatsapp", external_id="3001", name="Shop", credentials={})
    return [_person(account, number) for number in range(PEOPLE)]


def _person(account: ConnectedAccount, number: int) -> Conversation:
    at = clock.now() - timedelta(minutes=7 * number)
    lead = Lead.objects.create(
        name=f"Amira & Sons {number}", company="Harbor", channel="whatsapp", stage=Stage.values[number % len(Stage)],
        label=Label.values[number % 3], score=number, wants="Boots, size 44", last_said="Do you have them in black?",
        last_activity_at=at,
    )  # fmt: skip
    identity = Identity.objects.create(lead=lead, kind="whatsapp", account="3001", value=f"9715000{number:05}")
    talk = Conversation.objects.create(
        channel="whatsapp", account=account, identity=identity, lead=lead, owner=Owner.values[number % 2],
        waiting_since=at if number % 2 else None, unread=number % 3, last_message_at=at, last_inbound_at=at,
        window_until=at + timedelta(days=1),
    )  # fmt: skip
    tally(
        clock.now() - timedelta(days=number % 30),
        [("lead.created", "whatsapp", 0), ("message.received", "whatsapp", 0)],
    )
    said = [_message(talk, n, at - timedelta(minutes=n)) for n in range(1 if number else MESSAGES)]
    Message.objects.bulk_create(said)
    talk.last_message = said[0]
    talk.save(update_fields=["last_message"])
    return talk


def _message(talk: Conversation, number: int, at: Any) -> Message:
    out = number % 2
    return Message(
        conversation=talk, direction="out" if out else "in", sender="bot" if out else "customer", at=at, created_at=at,
        text=f"Do you have <safety boots> in size {number}?", status="read" if out else "received",
    )  # fmt: skip


class Browser:
    """Somebody signed in, whose requests meet all middleware, and nothing of what a test client notes of templates."""

    def __init__(self, client: Any, host: str) -> None:
        self.handler = client.handler
        self.cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        self.host = host

    def get(self, path: str) -> int:
        path, _mark, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "HTTP_HOST": self.host,
            "HTTP_COOKIE": self.cookies, "HTTP_ACCEPT_ENCODING": "gzip",
        }  # fmt: skip
        response = self.handler(environ)
        return int(response.status_code)

    def calls(self, path: str) -> int:
        """How many functions a page calls, once everything that is made once has been made."""
        for _time in range(2):
            assert self.get(path) == 200
        count = 0

        def note(_frame: Any, event: str, _argument: Any) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            self.get(path)
        finally:
            sys.setprofile(before)
        return count


@pytest.fixture
def browser(alice: Any, client_for: Any) -> Browser:
    return Browser(client_for(alice), "acme.localhost")


@pytest.mark.parametrize("address", CEILINGS)
def test_a_full_page_takes_no_more_than_so_many_calls_and_queries(crowd, browser, address):
    path = address.format(talk=crowd[0].pk)
    cache.clear()
    calls = browser.calls(path)
    connection.ensure_connection()
    with CaptureQueriesContext(connection) as asked:
        browser.get(path)
    most_calls, most_queries = CEILINGS[address]
    assert calls <= most_calls
    assert len(asked) <= most_queries


def test_a_chart_finds_its_top_once(monkeypatch):
    found = []
    monkeypatch.setattr(charts, "nice_ceiling", lambda peak, **_more: found.append(peak) or 100.0)
    chart = charts.Chart("Leads", list(range(90)), [charts.Series("New", list(range(90)))], kind="bar")
    assert chart.bars and chart.lines and chart.ticks and chart.columns
    assert len(found) == 1
