"""Where a person is signed in."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from .. import credentials, services
from ..access import actor_of, member_required, person_of
from ..actors import Can
from ..devices import Device, device
from ..models import Credential

SHOWN = 100


@dataclass(frozen=True)
class SignedIn:
    """One line of the list."""

    row: Credential
    device: Device
    is_this: bool


@require_GET
@never_cache
@member_required(Can.BE_ONESELF)
def sign_ins(request: HttpRequest) -> HttpResponse:
    """All of one's own, everywhere; the one in use first."""
    here = getattr(request, "credential", None)
    rows = [one for one in credentials.sign_ins_of(person_of(request))[:SHOWN] if not one.died_of]
    found = [
        SignedIn(
            one,
            device(one.device, is_program=one.kind == Credential.Kind.TOKENS),
            here is not None and one.pk == here.pk,
        )
        for one in rows
    ]
    found.sort(key=lambda one: not one.is_this)
    return render(request, "organizations/sign_ins.html", {"sign_ins": found})


@require_POST
@member_required(Can.BE_ONESELF)
def end(request: HttpRequest, sign_in_id: int) -> HttpResponse:
    """Sign out there, now."""
    ended = services.end_sign_in(sign_in_id, by=actor_of(request))
    if ended is None:
        raise Http404
    messages.success(request, _("Signed out there."))
    return redirect("organizations:sign-ins")


@require_POST
@member_required(Can.BE_ONESELF)
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    count = services.end_other_sign_ins(by=actor_of(request))
    messages.success(
        request,
        ngettext("Signed out in %(count)s other place.", "Signed out in %(count)s other places.", count)
        % {"count": count},
    )
    return redirect("organizations:sign-ins")
