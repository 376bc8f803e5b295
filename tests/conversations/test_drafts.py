"""Answers that the assistant writes and a person sends."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from apps.ai.models import Generation
from apps.conversations import drafts, services
from apps.conversations.models import Conversation, Message
from apps.jobs import clock
from apps.organizations.services import ai_level, meter

pytestmark = pytest.mark.usefixtures("noon")
HTMX = {"HX-Request": "true"}


def address(name: str, *args: object) -> str:
    return reverse(f"conversations:{name}", args=args)


def text_of(answer: Any) -> str:
    return answer.content.decode()


@pytest.fixture
def talk(says: Any, settle: Any, boots: Any, alice: Any) -> Conversation:
    """Somebody asked something while a person answers."""
    says("webchat", "Hello")
    settle(5)
    conversation = Conversation.objects.get()
    services.take_over(conversation, by=alice)
    says("webchat", "How much are the steel toe boots?")
    settle(5)
    conversation.refresh_from_db()
    return conversation


def sent(conversation: Conversation) -> int:
    return Message.objects.filter(conversation=conversation, direction="out").count()


def test_a_draft_on_request_is_sent_by_a_person_only(talk: Any, client_for: Any, bob: Any, settle: Any) -> None:
    client, before = client_for(bob), sent(talk)
    assert "writing a suggestion" in text_of(client.post(address("draft", talk.pk), headers=HTMX))
    settle(5)
    talk.refresh_from_db()
    page = text_of(client.get(address("conversation", talk.pk)))
    assert "149" in page.split('id="composer-draft"')[1]
    assert "data-draft-use" in page
    assert sent(talk) == before
    assert talk.owner == "human"
    generation = Generation.objects.get(pk=talk.draft["generation"])
    assert not generation.was_used
    client.post(address("send", talk.pk), {"text": talk.draft["text"], "token": "t"})
    talk.refresh_from_db()
    generation.refresh_from_db()
    assert talk.draft == {}
    assert generation.was_used
    assert Message.objects.filter(sender="user", text__contains="149").count() == 1


def test_a_draft_is_put_away_or_out_of_date(talk: Any, client_for: Any, bob: Any, says: Any, settle: Any) -> None:
    client = client_for(bob)
    client.post(address("draft", talk.pk))
    settle(5)
    assert "data-draft-use" in text_of(client.get(address("conversation", talk.pk)))
    client.post(address("draft", talk.pk), {"drop": "1"})
    assert "data-draft-use" not in text_of(client.get(address("conversation", talk.pk)))
    client.post(address("draft", talk.pk))
    settle(5)
    says("webchat", "No, rather gloves")
    settle(5)
    talk.refresh_from_db()
    assert drafts.suggestion_of(talk) is None


def test_where_only_a_person_can_answer_it_says_so(
    talk: Any, client_for: Any, bob: Any, says: Any, settle: Any
) -> None:
    says("webchat", "I want to talk to a human being, please")
    settle(5)
    client_for(bob).post(address("draft", talk.pk))
    settle(5)
    page = text_of(client_for(bob).get(address("conversation", talk.pk)))
    assert "The assistant has no answer to suggest here." in page


def test_a_draft_that_never_comes_is_not_waited_for(talk: Any, client_for: Any, bob: Any, settle: Any) -> None:
    talk.change(draft={"state": "asked", "at": talk.last_inbound_at.isoformat()})
    assert drafts.suggestion_of(talk) == drafts.Suggestion("writing")
    clock.advance(drafts.PATIENCE + timedelta(seconds=1))
    assert drafts.suggestion_of(talk) is None
    for strange in ({"state": "ready"}, {"at": "soon"}, {"at": 5}, {"state": "none", "at": None}):
        talk.draft = strange
        assert drafts.suggestion_of(talk) is None


def test_who_may_ask(talk: Any, client_for: Any, victor: Any, bob: Any, charlie: Any, acme: Any) -> None:
    assert client_for(victor).post(address("draft", talk.pk)).status_code == 403
    assert client_for(charlie, "globex").post(address("draft", talk.pk)).status_code == 404
    assert client_for(bob).get(address("draft", talk.pk)).status_code == 405
    acme.is_active = False
    acme.save()
    refused = client_for(bob).post(address("draft", talk.pk), headers=HTMX)
    assert refused.status_code in {402, 403, 422, 503}


def test_a_spent_budget_leaves_drafts_to_people(
    says: Any, settle: Any, boots: Any, acme: Any, alice: Any, client_for: Any
) -> None:
    acme.ai_budget_usd = Decimal(10)
    acme.save()
    meter(acme, [("ai_output_tokens", 1000, Decimal(10))])
    assert ai_level(acme) == "draft"
    says("webchat", "Hello, how much are the steel toe boots?")
    settle(8)
    talk = Conversation.objects.get()
    assert sent(talk) == 0
    assert (talk.owner, talk.escalation, talk.bot_status) == ("human", "budget", "escalated")
    assert talk.waiting_since is not None
    assert "149" in talk.draft["text"]
    page = text_of(client_for(alice).get(address("conversation", talk.pk)))
    assert "AI budget is used up: the assistant writes drafts, people send them." in page.replace("&#x27;", "'")
    assert "data-draft-use" in page
    says("webchat", "And do you have them in stock?")
    settle(8)
    talk.refresh_from_db()
    assert drafts.suggestion_of(talk) is not None, "each question gets a draft"
    assert sent(talk) == 0
    acme.ai_budget_usd = Decimal(100)
    acme.save()
    services.give_back(talk, by=alice)
    settle(8)
    talk.refresh_from_db()
    assert talk.draft == {}
    assert sent(talk) == 1
