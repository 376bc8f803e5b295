"""The story of an answer, told to people who know nothing of how it is made."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils.translation import override

from apps.ai.models import Intent, Note
from apps.ai.providers.offline import understanding
from apps.ai.providers.offline.phrases import BUILT_IN
from apps.conversations import queries, services
from apps.conversations.meanings import MEANINGS, meaning
from apps.conversations.models import Conversation, Message
from apps.conversations.story import story_of
from apps.jobs import clock
from tests.vendors.llm import Answer

pytestmark = pytest.mark.usefixtures("noon")
CODE = re.compile(r"\b[a-z]+_[a-z_]+\b|[0-9a-f]{8}-[0-9a-f]{4}")


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


def told(message):
    return story_of(queries.get_message(message.pk))


def part(story, kind):
    return next(one for one in story.parts if one.kind == kind)


def words_of(story):
    """Everything that the product says in it, without what people said."""
    return [story.summary, *(one.title for one in story.parts), *(note for one in story.parts for note in one.notes)]


def test_a_question_about_the_catalog(says, settle, graph, boots, thread):
    says("facebook", "How much are the steel toe boots?")
    settle()
    asked, answered = thread()
    story = told(answered)
    assert [one.kind for one in story.parts] == ["asked", "understood", "found", "checked", "sent", "read"]
    assert part(story, "asked").words == ["How much are the steel toe boots?"]
    assert part(story, "understood").title.startswith("Understood as: a question about")
    assert "in the catalog" in part(story, "found").title
    name, about = part(story, "found").items[0]
    assert (name, about.startswith("$149")) == ("Steel toe boots", True)
    assert "149" in part(story, "checked").title
    assert all(reason["sentence"].endswith(".") for reason in part(story, "checked").reasons)
    assert part(story, "sent").title == "Sent on Messenger."
    assert all(sentence.endswith((".", ":")) for sentence in words_of(story))
    assert not [sentence for sentence in words_of(story) if CODE.search(sentence)], "codes are folded away"
    assert [one.kind for one in told(asked).parts] == [one.kind for one in story.parts], (
        "a question leads to its answer"
    )


def test_the_time_of_reading_is_no_time_of_answering(says, settle, graph, boots, thread):
    says("facebook", "How much are the steel toe boots?")
    settle()
    answer = thread()[-1]
    before = told(answer).summary
    Message.objects.filter(pk=answer.pk).update(status="read", status_at=answer.at + timedelta(hours=3))
    story = told(answer)
    assert story.summary == before
    assert re.fullmatch(r".+ answered within [\d.]+ s\.", before)
    assert part(story, "read").after == "3 h later"


def test_what_was_taught_and_noted_is_named(says, settle, thread):
    Intent.objects.create(name="Gift wrapping", phrases=["do you wrap gifts"], responses={"en": "Yes, for free."})
    Note.objects.create(title="Returns", text="You can return anything within 14 days. Bring the receipt.")
    says("webchat", "Do you wrap gifts?")
    settle(5)
    assert part(told(thread()[-1]), "understood").title == "Understood as what you taught it under “Gift wrapping”."
    says("webchat", "How can I return something?")
    settle(5)
    found = part(told(thread()[-1]), "found")
    assert found.title == "It used your note “Returns”."


def test_an_answer_that_the_check_held(model, says, settle, boots, thread):
    model.default = Answer(text="The boots cost 77 USD, today only 66 USD.")
    says("facebook", "How much are the boots?")
    settle()
    story = told(thread()[-1])
    checked = part(story, "checked")
    assert checked.tone == "bad"
    assert "77" in checked.title
    assert "in none of your data" in checked.title
    assert checked.notes == ["It was held back; the customer was told that a colleague answers."]
    assert part(story, "handed").title.startswith("Then a person was asked to go on. The assistant's answer stated")


def test_a_draft_that_was_written_again(model, says, settle, boots, thread):
    model.say(
        Answer(calls=[("search_catalog", {"query": "boots"})]), Answer(text="They cost 77 USD."),
        Answer(text="Steel toe boots: 149 USD."),
    )  # fmt: skip
    says("facebook", "boots?")
    settle()
    story = told(thread()[-1])
    assert story.tone == "good"
    (note,) = [one for one in part(story, "checked").notes if "77" in one]
    assert note.endswith("It was written again without that.")


def test_somebody_took_over_before_it_was_sent(says, settle, graph, thread, bob):
    says("facebook", "Hello")
    settle()
    answer = thread()[-1]
    Message.objects.filter(pk=answer.pk).update(status="queued", external_id=None)
    services.take_over(Conversation.objects.get(), by=bob)
    answer.refresh_from_db()
    assert answer.status == "cancelled"
    story = told(answer)
    assert (story.summary, story.tone) == ("This answer was not sent.", "warn")
    sent = part(story, "sent")
    assert (sent.title, sent.notes) == ("It was not sent.", ["Bob took this conversation over."])
    assert [one for one in sent.reasons if one["verdict"] == "refuse"]
    assert "read" not in [one.kind for one in story.parts]


def test_a_person_answered(says, settle, thread, bob):
    says("webchat", "I want to speak to a person")
    settle(5)
    talk = Conversation.objects.get()
    asked = thread()[0]
    says("webchat", "Are you there?")
    settle(5)
    waiting = Message.objects.filter(direction="in").latest("pk")
    story = told(waiting)
    assert story.answer is None
    assert part(story, "handed").title == "It waits for a person. The customer asked for a person."
    clock.advance(timedelta(minutes=9))
    mine = services.send_message(talk, text="Bob here", by=bob)
    settle(5)
    story = told(mine)
    assert story.summary == "Bob answered within 9 min."
    assert part(story, "written").title == "Bob wrote it."
    assert part(story, "asked").words == ["Are you there?"]
    assert told(waiting).answer == mine
    assert told(asked).answer != mine, "the assistant answered that one"


def test_a_failure_says_why(says, settle, graph, thread):
    graph.fail_next(100)
    says("facebook", "Hello")
    settle()
    story = told(thread()[-1])
    assert (story.summary, story.tone) == ("This answer was not sent.", "bad")
    assert part(story, "sent").notes
    assert not [one for one in story.parts if one.kind == "read"]
    Message.objects.filter(pk=thread()[-1].pk).update(status="partly")
    assert (told(thread()[-1]).summary, told(thread()[-1]).tone) == ("Partly sent.", "bad")


def test_every_meaning_of_the_built_in_assistant_has_words():
    tree = ast.parse(Path(understanding.__file__).read_text())
    said = {
        node.args[0].value for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Meaning" and node.args
        and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip
    codes = {str(one) for one in said | set(BUILT_IN)} - {"trained"}
    assert not codes - set(MEANINGS)
    for language in ("en", "ar"):
        with override(language):
            assert all(meaning(code).endswith(".") and code not in meaning(code).split() for code in ("fact", "human"))


def test_its_address_opens_the_conversation_beside_it(says, settle, boots, thread, client_for, victor, bob):
    says("webchat", "How much are the steel toe boots?")
    settle(5)
    asked, answer = thread()
    for message in (asked, answer):
        path = reverse("conversations:story", args=[message.conversation_id, message.pk])
        page = client_for(victor).get(path).content.decode()
        assert 'data-pane="story"' in page
        assert f'id="m{answer.pk}"' in page
        assert "How this was answered" in page
        panel = client_for(victor).get(path, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in panel
        assert panel.lstrip().startswith('<aside class="story" id="story"')
        assert panel.index("How this was answered") < panel.index(str(answer.trace)), "no id before the story"
    note = services.add_note(Conversation.objects.get(), text="Careful", by=bob)
    for key in (note.pk, 2**60):
        path = reverse("conversations:story", args=[answer.conversation_id, key])
        assert client_for(bob).get(path).status_code == 404
