"""Find the trace, the tenant and the membership of a request, in this order."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import set_urlconf

from apps.jobs import trace

from . import staff
from .models import Domain, Organization
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


class TenantMiddleware:
    """Find the organization by host name and activate its schema; the public host has none.

    Whatever happened before on this thread's connection, each request starts and ends in public.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        connection.set_schema_to_public()
        try:
            host = request.get_host().rsplit(":", 1)[0].rstrip(".").lower().removeprefix("www.")
            request.tenant = None
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            if host not in {settings.BASE_DOMAIN, "127.0.0.1", "[::1]", "localhost", "testserver"}:
                domain = Domain.objects.filter(domain=host).select_related("tenant").first()
                if domain is None:
                    set_urlconf(request.urlconf)
                    return render(request, "errors/no_organization.html", {"host": host}, status=404)
                if not domain.tenant.is_active:
                    set_urlconf(request.urlconf)
                    return render(request, "errors/paused.html", {"organization": domain.tenant}, status=403)
                self._activate(request, domain.tenant)
            set_urlconf(request.urlconf)
            return self.get_response(request)
        finally:
            connection.set_schema_to_public()

    def _activate(self, request: HttpRequest, organization: Organization) -> None:
        request.tenant = organization
        request.urlconf = settings.ROOT_URLCONF
        connection.set_tenant(organization)
        structlog.contextvars.bind_contextvars(tenant=organization.schema_name)


class MembershipMiddleware:
    """`request.membership`: what the signed-in person may do here; None where they are nobody.

    `request.staff_entry` is set while agency staff is inside a tenant; they act as an owner, visibly.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = None
        request.staff_entry = None
        if request.tenant is not None and request.user.is_authenticated:
            request.membership = membership_of(request.user, request.tenant)
            if request.membership is None and request.user.is_staff:
                request.staff_entry = staff.entry_of(request)
                if request.staff_entry is not None:
                    request.membership = staff.acting_membership(request.staff_entry)
        return self.get_response(request)


