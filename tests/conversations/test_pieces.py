"""A message that went out in several pieces: each has its own fate, and the whole says no more than is true."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.urls import reverse

from apps.conversations import pieces, services
from apps.conversations.adapters import Attachment, Kind, Reason
from apps.conversations.models import Conversation, Message
from apps.events.models import JournalEntry
from tests.vendors import graph_webhooks as webhooks

pytestmark = pytest.mark.usefixtures("noon")
PICTURES = [Attachment(kind=Kind.IMAGE, url=f"https://acme.example/{n}.jpg") for n in (1, 2)]
MEDIA = {"code": 131053, "title": "Media upload error"}
NO = Reason(code="131053", text="The file could not be used.")


@pytest.fixture
def sent(says, settle, graph, bob) -> Message:
    """A text and two pictures, as three messages at the platform."""
    says("whatsapp", "Hello")
    settle()
    graph.messages.clear()
    message = services.send_message(Conversation.objects.get(), text="Look", attachments=PICTURES, by=bob)
    settle()
    message.refresh_from_db()
    assert (message.status, len(graph.messages)) == ("sent", 3)
    return message


@pytest.fixture
def told(deliver, settle, graph):
    """`told(0, "read")`: the platform says what became of a piece."""

    def tell(piece: int, status: str, **more: Any) -> None:
        one = graph.messages[piece]
        deliver("whatsapp", webhooks.status("3001", one.id, status, one.to, reference=one.reference, **more))
        settle(0)

    return tell


def status_of(message: Message) -> str:
    message.refresh_from_db()
    return message.status


def test_a_picture_that_failed_is_told_and_sent_again_alone(sent, told, graph, settle, client_for, bob):
    told(0, "read")
    assert status_of(sent) == "sent"  # the pictures have not arrived
    told(1, "failed", errors=[MEDIA])
    assert status_of(sent) == "partly"
    assert (sent.failure_code, bool(sent.failure)) == ("131053", True)
    told(2, "read")
    told(1, "failed", errors=[MEDIA])
    assert status_of(sent) == "partly"
    assert JournalEntry.objects.filter(type="message.failed", data__partly=True).count() == 1
    page = client_for(bob).get(reverse("conversations:conversation", args=[sent.conversation_id])).content.decode()
    assert "A part of it did not arrive" in page
    assert "Send that part again" in page
    services.retry_message(sent, by=bob)
    settle()
    assert len(graph.messages) == 4
    assert graph.messages[3].body["image"]["link"].endswith("/1.jpg")
    assert status_of(sent) == "sent"
    assert pieces.ids_of(sent) == [graph.messages[n].id for n in (0, 3, 2)]
    told(3, "read")
    assert status_of(sent) == "read"


def test_all_that_failed_is_sent_again_as_a_whole(sent, told, graph, settle, bob):
    for piece in range(3):
        told(piece, "failed", errors=[MEDIA])
    assert status_of(sent) == "failed"
    services.retry_message(sent, by=bob)
    settle()
    assert (status_of(sent), len(graph.messages)) == ("sent", 6)


def test_a_refusal_after_the_first_piece_is_no_whole_failure(says, settle, graph, bob):
    says("whatsapp", "Hello")
    settle()
    graph.messages.clear()
    graph.faults.append({})  # the text goes out
    graph.fail_next(131053)
    message = services.send_message(Conversation.objects.get(), text="Look", attachments=PICTURES, by=bob)
    settle()
    assert (status_of(message), len(graph.messages)) == ("partly", 1)
    services.retry_message(message, by=bob)
    settle()
    assert (status_of(message), len(graph.messages)) == ("sent", 3)


PIECE_NEWS = [(piece, status) for piece in ("a", "b", "c") for status in ("sent", "delivered", "read")]


@pytest.mark.parametrize("failing", ["", "b"])
def test_any_order_and_any_repetition_end_alike(failing):
    """All receipts of three pieces, in many orders, each twice: the end is the same, and READ is never said before the last is."""
    wanted = "partly" if failing else "read"
    news = [one for one in PIECE_NEWS if one[0] != failing] + ([(failing, "failed")] if failing else [])
    orders = [
        news,
        news[::-1],
        news[1::2] + news[::2],
        *itertools.islice(itertools.permutations(news), 500, 40_000, 997),
    ]
    for order in orders:
        message = Message(external_id="a", external_ids=["b", "c"], status="sent", payload={})
        for piece, status in [*order, *order]:
            became = pieces.take(message, status, piece=piece, reason=NO)
            message.status = became or message.status
            assert message.status != "read" or pieces.states(message)["c"] == "read"
        assert message.status == wanted, order
