"""Rate limits per address, per caller (user or key) and per organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView  # DRF imports this module while it loads


class _Throttle(SimpleRateThrottle):
    cache = cache

    def ident(self, request: Request) -> str | None:
        raise NotImplementedError

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        ident = self.ident(request)
        return None if ident is None else f"throttle:{self.scope}:{ident}"


class AddressThrottle(_Throttle):
    """Callers who have not said who they are, by network address."""

    scope = "address"

    def ident(self, request: Request) -> str | None:
        return None if request.user and request.user.is_authenticated else self.get_ident(request)


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
