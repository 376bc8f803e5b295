"""Accepting an invitation: the one page of a tenant that a stranger with a link may use."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from .. import services
from ..access import person_of
from ..forms import JoinForm
from ..models import Invitation, User
from ..queries import current_organization
from ..services.addresses import is_here
from ..services.invitations import find_invitation, went_by_mail

PASSWORD_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@sensitive_post_parameters("password")
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing (mail scanners look); a POST by the invited person lets them in."""
    invitation = find_invitation(current_organization(), token)
    if invitation is None:
        return render(request, "organizations/invitation_over.html", status=HTTPStatus.GONE)
    known = _known(invitation)
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


def _known(invitation: Invitation) -> User | None:
    """Whose address it is; one that only claims it counts where the link proves no more than they do."""
    found = User.objects.filter(email__iexact=invitation.email).first()
    return found if found is not None and (found.is_proven or not went_by_mail(invitation)) else None


def _signed_in(request: HttpRequest, invitation: Invitation, context: dict[str, object]) -> HttpResponse:
    mine = request.user.email.lower() == invitation.email  # type: ignore[union-attr]
    if request.method == "POST" and mine and not _unproven(request, invitation):
        try:
            services.accept_invitation(invitation, request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect("dashboard:home")
    return render(
        request, "organizations/invitation.html", {**context, "mine": mine, "unproven": _unproven(request, invitation)}
    )


def _unproven(request: HttpRequest, invitation: Invitation) -> bool:
    """Whether the address is only claimed, by somebody whom another organization let in."""
    person = User.objects.get(pk=person_of(request).pk)
    return not person.is_proven and not is_here(person, invitation.organization)


def _join(request: HttpRequest, invitation: Invitation, form: JoinForm) -> HttpResponse:
    try:
        user = services.join(invitation, password=form.cleaned_data["password"], name=form.cleaned_data["name"].strip())
    except ValidationError:  # accepted or revoked a moment ago, in another window
        return render(request, "organizations/invitation_over.html", status=HTTPStatus.GONE)
    login(request, user, backend=PASSWORD_BACKEND)
    messages.success(request, _("Welcome to %(organization)s.") % {"organization": current_organization().name})
    return redirect("dashboard:home")
