"""The same for many calls at once: an aiohttp session whose sockets are looked at (`client` says more)."""

from __future__ import annotations

import socket
from typing import Any

import aiohttp

from .addresses import check_socket

Session = aiohttp.ClientSession


def open_session(*, trusted: bool, timeout: float) -> aiohttp.ClientSession:
    """A new session. `trusted`: for places that the operator vouches for."""
    connector = aiohttp.TCPConnector(
        limit=0, socket_factory=None if trusted else _public_socket, ttl_dns_cache=30, keepalive_timeout=15
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=timeout, connect=10),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def _public_socket(info: tuple[Any, ...]) -> socket.socket:
    """The last moment: this is the address the kernel is going to be asked for."""
    family, kind, protocol, _name, sockaddr = info
    check_socket(sockaddr)
    return socket.socket(family, kind, protocol)
