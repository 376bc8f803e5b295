"""Group commit for the webhook door: deliveries that arrive together share one statement and one fsync.

A request waits until the commit that holds its delivery is durable; it never waits for a timer.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import structlog
from django.conf import settings

from .door import DoorShut, Part, write

log = structlog.get_logger(__name__)

BATCH = 256
# Two commits in flight: while one waits for the disk the other fills.
WRITERS = 2
PATIENCE = 20.0  # seconds a request waits before it tells the platform to try again
_TOO_LATE = "no commit within the time a platform waits"


def _settle(done: asyncio.Future[None]) -> None:
    if not done.done():  # nobody waits any more
        done.set_result(None)


class _Wanted:
    """Parts that a request waits for, and how it is told. A Future costs three times as much, and this is the hot path."""

    __slots__ = ("_tell", "moved", "parts", "trouble")

    def __init__(self, parts: Sequence[Part], tell: Callable[[], object]) -> None:
        self.parts = parts
        self.moved: list[Part] = []
        self.trouble: DoorShut | None = None
        self._tell = tell

    def finish(self, moved: list[Part], trouble: DoorShut | None = None) -> None:
        self.moved, self.trouble = moved, trouble
        self._tell()

    def result(self) -> list[Part]:
        if self.trouble:
            raise self.trouble
        return self.moved


class Committer:
    """Writer threads with a connection each; started on first use, again after a fork."""

    def __init__(self) -> None:
        self._wanted: queue.SimpleQueue[_Wanted] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._pid = 0

    def store(self, parts: Sequence[Part]) -> list[Part]:
        """See door.Store."""
        done = threading.Lock()
        done.acquire()
        wanted = self._want(parts, done.release)
        if not done.acquire(timeout=PATIENCE):
            raise DoorShut(_TOO_LATE)
        return wanted.result()

    async def store_soon(self, parts: Sequence[Part]) -> list[Part]:
        """The same for an event loop: nothing but the request itself waits."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        wanted = self._want(parts, lambda: loop.call_soon_threadsafe(_settle, done))
        try:
            async with asyncio.timeout(PATIENCE):
                await done
        except TimeoutError:
            raise DoorShut(_TOO_LATE) from None
        return wanted.result()

    def _want(self, parts: Sequence[Part], tell: Callable[[], object]) -> _Wanted:
        if self._pid != os.getpid():
            self._start()
        wanted = _Wanted(parts, tell)
        self._wanted.put(wanted)
        return wanted

    def _start(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            self._wanted = queue.SimpleQueue()
            for number in range(WRITERS):
                threading.Thread(target=self._work, name=f"door-{number}", daemon=True).start()
            self._pid = os.getpid()

    def _work(self) -> None:
        link: psycopg.Connection[Any] | None = None
        while True:
            batch = [self._wanted.get()]
            while len(batch) < BATCH:
                try:
                    batch.append(self._wanted.get_nowait())
                except queue.Empty:
                    break
            link = self._write(link, batch)

    def _write(self, link: psycopg.Connection[Any] | None, batch: list[_Wanted]) -> psycopg.Connection[Any] | None:
        """Write one batch; on trouble reconnect once, then give each delivery a try of its own."""
        for _attempt in range(2):
            try:
                if link is None or link.closed:
                    link = connect()
                with link.pipeline():  # up to its one sync, a pipeline is one transaction
                    not_stored = write(link.cursor, [part for wanted in batch for part in wanted.parts])
                moved = not_stored()
            except psycopg.OperationalError as error:
                log.warning("door.reconnecting", error=type(error).__name__)
                _close(link)
                link = None
                continue
            except psycopg.Error as error:
                if len(batch) > 1:  # one tenant's trouble must not be everyone's
                    for wanted in batch:
                        link = self._write(link, [wanted])
                    return link
                self._fail(batch, error)
                return link
            except Exception as error:  # a writer must live on
                log.exception("door.failed")
                self._fail(batch, error)
                _close(link)
                return None
            for wanted in batch:
                mine = set(map(id, wanted.parts)) if moved else ()
                wanted.finish([part for part in moved if id(part) in mine])
            return link
        self._fail(batch, DoorShut("the database is away"))
        return None

    @staticmethod
    def _fail(batch: list[_Wanted], error: Exception) -> None:
        for wanted in batch:
            wanted.finish([], DoorShut(type(error).__name__))


def connect() -> psycopg.Connection[Any]:
    """A connection of our own: every name in our statements says its schema, so no search_path is needed."""
    config = settings.DATABASES["default"]
    return psycopg.connect(
        host=config["HOST"] or None,
        port=config["PORT"] or None,
        user=config["USER"] or None,
        password=config["PASSWORD"] or None,
        dbname=config["NAME"],
        autocommit=True,
        prepare_threshold=1,
        connect_timeout=5,
        application_name="frontdesk-door",
    )


def _close(link: psycopg.Connection[Any] | None) -> None:
    if link is not None:
        link.close()


committer = Committer()
