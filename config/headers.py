"""Headers that Django has no setting for."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class PermissionsPolicyMiddleware:
    """No page of ours needs a camera, a position or a payment sheet, and none that we embed gets one either.

    And what we promise of https binds our own domain whole; of a customer's, only the host that they gave us.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        if settings.SECURE_HSTS_SECONDS and request.is_secure() and not _is_ours(request):
            # Before Django's own middleware, which leaves a header alone that is there.
            response.headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        return response


class NoStoreMiddleware:
    """What is told to somebody in particular is kept by no cache, and gone from a shared machine after signing out.

    Views that mean something else (public pictures, files under addresses nobody can guess) have said so themselves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response.headers and _is_personal(request):
            response.headers["Cache-Control"] = "no-store, private"
        return response


def _is_personal(request: HttpRequest) -> bool:
    if "Authorization" in request.headers or request.path_info.startswith(("/api/", "/accounts/", "/admin/")):
        return True
    return bool(request.user.is_authenticated)


def _is_ours(request: HttpRequest) -> bool:
    host = request.META.get("HTTP_HOST", "").partition(":")[0].rstrip(".").lower()
    return host == settings.BASE_DOMAIN or host.endswith(f".{settings.BASE_DOMAIN}")
