"""How a simulated webhook reaches the product: through the network like a real one, or straight in.

Both ends meet in `apps.integrations.door.receive`, the function that the public address calls, signature check included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx
from django.conf import settings

from apps.conversations.adapters import graph
from apps.conversations.adapters.signatures import HEADER, sign_meta
from apps.egress.client import open_client, place_of
from apps.integrations import door

from . import standin, wire

# (channel, raw body, signature) -> None; raises NotTaken
Door = Callable[[str, bytes, str], None]
TIMEOUT = httpx.Timeout(10, connect=3)


class NotTaken(Exception):
    """The webhook was not taken; the text says what came back."""


def over_http(channel: str, body: bytes, signature: str) -> None:
    """Post to this server's own public address, as the platform would."""
    headers = {"Content-Type": "application/json", HEADER: signature, "Host": settings.BASE_DOMAIN}
    if settings.HTTPS:
        headers["X-Forwarded-Proto"] = "https"
    try:
        with open_client(allowed={place_of(settings.SIMULATOR_URL)}) as http:
            answer = http.post(
                f"{settings.SIMULATOR_URL}/webhook/{channel}/", content=body, headers=headers, timeout=TIMEOUT
            )
    except httpx.HTTPError as error:
        raise NotTaken(f"{settings.SIMULATOR_URL}: {type(error).__name__}") from error
    if answer.status_code != httpx.codes.OK:
        raise NotTaken(f"HTTP {answer.status_code}: {answer.text[:200]}")


def straight(channel: str, body: bytes, signature: str) -> None:
    """Hand over to the door in this process, inside whatever transaction is open."""
    answer = door.receive(channel, body, signature, store=door.store_here)
    if answer.status.value != httpx.codes.OK.value:
        raise NotTaken(f"{answer.status.value}: {answer.message}")


_through: ContextVar[Door] = ContextVar("simulator_door", default=over_http)


def deliver(channel: str, body: wire.Body, *, through: Door | None = None) -> None:
    """Sign one body with the app's secret and hand it to the webhook door; raises NotTaken."""
    secret = next(iter(settings.FACEBOOK_APP_SECRET), "")
    if not secret:
        raise NotTaken("FACEBOOK_APP_SECRET is not set, so nothing can be signed")
    raw = wire.raw(body)
    (through or _through.get())(channel, raw, sign_meta(secret, raw))


@contextmanager
def in_process() -> Iterator[None]:
    """Inside the block nothing needs a running server: webhooks go straight in, and sends reach the stand-in directly.

    For building demo data: `with doors.in_process(): say(...); jobs.run_due()`.
    """
    token = _through.set(straight)
    try:
        with graph.answered_by(settings.SIMULATOR_GRAPH_URL, _StandIn()):
            yield
    finally:
        _through.reset(token)


class _StandIn(httpx.BaseTransport):
    """The stand-in as a transport of httpx."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(httpx.URL(settings.SIMULATOR_GRAPH_URL).path)
        headers: dict[str, Any] = dict(request.headers)
        answer = standin.answer(
            request.method, path, dict(request.url.params), headers.get("authorization", ""), request.read()
        )
        return httpx.Response(answer.status, content=answer.content, headers={"Content-Type": answer.mime})
