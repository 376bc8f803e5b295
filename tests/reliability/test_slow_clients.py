"""200 connections that trickle, and everybody else: webhooks, health and pages are answered as if they were not there."""

from __future__ import annotations

import selectors
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from tests.reliability.product import SECRET, until
from tests.reliability.town import PAGE, Town
from tests.vendors.graph_webhooks import signed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("reliability")]

HEAD = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
FILES = "Host: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
# What each kind sends at first, and what it goes on with, a little at a time.
KINDS = {
    "headers": ("GET / HTTP/1.1\r\nHost: localhost\r\n", "X-A: b\r\n"),
    "a form": (f"POST /accounts/login/ HTTP/1.1\r\n{HEAD}Content-Length: 60000\r\n\r\n", "x"),
    "an upload": (f"POST /accounts/login/ HTTP/1.1\r\n{FILES}Content-Length: 9000000\r\n\r\n", "x"),
    "chunks": (f"POST /accounts/login/ HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
    "a webhook": (f"POST /webhook/facebook/ HTTP/1.1\r\n{HEAD}Content-Length: 5000\r\n\r\n", "x"),
    "health": (f"POST /health/ready HTTP/1.1\r\n{HEAD}Content-Length: 5000\r\n\r\n", "x"),
    "nothing": ("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
    # Asked for and never read: more than the sockets hold.
    "reading": ("GET /accounts/login/ HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100, ""),
}
EACH = 25


class Crowd(threading.Thread):
    """`EACH` connections of each kind; whoever is sent away comes again."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.over = threading.Event()
        self.answers: Counter[tuple[str, str]] = Counter()
        self.all_there = threading.Event()
        self.selector = selectors.DefaultSelector()

    def run(self) -> None:
        for kind in KINDS:
            for _one in range(EACH):
                self.come(kind)
        self.all_there.set()
        while not self.over.wait(0.2):
            for key in list(self.selector.get_map().values()):
                self.trickle(key.fileobj, key.data)
            for key, _events in self.selector.select(timeout=0):
                if key.data != "reading":
                    self.hear(key.fileobj, key.data)
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()

    def come(self, kind: str) -> None:
        link = socket.socket()
        if kind == "reading":
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect(("127.0.0.1", self.port))
        link.sendall(KINDS[kind][0].encode())
        link.setblocking(False)
        self.selector.register(link, selectors.EVENT_READ, kind)

    def trickle(self, link: socket.socket, kind: str) -> None:
        try:
            link.send(KINDS[kind][1].encode())
        except BlockingIOError:
            pass
        except OSError:
            self.leave(link, kind, "closed")

    def hear(self, link: socket.socket, kind: str) -> None:
        try:
            said = link.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if said.startswith(b"HTTP/1.1 200"):
            return  # one that stays
        self.leave(link, kind, said[9:12].decode() or "closed")

    def leave(self, link: socket.socket, kind: str, answer: str) -> None:
        self.answers[kind, answer] += 1
        self.selector.unregister(link)
        link.close()
        self.come(kind)


@contextmanager
def crowd_at(port: int) -> Iterator[Crowd]:
    crowd = Crowd(port)
    crowd.start()
    try:
        assert crowd.all_there.wait(60)
        yield crowd
    finally:
        crowd.over.set()
        crowd.join(30)


def test_200_trickling_connections_cost_nobody_else_anything(town: Town) -> None:
    product = town.product
    raw, headers = signed(SECRET, {"object": "page", "entry": [{"id": PAGE, "messaging": []}]})
    # Nobody of these waits for the crowd: it stays for as long as it takes, and they have one try each.
    with (
        crowd_at(product.port) as crowd,
        httpx.Client(base_url=f"http://127.0.0.1:{product.port}", timeout=60) as client,
    ):
        for _round in range(20):
            assert client.post("/webhook/facebook/", content=raw, headers=headers).json()["code"] == "stored"
            assert client.get("/health").json() == {"status": "ok"}
            assert client.get("/health/ready").status_code == 200
            assert client.get("/accounts/login/", headers={"Host": "acme.localhost"}).status_code == 200
            upload = client.post("/accounts/login/", content=b"x" * 3_000_000, headers={"Host": "acme.localhost"})
            assert upload.status_code == 403  # read, and refused for want of a token
        # And they are sent away, with a reason where they had asked for something.
        slow = ["a form", "an upload", "chunks", "a webhook", "health"]
        until(lambda: all(crowd.answers[kind, "408"] >= EACH for kind in slow), "the slow ones were sent away")
        until(lambda: crowd.answers["headers", "closed"] >= EACH, "headers that never end were cut off")
        until(lambda: crowd.answers["nothing", "closed"] >= EACH, "idle connections were closed")
    assert {answer for _kind, answer in crowd.answers} == {"408", "closed"}


@pytest.mark.parametrize(
    ("path", "length", "code"),
    [
        ("/webhook/facebook/", "99999999999", 413),
        ("/accounts/login/", "99999999999999999999", 400),
        ("/api/leads/", "6000000", 413),
        ("/health", "70000", 413),
        ("/accounts/login/", "-1", 400),
        ("/accounts/login/", "1e3", 400),
    ],
)
def test_a_body_that_is_too_large_is_refused_before_it_is_read(town: Town, path: str, length: str, code: int) -> None:
    with socket.create_connection(("127.0.0.1", town.product.port), timeout=60) as link:
        link.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode())
        assert link.recv(1000)[9:12] == str(code).encode()


def test_a_body_in_chunks_is_read_as_far_as_it_may_be(town: Town) -> None:
    chunk = b"x" * 1_000_000

    def endless() -> Iterator[bytes]:
        for _n in range(200):
            yield chunk

    with httpx.Client(base_url=f"http://127.0.0.1:{town.product.port}", timeout=60) as client:
        with suppress(httpx.WriteError):  # the connection was closed while we still sent: refused as well
            assert client.post("/accounts/login/", content=endless()).status_code == 413
        raw, headers = signed(SECRET, {"object": "page", "entry": [{"id": PAGE, "messaging": []}]})
        stored = client.post("/webhook/facebook/", content=iter([raw[:5], raw[5:]]), headers=headers)
        assert stored.json()["code"] == "stored"
