"""How API callers prove who they are: API key, JWT, or the dashboard's session."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any, cast

from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from apps.jobs import clock

from .models import ApiKey, User
from .queries import membership_of


class KeyUser:
    """What stands in for a user when a machine calls."""

    is_authenticated = True
    is_active = True
    is_staff = False
    is_anonymous = False
    pk = None
    id = None

    def __init__(self, key: ApiKey) -> None:
        self.key = key

    def __str__(self) -> str:
        return str(self.key)


def hash_key(secret: str) -> str:
    """API keys are long random strings: one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key fd_…`; the key opens only the organization it was made in."""

    keyword = "Api-Key"

    def authenticate(self, request: Request) -> tuple[KeyUser, ApiKey] | None:
        scheme, _sep, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != self.keyword.lower():
            return None
        key = ApiKey.objects.filter(prefix=secret[:12], organization=getattr(request, "tenant", None)).first()
        now = clock.now()
        if (
            key is None
            or not secrets.compare_digest(key.key_hash, hash_key(secret))
            or key.revoked_at is not None
            or (key.expires_at is not None and key.expires_at <= now)
        ):
            raise AuthenticationFailed(_("This API key is not valid here."), code="bad_api_key")
        if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return KeyUser(key), key

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class TokenAuthentication(JWTAuthentication):
    """`Authorization: Bearer …`: worth something only where its person is a member, and only where it was made."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        user, token = found
        tenant = getattr(request, "tenant", None)
        membership = membership_of(cast("User", user), tenant) if tenant and token.get("org") == tenant.pk else None
        if membership is None:
            raise AuthenticationFailed(_("This token is not valid here."), code="bad_token")
        request._request.membership = membership  # type: ignore[attr-defined]
        if membership.user.language and "Accept-Language" not in request.headers:
            translation.activate(membership.user.language)
        return user, token


class MemberSessionAuthentication(SessionAuthentication):
    """The dashboard's own session, with CSRF protection; `membership` was found by the middleware."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        http_request: HttpRequest = request._request
        if getattr(http_request, "membership", None) is None:
            return None
        return super().authenticate(request)
