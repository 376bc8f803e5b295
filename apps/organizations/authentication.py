"""How API callers prove who they are: API key, JWT, or the dashboard's session."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from . import credentials, tokens
from .models import ApiKey, Credential, Organization


def hash_key(secret: str) -> str:
    """API keys are long random strings: one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _speak_for(request: Request, credential: Credential, organization: Organization) -> None:
    """From here on the request is this credential's, whatever session came along with it."""
    http: Any = request._request
    http.credential, http.staff_entry = credential, None
    http.membership = credentials.membership_behind(credential, organization)
    credentials.note_use(credential, http)


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


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key fd_…`; the key opens only the organization it was made in."""

    keyword = "Api-Key"

    def authenticate(self, request: Request) -> tuple[KeyUser, ApiKey] | None:
        scheme, _sep, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != self.keyword.lower():
            return None
        tenant = getattr(request, "tenant", None)
        key = (
            ApiKey.objects.filter(prefix=secret[:12], organization=tenant).select_related("user", "membership").first()
        )
        if (
            key is None
            or tenant is None
            or not secrets.compare_digest(key.secret_hash, hash_key(secret))
            or key.worth is None
        ):
            raise AuthenticationFailed(_("This API key is not valid here."), code="bad_api_key")
        _speak_for(request, key, tenant)
        return KeyUser(key), key

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class TokenAuthentication(JWTAuthentication):
    """`Authorization: Bearer …`: worth something only where its person is a member, and only where it was made."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        header = self.get_header(request)
        raw = self.get_raw_token(header) if header is not None else None
        if raw is None:
            return None
        token = self.get_validated_token(raw)
        tenant = getattr(request, "tenant", None)
        family = tokens.family_of(token, tenant) if tenant is not None else None
        if family is None or family.user is None or str(family.user_id) != str(token.get("user_id")):
            raise AuthenticationFailed(_("This token is not valid here."), code="bad_token")
        assert tenant is not None
        _speak_for(request, family, tenant)
        if family.user.language and "Accept-Language" not in request.headers:
            translation.activate(family.user.language)
        return family.user, token


class MemberSessionAuthentication(SessionAuthentication):
    """The dashboard's own session, with CSRF protection; `membership` was found by the middleware."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        http_request: HttpRequest = request._request
        if getattr(http_request, "membership", None) is None:
            return None
        return super().authenticate(request)
