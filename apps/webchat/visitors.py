"""Visitors: people on a website, known by a token that their browser keeps. There is no table of them.

The token is the visitor's id with our signature. It opens this one visitor's conversation at this one organization,
for as long as the browser keeps it; whoever has none is given one.
"""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.core import signing
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.jobs.connection import connection
from apps.organizations.hosts import counted_address
from apps.organizations.throttling import AddressThrottle, count, parse


class Visitor:
    """Who calls the chat's endpoints; `id` is the person's id on this channel ("v_…")."""

    is_authenticated = True
    is_active = True
    is_staff = False
    is_anonymous = False
    pk = None

    def __init__(self, visitor_id: str) -> None:
        self.id = visitor_id

    def __str__(self) -> str:
        return self.id

    @property
    def author(self) -> str:
        """How files and the journal name who brought something."""
        return f"visitor:{self.id}"


def new_token() -> str:
    """A token of somebody who has never been here."""
    return signing.dumps(f"v_{secrets.token_hex(12)}", salt=_salt())


def visitor_of(token: str) -> Visitor | None:
    """None for a token that is not ours, or another organization's."""
    try:
        return Visitor(str(signing.loads(token[:300], salt=_salt())))
    except (signing.BadSignature, ValueError, UnicodeError):
        return None


def _salt() -> str:
    return f"webchat:{connection.schema_name}"


class VisitorAuthentication(BaseAuthentication):
    """`Authorization: Visitor <token>`."""

    keyword = "Visitor"

    def authenticate(self, request: Request) -> tuple[Visitor, None] | None:
        scheme, _space, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        visitor = visitor_of(token) if scheme.lower() == self.keyword.lower() else None
        if visitor is None:
            raise AuthenticationFailed(_("This chat token is not valid here. Ask for a new one."), code="bad_token")
        return visitor, None

    def authenticate_header(self, _request: Request) -> str:
        return self.keyword


class IsVisitor(BasePermission):
    """Only with a visitor's token."""

    def has_permission(self, request: Request, _view: Any) -> bool:
        return isinstance(request.user, Visitor)


class VisitorThrottle(BaseThrottle):
    """Per visitor and, so that new tokens do not help, per address ten times as much: an office shares one.

    A view says how much: `visitor_rate = "30/min"`, or several at once, "12/min,40/day".
    """

    FACTOR: ClassVar[int] = 10

    def __init__(self) -> None:
        self._left: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        name, where = type(view).__name__, connection.schema_name
        address = counted_address(request._request)
        for rate in view.visitor_rate.split(","):
            limit, seconds = parse(rate)
            for who, most in ((str(request.user), limit), (address, limit * self.FACTOR)):
                used, left = count(f"{name}:{where}:{who}:{seconds}", seconds)
                if used > most:
                    self._left = left
                    return False
        return True

    def wait(self) -> float | None:
        return self._left


class NewVisitorThrottle(AddressThrottle):
    """Tokens for people whom nobody knows yet."""

    scope = "visitors"
