"""Whether an e-mail address is somebody's own: ask for the link that proves it, and open it."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from .. import services
from ..access import person_of
from ..queries import current_organization
from ..services.addresses import is_for


@require_POST
@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """Mail the link to the address of whoever asks."""
    try:
        services.ask_to_confirm(person_of(request), current_organization())
    except ValidationError as error:
        context = {"problem": " ".join(error.messages)}
        return render(request, "organizations/address.html", context, status=HTTPStatus.CONFLICT)
    return render(request, "organizations/address.html", {"sent": True})


@never_cache
@login_required
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing (mail scanners look); a POST by the person it was sent to proves the address."""
    person = person_of(request)
    if not is_for(token, person):
        return render(request, "organizations/address.html", {"over": True}, status=HTTPStatus.GONE)
    if request.method != "POST":
        return render(request, "organizations/address.html", {"open": True})
    services.confirm_address(person, token)
    messages.success(request, _("Your e-mail address is confirmed."))
    return redirect("organizations:profile")
