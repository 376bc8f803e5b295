"""Settings: what there is to set, and the organization itself."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from apps.ui.navigation import settings_sections

from .. import services
from ..access import member_required
from ..forms import OrganizationForm
from ..models import Organization, Role
from ..queries import current_organization


@member_required(Role.VIEWER)
def sections(request: HttpRequest) -> HttpResponse:
    """Everything this person may set."""
    return render(request, "organizations/settings.html", {"sections": settings_sections(request)})


@member_required(Role.MANAGER)
def organization(request: HttpRequest) -> HttpResponse:
    """Name, logo, color, sender, language, time zone, currency, country."""
    # A copy: a refused form must not change what the rest of this page is drawn with.
    row = Organization.objects.get(pk=current_organization().pk)
    form = OrganizationForm(request.POST or None, request.FILES or None, instance=row)
    if request.method == "POST" and form.is_valid():
        fresh = Organization.objects.get(pk=row.pk)
        try:
            services.update_organization(fresh, **form.changes())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved"))
            return redirect("organizations:organization")
    current = Organization.objects.get(pk=row.pk)
    context = {"form": form, "current": current}
    return render(request, "organizations/organization.html", context, status=422 if form.errors else 200)


@require_safe
@cache_control(public=True, max_age=300)
def logo(request: HttpRequest) -> HttpResponse | FileResponse:
    """The organization's logo, for anybody: it stands in the chat window. Always a PNG that we drew ourselves."""
    if not current_organization().logo:
        raise Http404
    try:
        picture = current_organization().logo.open("rb")
    except OSError as error:  # the file went missing; a page without a logo still works
        raise Http404 from error
    response = FileResponse(picture, content_type="image/png")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
