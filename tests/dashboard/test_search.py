"""The search over everything."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import tenant_context

from apps.catalog.services import archive_item, create_item
from apps.conversations.models import Conversation, Message
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.leads import services as leads
from tests.browser import visit

PATH = "/dashboard/search/"


def account() -> ConnectedAccount:
    return ConnectedAccount.objects.get_or_create(channel="webchat", external_id="chat", defaults={"name": "Chat"})[0]


def talk(person: str, name: str, *texts: str) -> Conversation:
    lead, identity, _new = leads.find_or_create_by_identity("webchat", account().external_id, person, name=name)
    conversation = Conversation.objects.create(channel="webchat", account=account(), identity=identity, lead=lead)
    for said in texts:
        Message.objects.create(
            conversation=conversation, direction="in", sender="customer", text=said, status="received"
        )
    return conversation


@pytest.fixture
def stock(acme: Any) -> Conversation:
    found = talk("v_1", "Mona Saleh", "Do you have waders in 44?", "The waders with <b>felt</b> soles", "مرحبا")
    talk("v_2", "Wader Wanda", "Hello")
    create_item(by="user:1", sku="W-1", name="Chest waders", price="99.00", currency="USD")
    archive_item(create_item(by="user:1", sku="W-2", name="Hip waders"), by="user:1")
    return found


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def test_people_messages_and_items_are_found_together(stock: Any, client_for: Any, victor: Any) -> None:
    page = text_of(client_for(victor).get(PATH, {"q": "wader"}))
    assert "Wader Wanda" in page
    assert page.count(f'href="/dashboard/inbox/{stock.pk}/"') == 1, (
        "one row for a conversation, however often it was said"
    )
    assert "<mark>wader</mark>s with &lt;b&gt;felt&lt;/b&gt; soles" in page
    assert "Chest waders" in page
    assert "Hip waders" in page
    assert "Archived" in page
    assert 'name="q"' in page
    assert 'value="wader"' in page
    assert "مرحبا" in text_of(client_for(victor).get(PATH, {"q": "مرحبا"}))
    assert "Nothing found" in text_of(client_for(victor).get(PATH, {"q": "zzzzqq"}))
    assert "What are you looking for?" in text_of(client_for(victor).get(PATH))


def test_every_page_leads_to_it(acme: Any, client_for: Any, victor: Any) -> None:
    assert f'action="{PATH}"' in text_of(client_for(victor).get("/dashboard/"))


def test_it_costs_the_same_however_much_is_found(stock: Any, client_for: Any, victor: Any) -> None:
    client = client_for(victor)
    client.get(PATH, {"q": "wader"})
    with CaptureQueriesContext(connection) as few:
        client.get(PATH, {"q": "wader"})
    for n in range(15):
        talk(f"v_x{n}", f"Waders Fan {n}", "waders", "more waders")
        create_item(by="user:1", sku=f"W-X{n}", name=f"Waders {n}")
    with CaptureQueriesContext(connection) as many:
        page = text_of(client.get(PATH, {"q": "wader"}))
    assert len(many) <= len(few), [one["sql"][:120] for one in many.captured_queries]
    assert page.count("data-row") == 24


def test_what_was_deleted_or_taken_back_is_not_found(stock: Any, client_for: Any, victor: Any) -> None:
    Message.objects.filter(text__contains="felt").update(unsent_at=clock.now())
    page = text_of(client_for(victor).get(PATH, {"q": "felt"}))
    assert "felt</b>" not in page
    assert "Nothing found" in page
    leads.delete_lead(stock.lead, by="user:1")
    assert "in 44" not in text_of(client_for(victor).get(PATH, {"q": "waders"}))


def test_another_organization_is_never_found(
    stock: Any, globex: Any, client_for: Any, alice: Any, charlie: Any
) -> None:
    with tenant_context(globex):
        talk("v_9", "Gustav Waders", "waders of Globex")
        create_item(by="user:1", sku="G-1", name="Globex waders")
    page = text_of(client_for(alice).get(PATH, {"q": "waders"}))
    assert "Globex" not in page
    assert "Gustav" not in page
    assert client_for(charlie).get(PATH, {"q": "waders"}).status_code in {302, 403}
    assert client_for(None).get(PATH, {"q": "waders"}).status_code == 302


@pytest.mark.parametrize(
    "given",
    [
        "\x00",
        "'",
        '"><script>alert(1)</script>',
        "%",
        "\\",
        "a" * 5000,
        "!&|():*",
        "\u202e",
        "\ud800",
        "١٢٣",
        "İİİ",
        "-- ;",
        "_",
    ],
)
def test_whatever_is_typed_breaks_nothing(stock: Any, client_for: Any, victor: Any, given: str) -> None:
    page = text_of(client_for(victor).get(PATH, {"q": given.encode("utf-8", "surrogatepass")}))
    assert "<script>alert" not in page


@pytest.mark.browser
def test_it_looks_right(browser: Any, site: Any) -> None:
    with site.inside("acme"):
        talk("v_1", "Mona Saleh", "Do you have waders in 44? " + "I go fishing every weekend with my brothers. " * 9)
        talk("v_2", "Wader Wanda", "Hello")
        talk("v_3", "يوسف الخطيب", "هل لديكم waders مقاس 44؟")
        create_item(by="user:1", sku="W-1", name="Chest waders", price="99.00", currency="USD", stock=3)
    visit(browser, site.url(f"{PATH}?q=wader"), name="search", cookies=site.cookies("bob"))
