"""Find the trace, the tenant and the membership of a request, in this order; then note who acts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse, set_urlconf
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django_tenants.utils import tenant_context

from apps.jobs import trace
from apps.jobs.connection import connection

from . import audit, credentials, hosts, staff
from .actors import NotAllowed
from .console import policy
from .encryption import SealedFactor
from .models import Credential, Domain, Membership, Organization
from .services import domains

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
    credential: Credential | None
    membership: Membership | None
    staff_entry: Credential | None


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
        if (riddle := domains.answer(host, request.path)) is not None:
            return riddle
        if hosts.is_public(host):
            return self.get_response(request)
        domain = Domain.objects.filter(domain=host, proven_at__isnull=False).select_related("tenant").first()
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


class CredentialMiddleware(AuthenticationMiddleware):
    """`request.user`, out of the session's credential: one query brings the person, their membership and both epochs."""

    def process_request(self, request: HttpRequest) -> None:
        request.credential = None  # type: ignore[attr-defined]
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: credentials.signed_in(request))  # type: ignore[assignment]


class MembershipMiddleware:
    """`request.membership`: what the signed-in person may do here; None where they are nobody.

    `request.staff_entry` is set while agency staff is inside a tenant; what they do there is signed as theirs.
    The person's own language wins over the browser's, unless they chose another in this browser.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: TenantRequest) -> HttpResponse:
        request.membership = None
        request.staff_entry = None
        if request.user.is_authenticated:
            self._find(request)
            chosen = getattr(request.user, "language", "")
            if chosen and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
                translation.activate(chosen)
                request.LANGUAGE_CODE = translation.get_language()
        with audit.acting(request):
            return policy.second_factor_first(request) or self.get_response(request)

    def process_exception(self, request: TenantRequest, error: Exception) -> HttpResponse | None:
        """Who has not proven themselves lately does so now, and comes back to where they were."""
        if isinstance(error, NotAllowed) and error.code == "reauthentication_required":
            return reauthenticate(request)
        if isinstance(error, SealedFactor):
            return render(request, "errors/sealed.html", {"sentence": error.message}, status=503)
        return None

    def _find(self, request: TenantRequest) -> None:
        credential = request.credential
        if credential is None:
            return
        credentials.note_use(credential, request)
        if request.tenant is None:
            return
        if credential.kind == Credential.Kind.STAFF_ENTRY:
            # This session came through the agency's door: it is worth what its entry is worth, and nothing more.
            request.staff_entry = credential
            credential.organization = request.tenant
            request.membership = staff.acting_membership(credential)
        else:
            request.membership = credentials.membership_behind(credential, request.tenant)


def reauthenticate(request: HttpRequest) -> HttpResponse:
    """To the page that asks for the password again, and from there back."""
    back = request.get_full_path()
    if request.method != "GET" or request.htmx:  # type: ignore[attr-defined]
        shown = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
        back = shown._replace(scheme="", netloc="", fragment="").geturl() or "/"
    address = f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"
    if request.htmx:  # type: ignore[attr-defined]
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = address
        return response
    return redirect(address)
