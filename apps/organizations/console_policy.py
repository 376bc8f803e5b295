"""What holds at the agency's console alone: its content security policy, and a second factor for everybody."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_tenants.utils import get_public_schema_name

from apps.jobs.connection import connection

_RELAXED = {"script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


def relax_for_admin(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Only below /admin/, only on the public host, only for staff who are signed in."""
    if (
        request.path.startswith("/admin/")
        and connection.schema_name == get_public_schema_name()
        and request.user.is_staff
    ):
        response._csp_replace = _RELAXED  # type: ignore[attr-defined]  # read by csp.middleware
    return response


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
