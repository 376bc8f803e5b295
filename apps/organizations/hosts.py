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


def client_address(request: HttpRequest) -> str | None:
    """The caller's network address; X-Forwarded-For counts only as far as TRUSTED_PROXIES of our own wrote it."""
    trusted = settings.TRUSTED_PROXIES
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if trusted and forwarded:
        return forwarded[-min(trusted, len(forwarded))]
    return request.META.get("REMOTE_ADDR") or None


def counted_address(request: HttpRequest) -> str:
    """Whom a limit per address counts: behind IPv6 everybody has a network of 2⁶⁴ addresses, so that counts as one."""
    address = client_address(request) or "unknown"
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
