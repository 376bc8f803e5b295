"""A person's own page, and on the public host the organizations they belong to."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from .. import services
from ..access import member_required, person_of
from ..forms import ProfileForm
from ..hosts import address_of
from ..models import Domain, Role, User


@member_required(Role.VIEWER)
def profile(request: HttpRequest) -> HttpResponse:
    """Name and language; password, second factor and theme are a click away."""
    row = User.objects.get(pk=person_of(request).pk)
    form = ProfileForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        person = User.objects.get(pk=row.pk)
        try:
            services.update_profile(person, name=form.cleaned_data["name"], language=form.cleaned_data["language"])
        except ValidationError as error:
            form.add_error(None, list(error.messages))
        else:
            messages.success(request, _("Saved"))
            return _in_their_language(redirect("organizations:profile"), person.language, request)
    context = {"form": form, "second_factor": is_mfa_enabled(request.user)}
    return render(request, "organizations/profile.html", context, status=422 if form.errors else 200)


def _in_their_language(response: HttpResponse, language: str, request: HttpRequest) -> HttpResponse:
    """What this browser was told before gives way to what the person chose now."""
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, samesite="Lax", secure=request.is_secure()
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    return response


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """The public host's page for people who are not staff: where do you work?"""
    rows = (
        Domain.objects.filter(
            is_primary=True,
            tenant__is_active=True,
            tenant__memberships__user=request.user,
            tenant__memberships__is_active=True,
        )
        .select_related("tenant")
        .order_by("tenant__name")
    )
    places = [(domain.tenant, address_of(domain.domain) + "/") for domain in rows]
    return render(request, "organizations/mine.html", {"places": places})
