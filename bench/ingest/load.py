"""A small load generator: keep-alive connections in one thread, so that most of the machine is the server's."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Result:
    """Requests answered with 200 per second, and latencies in milliseconds."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    bytes: int = 0  # of one answer's body, where all are as long

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else float("nan")


def post(requests: Iterator[bytes], *, port: int, connections: int, seconds: float) -> Result:
    """Send `requests` (whole HTTP requests) over and over until `seconds` have gone by."""
    selector = selectors.DefaultSelector()
    started: dict[int, float] = {}
    links = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    result = Result(seconds)
    begin = time.perf_counter()
    for link in links:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(link, selectors.EVENT_READ)
        started[link.fileno()] = time.perf_counter()
        link.sendall(next(requests))
    while (now := time.perf_counter()) - begin < seconds:
        for key, _events in selector.select(timeout=1):
            link = key.fileobj
            answer = link.recv(65536)  # type: ignore[union-attr]
            now = time.perf_counter()
            if not answer:
                raise ConnectionError("the server closed a connection")
            if answer.startswith(b"HTTP/1.1 200"):
                result.latencies.append(now - started[key.fd])
            else:
                result.refused += 1
            started[key.fd] = now
            link.sendall(next(requests))  # type: ignore[union-attr]
    result.seconds = time.perf_counter() - begin
    for link in links:
        link.close()
    return result
