"""Rate limits per address, per caller (user or key) and per organization.

One counter per window in the cache: a single round trip, whatever the limit. A cache that is away lets
everybody through: a limit protects the service and must not be what takes it down.

A view sets limits of its own by scope; they count apart from the general ones:

    throttle_rates = {"caller": "20/min", "address": "5/min"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import structlog
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from apps.jobs import clock

from .hosts import counted_address

if TYPE_CHECKING:
    from rest_framework.views import APIView  # DRF imports this module while it loads

log = structlog.get_logger(__name__)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse(rate: str) -> tuple[int, int]:
    """ "300/min" -> (300, 60)."""
    count, _slash, period = rate.partition("/")
    return int(count), _SECONDS[period[0]]


def count(key: str, seconds: int) -> tuple[int, float]:
    """Count one more in the current window of `key`: (how many so far, seconds until the window ends).

    (0, …) when the cache is away.
    """
    now = clock.now().timestamp()
    window = int(now // seconds)
    left = (window + 1) * seconds - now
    name = f"throttle:{key}:{window}"
    try:
        try:
            return int(cache.incr(name) or 0), left
        except ValueError:  # the first of this window
            if cache.add(name, 1, timeout=seconds + 5):
                return 1, left
            return int(cache.incr(name) or 0), left
    except Exception as error:  # noqa: BLE001  whatever the cache's client raises: fail open
        log.warning("throttle.cache_away", error=type(error).__name__)
        return 0, left


def peek(key: str, seconds: int) -> int:
    """How many there were in the current window; 0 when the cache is away."""
    window = int(clock.now().timestamp() // seconds)
    try:
        return int(cache.get(f"throttle:{key}:{window}") or 0)
    except Exception:  # noqa: BLE001
        return 0


def uncount(key: str, seconds: int) -> None:
    """Take one back in the current window of `key`."""
    window = int(clock.now().timestamp() // seconds)
    try:
        cache.decr(f"throttle:{key}:{window}")
    except Exception:  # noqa: BLE001  the window has ended, or the cache is away
        return


def whose(login: str) -> str:
    """One name for all spellings that find the same person: the database compares capitals, and those of ı and ſ
    are I and S."""
    return login.strip().upper().lower()


class _Throttle(BaseThrottle):
    scope: ClassVar[str] = ""

    def __init__(self) -> None:
        self._left: float | None = None

    def ident(self, request: Request) -> str | None:
        """Who is counted; None: this limit does not concern them."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: APIView) -> bool:
        who = self.ident(request)
        own = getattr(view, "throttle_rates", {}).get(self.scope)
        rate = own or api_settings.DEFAULT_THROTTLE_RATES.get(self.scope)
        if who is None or not rate:
            return True
        limit, seconds = parse(str(rate))
        place = f"{type(view).__module__}.{type(view).__qualname__}" if own else ""
        used, self._left = count(f"{self.scope}:{place}:{who}", seconds)
        return used <= limit

    def wait(self) -> float | None:
        return self._left


class AddressThrottle(_Throttle):
    """Callers who have not said who they are, by network address."""

    scope = "address"

    def ident(self, request: Request) -> str | None:
        if request.user and request.user.is_authenticated:
            return None
        return counted_address(request._request)


class CallerThrottle(_Throttle):
    """One user or API key."""

    scope = "caller"

    def ident(self, request: Request) -> str | None:
        if not (request.user and request.user.is_authenticated):
            return None
        key = getattr(request.user, "key", None)
        return f"key:{key.pk}" if key else f"user:{request.user.pk}"


class OrganizationThrottle(_Throttle):
    """Everybody of one organization together."""

    scope = "organization"

    def ident(self, request: Request) -> str | None:
        tenant = getattr(request, "tenant", None)
        return str(tenant.pk) if tenant and request.user and request.user.is_authenticated else None


class TokenThrottle(AddressThrottle):
    """Sign-in attempts of the API."""

    scope = "token"
