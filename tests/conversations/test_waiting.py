"""Who waits for a person comes first, and why is said in sentences, wherever it is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from apps.ai.tools import HAND_OFF
from apps.conversations import escalations, gate, queries, services
from apps.conversations.bubbles import preview
from apps.conversations.escalations import GIVEN, Escalation, told
from apps.conversations.models import Conversation, Message
from apps.conversations.queries import Filters
from apps.events.models import JournalEntry
from apps.jobs import clock

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


def names(page):
    return [row.identity.value for row in page.rows]


@pytest.fixture
def queue(says, settle):
    """Six people who ask for a person, twenty seconds apart, and one whom the assistant has answered."""
    for n in range(6):
        says("webchat", "I want to speak to a person please", person=f"v_{n}")
        clock.advance(timedelta(seconds=20))
    says("webchat", "Hello", person="v_answered")
    settle(5)


def test_who_has_waited_longest_is_first(queue, says, settle):
    assert names(queries.inbox_page(Filters(status="waiting"))) == [f"v_{n}" for n in range(6)]
    says("webchat", "Are you there?", person="v_2")  # the newest message of all, and not a longer wait
    settle(5)
    first = queries.inbox_page(Filters(status="waiting"), limit=2)
    second = queries.inbox_page(Filters(status="waiting"), limit=2, cursor=first.older)
    third = queries.inbox_page(Filters(status="waiting"), limit=2, cursor=second.older)
    assert [names(page) for page in (first, second, third)] == [["v_0", "v_1"], ["v_2", "v_3"], ["v_4", "v_5"]]
    assert (third.older, first.newer) == ("", "")
    assert names(queries.inbox_page(Filters(status="waiting"), limit=2, cursor=third.newer)) == ["v_2", "v_3"]


def test_the_inbox_opens_with_them(queue, client_for, bob):
    page = client_for(bob).get(reverse("conversations:inbox")).content.decode()
    assert page.count("data-row") == 6
    assert page.index(">Waiting</a>") < page.index(">Open</a>")
    assert 'aria-current="true">Waiting</a>' in page
    assert "data-waited>2 min</time>" in page
    assert "The customer asked for a person." in page
    for talk in Conversation.objects.filter(owner="human"):
        services.resolve(talk, by=bob)
    page = client_for(bob).get(reverse("conversations:inbox")).content.decode()
    assert "Nobody is waiting for a person" in page
    assert "?status=open" in page


def test_only_what_needs_a_person_is_unread(queue, says, settle, bob):
    answered = Conversation.objects.get(identity__value="v_answered")
    assert (answered.owner, answered.unread) == ("bot", 0)
    waiting = Conversation.objects.get(identity__value="v_0")
    assert waiting.unread == 1
    says("webchat", "Hello?", person="v_0")
    settle(5)
    waiting.refresh_from_db()
    assert waiting.unread == 2
    services.give_back(waiting, by=bob)
    waiting.refresh_from_db()
    assert waiting.unread == 0
    assert queries.counts(bob)["unread"] == queries.counts(bob)["waiting"] == 5


def test_an_answer_that_did_not_arrive_leaves_somebody_waiting(says, settle, graph, boots):
    graph.fail_next(100)
    says("facebook", "How much are the steel toe boots?")
    settle()
    talk = Conversation.objects.get()
    assert talk.escalation.startswith("send_failed")
    assert names(queries.inbox_page(Filters(status="waiting"))) == [talk.identity.value]
    assert talk.unread


# Reasons -----------------------------------------------------------------------------------------------------------


def test_every_reason_is_a_sentence_in_both_languages():
    for language in ("en", "ar"):
        with override(language):
            said = [told(code).sentence for code in Escalation.values]
            assert len(set(said)) == len(Escalation)
            assert all(sentence.endswith(".") and " " in sentence for sentence in said)
            assert (said[0].isascii()) == (language == "en")
            assert not [code for code in gate.sentences() if not gate.sentences()[code].endswith((".", "%(reason)s"))]


def test_every_code_that_is_given_is_in_the_table():
    offered = HAND_OFF.parameters["properties"]["reason"]["enum"]
    assert set(offered) <= set(Escalation.values)
    assert set(GIVEN) <= set(Escalation)
    with pytest.raises(ValueError, match="nonsense"):
        escalations.Escalation("nonsense")


@pytest.mark.parametrize(
    ("kept", "sentence", "words"),
    [
        ("order: I want two pairs", "The customer wants to order.", "I want two pairs"),
        ("attachment: image", "The customer sent a picture, which the assistant cannot see.", ""),
        ("attachment: audio", "The customer sent a voice message, which the assistant cannot hear.", ""),
        ("attachment: image, order", "The customer sent something that the assistant cannot read.", ""),
        ("facts: $99", "The assistant's answer stated something that is not in your data.", "$99"),
        ("ai_unavailable: KeyError", "The assistant could not write an answer.", ""),
        (
            "refused: budget_spent_not_a_code",
            "The assistant's answer was held back.",
            "",
        ),
        (
            "refused: suppressed",
            "The assistant's answer was held back. This person does not want messages here.",
            "",
        ),
        ("a_code_of_tomorrow: x", "The assistant left this to a person.", "x"),
        ("", "", ""),
    ],
)
def test_a_kept_reason_is_told(kept, sentence, words):
    assert (told(kept).sentence, told(kept).words) == (sentence, words)


def test_events_and_pages_hold_sentences(says, settle, client_for, bob, acme):
    acme.language = "en"
    acme.save()
    said = "I want to speak to a person please, about twenty pairs"
    says("webchat", said)
    settle(5)
    talk = Conversation.objects.get()
    data = JournalEntry.objects.get(type="conversation.handed_off").data
    assert (data["reason"], data["sentence"]) == ("asked", "The customer asked for a person.")
    assert data["note"] == said
    page = client_for(bob).get(reverse("conversations:conversation", args=[talk.pk])).content.decode()
    assert "The assistant handed this conversation to a person. The customer asked for a person." in page
    assert f"{said}</q>" in page


# Previews ----------------------------------------------------------------------------------------------------------


def test_whose_words_a_preview_shows_stands_apart_from_them():
    """Arabic after an English "Assistant:" in one run of text begins at the end of the line, where it is cut."""

    def of(direction, sender, text, **more):
        return preview(Message(direction=direction, sender=sender, text=text, status="sent", **more), me=7)

    shown = of("out", "bot", "مرحبا، كيف أساعدك؟")
    assert (shown.by, shown.text) == ("Assistant:", "مرحبا، كيف أساعدك؟")
    assert of("out", "user", "Yes", user_id=7).by == "You:"
    assert of("out", "user", "Yes", user_id=8).by == "Team:"
    assert of("out", "app", "Yes").by == "Team:"
    assert of("note", "user", "Careful").by == "Note:"
    assert of("in", "customer", "Hi").by == ""
    assert of("in", "customer", "word " * 60).text.endswith("word…"), "never cut inside a word"
