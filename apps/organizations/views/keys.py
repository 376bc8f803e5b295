"""API keys."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.jobs import clock

from .. import queries, services
from ..access import member_required, person_of, role_of
from ..actors import Can
from ..forms import KeyForm
from ..models import Role


@never_cache
@member_required(Can.MANAGE_KEYS)
def keys(request: HttpRequest) -> HttpResponse:
    """All keys; a new one is shown this once."""
    held = role_of(request) or Role.VIEWER
    form = KeyForm(request.POST or None, held=held)
    secret = ""
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        try:
            _key, secret = services.create_api_key(
                queries.current_organization(),
                name=form.cleaned_data["name"],
                role=Role(form.cleaned_data["role"]),
                by=person_of(request),
                expires_at=clock.now() + timedelta(days=int(days)) if days else None,
            )
            form = KeyForm(held=held)
        except ValidationError as error:
            form.add_error(None, list(error.messages))
    context = {
        "keys": queries.api_keys(queries.current_organization()),
        "form": form,
        "secret": secret,
        "now": clock.now(),
    }
    return render(request, "organizations/keys.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(Can.MANAGE_KEYS)
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """End a key at once."""
    key = queries.get_api_key(queries.current_organization(), key_id)
    services.revoke_api_key(key)
    messages.success(
        request, _("%(name)s is revoked. Programs that use it get an error from now on.") % {"name": key.name}
    )
    return redirect("organizations:keys")
