"""A small load generator for pages: keep-alive connections in one thread, whole answers read, time per answer kept."""

from __future__ import annotations

import selectors
import socket
import time

from bench.ingest.load import Result


class _Link:
    """A connection that asks for the same thing again and again."""

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request

    def ask(self) -> None:
        self.status, self.missing, self.head = b"", -1, b""
        self.began = time.perf_counter()
        self.socket.sendall(self.request)

    def read(self) -> bool:
        """Take what is there; whether the answer is complete."""
        data = self.socket.recv(262144)
        if not data:
            raise ConnectionError("the server closed a connection")
        if self.missing < 0:
            self.head += data
            head, end, rest = self.head.partition(b"\r\n\r\n")
            if not end:
                return False
            self.status = head[9:12]
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            self.length = int(length.partition(b":")[2])
            self.missing = self.length - len(rest)
        else:
            self.missing -= len(data)
        return self.missing <= 0


def get(request: bytes, *, port: int, connections: int, seconds: float) -> Result:
    """Send `request` over so many connections until `seconds` have gone by."""
    selector = selectors.DefaultSelector()
    result = Result(seconds)
    for _number in range(connections):
        link = _Link(port, request)
        selector.register(link.socket, selectors.EVENT_READ, link)
        link.ask()
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        for key, _events in selector.select(timeout=1):
            link = key.data
            if not link.read():
                continue
            if link.status == b"200":
                result.bytes = link.length
                result.latencies.append(time.perf_counter() - link.began)
            else:
                result.refused += 1
            link.ask()
    result.seconds = time.perf_counter() - begin
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    return result
