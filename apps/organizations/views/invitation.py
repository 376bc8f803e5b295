"""Accepting an invitation: the one page of a tenant that a stranger with a link may use."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from .. import services
from ..forms import JoinForm
from ..models import Invitation, User
from ..queries import current_organization
from ..services.invitations import find_invitation

PASSWORD_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@sensitive_post_parameters("password")
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing (mail scanners look); a POST by the invited person lets them in."""
    invitation = find_invitation(current_organization(), token)
    if invitation is None:
        return render(request, "organizations/invitation_over.html", status=HTTPStatus.GONE)
    known = User.objects.filter(email__iexact=invitation.email).first()
    context: dict[str, object] = {"invitation": invitation, "known": known, "here": request.get_full_path()}
    if request.user.is_authenticated:
        return _signed_in(request, invitation, context)
    if known is not None:  # they prove it by signing in, and come back here
        return render(request, "organizations/invitation.html", context)
    form = JoinForm(request.POST or None, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        return _join(request, invitation, form)
    return render(
        request, "organizations/invitation.html", {**context, "form": form}, status=422 if form.errors else 200
    )


def _signed_in(request: HttpRequest, invitation: Invitation, context: dict[str, object]) -> HttpResponse:
    mine = request.user.email.lower() == invitation.email  # type: ignore[union-attr]
    if request.method == "POST" and mine:
        try:
            services.accept_invitation(invitation, request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect("dashboard:home")
    return render(request, "organizations/invitation.html", {**context, "mine": mine})


def _join(request: HttpRequest, invitation: Invitation, form: JoinForm) -> HttpResponse:
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                invitation.email, form.cleaned_data["password"], name=form.cleaned_data["name"].strip()
            )
            services.accept_invitation(invitation, user)
    except ValidationError:  # accepted or revoked a moment ago, in another window
        return render(request, "organizations/invitation_over.html", status=HTTPStatus.GONE)
    login(request, user, backend=PASSWORD_BACKEND)
    messages.success(request, _("Welcome to %(organization)s.") % {"organization": current_organization().name})
    return redirect("dashboard:home")
