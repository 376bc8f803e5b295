"""The agency console's content security policy: its framework needs inline script and style; nothing else may."""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse
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
