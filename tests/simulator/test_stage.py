"""The business's side of a phone: read with the phone in one question a second, whatever there is to show."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import tenant_context

from apps.catalog.services import create_item
from apps.conversations.models import Conversation
from apps.leads.models import Lead
from apps.organizations.actors import Actor, Kind
from apps.organizations.models import Role
from apps.simulator import queries, services
from apps.simulator.models import Phone
from apps.simulator.screen import screen
from apps.simulator.services import Customer
from apps.simulator.stage import STATIONS, Stage, stage
from apps.simulator.starters import starters
from apps.webhooks_outbox import catching
from apps.webhooks_outbox.models import Caught
from tests.simulator.conftest import CHANNELS, settle

MANAGER, AGENT = (Actor("user:1", Kind.MEMBER, role=role) for role in (Role.MANAGER, Role.AGENT))


def seen(who: Actor = MANAGER) -> Stage:
    return stage(screen(Phone.objects.get()), who)


def states(found: Stage) -> dict[str, str]:
    return {light.kind: light.state for light in found.track.lights}


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_stations_light_up_as_the_message_passes_them(within: Any, channel: str) -> None:
    account = services.connect(channel)
    mona = Customer.new(channel, name="Mona Saleh")
    services.start(account, name="Mona Saleh", language="en")
    assert set(states(seen()).values()) == {"off"}, "nothing was said yet"
    Phone.objects.all().delete()
    services.say(account, mona, "Hello, what are your opening hours?")
    taken = seen()
    assert states(taken) == {**dict.fromkeys(STATIONS, "off"), "delivery": "lit", "message": "now"}
    assert (taken.conversation, taken.lead, taken.track.is_moving) == (None, None, True)
    settle(4)
    told = seen()
    assert states(told) == dict.fromkeys(STATIONS, "lit")
    assert told.track.summary.startswith("Answered within ")
    assert told.lead == Lead.objects.get()
    assert [(row.conversation, row.is_open) for row in told.rows] == [(Conversation.objects.get(), True)]


def test_where_a_person_answers_the_assistant_s_stations_stay_dark(within: Any) -> None:
    account, mona = services.connect("whatsapp"), Customer.new("whatsapp", name="Mona")
    services.say(account, mona, "I want to talk to a person")
    settle(4)
    services.say(account, mona, "Are you there?")
    settle(4)
    found = seen()
    assert found.track.summary == "It waits for a person."
    assert {kind for kind, state in states(found).items() if state == "off"} == {"generation", "decision", "send"}
    assert found.rows[0].waits


def test_what_the_customer_tells_moves_the_lead(within: Any) -> None:
    account, mona = services.connect("whatsapp"), Customer.new("whatsapp", name="Mona")
    services.say(account, mona, "Hello")
    settle(4)
    before = seen().lead
    services.say(account, mona, "My email is mona@example.com")
    settle(4)
    after = seen()
    assert before is not None
    assert after.lead is not None
    assert after.lead.score > before.score
    assert after.lead.email == "mona@example.com"
    assert after.certainty is not None
    assert not after.certainty.proven_by["email"], "said, not proven"


def test_events_are_for_those_who_look_after_webhooks(within: Any) -> None:
    services.start(services.connect("whatsapp"), name="Mona", language="en")
    assert (seen(MANAGER).sees_events, seen(MANAGER).is_catching) == (True, False)
    endpoint = catching.start()
    Caught.objects.create(endpoint=endpoint, verdict="verified", type="lead.created", body="{}")
    assert [one.type for one, _body in seen(MANAGER).caught] == ["lead.created"]
    assert (seen(AGENT).sees_events, seen(AGENT).caught) == (False, [])


def poll(client: Any, phone: Phone, have: str = "") -> Any:
    return client.get(f"/dashboard/simulator/{phone.channel}/{phone.pk}/thread/?have={have}")


@pytest.mark.parametrize("channel", ["whatsapp", "webchat"])
def test_one_question_a_second_costs_the_same_whatever_there_is(
    within: Any, alice: Any, client_for: Any, channel: str
) -> None:
    account, client = services.connect(channel), client_for(alice)
    endpoint = catching.start()

    def talk(number: int) -> Phone:
        mona = Customer.new(channel, name=f"Mona {number}")
        for _turn in range(number):
            services.say(account, mona, "Hello, what are your opening hours?")
            settle(3)
            Caught.objects.create(endpoint=endpoint, verdict="verified", type="message.received", body="{}")
        services.see(account, mona)
        settle(3)
        return queries.phones(account)[0]

    def cost(phone: Phone) -> list[str]:
        poll(client, phone)
        with CaptureQueriesContext(connection) as asked:
            assert poll(client, phone).status_code == 200
        return [query["sql"].replace("\n", " ")[:150] for query in asked]

    few, many = cost(talk(1)), cost(talk(3))
    assert len(many) == len(few), [one for one in many if one not in few]
    assert len(few) <= 30  # the session and the organization among them


def test_nothing_is_sent_again_while_nothing_changes(within: Any, alice: Any, client_for: Any) -> None:
    account, client = services.connect("whatsapp"), client_for(alice)
    mona = Customer.new("whatsapp", name="Mona")
    services.say(account, mona, "Hello")
    settle(4)
    phone = Phone.objects.get()
    first = poll(client, phone)
    page = first.content.decode()
    assert 'id="phone-thread"' in page
    assert 'id="sim-behind"' in page
    assert poll(client, phone, first.headers["Phone-State"]).status_code == 204
    services.say(account, mona, "Are you there?")
    assert poll(client, phone, first.headers["Phone-State"]).status_code == 200
    said = client.post(
        f"/dashboard/simulator/whatsapp/{phone.pk}/say/", {"text": "Hello"}, headers={"HX-Request": "true"}
    )
    assert said.headers["Phone-State"] not in ("", first.headers["Phone-State"]), "an act shows both sides too"


def test_another_organization_s_phone_is_nobody_s_here(
    within: Any, globex: Any, charlie: Any, bob: Any, victor: Any, client_for: Any
) -> None:
    account = services.connect("whatsapp")
    services.say(account, Customer.new("whatsapp", name="Mona"), "Hello")
    phone = Phone.objects.get()
    with tenant_context(globex):
        services.connect("whatsapp")
    assert poll(client_for(charlie, "globex"), phone).status_code == 404
    assert poll(client_for(charlie), phone).status_code == 403
    assert poll(client_for(victor), phone).status_code == 403, "a viewer does not play"
    assert poll(client_for(bob), phone).status_code == 200


def test_a_catcher_is_made_from_here_and_leads_back(within: Any, alice: Any, bob: Any, client_for: Any) -> None:
    back = "/dashboard/simulator/whatsapp/?customer=7"
    made = client_for(alice).post("/dashboard/webhooks/catcher/", {"next": back})
    assert made.headers["Location"] == back
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        answer = client_for(alice).post("/dashboard/webhooks/catcher/", {"next": elsewhere})
        assert answer.headers["Location"] == "/dashboard/webhooks/catcher/"
    assert client_for(bob).post("/dashboard/webhooks/catcher/", {"next": back}).status_code == 403


def test_words_to_tap_name_what_is_sold_in_the_customer_s_language(within: Any) -> None:
    account = services.connect("whatsapp")
    mona = services.start(account, name="Mona Saleh", language="en")
    assert "How much is it?" in starters(mona)
    create_item(by="user:1", sku="GONE", name="Sold out", price="9.00", currency="USD", stock=0)
    create_item(
        by="user:1",
        sku="BT-44",
        name="Steel toe boots",
        price="149.00",
        currency="USD",
        stock=12,
        texts={"ar": {"name": "حذاء سلامة"}},
    )
    assert "Do you have Steel toe boots?" in starters(mona)
    assert "My email is mona@example.com" in starters(mona)
    mona.language = "ar"
    assert "هل لديكم حذاء سلامة؟" in starters(mona)
    assert not [words for words in starters(mona) if "Sold out" in words]
