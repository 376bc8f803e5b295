"""The door through which agency staff comes in and goes."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from .. import staff
from ..access import member_required
from ..hosts import address_of
from ..models import Role
from ..queries import current_organization
from .invitation import PASSWORD_BACKEND


@never_cache
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Redeem a link from the console: a session of its own, that is worth something here only."""
    entry = staff.redeem(token, current_organization())
    if entry is None:
        return render(request, "organizations/entry_over.html", status=HTTPStatus.GONE)
    if request.user.is_authenticated:
        logout(request)
    request.staff_entry = entry  # type: ignore[attr-defined]  # the session's credential is the entry: signing_in.py
    login(request, entry.user, backend=PASSWORD_BACKEND)
    return redirect("dashboard:home")


@require_POST
@member_required(Role.VIEWER)
def leave(request: HttpRequest) -> HttpResponse:
    """End the stay and this session."""
    if getattr(request, "staff_entry", None) is None:
        return redirect("dashboard:home")
    logout(request)
    console = address_of(settings.BASE_DOMAIN) + "/admin/"  # as a link: a form may not redirect to another host
    return render(request, "organizations/left.html", {"console": console})
