"""What is queued is sent once, or ends in a state that says why not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.conversations import gate, queries, services
from apps.conversations.models import Conversation, Decision, Message, MessageTemplate
from apps.events.models import JournalEntry
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.organizations.models import OrganizationHealth

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def talk(says, settle):
    """A conversation on Messenger in which the bot has answered once."""
    says("facebook", "Hello")
    settle()
    return Conversation.objects.get()


def codes(message: Message) -> set[str]:
    return {reason["code"] for row in Decision.objects.filter(message=message) for reason in row.reasons}


def test_a_person_takes_over_between_draft_and_send(says, settle, graph, alice, bob, thread):
    says("facebook", "Hello")
    clock.advance(timedelta(seconds=3))
    jobs.run_due(kinds=["conversations.receive"])
    clock.advance(timedelta(seconds=3))
    jobs.run_due(kinds=["conversations.reply"])
    queued = thread()[-1]
    assert queued.status == "queued"
    conversation = Conversation.objects.get()
    services.take_over(conversation, by=bob)
    settle()
    queued.refresh_from_db()
    assert queued.status == "cancelled"
    assert not graph.messages
    why = queries.why(queries.get_message(queued.pk))
    assert why.decisions[-1].verdict == "refuse"
    assert any("decided anew" in reason["sentence"] for reason in why.decisions[-1].sentences)
    conversation.refresh_from_db()
    assert (conversation.owner, conversation.assignee) == ("human", bob)
    assert conversation.waiting_since is not None
    services.give_back(conversation, by=bob)
    settle()
    assert len(graph.messages) == 1


def test_the_owner_changes_while_the_message_waits_to_be_sent(says, settle, graph, thread):
    """Without a click of anybody's, the second look at the gate alone must hold it back."""
    says("facebook", "Hello")
    jobs.run_due(kinds=["conversations.receive"])
    clock.advance(timedelta(seconds=3))
    jobs.run_due(kinds=["conversations.reply"])
    conversation = Conversation.objects.get()
    conversation.change(owner="human", owner_version=conversation.owner_version + 1)
    settle()
    assert thread()[-1].status == "cancelled"
    assert "owner_changed" in codes(thread()[-1])
    assert not graph.messages


def test_a_human_reply_pauses_the_bot_and_is_sent_once(talk, says, settle, graph, alice, thread):
    first = services.send_message(talk, text="Alice here", by=alice, token="t1")
    again = services.send_message(talk, text="Alice here", by=alice, token="t1")
    assert first == again
    settle()
    assert [sent.text for sent in graph.messages][-1] == "Alice here"
    assert len(graph.messages) == 2
    says("facebook", "And boots?")
    settle()
    assert thread()[-1].direction == "in"
    conversation = Conversation.objects.get()
    assert conversation.owner == "human"
    assert conversation.waiting_since is not None


def test_the_window_closes(talk, settle, graph, alice):
    clock.advance(timedelta(hours=25))
    message = services.send_message(talk, text="Still there?", by=alice)
    settle()
    message.refresh_from_db()
    assert message.status == "sent"
    assert graph.messages[-1].body["tag"] == "HUMAN_AGENT"
    clock.advance(timedelta(days=7))
    with pytest.raises(services.NotSent) as refused:
        services.send_message(talk, text="Hello?", by=alice)
    assert refused.value.code == "window_closed"
    assert "closed" in str(refused.value)
    assert Decision.objects.filter(verdict="refuse", message=None).count() == 1


def test_a_template_outside_the_window(says, settle, graph, alice, accounts):
    graph.templates[("hello", "en")] = 1
    template = MessageTemplate.objects.create(
        account=accounts["whatsapp"], name="hello", body="Hello {{1}}, we miss you"
    )
    says("whatsapp", "Hi")
    settle()
    conversation = Conversation.objects.get()
    clock.advance(timedelta(hours=30))
    with pytest.raises(services.NotSent):
        services.send_message(conversation, text="Hello", by=alice)
    message = services.send_message(conversation, template=template, variables=["Sara"], by=alice)
    settle()
    message.refresh_from_db()
    assert (message.status, message.text) == ("sent", "Hello Sara, we miss you")


def test_an_expired_token_is_visible_and_can_be_retried(talk, settle, graph, alice, accounts):
    graph.fail_next(190)
    message = services.send_message(talk, text="One", by=alice)
    settle()
    message.refresh_from_db()
    assert (message.status, message.failure_code) == ("failed", "190")
    assert "connect the account again" in message.failure
    account = accounts["facebook"]
    account.refresh_from_db()
    assert account.state == "attention"
    assert JournalEntry.objects.filter(type="message.failed").exists()
    told = OrganizationHealth.objects.get(organization__slug="acme").last_failure
    assert "facebook" in told
    assert "onnect the account again" in told
    services.retry_message(message, by=alice)
    settle()
    message.refresh_from_db()
    assert message.status == "sent"


def test_a_refused_answer_of_the_bot_goes_to_people(says, settle, graph, thread):
    graph.fail_next(100)
    says("facebook", "Hello")
    settle()
    assert thread()[-1].status == "failed"
    conversation = Conversation.objects.get()
    assert (conversation.owner, conversation.bot_status) == ("human", "escalated")
    assert conversation.escalation.startswith("send_failed")


def test_slow_down_keeps_the_order(talk, settle, graph, alice):
    graph.fail_next(613)
    services.send_message(talk, text="first", by=alice)
    services.send_message(talk, text="second", by=alice)
    settle(5)
    assert [sent.text for sent in graph.messages[1:]] == []
    settle(600)
    assert [sent.text for sent in graph.messages[1:]] == ["first", "second"]


def test_nothing_reached_the_platform(talk, settle, graph, alice, settings):
    good = settings.META_GRAPH_URL
    settings.META_GRAPH_URL = "http://127.0.0.1:9"
    message = services.send_message(talk, text="Hello", by=alice)
    settle(1)
    message.refresh_from_db()
    assert (message.status, message.failure_code) == ("queued", "connect")
    settings.META_GRAPH_URL = good
    settle(120)
    message.refresh_from_db()
    assert message.status == "sent"
    assert len(graph.messages) == 2


@pytest.mark.parametrize("delivered", [True, False])
def test_no_answer_came_so_we_look_before_we_send_again(talk, settle, graph, alice, delivered):
    graph.drop_next(deliver=delivered)
    message = services.send_message(talk, text="Did this arrive?", by=alice)
    jobs.run_due()
    message.refresh_from_db()
    assert message.status == "unknown"
    settle()
    message.refresh_from_db()
    assert message.status == "sent"
    assert [sent.text for sent in graph.messages].count("Did this arrive?") == 1
    assert message.external_id == graph.messages[-1].id


def test_where_only_the_first_part_arrived_the_rest_is_sent(talk, settle, graph, alice):
    graph.drop_next()  # the first of three is taken, and nobody hears about it
    text = " ".join(f"word{number:04}" for number in range(600))
    message = services.send_message(talk, text=text, by=alice)
    jobs.run_due()
    message.refresh_from_db()
    assert message.status == "unknown"
    settle()
    message.refresh_from_db()
    assert message.status == "sent"
    arrived = graph.messages[1:]
    assert " ".join(sent.text for sent in arrived) == text
    assert [message.external_id, *message.external_ids] == [sent.id for sent in arrived]


def test_where_the_platform_cannot_tell_a_person_decides(says, settle, graph, alice):
    says("whatsapp", "Hi")
    settle()
    conversation = Conversation.objects.get()
    graph.drop_next()
    message = services.send_message(conversation, text="Unknown fate", by=alice)
    settle()
    clock.advance(timedelta(hours=3))
    settle()
    message.refresh_from_db()
    assert message.status == "unknown"
    assert len(graph.messages) == 2
    services.retry_message(message, by=alice)
    settle()
    message.refresh_from_db()
    assert message.status == "sent"


def test_a_worker_died_while_sending(talk, settle, graph, alice):
    message = services.send_message(talk, text="Half way", by=alice)
    Message.objects.filter(pk=message.pk).update(status="sending", claim=1, status_at=clock.now())
    settle(30)
    message.refresh_from_db()
    assert message.status == "sending"
    settle(180)
    message.refresh_from_db()
    assert message.status == "sent"
    assert [sent.text for sent in graph.messages].count("Half way") == 1


def test_a_bot_that_runs_away_is_stopped(says, settle, graph, thread):
    for number in range(20):
        says("webchat", f"Hello {number}")
        settle(15)
    assert sum(message.direction == "out" and message.status == "sent" for message in thread()) <= 12
    refused = [message for message in thread() if message.status == "cancelled"]
    assert "cap_reached" in codes(refused[0])
    assert Conversation.objects.get().owner == "human"


def test_sentences_are_there_for_every_code(acme):
    said = gate.sentences()
    for code, words in said.items():
        data = {
            "account": "A",
            "until": "2026-11-21T10:00:00+00:00",
            "count": 1,
            "limit": 2,
            "minutes": 3,
            "used": 4,
            "budget": 5,
            "template": "hello",
            "reason": "",
        }
        assert "%(" not in gate.sentence({"code": code, "data": data}), (code, words)


def test_a_message_budget_binds_the_bot_only(says, settle, acme, alice, thread):
    acme.message_budget = 0
    acme.save()
    says("webchat", "Hello")
    settle()
    assert thread()[-1].status == "cancelled"
    assert "budget_spent" in codes(thread()[-1])
    message = services.send_message(Conversation.objects.get(), text="A person answers", by=alice)
    assert message.status == "sent"
