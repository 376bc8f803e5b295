"""The webhook door without the framework around it: the same `door.receive`, straight from the web server.

Django's middleware and DRF cost more than the work itself here (bench/ingest). Everything else, and every
other method, goes on to Django, where the same addresses are documented views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import connection

from apps.organizations.hosts import bare, is_public

from . import door
from .committer import committer

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

PATHS = {f"/webhook/{channel}/": channel for channel in ("facebook", "instagram", "whatsapp")}


def with_door(application: Application) -> Application:
    """`application` with the webhook door in front of it."""

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        channel = PATHS.get(environ.get("PATH_INFO", ""))
        if channel is None or environ["REQUEST_METHOD"] != "POST" or not is_public(bare(environ.get("HTTP_HOST", ""))):
            return application(environ, start_response)
        body = _read(environ)
        result = (
            door.TOO_LARGE
            if body is None
            else door.receive(channel, body, environ.get("HTTP_X_HUB_SIGNATURE_256", ""), store=committer.store)
        )
        if connection.connection is not None:
            connection.close()  # looked a route up; outside of Django nobody else gives it back to the pool
        text = result.body
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
        if result is door.AWAY:
            headers.append(("Retry-After", "30"))
        start_response(f"{result.status.value} {result.status.phrase}", headers)
        return [text]

    return answer


def _read(environ: dict[str, Any]) -> bytes | None:
    """The raw body, or None if it is too long; never more than the limit is read."""
    limit = settings.WEBHOOK_MAX_BYTES
    try:
        length = int(environ.get("CONTENT_LENGTH") or -1)
    except ValueError:
        length = -1
    if length > limit:
        return None
    body: bytes = environ["wsgi.input"].read(length if length >= 0 else limit + 1)
    return None if len(body) > limit else body
