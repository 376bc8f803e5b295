"""A running product whose simulator speaks with it over real HTTP, and hands that do the jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.ai.models import Persona
from apps.catalog.services import create_item
from apps.integrations.door import routes
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.simulator import doors
from config import heartbeat

CHANNELS = ["facebook", "instagram", "whatsapp", "webchat"]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000080000000808020000004b6d29dc0000001649444154789c63c8e99d82153160"
    "171daa12ff01c7f48d41c8f5a1a40000000049454e44ae426082"
)


@pytest.fixture
def real(site: Any, settings: Any) -> Iterator[Any]:
    """`site`, with the simulator's addresses at its port; Acme sells boots and its assistant answers at once."""
    settings.FACEBOOK_APP_SECRET = ["app-secret"]
    settings.PORT = site.port
    settings.SIMULATOR_URL = f"http://127.0.0.1:{site.port}"
    settings.SIMULATOR_GRAPH_URL = f"{settings.SIMULATOR_URL}/simulator/graph"
    settings.REPLY_QUIET_SECONDS = 0.1
    routes.forget()
    heartbeat.beat()
    with site.inside("acme"):
        Persona.objects.update_or_create(pk=1, defaults={"name": "Aya", "languages": ["en", "ar"], "collect": ["name"]})
        create_item(by="user:1", sku="BT-44", name="Steel toe boots", price="149.00", currency="USD", stock=12,
                    url="https://acme.example/boots", texts={"ar": {"name": "حذاء سلامة بمقدمة فولاذية"}})  # fmt: skip
    yield site
    routes.forget()


@pytest.fixture
def worker(real: Any, django_db_blocker: Any) -> Iterator[None]:
    """Somebody does what is due, all the time, as the worker does."""
    over = threading.Event()

    def work() -> None:
        with django_db_blocker.unblock():
            while not over.is_set():
                jobs.run_due(until_quiet=False)
                over.wait(0.1)
            connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join(10)


@pytest.fixture
def until() -> Callable[..., None]:
    """`until(check)`: do what is due until `check()` holds, for at most 15 seconds."""

    def wait(check: Callable[[], Any], seconds: float = 15) -> None:
        pause = threading.Event()
        for _turn in range(int(seconds * 10)):
            jobs.run_due(until_quiet=False)
            if check():
                return
            pause.wait(0.1)
        raise AssertionError("it never happened")

    return wait


@pytest.fixture
def within(acme: Any, settings: Any) -> Any:
    """Time stands still, nothing leaves the process, and the bot answers in two languages."""
    settings.FACEBOOK_APP_SECRET = ["app-secret"]
    Persona.objects.update_or_create(pk=1, defaults={"name": "Aya", "languages": ["en", "ar"], "collect": ["name"]})
    with clock.frozen(clock.now()), doors.in_process():
        yield acme


def settle(seconds: int = 30) -> None:
    jobs.run_due()
    for _second in range(seconds):
        clock.advance(timedelta(seconds=1))
        jobs.run_due()
