"""Somebody else's webhook receiver: a real HTTP server that verifies signatures by the Standard Webhooks
specification, on its own (nothing is imported from the product), and counts each webhook-id once.

    with Receiver(secrets=["whsec_…"]) as receiver:
        receiver.url                       # http://127.0.0.1:PORT/hooks
        receiver.will(500, 500, Answer(429, {"Retry-After": "7"}))   # the next answers; then 200 again
        receiver.messages                  # webhook-id -> body, each once
        receiver.requests                  # everything that came, in order

Answers: a status, or `Answer(status, headers, body)`, or "hang", "drop", "redirect", "garbage". Requests with a wrong or
missing signature get 401 whatever the script says.

As a process of its own (for tests that kill the sender, and benchmarks): python -m tests.vendors.receiver --secret whsec_…
prints its address; GET /seen answers {"requests": n, "messages": {id: times}}. `--slow 0.2` answers late, `--quick` keeps
only counts.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Request:
    headers: dict[str, str]
    body: bytes
    path: str
    answered: int | str

    @property
    def id(self) -> str:
        return self.headers.get("webhook-id", "")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class BadSignature(Exception):
    pass


def verify(secrets: Sequence[str], headers: dict[str, str], body: bytes, *, tolerance: float | None = 300) -> str:
    """The webhook-id, if one of the signatures was made with one of the secrets over id, timestamp and body."""
    message, stamp, given = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (message and stamp and given):
        raise BadSignature("headers are missing")
    if not stamp.isdigit() or (tolerance is not None and abs(time.time() - int(stamp)) > tolerance):
        raise BadSignature("the timestamp is too old or too new")
    signed = ".".join((message, stamp, body.decode("utf-8"))).encode("utf-8")
    for secret in secrets:
        assert secret.startswith("whsec_")
        expected = hmac.new(base64.b64decode(secret[6:]), signed, hashlib.sha256).digest()
        for candidate in given.split(" "):
            version, _comma, signature = candidate.partition(",")
            with contextlib.suppress(ValueError):
                if version == "v1" and hmac.compare_digest(base64.b64decode(signature, validate=True), expected):
                    return message
    raise BadSignature("no signature fits")


class Receiver:
    def __init__(
        self,
        secrets: Iterable[str] = (),
        *,
        tolerance: float | None = 300,
        port: int = 0,
        host: str = "127.0.0.1",
        slow: float = 0,
        quick: bool = False,
    ) -> None:
        self.secrets = list(secrets)
        self.tolerance = tolerance
        self.host, self.port = host, port
        self.slow, self.quick = slow, quick
        self.script: list[Answer | int | str] = []
        self.requests: list[Request] = []
        self.messages: dict[str, bytes] = {}
        self.times: Counter[str] = Counter()
        self.refused: list[str] = []
        self.most_at_once = 0
        self._now = 0
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/hooks"

    @property
    def place(self) -> str:
        """host:port, as OUTBOX_ALLOWED_PRIVATE_HOSTS wants it."""
        return f"{self.host}:{self.port}"

    def will(self, *answers: Answer | int | str) -> None:
        """What to answer next, in this order; afterwards 200."""
        self.script.extend(answers)

    def wait_for(self, count: int, seconds: float = 60) -> bool:
        """Until so many different messages were received."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.messages) >= count, seconds)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._loop and self._stop
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/seen", self._seen)
        app.router.add_route("*", "/{path:.*}", self._receive)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, self.host, self.port, backlog=512)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _seen(self, _request: web.Request) -> web.Response:
        return web.json_response({"requests": sum(self.times.values()), "messages": dict(self.times)})

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            return await self._answer(request)
        finally:
            self._now -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.method != "POST" or headers.get("content-type") != "application/json":
            return self._note(headers, body, request.path, 405)
        try:
            message = verify(self.secrets, headers, body, tolerance=self.tolerance)
        except BadSignature as problem:
            self.refused.append(str(problem))
            return self._note(headers, body, request.path, 401)
        if self.slow:
            await asyncio.sleep(self.slow)
        answer = self.script.pop(0) if self.script else 200
        if answer == "drop":
            self._note(headers, body, request.path, answer)
            assert request.transport
            request.transport.abort()
            return web.Response()
        if answer == "hang":
            self._note(headers, body, request.path, answer)
            await asyncio.sleep(3600)
        if answer == "garbage":
            self._note(headers, body, request.path, answer)
            assert request.transport
            request.transport.write(b"220 smtp.example.com ESMTP\r\n\r\n")  # type: ignore[attr-defined]
            request.transport.close()
            return web.Response()
        if answer == "redirect":
            answer = Answer(302, {"Location": "http://169.254.169.254/latest/meta-data/"})
        if isinstance(answer, int):
            answer = Answer(answer)
        assert isinstance(answer, Answer)
        if 200 <= answer.status < 300:
            with self._changed:
                self.times[message] += 1
                self.messages.setdefault(message, b"" if self.quick else body)
                self._changed.notify_all()
        return self._note(headers, body, request.path, answer.status, answer)

    def _note(
        self, headers: dict[str, str], body: bytes, path: str, answered: int | str, answer: Answer | None = None
    ) -> web.Response:
        if not self.quick:
            self.requests.append(Request(headers, body, path, answered))
        answer = answer or Answer(answered if isinstance(answered, int) else 200)
        return web.Response(status=answer.status, headers=answer.headers, text=answer.body)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--secret", action="append", default=[])
    parser.add_argument("--slow", type=float, default=0)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    receiver = Receiver(options.secret, port=options.port, slow=options.slow, quick=options.quick)
    with receiver:
        print(receiver.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
