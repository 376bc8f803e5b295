"""What the inbox and its live pages read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.conversations import queries, search, services
from apps.conversations.figures import MANY
from apps.conversations.models import Conversation, Message
from apps.conversations.queries import Filters
from apps.jobs import clock
from apps.leads.models import Identity
from apps.ui import phrases

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def crowd(says, settle):
    """Twelve people who wrote one after the other."""

    def write(count=12, start=0):
        for n in range(start, start + count):
            says("webchat", f"Hello number{n}", person=f"v_{n}")
            clock.advance(timedelta(seconds=20))
        settle(5)

    write()
    return write


def test_pages_lead_back_and_forth(crowd):
    first = queries.inbox_page(limit=5)
    second = queries.inbox_page(cursor=first.older, limit=5)
    third = queries.inbox_page(cursor=second.older, limit=5)
    ids = [row.pk for page in (first, second, third) for row in page.rows]
    assert ids == list(Conversation.objects.order_by("-last_message_at", "-id").values_list("pk", flat=True))
    assert (third.older, first.newer) == ("", "")
    back = queries.inbox_page(cursor=third.newer, limit=5)
    assert [row.pk for row in back.rows] == [row.pk for row in second.rows]
    assert [row.pk for row in queries.inbox_page(cursor=back.newer, limit=5).rows] == [row.pk for row in first.rows]


@pytest.mark.parametrize("cursor", ["x", "!!!!", "W10", "eyJhIjogMX0", "a" * 500, "WyJvIiwgIm5vdCBhIHRpbWUiLCAxXQ"])
def test_cursors_of_strangers_are_refused(acme, cursor):
    with pytest.raises(ValidationError):
        queries.inbox_page(cursor=cursor)


def test_the_number_of_queries_does_not_grow(crowd, alice):
    def count(call):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            call()
        return len(captured)

    def read():
        for row in queries.inbox_page(limit=50).rows:
            assert row.lead.name is not None
            assert row.last_message.text
            assert row.assignee is None

    few = count(read)
    crowd(12, start=12)
    assert count(read) == few == 1
    conversation = Conversation.objects.first()
    assert count(lambda: [str(message.user) for message in queries.thread_page(conversation).rows]) == 1
    assert count(lambda: queries.counts(alice)) == 1


def test_filters(crowd, alice, bob):
    mine = Conversation.objects.order_by("pk")[0]
    services.take_over(mine, by=alice)
    done = Conversation.objects.order_by("pk")[1]
    services.resolve(done, by=alice)
    put_off = Conversation.objects.order_by("pk")[2]
    services.snooze(put_off, until=clock.now() + timedelta(hours=1), by=alice)

    def found(**filters):
        return {row.pk for row in queries.inbox_page(Filters(**filters), limit=100).rows}

    assert len(found()) == 10
    assert found(status="resolved") == {done.pk}
    assert found(status="snoozed") == {put_off.pk}
    assert len(found(status="all")) == 12
    assert found(owner="human") == found(assignee="me", user=alice) == found(assignee=str(alice.pk)) == {mine.pk}
    assert len(found(assignee="none")) == 9
    assert found(channel="facebook") == set()
    assert found(unread=True) == found(status="waiting") == set(), "the assistant has answered all of them"
    assert found(search="number7") == {Conversation.objects.order_by("pk")[7].pk}
    assert found(search="nothing of the kind") == set()
    assert found(assignee="'; drop table") == set()
    assert queries.counts(alice) == {
        "open": 10, "unread": 0, "waiting": 0, "human": 1, "mine": 1, "unassigned": 0,
    }  # fmt: skip
    assert queries.counts(None)["mine"] == 0


def test_counting_stops_where_nobody_reads_the_difference(crowd, alice):
    first = Conversation.objects.order_by("pk")[0]
    identities = Identity.objects.bulk_create(
        Identity(lead_id=first.lead_id, kind="facebook", account="crowd", value=str(n)) for n in range(MANY + 1)
    )
    Conversation.objects.bulk_create(
        Conversation(identity=one, lead_id=first.lead_id, account_id=first.account_id, channel="facebook", unread=1)
        for one in identities
    )
    assert queries.counts(alice)["open"] == queries.counts(alice)["unread"] == MANY
    assert queries.counts(alice)["human"] == 0
    assert phrases.up_to(MANY, MANY) == "999+"
    assert phrases.up_to(MANY - 1, MANY) == "999"


def test_a_rare_match_is_found_by_an_index_of_its_own(acme):
    """With the indices of all conversations out of the way, no filter reads or sorts the table."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX inbox_open, inbox_all")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    for filters in (
        Filters(unread=True), Filters(waiting=True), Filters(owner="human"), Filters(status="snoozed"),
        Filters(assignee="5"), Filters(channel="webchat"), Filters(status="all", unread=True),
        Filters(owner="human", assignee="none"),
    ):  # fmt: skip
        rows = queries.conversations(filters).select_related(None).order_by("-last_message_at", "-id")[:31]
        plan = rows.explain()
        assert "Index Scan using inbox_" in plan, plan
        assert "Sort" not in plan, plan


def test_a_snoozed_conversation_wakes(crowd, alice, settle):
    conversation = Conversation.objects.first()
    services.snooze(conversation, until=clock.now() + timedelta(seconds=30), by=alice)
    settle(20)
    conversation.refresh_from_db()
    assert conversation.status == "snoozed"
    settle(20)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.snoozed_until) == ("open", None)
    assert conversation.unread
    with pytest.raises(ValidationError):
        services.snooze(conversation, until=clock.now(), by=alice)


def test_changes_are_told_and_none_is_missed(crowd, alice):
    cursor = queries.change_cursor()
    conversation = Conversation.objects.first()
    services.add_note(conversation, text="Careful", by=alice)
    changes = queries.changes_since(cursor)
    assert conversation.pk in {row.pk for row in changes.conversations}
    assert queries.changes_since(2**61).conversations == []
    assert queries.changes_since(0).conversations == []


def test_presence(crowd, alice, bob):
    conversation = Conversation.objects.first()
    services.note_presence(conversation, by=alice)
    services.note_presence(conversation, by=bob, typing=True)
    (other,) = queries.present(conversation, but=alice)
    assert (other.user, other.is_typing) == (bob, True)
    clock.advance(timedelta(seconds=10))
    services.note_presence(conversation, by=bob)
    assert [row.is_typing for row in queries.present(conversation, but=alice)] == [False]
    clock.advance(timedelta(seconds=60))
    assert queries.present(conversation) == []


def test_search_takes_whatever_is_typed(crowd):
    assert [message.text for message in search.search_messages("HELLO number3")] == ["Hello number3"]
    assert "Hello number11" in [message.text for message in search.search_messages("number1")]
    for odd in ("", " ", "'", "a & | ! ( )", ":*", "\\", "\x00", "💥", "%_", "x" * 5000, "it's <-> me", "السلام"):
        search.search_messages(odd)


def test_a_rare_word_is_found_among_the_newest_and_long_before(crowd):
    """Whatever way the search takes: ids that lie far apart are many messages to it."""
    conversation = Conversation.objects.first()
    for number in (10_000_000, 10_500_000, 10_999_999, 11_000_000):
        Message.objects.create(
            pk=number, conversation=conversation, direction="in", sender="customer", text="A zebra", status="received"
        )
    for typed in ("zebra", "zebra ", "zeb", "a zeb"):
        assert search.search_ids(typed) == [11_000_000, 10_999_999, 10_500_000, 10_000_000]
    assert search.search_ids("zebra", limit=2) == [11_000_000, 10_999_999]
    assert search.search_ids("zebra", before=10_999_999) == [10_500_000, 10_000_000]
    assert search.search_ids("zebra", before=10_000_000) == []
    assert search.search_ids("zebras") == []


def test_a_word_in_every_message_is_read_from_the_newest_back(crowd):
    newest = Message.objects.latest("pk")
    Message.objects.bulk_create(
        Message(conversation=newest.conversation, direction="in", sender="customer", text="again", status="received")
        for _number in range(1500)
    )
    ids = list(Message.objects.filter(text="again").order_by("-pk").values_list("pk", flat=True))
    assert search.search_ids("again", limit=40) == ids[:40]
    assert search.search_ids("aga", before=ids[39], limit=40) == ids[40:80]
    assert search.search_ids("again", before=ids[-3], limit=40) == ids[-2:]


def test_search_uses_the_index(crowd):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT id FROM conversations_message WHERE {search._MATCH}", ["'number3'"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "message_search" in plan


def test_notes_assignment_and_notices(crowd, alice, bob, charlie):
    conversation = Conversation.objects.first()
    services.assign(conversation, to=bob, by=alice)
    with pytest.raises(ValidationError):
        services.assign(conversation, to=charlie, by=alice)
    with pytest.raises(ValidationError):
        services.add_note(conversation, text=" \x00 ", by=alice)
    lines = [queries.notice_text(row) for row in Message.objects.filter(conversation=conversation, kind="notice")]
    assert lines == ["Alice assigned this to Bob."]
    services.assign(conversation, to=None, by=alice)
    conversation.refresh_from_db()
    assert conversation.assignee is None


def test_a_thread_is_paged(crowd, says, settle):
    conversation = Conversation.objects.order_by("pk").first()
    for n in range(5):
        says("webchat", f"more {n}", person="v_0")
        clock.advance(timedelta(seconds=1))
    settle(20)
    first = queries.thread_page(conversation, limit=4)
    rest = queries.thread_page(conversation, cursor=first.older, limit=50)
    assert len(first.rows) == 4
    assert {row.pk for row in first.rows}.isdisjoint(row.pk for row in rest.rows)
    assert len(first.rows) + len(rest.rows) == conversation.messages.count()
