"""The timeline of a person holds what was said with them: a line per conversation and day, with the way to the thread."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.conversations.models import Conversation, Message
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.leads import merging, timeline
from apps.leads import services as leads

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def lead(acme):
    lead, _identity, _new = leads.find_or_create_by_identity("whatsapp", "3001", "971501234567", name="Sara")
    return lead


@pytest.fixture
def say(acme, lead):
    """Write messages into the person's thread on a channel."""
    threads = {}

    def write(text, at, *, channel="whatsapp", sender="customer", **more):
        if channel not in threads:
            account, _new = ConnectedAccount.objects.get_or_create(channel=channel, external_id="3001")
            _lead, identity, _new = leads.find_or_create_by_identity(
                channel, "3001", f"{channel}-1", aliases=[("whatsapp", "3001", "971501234567")]
            )
            threads[channel] = Conversation.objects.create(
                channel=channel, account=account, identity=identity, lead=lead
            )
        return Message.objects.create(
            conversation=threads[channel], direction="in" if sender == "customer" else "out", sender=sender, text=text,
            status="received" if sender == "customer" else "sent", at=at, **more,
        )  # fmt: skip

    return write


def _all(lead, size):
    found, cursor = [], ""
    while True:
        page = timeline.page(lead, cursor, size=size)
        found += page.items
        cursor = page.next_cursor
        if not cursor:
            return found


def test_a_day_of_messages_is_one_line_with_the_way_to_the_thread(acme, lead, bob, client_for, say):
    say("Do you have boots?", NOON)
    say("Yes, from 149.", NOON + timedelta(seconds=2), sender="bot")
    last = say("Two pairs please", NOON + timedelta(minutes=3))
    say("A colleague helps", NOON - timedelta(days=1), sender="user")
    say("nobody sees this", NOON + timedelta(hours=1), sender="system", kind="notice")
    today, yesterday = [one for one in timeline.page(lead, "").items if one.template.startswith("conversations/")]
    assert (today.count, today.theirs, today.assistant, today.people) == (3, 2, 1, 0)
    assert (yesterday.count, yesterday.people) == (1, 1)
    page = client_for(bob).get(f"/dashboard/leads/{lead.pk}/").content.decode()
    assert f"/dashboard/inbox/{last.conversation_id}/#m{last.pk}" in page
    assert "Two pairs please" in page
    assert "1 from the assistant" in page
    assert "nobody sees this" not in page


def test_pages_lose_and_repeat_nothing_whatever_falls_together(acme, lead, say):
    """Lines of both kinds, some in the very same moment, in pages of every size."""
    for day in range(6):
        at = NOON - timedelta(days=day)
        for channel in ("whatsapp", "instagram"):
            say(f"hello {day}", at, channel=channel)
            say(f"hello again {day}", at - timedelta(minutes=5), channel=channel)
        for n in range(3):
            leads.log_activity(lead, "call", f"call {day} {n}", by="user:1", at=at)
    whole = timeline.page(lead, "", size=500).items
    assert len(whole) == 6 * 2 + 6 * 3
    assert [one.at for one in whole] == sorted((one.at for one in whole), reverse=True)
    for size in (1, 2, 3, 5, 7):
        assert _all(lead, size) == whole


def test_a_merged_person_brings_their_messages(acme, lead, say):
    say("hello", NOON)
    other = leads.create_lead(by="user:1", name="Sara H")
    merging.merge_leads(other, lead, by="user:1")
    Conversation.objects.filter(lead=lead).update(lead=other)
    assert [one for one in timeline.page(other, "").items if one.template == "conversations/_talk.html"]


@pytest.mark.parametrize(
    "cursor", ["x", "\x00", "W10", "WyJhIiwwLDBd", "eyJhIjoxfQ", "é" * 300, "WyIyMDI2LTExLTIwVDEyOjAwOjAwIiwwLDBd"]
)
def test_a_position_that_makes_no_sense_begins_at_the_beginning(acme, lead, bob, client_for, say, cursor):
    say("hello", NOON)
    answer = client_for(bob).get(f"/dashboard/leads/{lead.pk}/history/", {"cursor": cursor})
    assert answer.status_code == 200
    assert "hello" in answer.content.decode()


def test_what_they_last_said_follows_edits_and_goes_with_what_is_taken_back(acme, lead):
    leads.note_message(lead, text="call me on\n+971 50 000 0000", at=clock.now())
    assert lead.last_said == "call me on +971 50 000 0000"
    leads.note_message(lead, text="")
    assert lead.last_said == "call me on +971 50 000 0000"
    leads.correct_said(lead, "call me on\n+971 50 000 0000", "never mind")
    assert lead.last_said == "never mind"
    leads.correct_said(lead, "something older", "")
    assert lead.last_said == "never mind"
    leads.correct_said(lead, "never mind")
    assert lead.last_said == ""
