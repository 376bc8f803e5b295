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
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .. import services
from ..access import member_required, person_of
from ..forms import ProfileForm
from ..hosts import address_of
from ..models import Domain, Organization, Role, User


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
    context = {"form": form, "second_factor": is_mfa_enabled(request.user), "address_proven": row.is_proven}
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


@require_safe
@never_cache
def front_door(request: HttpRequest) -> HttpResponse:
    """The bare address: to sign-in, to the console, or to where a person works, straight in if that is one place."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    if person_of(request).is_staff:
        return redirect("admin:index")
    places = _places(person_of(request))
    if len(places) != 1:
        return redirect("organizations-public:mine")
    response = render(request, "organizations/mine.html", {"places": places})
    # Not a redirect: one that follows the sign-in form is held to the form's own host (form-action in the policy).
    response.headers["Refresh"] = f"0; url={places[0][1]}"
    return response


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """The public host's page for people who are not staff: where do you work?"""
    return render(request, "organizations/mine.html", {"places": _places(person_of(request))})


def _places(person: User) -> list[tuple[Organization, str]]:
    """Where somebody works, each with its address."""
    rows = (
        Domain.objects.filter(
            proven_at__isnull=False,
            tenant__is_active=True,
            tenant__memberships__user=person,
            tenant__memberships__is_active=True,
        )
        .select_related("tenant")
        .order_by("tenant__name", "tenant_id", "-is_primary", "pk")
        .distinct("tenant__name", "tenant_id")
    )
    return [(domain.tenant, address_of(domain.domain) + "/") for domain in rows]
