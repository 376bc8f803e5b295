"""One running product for all tests in here, with Acme on Messenger and WhatsApp, Meta, and a receiver of its webhooks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.webhooks_outbox.adapters.signing import derived
from tests.reliability.product import Product
from tests.reliability.town import NUMBER, PAGE, Town
from tests.vendors.graph import Graph
from tests.vendors.receiver import Receiver

HOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# As one would type them, but in one process.
SET_UP = """
from django.core.management import call_command
from django_tenants.utils import schema_context
from apps.catalog.services import create_item
call_command("create_organization", "acme", name="Acme", owner="alice@example.com", password="correct horse battery")
call_command("connect_channel", "acme", "facebook", external_id="1001", token="page-token")
call_command("connect_channel", "acme", "whatsapp", external_id="3001", waba_id="9001", token="wa-token")
with schema_context("acme"):
    create_item(by="user:1", sku="BT-44", name="Steel toe boots", price="149.00", currency="USD", stock=12)
"""


@pytest.fixture(scope="session")
def town() -> Iterator[Town]:
    folder = Path(tempfile.mkdtemp(prefix="reliability-"))
    try:
        with Graph() as graph, Receiver([derived(HOOK_SECRET, "acme")], tolerance=None) as receiver:
            graph.add_page(PAGE, token="page-token", name="Acme")
            graph.add_number(NUMBER, token="wa-token", waba_id="9001")
            with Product(
                folder / "data",
                META_GRAPH_URL=graph.url,
                OUTBOX_ALLOWED_PRIVATE_HOSTS=receiver.place,
                N8N_WEBHOOK_URL=receiver.url,
                WEBHOOK_SIGNING_SECRET=HOOK_SECRET,
                REPLY_QUIET_SECONDS="0.1",
            ) as product:
                product.manage("shell", "-c", SET_UP)
                yield Town(product, graph, receiver)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
