"""Who is calling, for pages and for the API, and what a view asks of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from .actors import GIVEN, Actor, Can, Kind, NotAllowed
from .models import Credential, Role, User

if TYPE_CHECKING:
    from rest_framework.views import APIView  # DRF imports this module while it loads

View = Callable[..., HttpResponse]


def role_of(request: HttpRequest | Request) -> Role | None:
    """The caller's role in this organization, whatever they came with: a session, a token, a key, an entry."""
    return actor_of(request).role


def person_of(request: HttpRequest | Request) -> User:
    """Who is signed in; for views behind `member_required` only."""
    return cast("User", request.user)


def actor_of(request: HttpRequest | Request) -> Actor:
    """Who is acting: their name for journals and audit ("user:7", "staff:3", "api_key:2"), and their rights."""
    http: HttpRequest = getattr(request, "_request", request)
    credential: Credential | None = getattr(http, "credential", None)
    user = getattr(http, "user", None)
    if credential is not None and credential.kind == Credential.Kind.API_KEY:
        return Actor(f"api_key:{credential.pk}", Kind.KEY, role=credential.worth)
    if user is None or not user.is_authenticated or user.pk is None:
        return Actor("visitor", Kind.VISITOR)
    proven_at = credential.proven_at if credential is not None else None
    if getattr(http, "staff_entry", None) is not None:
        role = credential.worth if credential is not None else None
        return Actor(f"staff:{user.pk}", Kind.STAFF, role=role, user=user, proven_at=proven_at)
    membership = getattr(http, "membership", None)
    if membership is not None:
        role = Role(membership.role)
        return Actor(f"user:{user.pk}", Kind.MEMBER, role=role, user=user, proven_at=proven_at)
    at_home = getattr(http, "tenant", None) is None and user.is_staff
    return Actor(f"user:{user.pk}", Kind.CONSOLE if at_home else Kind.STRANGER, user=user, proven_at=proven_at)


def role_for(wanted: Role | Can) -> Role:
    """The least role that gets through: a page asks for a role, or for what its verbs take."""
    if isinstance(wanted, Role):
        return wanted
    least = GIVEN[wanted]
    assert least is not None, f"no role has {wanted}"
    return least


def _check(actor: Actor, wanted: Role | Can, *, fresh: bool = False) -> None:
    if isinstance(wanted, Can):
        actor.must(wanted, fresh=fresh)
    elif actor.role is None or not actor.role.includes(wanted):
        raise NotAllowed("role_too_low")


def member_required(wanted: Role | Can, *, fresh: bool = False) -> Callable[[View], View]:
    """Let in members with at least a role, or with a capability; others sign in (if signed out) or are told why not."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            actor = actor_of(request)
            if actor.role is None:
                return render(request, "organizations/no_membership.html", status=403)
            _check(actor, wanted, fresh=fresh)
            return view(request, *args, **kwargs)

        guarded.required_role = role_for(wanted)  # type: ignore[attr-defined]
        return guarded

    return decorate


class RolePermission(BasePermission):
    """Each API view says what it takes: `required_role = {"GET": Role.VIEWER, "*": Can.MANAGE_PEOPLE}`."""

    default: dict[str, Role | Can] = {
        "GET": Role.VIEWER, "HEAD": Role.VIEWER, "OPTIONS": Role.VIEWER, "*": Role.AGENT,
    }  # fmt: skip

    def has_permission(self, request: Request, view: APIView) -> bool:
        wanted = {**self.default, **getattr(view, "required_role", {})}
        actor = actor_of(request)
        if actor.role is None:
            return False
        _check(actor, wanted.get(request.method or "", wanted["*"]))
        return True
