"""Who may do what, for pages and for the API."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from .models import Role, User

if TYPE_CHECKING:
    from rest_framework.views import APIView  # DRF imports this module while it loads

View = Callable[..., HttpResponse]


def role_of(request: HttpRequest | Request) -> Role | None:
    """The caller's role in this organization: from an API key, a token or a session."""
    key = getattr(request, "auth", None)
    if key is not None and hasattr(key, "role"):
        return Role(key.role)
    membership = getattr(request, "membership", None)
    return Role(membership.role) if membership else None


def person_of(request: HttpRequest | Request) -> User:
    """Who is signed in; for views behind `member_required` only."""
    return cast("User", request.user)


def actor_of(request: HttpRequest | Request) -> str:
    """Who is acting, for journals and audit: "user:7", "staff:3" (agency staff inside a tenant), "api_key:2"."""
    key = getattr(request, "auth", None)
    if key is not None and hasattr(key, "role"):
        return f"api_key:{key.pk}"
    kind = "staff" if getattr(request, "staff_entry", None) else "user"
    return f"{kind}:{request.user.pk}"


def member_required(role: Role) -> Callable[[View], View]:
    """Let in members with at least `role`; others sign in (if signed out) or are told why not, with 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            held = role_of(request)
            if held is None:
                return render(request, "organizations/no_membership.html", status=403)
            if not held.includes(role):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_role = role  # type: ignore[attr-defined]
        return guarded

    return decorate


class RolePermission(BasePermission):
    """Each API view says what it takes: `required_role = {"GET": Role.VIEWER, "*": Role.AGENT}`."""

    default = {"GET": Role.VIEWER, "HEAD": Role.VIEWER, "OPTIONS": Role.VIEWER, "*": Role.AGENT}

    def has_permission(self, request: Request, view: APIView) -> bool:
        wanted = {**self.default, **getattr(view, "required_role", {})}
        role = wanted.get(request.method or "", wanted["*"])
        held = role_of(request)
        return held is not None and held.includes(role)
