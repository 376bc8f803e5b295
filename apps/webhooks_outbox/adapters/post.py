"""Many POSTs at once, for a thread that is not asynchronous otherwise.

    with Post(allowed=…) as post:
        post.add(letters)
        for outcome in post.collect(seconds=0.1): …

The event loop has a thread of its own: while the caller waits for the database, answers keep coming in. aiohttp, because
httpx slows down five times above ten concurrent requests.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import aiohttp
from yarl import URL

from apps.egress.addresses import Forbidden, check_name, is_allowed
from apps.egress.session import Session, open_session
from apps.jobs import clock

from .signing import sign

USER_AGENT = "Frontdesk-Webhooks/1.0"
TIMEOUT = 20.0
READ = 1000  # characters of an answer that are kept
# A letter that waited longer than this for its turn goes back unsent: its claim might run out under way.
STALE = 30.0


@dataclass(frozen=True, slots=True)
class Letter:
    id: int
    claim: int
    endpoint: int
    url: str
    webhook_id: str
    body: bytes
    keys: tuple[bytes, ...]
    attempt: int
    troubled: bool  # the endpoint failed last time: its success is news
    taken: float  # time.monotonic() when it was claimed
    # To this server's own catcher, whose address we made: it lies inside, where no tenant's address may lead.
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` None: no answer, and `error` says why. `sent` False: it was not even tried."""

    letter: Letter
    at: datetime
    status: int | None = None
    error: str = ""
    answer: str = ""
    duration_ms: int = 0
    signature: str = ""
    retry_after: float | None = None
    sent: bool = True

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Post:
    def __init__(
        self, *, allowed: Collection[str] = (), at_once: int = 100, per_endpoint: int = 50, timeout: float = TIMEOUT
    ) -> None:
        self.allowed = frozenset(allowed)
        self.per_endpoint = per_endpoint
        self.timeout = timeout
        self.busy: Counter[int] = Counter()
        self._results: list[Outcome] = []
        self._wanted = 1
        self._changed = threading.Condition()
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="outbox-post", daemon=True)
        self.at_once = at_once
        self._waiting: dict[int, deque[Letter]] = {}
        self._runners: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sessions: dict[bool, Session] = {}
        self._places: dict[tuple[str, bool], tuple[URL, Session]] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for session in self._sessions.values():
            await session.close()

    @property
    def outstanding(self) -> int:
        return self.busy.total()

    def add(self, letters: Sequence[Letter]) -> None:
        if letters:
            self.busy.update(letter.endpoint for letter in letters)
            # With the caller's context: its clock may be a test's.
            self._loop.call_soon_threadsafe(self._begin, letters, context=copy_context())

    def _begin(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            self._waiting.setdefault(letter.endpoint, deque()).append(letter)
        self._start_runners()

    def _start_runners(self) -> None:
        """As many per endpoint as it has letters, within the limits; endpoints in the order in which they came."""
        for endpoint, letters in self._waiting.items():
            room = min(self.per_endpoint - self._runners[endpoint], self.at_once - len(self._tasks), len(letters))
            for _n in range(room):
                self._runners[endpoint] += 1
                task = self._loop.create_task(self._run(endpoint, letters))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _run(self, endpoint: int, letters: deque[Letter]) -> None:
        """Post one letter after the other while there are any for this endpoint."""
        while letters:
            await self._deliver(letters.popleft())
        self._runners[endpoint] -= 1
        if not letters and not self._runners[endpoint]:
            self._waiting.pop(endpoint, None)
        if self._waiting:
            self._loop.call_soon(self._start_runners)

    def collect(self, seconds: float, *, most: int = 50) -> list[Outcome]:
        """What came back: as soon as there is `most` of it, or all of it, or `seconds` are over."""
        with self._changed:
            self._wanted = min(most, self.outstanding)
            self._changed.wait_for(lambda: len(self._results) >= self._wanted, seconds)
            found, self._results = self._results, []
        self.busy.subtract(outcome.letter.endpoint for outcome in found)
        return found

    async def _deliver(self, letter: Letter) -> None:
        if time.monotonic() - letter.taken > STALE:
            outcome = Outcome(letter, clock.now(), sent=False)
        else:
            outcome = await self._post(letter)
        with self._changed:
            self._results.append(outcome)
            if len(self._results) >= self._wanted:
                self._changed.notify()

    async def _post(self, letter: Letter) -> Outcome:
        at = clock.now()
        timestamp = int(at.timestamp())
        signature = sign(letter.webhook_id, timestamp, letter.body, letter.keys)
        headers = headers_of(letter.webhook_id, timestamp, signature)
        begun = time.monotonic()
        status, error, answer, retry_after = None, "", "", None
        try:
            url, session = self._place(letter.url, inside=letter.inside)
            async with session.post(url, data=letter.body, headers=headers, allow_redirects=False) as reply:
                status = reply.status
                if wish := reply.headers.get("Retry-After"):
                    retry_after = seconds_of(wish, at)
                answer = await _beginning(reply)
        except Exception as problem:  # noqa: BLE001  whatever the other side does, it is an outcome
            if status is None:
                error = reason(problem)
        return Outcome(
            letter,
            at,
            status=status,
            error=error,
            answer=answer,
            duration_ms=round((time.monotonic() - begun) * 1000),
            signature=signature,
            retry_after=retry_after,
        )

    def _place(self, url: str, *, inside: bool) -> tuple[URL, Session]:
        place = self._places.get((url, inside))
        if place is None:
            trusted = inside or is_allowed(url, self.allowed)
            if not trusted:
                check_name(URL(url).host or "")
            place = self._places[url, inside] = URL(url), self._session(trusted=trusted)
        return place

    def _session(self, *, trusted: bool) -> Session:
        session = self._sessions.get(trusted)
        if session is None:
            session = self._sessions[trusted] = open_session(trusted=trusted, timeout=self.timeout)
        return session


def headers_of(webhook_id: str, timestamp: int, signature: str) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where there is one (not on Windows): a third more per second."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _beginning(reply: aiohttp.ClientResponse) -> str:
    """The first characters of an answer. A short one is read to its end, which keeps the connection usable."""
    if (reply.content_length or READ * 4) < READ * 4:
        return (await reply.read()).decode("utf-8", "replace")[:READ].replace("\x00", "\ufffd")
    found = b""
    async for chunk in reply.content.iter_any():
        found += chunk
        if len(found) > READ * 4:
            reply.close()
            break
    return found[: READ * 4].decode("utf-8", "replace")[:READ].replace("\x00", "\ufffd")


def seconds_of(header: str, now: datetime) -> float | None:
    """Retry-After: seconds, or a date."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())


def reason(problem: Exception) -> str:
    """A code for what went wrong before there was an answer."""
    inner = getattr(problem, "os_error", None)
    if isinstance(problem, Forbidden) or isinstance(inner, Forbidden):
        return "forbidden_address"
    if isinstance(problem, TimeoutError):
        return "timeout"
    if isinstance(problem, aiohttp.ClientConnectorDNSError):
        return "unknown_host"
    if isinstance(problem, ssl.SSLError | aiohttp.ClientSSLError):
        return "tls"
    if isinstance(problem, aiohttp.InvalidURL | ValueError):
        return "invalid_address"
    if isinstance(problem, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | OSError):
        return "connection"
    return "protocol" if isinstance(problem, aiohttp.ClientError) else "unexpected"


def as_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
