"""A small load generator: keep-alive connections in one thread, so that most of the machine is the server's."""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Result:
    """Requests answered with 200 per second, and latencies in milliseconds."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)  # answers other than 200, by status
    bytes: int = 0  # of one answer's body, where all are as long

    @property
    def refused(self) -> int:
        return self.refusals.total()

    @property
    def complaint(self) -> str:
        """What stands beside a figure that not every request earned; "" where all were answered with 200."""
        if not self.refused:
            return ""
        statuses = ", ".join(f"{count} × {status}" for status, count in self.refusals.most_common())
        return f"  ERRS: {self.refused} of {self.refused + len(self.latencies)} not answered with 200 ({statuses})"

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else float("nan")


class Link:
    """A keep-alive connection that asks one thing after the other. An answer may come in several pieces."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> None:
        self.status, self._head, self._missing, self._tail = b"", b"", -1, b""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bool:
        """Take what is there; whether the answer is complete."""
        data = self.socket.recv(262144)
        if not data:
            raise ConnectionError("the server closed a connection")
        if self.status:
            return self._take(data)
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return False
        self.status = head[9:12]
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"")
        self.length = self._missing = int(length.partition(b":")[2]) if length else -1
        return self._take(rest)

    def _take(self, data: bytes) -> bool:
        if self._missing < 0:  # in chunks, of which the last is empty
            self._tail = (self._tail + data)[-5:]
            return self._tail == b"0\r\n\r\n"
        self._missing -= len(data)
        return self._missing <= 0


def post(requests: Iterator[bytes], *, port: int, connections: int, seconds: float) -> Result:
    """Send `requests` (whole HTTP requests), one after the other over each connection, until `seconds` have gone by."""
    selector = selectors.DefaultSelector()
    result = Result(seconds)
    links = [Link(port) for _number in range(connections)]
    begin = time.perf_counter()
    for link in links:
        selector.register(link.socket, selectors.EVENT_READ, link)
        link.ask(next(requests))
    while time.perf_counter() - begin < seconds:
        for key, _events in selector.select(timeout=1):
            link = key.data
            if not link.read():
                continue
            if link.status == b"200":
                result.bytes = link.length
                result.latencies.append(time.perf_counter() - link.began)
            else:
                result.refusals[link.status.decode("latin-1")] += 1
            link.ask(next(requests))
    result.seconds = time.perf_counter() - begin
    for link in links:
        link.socket.close()
    return result
