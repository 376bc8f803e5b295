"""What holds at the agency's console alone: a second factor for everybody."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_tenants.utils import get_public_schema_name

from apps.jobs.connection import connection


def second_factor_first(request: HttpRequest) -> HttpResponse | None:
    """Staff without a second factor set one up before the console shows them anything."""
    if not (
        settings.STAFF_SECOND_FACTOR
        and request.path.startswith("/admin/")
        and connection.schema_name == get_public_schema_name()
        and request.user.is_authenticated
        and request.user.is_staff
    ):
        return None
    if is_mfa_enabled(request.user):
        return None
    return redirect("mfa_activate_totp")
