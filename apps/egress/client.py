"""The one client for calls out of the house: httpx, with an eye on every connection.

    http = open_client(allowed={place_of(settings.META_GRAPH_URL)})
    http.request("GET", url, timeout=…)

Whatever a name resolves to is looked at, and then that very address is connected to: nothing private, nothing of this
machine, unless the operator named host and port (`allowed`). A redirect is an answer like any other; proxies of the
environment are not asked; an answer has a largest size and a last moment, however slowly it trickles. While somebody
outside is waited for, others have this thread's turn (`turns`).

`library="httpx2"` gives the same for the SDKs that are written for that one.
"""

from __future__ import annotations

import importlib
import socket
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import httpx

from . import turns
from .addresses import Forbidden, check_name, check_socket

Client = httpx.Client
# Seconds for a whole call, from its first connection to the last byte of the answer.
WITHIN = 60.0
# Bytes of an answer.
MOST = 32 * 1024 * 1024
_CORES = {"httpx": "httpcore", "httpx2": "httpcore2"}
_here = threading.local()


def place_of(url: str) -> str:
    """host:port of an address, as `allowed` names it."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def open_client(
    *,
    allowed: Collection[str] = (),
    within: float = WITHIN,
    most: int = MOST,
    instead: Mapping[str, Any] | None = None,
    library: str = "httpx",
    **options: Any,
) -> Any:
    """A new client; `instead` are transports of our own for some addresses, which leave no network to be asked."""
    http = importlib.import_module(library)
    limits = http.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=20)
    inner = http.HTTPTransport(trust_env=False, limits=limits)
    inner._pool._network_backend = _Backend(importlib.import_module(_CORES[library]), frozenset(allowed))
    return http.Client(
        transport=_transport(http)(inner, within, most),
        mounts=instead,
        follow_redirects=False,
        trust_env=False,
        headers={"Accept-Encoding": "identity"},
        **options,
    )


class _Backend:
    """Where connections are made: each address is looked at, then connected to."""

    def __init__(self, core: ModuleType, allowed: frozenset[str]) -> None:
        self.core = core
        self.allowed = allowed
        self.inner = core.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> _Stream:
        trusted = f"{host.lower()}:{port}" in self.allowed
        problem: Exception = self.core.ConnectError(f"{host} has no address")
        try:
            if not trusted:
                check_name(host)
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:  # Forbidden is one
            raise self.core.ConnectError(str(error)) from error
        for *_kind, address in found:
            try:
                if not trusted:
                    check_socket(address)
                connected = self.inner.connect_tcp(str(address[0]), port, timeout=_left(self.core, timeout), **options)
                return _Stream(self.core, connected)
            except (Forbidden, self.core.ConnectError, self.core.ConnectTimeout) as error:
                problem = error
        raise self.core.ConnectError(str(problem)) from problem

    def connect_unix_socket(self, *_arguments: Any, **_options: Any) -> Any:
        raise self.core.ConnectError("not a place for us")


class _Stream:
    """A connection that ends with its call's last moment."""

    def __init__(self, core: ModuleType, inner: Any) -> None:
        self.core = core
        self.inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, timeout=_left(self.core, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, timeout=_left(self.core, timeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> _Stream:
        left = _left(self.core, timeout)
        return _Stream(self.core, self.inner.start_tls(ssl_context, server_hostname=server_hostname, timeout=left))

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


def _left(core: ModuleType, timeout: float | None) -> float:
    left = getattr(_here, "until", time.monotonic() + WITHIN) - time.monotonic()
    if left <= 0:
        raise core.ReadTimeout("the answer took too long")
    return min(left, left if timeout is None else timeout)


@cache
def _transport(http: Any) -> Any:
    """Our transport; it must inherit from the library's own."""

    class Transport(http.BaseTransport):
        def __init__(self, inner: Any, within: float, most: int) -> None:
            self.inner, self.within, self.most = inner, within, most

        def handle_request(self, request: Any) -> Any:
            _here.until = time.monotonic() + self.within
            with turns.stepping_aside():
                response = self.inner.handle_request(request)
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                response.close()  # not asked for: what looks small may unfold without end
                raise http.DecodingError("compressed without being asked to", request=request)
            response.stream = Bounded(response.stream, self.most)
            return response

        def close(self) -> None:
            self.inner.close()

    class Bounded(http.SyncByteStream):
        def __init__(self, inner: Any, most: int) -> None:
            self.inner, self.most = inner, most

        def __iter__(self) -> Iterator[bytes]:
            received = 0
            chunks = iter(self.inner)
            while True:
                with turns.stepping_aside():
                    chunk = next(chunks, None)
                if chunk is None:
                    return
                received += len(chunk)
                if received > self.most:
                    raise http.ReadError("the answer is too long")
                yield chunk

        def close(self) -> None:
            self.inner.close()

    return Transport
