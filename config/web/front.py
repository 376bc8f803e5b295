"""What every request meets first, in this order: what kind it is, size, pace, room; then the threads of its kind.

kind        what                                                  has threads of its own and answers while …
door        the platforms' webhooks; stored without a thread      … pages are busy
alive       /health                                               … the database is away
ready       /health/ready, /metrics                               … pages are busy
stand-in    the simulator's Meta, which our own pages ask         … all those pages wait for it
pages       everything else: pages, API, chat, files
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import structlog

from apps.integrations import front as door
from apps.organizations.hosts import bare, caller, is_public

from . import bodies
from .pages import Answer, Application, Full, Kind, answer, environ_of

log = structlog.get_logger(__name__)

_REFUSALS: dict[type[Exception], tuple[HTTPStatus, str, str]] = {
    bodies.TooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "This is larger than what is taken here."),
    bodies.TooSlow: (HTTPStatus.REQUEST_TIMEOUT, "too_slow", "The request did not arrive in time."),
    bodies.TooMany: (HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Too much is being uploaded; try again in a moment."),
    Full: (HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Too many requests at once; try again in a moment."),
}


class Front:
    """An RSGI application in front of a WSGI one."""

    def __init__(
        self,
        application: Application,
        *,
        turns: int,
        threads: int,
        most: int,
        most_without_files: int,
        most_at_door: int,
    ) -> None:
        self.application = application
        self.most_without_files = most_without_files
        self.pages = Kind("pages", turns, most, threads=threads)
        self.door = Kind("door", 4, most_at_door)
        self.small = {
            "/health": Kind("alive", 1, bodies.SMALL),
            "/health/ready": Kind("ready", 2, bodies.SMALL, waiting=16),
        }
        self.small["/metrics"] = self.small["/health/ready"]
        self.stand_in = Kind("stand-in", 4, most)

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        try:
            await self._answer(scope, proto)
        except bodies.Gone:
            return
        except tuple(_REFUSALS) as refusal:
            status, code, message = _REFUSALS[type(refusal)]
            log.info("web.refused", code=code, path=scope.path[:200])
            headers = [("content-type", "application/json"), ("connection", "close")]
            if status == HTTPStatus.SERVICE_UNAVAILABLE:
                headers.append(("retry-after", "5"))
            proto.response_bytes(status.value, headers, json.dumps({"code": code, "message": message}).encode())

    async def _answer(self, scope: Any, proto: Any) -> None:
        headers = scope.headers
        channel = door.CHANNELS.get(scope.path)
        if channel and scope.method == "POST" and is_public(bare(headers.get("host", ""))):
            await self._receive(channel, scope, proto)
            return
        kind = self._kind(scope.path)
        # Only files may be large; everything else is read into memory as a whole.
        files = headers.get("content-type", "").lower().startswith("multipart/")
        most = kind.most if files else min(kind.most, self.most_without_files)
        length = bodies.length_of(headers, most)
        address = scope.client.rpartition(":")[0].strip("[]")
        body = await bodies.read(proto, length, most, caller(address, headers.get("x-forwarded-for", "")))
        if length is None:
            length = body.seek(0, 2)
            body.seek(0)
        with body:
            environ = environ_of(scope, body, length)
            _send(proto, await kind.run(answer, self.application, environ))

    def _kind(self, path: str) -> Kind:
        if path.startswith("/webhook/"):
            return self.door
        if path.startswith(("/simulator/graph/", "/catch/")):  # what this server posts to itself
            return self.stand_in
        return self.small.get(path.rstrip("/"), self.pages)

    async def _receive(self, channel: str, scope: Any, proto: Any) -> None:
        """A webhook: verified, stored and answered without a thread where all routes are known."""
        length = bodies.length_of(scope.headers, self.door.most)
        if length is not None and length <= bodies.SMALL:
            body = await bodies.read_short(proto, length)
        else:
            with await bodies.read(proto, length, self.door.most, f"door {scope.client}") as file:
                body = file.read()
        result = await door.receive(
            channel, body, scope.headers.get("x-hub-signature-256", ""), in_thread=self.door.run
        )
        headers = [("content-type", "application/json")]
        if result is door.AWAY:
            headers.append(("retry-after", "30"))
        proto.response_bytes(result.status.value, headers, result.body)


def _send(proto: Any, given: Answer) -> None:
    if given.file is not None:
        proto.response_file(given.status, given.headers, given.file)
    else:
        proto.response_bytes(given.status, given.headers, given.body)
