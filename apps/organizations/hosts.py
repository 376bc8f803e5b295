"""Which host names are the agency's own (every other one is looked up in the domain table), and who is calling."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

# Names under which this machine itself is asked: health checks, the embedded stack, tests.
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]", "testserver"})


def bare(host: str) -> str:
    """A Host header without port, case, trailing dot or www."""
    name = host.lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0].rstrip(".").removeprefix("www.")


def is_public(host: str) -> bool:
    """Whether a bare host name is the public one, which has no tenant."""
    return host == settings.BASE_DOMAIN or host in _LOCAL


def is_local(host: str) -> bool:
    """Whether a bare host name means this machine itself, whoever asks."""
    return host in _LOCAL


def client_address(request: HttpRequest) -> str | None:
    """The caller's network address."""
    return behind_proxies(request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", "")) or None


def behind_proxies(peer: str, forwarded: str) -> str:
    """Who is at the other end; X-Forwarded-For counts only as far as TRUSTED_PROXIES of our own wrote it."""
    trusted = settings.TRUSTED_PROXIES
    if trusted and (parts := [part.strip() for part in forwarded.split(",") if part.strip()]):
        return parts[-min(trusted, len(parts))]
    return peer


def counted_address(request: HttpRequest) -> str:
    """Whom a limit per address counts."""
    return caller(request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", ""))


def caller(peer: str, forwarded: str) -> str:
    """The same before there is a request: behind IPv6 everybody has 2⁶⁴ addresses, so a network counts as one."""
    address = behind_proxies(peer, forwarded) or "unknown"
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:60]
    if isinstance(read, ipaddress.IPv6Address):
        return str(read.ipv4_mapped or ipaddress.ip_network((int(read), 64), strict=False))
    return str(read)


def address_of(organization_host: str) -> str:
    """The start of an organization's links: scheme, host and, where it is not the usual one, port."""
    scheme = "https" if settings.HTTPS else "http"
    local = organization_host.endswith("localhost")
    port = f":{settings.PORT}" if local and settings.PORT not in {80, 443} else ""
    return f"{scheme}://{organization_host}{port}"
