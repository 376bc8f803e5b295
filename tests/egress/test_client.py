"""The one way out: where it does not go, what it does not follow, and where it stops reading."""

from __future__ import annotations

import gzip
import importlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apps.egress.addresses import Forbidden, check_name, check_socket, our_names
from apps.egress.client import open_client, place_of


class Neighbor(ThreadingHTTPServer):
    """A server on this machine that tells everything to whoever reaches it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Neighbor

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = b"secrets"
        self.send_response(302 if self.path == "/elsewhere" else 200)
        if self.path == "/elsewhere":
            self.send_header("Location", "/secrets")
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip")
            body = gzip.compress(b"\0" * 10_000_000)
        if self.path == "/long":
            body = b"x" * 5000
        if self.path == "/trickle":
            body = b"x" * 1_000_000
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path != "/trickle":
            self.wfile.write(body)
            return
        for byte in body:
            if self.server.over.wait(0.05):
                return
            try:
                self.wfile.write(bytes([byte]))
            except OSError:
                return

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def neighbor() -> Iterator[Neighbor]:
    server = Neighbor()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["httpx", "httpx2"])
def http(request):
    return importlib.import_module(request.param)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_nothing_on_this_machine_is_reached(neighbor, http, host):
    with open_client(library=http.__name__) as client, pytest.raises(http.HTTPError):
        client.get(f"http://{host}:{neighbor.server_port}/metrics")
    assert neighbor.asked == []


def test_the_operator_vouches_for_one_place_and_no_other(neighbor, http):
    with open_client(library=http.__name__, allowed={place_of(neighbor.url)}) as client:
        assert client.get(f"{neighbor.url}/it").text == "secrets"
        with pytest.raises(http.ConnectError):
            client.get(f"http://localhost:{neighbor.server_port}/other")
    assert neighbor.asked == ["/it"]


def test_a_redirect_is_an_answer(neighbor, http):
    with open_client(library=http.__name__, allowed={place_of(neighbor.url)}) as client:
        assert client.get(f"{neighbor.url}/elsewhere").status_code == 302
    assert neighbor.asked == ["/elsewhere"]


def test_an_answer_is_read_as_far_as_it_may_be_long(neighbor, http):
    with (
        open_client(library=http.__name__, allowed={place_of(neighbor.url)}, most=4999) as client,
        pytest.raises(http.ReadError),
    ):
        client.get(f"{neighbor.url}/long")
    with open_client(library=http.__name__, allowed={place_of(neighbor.url)}, most=5000) as client:
        assert len(client.get(f"{neighbor.url}/long").content) == 5000


def test_a_small_answer_that_unfolds_is_not_read(neighbor, http):
    with (
        open_client(library=http.__name__, allowed={place_of(neighbor.url)}) as client,
        pytest.raises(http.DecodingError),
    ):
        client.get(f"{neighbor.url}/packed")


def test_an_answer_that_trickles_has_a_last_moment(neighbor, http):
    patient = open_client(library=http.__name__, allowed={place_of(neighbor.url)}, within=1, timeout=30)
    with patient as client, pytest.raises(http.ReadTimeout):
        client.get(f"{neighbor.url}/trickle")  # a byte in time each time, and a million of them


def test_proxies_of_the_environment_are_not_asked(neighbor, monkeypatch, http):
    monkeypatch.setenv("HTTP_PROXY", neighbor.url)
    monkeypatch.setenv("ALL_PROXY", neighbor.url)
    with open_client(library=http.__name__) as client, pytest.raises(http.ConnectError):
        client.get("http://no-such-host.invalid/")
    assert neighbor.asked == []


def test_our_own_names_are_not_called_by_whatever_public_address(monkeypatch):
    monkeypatch.setattr("apps.egress.addresses.our_names", our_names | {"desk.example"})
    for name in ("desk.example", "acme.desk.example", "ACME.Desk.Example."):
        with pytest.raises(Forbidden):
            check_name(name)
    check_name("notdesk.example")


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "10.0.0.1", "100.64.0.1", "::1", "fd00:ec2::254", "64:ff9b::a9fe:a9fe", "0.0.0.0"]
)
def test_metadata_and_private_networks_are_refused_at_the_socket(address):
    with pytest.raises(Forbidden):
        check_socket((address, 443))
