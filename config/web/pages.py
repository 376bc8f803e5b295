"""Django behind the front: whole requests in threads, a pool per kind so that none waits for another's.

A thread has finished when the answer is complete; sending it is the server's business, however slowly it is read.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO

from apps.egress import turns

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Full(Exception):
    """More wait for this kind's threads than make sense."""


@dataclass
class Kind:
    """One kind of request: how many are computed at once, how many may wait for that, how long a body may be.

    `threads` are more than `turns` where requests wait for somebody outside: those give their turn away meanwhile.
    """

    name: str
    turns: int
    most: int
    threads: int = 0
    waiting: int = 256
    inside: int = field(default=0, init=False)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads or self.turns, thread_name_prefix=self.name)

    @cached_property
    def _turns(self) -> threading.Semaphore:
        return threading.Semaphore(self.turns)

    async def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """`work(*arguments)` in one of this kind's threads."""
        if self.inside >= self.turns + self.waiting:
            raise Full
        self.inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._in_turn, work, arguments)
        finally:
            self.inside -= 1

    def _in_turn(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        with turns.taking(self._turns):
            return work(*arguments)


@dataclass
class Answer:
    """What an application answered; `file` instead of `body` where a whole file is to be sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    file: str | None = None


class _File:
    """WSGI's file_wrapper: an open file on its way out."""

    def __init__(self, opened: Any, size: int = 64 * 1024) -> None:
        self.opened = opened
        self.size = size
        self.close = opened.close

    @property
    def path(self) -> str | None:
        """Where the file lies, if all of it is meant and it lies on a disk."""
        name = getattr(self.opened, "name", None)
        if not isinstance(name, str):
            return None
        try:
            return os.path.realpath(name) if self.opened.tell() == 0 and os.path.isfile(name) else None  # noqa: PTH113
        except (OSError, ValueError, AttributeError):
            return None

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.opened.read(self.size):
            yield chunk


def answer(application: Application, environ: dict[str, Any]) -> Answer:
    """Run a WSGI application to the end of its answer."""
    given = Answer(500, [])

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        given.status, given.headers = int(status.split(" ", 1)[0]), headers

    result: Any = None
    try:
        result = application(environ, start_response)
        if isinstance(result, _File) and (path := result.path):
            given.file = path
        else:
            given.body = b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    return given


_BASE: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "granian",
    "wsgi.errors": sys.stderr,
    "wsgi.file_wrapper": _File,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}


def environ_of(scope: Any, body: BinaryIO, length: int) -> dict[str, Any]:
    """The request as WSGI knows it. A header with an underscore could pass for another one: it does not count."""
    server, _colon, port = scope.server.rpartition(":")
    environ = _BASE | {
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode("utf-8", "surrogatepass").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
    }
    for name, value in scope.headers.items():
        if "_" in name or name in {"content-length", "transfer-encoding"}:
            continue
        key = "CONTENT_TYPE" if name == "content-type" else "HTTP_" + name.upper().replace("-", "_")
        environ[key] = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}" if key in environ else value
    if length:
        environ["CONTENT_LENGTH"] = str(length)
    return environ
