"""What a platform tells about a person: asked once, beside the conversation, never in its way."""

from __future__ import annotations

from typing import Any

import pytest

from apps.conversations import profiles, queries
from apps.conversations.models import Conversation
from apps.leads import services as leads
from apps.leads.models import Identity, Lead

pytestmark = pytest.mark.usefixtures("noon")
PICTURE = "https://scontent.example/sara.jpg"


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ("facebook", {"first_name": "Sara", "last_name": "Haddad", "profile_pic": PICTURE, "locale": "ar_AE"}),
        ("instagram", {"name": "Sara Haddad", "username": "sara.h", "profile_pic": PICTURE}),
    ],
)
def test_a_name_and_a_picture_come_after_the_first_message(
    channel: str, told: dict[str, str], says: Any, settle: Any, graph: Any
) -> None:
    account, person = {"facebook": ("1001", "psid-1"), "instagram": ("2001", "igsid-1")}[channel]
    graph.heard_from(account, person, **told)
    says(channel, "Hello")
    settle(8)
    lead = Lead.objects.get()
    assert (lead.name, lead.avatar_url) == ("Sara Haddad", PICTURE)
    assert lead.identities.get(kind=channel).username == told.get("username", "")


def test_live_pages_hear_of_it(says: Any, settle: Any, graph: Any) -> None:
    says("facebook", "Hello")
    settle(8)
    graph.heard_from("1001", "psid-1", first_name="Sara", last_name="Haddad")
    before = Conversation.objects.get().changed
    profiles.fetch(Identity.objects.get().pk)
    assert Conversation.objects.get().changed >= before
    assert str(queries.get_conversation(Conversation.objects.get().pk).lead) == "Sara Haddad"


def test_what_a_person_entered_stays(says: Any, settle: Any, graph: Any) -> None:
    says("facebook", "Hello")
    settle(8)
    leads.capture_details(Lead.objects.get(), name="Mrs. Haddad", by="user:1")
    graph.heard_from("1001", "psid-1", first_name="Sara", last_name="H")
    profiles.fetch(Identity.objects.get().pk)
    assert Lead.objects.get().name == "Mrs. Haddad"


def test_a_platform_that_does_not_tell_holds_nothing_up(says: Any, settle: Any, graph: Any, thread: Any) -> None:
    graph.fail_next(100, 33, times=1)
    says("facebook", "Hello")
    settle(12)
    assert Lead.objects.get().name == ""
    assert any(message.sender == "bot" for message in thread())


def test_nobody_and_lost_accounts_are_let_go(says: Any, settle: Any, accounts: Any) -> None:
    profiles.fetch(10**9)
    says("facebook", "Hello")
    settle(8)
    accounts["facebook"].state = "disconnected"
    accounts["facebook"].credentials = {}
    accounts["facebook"].save()
    profiles.fetch(Identity.objects.get().pk)
    assert Lead.objects.get().name == ""


def test_hostile_names_are_made_harmless(says: Any, settle: Any, graph: Any) -> None:
    graph.heard_from(
        "1001", "psid-1", name="\u202e<script>alert(1)</script>\x00" + "x" * 400, profile_pic="javascript:alert(1)"
    )
    says("facebook", "Hello")
    settle(8)
    lead = Lead.objects.get()
    assert "\x00" not in lead.name
    assert "\u202e" not in lead.name
    assert len(lead.name) <= 160
    assert not lead.avatar_url.startswith("javascript:")
