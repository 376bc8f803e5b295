"""The local Graph API and one account per channel to speak through it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.conversations.adapters import Account
from tests.vendors.graph import Graph

PAGE, PSID = "108000000000001", "7400000000000001"
INSTAGRAM, IGSID = "17841400000000001", "9300000000000001"
NUMBER, WABA, PHONE, BSUID = "106540352242922", "102290129340398", "16505551234", "US.13491208655302741918"
TOKEN = "EAAtest-token-that-must-never-be-seen"


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph() as there:
        there.add_page(PAGE, TOKEN, "Acme Workwear")
        there.add_instagram(INSTAGRAM, TOKEN, PAGE, "acme")
        there.add_number(NUMBER, TOKEN, WABA, "Acme")
        there.heard_from(PAGE, PSID, first_name="Sam", last_name="Lee", profile_pic="https://x.fbcdn.net/1.jpg")
        there.heard_from(INSTAGRAM, IGSID, name="Sam", username="sam.lee")
        there.heard_from(NUMBER, PHONE)
        there.heard_from(NUMBER, BSUID)
        yield there


@pytest.fixture
def facebook(graph: Graph) -> Account:
    return account("facebook", PAGE, graph)


@pytest.fixture
def instagram(graph: Graph) -> Account:
    return account("instagram", INSTAGRAM, graph, page_id=PAGE)


@pytest.fixture
def whatsapp(graph: Graph) -> Account:
    return account("whatsapp", NUMBER, graph, waba_id=WABA)


def account(channel: str, external_id: str, graph: Graph, **settings: object) -> Account:
    settings = {"app_id": graph.app_id, **settings}
    return Account(channel=channel, external_id=external_id, token=TOKEN, base_url=graph.url, settings=settings)
