"""Which host names are the agency's own; every other one is looked up in the domain table."""

from __future__ import annotations

from django.conf import settings

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
