"""A page, an Instagram account, a WhatsApp number and a chat at Acme, a Graph API beside them, and quick hands."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from apps.ai.models import Persona
from apps.catalog.models import Item
from apps.catalog.services import create_item
from apps.conversations.models import Conversation, Message
from apps.integrations.models import ConnectedAccount, Delivery
from apps.jobs import clock
from apps.jobs import services as jobs
from tests.vendors import graph_webhooks
from tests.vendors.graph import Graph
from tests.vendors.openai import OpenAIServer

ACCOUNTS = {"facebook": "1001", "instagram": "2001", "whatsapp": "3001", "webchat": "chat_acme"}
KINDS = {"facebook": "page", "instagram": "instagram", "whatsapp": "whatsapp"}
PERSONS = {"facebook": "psid-1", "instagram": "igsid-1", "whatsapp": "15551230001", "webchat": "v_1"}


@pytest.fixture
def graph() -> Iterator[Graph]:
    """Meta's side: the same accounts, and nobody has written yet."""
    before = settings.META_GRAPH_URL
    with Graph() as running:
        running.add_page("1001", token="page-token", name="Acme")
        running.add_instagram("2001", token="page-token", page_id="1001")
        running.add_number("3001", token="wa-token", waba_id="9001")
        running.now = clock.now
        settings.META_GRAPH_URL = running.url
        yield running
        settings.META_GRAPH_URL = before


@pytest.fixture
def accounts(acme: Any, graph: Graph) -> dict[str, ConnectedAccount]:
    """Connected accounts by channel; the persona speaks English and Arabic."""
    tokens = {"facebook": "page-token", "instagram": "page-token", "whatsapp": "wa-token", "webchat": ""}
    extra = {"instagram": {"page_id": "1001"}, "whatsapp": {"waba_id": "9001"}}
    Persona.objects.update_or_create(
        pk=1, defaults={"name": "Aya", "languages": ["en", "ar"], "collect": ["name", "phone"]}
    )
    return {
        channel: ConnectedAccount.objects.create(
            channel=channel,
            external_id=external_id,
            name=f"Acme {channel}",
            credentials={"token": tokens[channel]},
            settings=extra.get(channel, {}),
        )
        for channel, external_id in ACCOUNTS.items()
    }


@pytest.fixture
def boots(acme: Any) -> Item:
    """Something to sell."""
    return create_item(
        by="user:1",
        sku="BT-44",
        name="Steel toe boots",
        price="149.00",
        currency="USD",
        stock=12,
        url="https://acme.example/boots",
        texts={"ar": {"name": "حذاء سلامة بمقدمة فولاذية"}},
    )


@pytest.fixture
def deliver(accounts: dict[str, ConnectedAccount]) -> Callable[..., Delivery]:
    """Store a raw delivery as the door does, and wake whoever reads it."""

    def store(channel: str, body: Any, account: str = "") -> Delivery:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        row = Delivery.objects.create(
            channel=channel, account=account or ACCOUNTS[channel], body=raw, trace=uuid.uuid4(), received_at=clock.now()
        )
        jobs.wake("conversations.receive")
        return row

    return store


@pytest.fixture
def says(deliver: Callable[..., Delivery], graph: Graph) -> Callable[..., Delivery]:
    """`says("facebook", "Hello")`: a customer writes; `person`, `mid`, `at` as wanted."""

    def write(channel: str, text: str, *, person: str = "", at: Any = None, mid: str = "", **more: Any) -> Delivery:
        person = person or PERSONS[channel]
        at = at or clock.now()
        if channel == "webchat":
            message = {
                "visitor": person,
                "mid": mid or f"w_{uuid.uuid4().hex}",
                "text": text,
                "at": at.isoformat(),
                **more,
            }
            return deliver(channel, {"object": "webchat", "entry": [{"id": ACCOUNTS[channel], "messaging": [message]}]})
        graph.heard_from(ACCOUNTS[channel], person, at)
        body = graph_webhooks.message(KINDS[channel], ACCOUNTS[channel], person, text, at=at, mid=mid, **more)
        return deliver(channel, body)

    return write


@pytest.fixture
def settle() -> Callable[[], None]:
    """Let everything happen that is due within a minute. Only on a frozen clock."""

    def run(seconds: float = 60) -> None:
        end = clock.now() + timedelta(seconds=seconds)
        jobs.run_due()
        while clock.now() < end:
            clock.advance(timedelta(seconds=1))
            jobs.run_due()

    return run


@pytest.fixture
def noon() -> Iterator[None]:
    """The clock stands still until somebody moves it."""
    with clock.frozen(clock.now()):
        yield


@pytest.fixture
def thread() -> Callable[..., list[Message]]:
    """All messages of the only conversation, oldest first, without system lines."""

    def read(conversation: Conversation | None = None) -> list[Message]:
        conversation = conversation or Conversation.objects.get()
        return list(conversation.messages.exclude(kind="notice").order_by("at", "id"))

    return read


@pytest.fixture
def model(accounts, settings):
    """OpenAI's stand-in is the persona's first model."""
    with OpenAIServer.running() as server:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = server.key, server.base_url
        Persona.objects.update(providers=[{"provider": "openai", "model": "gpt-4o-mini"}])
        yield server
        assert not server.problems
