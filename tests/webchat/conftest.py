"""Visitors of Acme's website, and hands that do the jobs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from apps.webchat import services
from tests.conftest import HOSTS, TenantAPIClient
from tests.simulator.conftest import real as running
from tests.simulator.conftest import worker  # noqa: F401  a fixture

assert running  # another one


class Browser:
    """A visitor's browser, as far as the endpoints see one."""

    def __init__(self, slug: str = "acme", token: str = "") -> None:
        self.api = TenantAPIClient(headers={"host": HOSTS[slug]})
        self.token = token or self.api.post("/api/chat/visitors/").json()["token"]
        self.api.credentials(HTTP_AUTHORIZATION=f"Visitor {self.token}")

    def say(self, text: str = "Hello", **more: Any) -> Any:
        return self.api.post("/api/chat/messages/", {"id": secrets.token_hex(8), "text": text, **more}, format="json")

    def thread(self, query: str = "") -> Any:
        return self.api.get(f"/api/chat/{query}")

    def upload(self, file: Any) -> Any:
        return self.api.post("/api/chat/files/", {"file": file}, format="multipart")


@pytest.fixture
def acme(acme: Any) -> Any:
    """Acme, with its chat."""
    services.open_chat(acme)
    return acme


@pytest.fixture
def real(running: Any) -> Any:
    """The product on a real port, where Acme has its chat."""
    with running.inside("acme") as organization:
        services.open_chat(organization)
    return running


@pytest.fixture
def visitor(acme: Any) -> Callable[..., Browser]:
    return Browser


@pytest.fixture(autouse=True)
def _at_once(settings: Any) -> None:
    """Nobody waits for the customer to finish typing."""
    settings.REPLY_QUIET_SECONDS = 0
