"""Find the trace, the tenant and the membership of a request, in this order; then note who acts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import set_urlconf
from django.utils import translation
from django.utils.translation import gettext as _
from django_tenants.utils import tenant_context

from apps.jobs import trace
from apps.jobs.connection import connection

from . import audit, hosts, staff
from .access import person_of
from .console_policy import relax_for_admin
from .models import Domain, Membership, Organization, StaffEntry
from .queries import membership_of

Handler = Callable[[HttpRequest], HttpResponse]


class TraceMiddleware:
    """Give every request a trace id, taken from X-Request-ID if that is a UUID, and answer with it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        structlog.contextvars.clear_contextvars()
        try:
            given = uuid.UUID(request.headers.get("X-Request-ID", ""))
        except ValueError:
            given = None
        with trace.following(given) as current:
            response = self.get_response(request)
        response.headers["X-Request-ID"] = str(current)
        return response


class TenantRequest(HttpRequest):
    """What the middleware below adds to a request."""

    tenant: Organization | None
    membership: Membership | None
    staff_entry: StaffEntry | None


class TenantMiddleware:
    """Find the organization by host name and activate its schema; the public host has none.

    Whatever happened before on this thread's connection, each request starts and ends in public.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: TenantRequest) -> HttpResponse:
        connection.set_schema_to_public()
        _drop_impossible_session(request)
        try:
            return self._answer(request)
        finally:
            connection.set_schema_to_public()

    def process_exception(self, request: TenantRequest, error: Exception) -> None:
        """Values that nothing can hold (null bytes, half characters, endless numbers) are the caller's mistake."""
        if isinstance(error, DataError | UnicodeEncodeError | OverflowError):
            raise BadRequest from error

    def _answer(self, request: TenantRequest) -> HttpResponse:
        host = hosts.bare(request.get_host())
        request.tenant = None
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        set_urlconf(request.urlconf)
        if hosts.is_public(host):
            return self.get_response(request)
        domain = Domain.objects.filter(domain=host).select_related("tenant").first()
        if domain is None:
            return _no_organization(request, host)
        if not domain.tenant.is_active:
            return _paused(request, domain.tenant)
        self._activate(request, domain.tenant)
        response = self.get_response(request)
        if getattr(response, "streaming", False):  # read after we have left the tenant's schema
            response.streaming_content = _inside(domain.tenant, response.streaming_content)  # type: ignore[attr-defined]
        return response

    def _activate(self, request: TenantRequest, organization: Organization) -> None:
        request.tenant = organization
        request.urlconf = settings.ROOT_URLCONF
        set_urlconf(request.urlconf)
        connection.set_tenant(organization)
        structlog.contextvars.bind_contextvars(tenant=organization.schema_name)


def _drop_impossible_session(request: TenantRequest) -> None:
    """A session key that we cannot have made would only make the database complain."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if key and not (key.isascii() and key.isalnum()):
        del request.COOKIES[settings.SESSION_COOKIE_NAME]


def _no_organization(request: TenantRequest, host: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        message = _("No organization lives at this address.")
        return JsonResponse({"code": "no_organization", "message": message}, status=404)
    return render(request, "errors/no_organization.html", {"host": host}, status=404)


def _paused(request: TenantRequest, organization: Organization) -> HttpResponse:
    if request.path.startswith("/api/"):
        message = _("This organization is paused. Its data is kept; ask the agency.")
        return JsonResponse({"code": "organization_paused", "message": message}, status=403)
    return render(request, "errors/paused.html", {"organization": organization}, status=403)


def _inside(organization: Organization, chunks: Iterator[Any]) -> Iterator[Any]:
    chunks = iter(chunks)
    while True:
        with tenant_context(organization):
            try:
                chunk = next(chunks)
            except StopIteration:
                return
        yield chunk


class MembershipMiddleware:
    """`request.membership`: what the signed-in person may do here; None where they are nobody.

    `request.staff_entry` is set while agency staff is inside a tenant; they act as an owner, visibly.
    The person's own language wins over the browser's, unless they chose another in this browser.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: TenantRequest) -> HttpResponse:
        request.membership = None
        request.staff_entry = None
        if request.user.is_authenticated:
            if request.tenant is not None:
                self._find(request, request.tenant)
            elif staff.SESSION_KEY in request.session:  # made for a tenant's host: it opens no console
                logout(request)
            chosen = getattr(request.user, "language", "")
            if chosen and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
                translation.activate(chosen)
                request.LANGUAGE_CODE = translation.get_language()
        with audit.acting(request):
            response = self.get_response(request)
        return relax_for_admin(request, response)

    def _find(self, request: TenantRequest, organization: Organization) -> None:
        request.membership = membership_of(person_of(request), organization)
        if staff.SESSION_KEY not in request.session:
            return
        # This session came through the agency's door: it is worth what its entry is worth, and nothing more.
        request.staff_entry = staff.entry_of(request)
        request.membership = staff.acting_membership(request.staff_entry) if request.staff_entry else None
        if request.staff_entry is None:
            logout(request)
