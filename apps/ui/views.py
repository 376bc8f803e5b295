"""Preferences, brand colors, the style page, and error pages that need neither tenant nor database."""

from http import HTTPStatus
from typing import Any

import structlog
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from apps.ui import contrast, samples, shell

log = structlog.get_logger(__name__)
YEAR = 365 * 24 * 3600


@require_safe
@cache_control(public=True, max_age=YEAR, immutable=True)
def brand_css(request: HttpRequest) -> HttpResponse:
    """Custom properties for one accent. Depends on nothing but the address, so it is cached for ever."""
    brand = contrast.parse_hex(request.GET.get("accent")) or contrast.DEFAULT
    light, dark = contrast.light_accent(brand), contrast.dark_accent(brand)
    pairs = {
        "accent": (light.fill, dark.fill),
        "accent-hover": (light.fill_hover, dark.fill_hover),
        "on-accent": (light.on_fill, dark.on_fill),
        "accent-edge": (light.edge, dark.edge),
        "accent-text": (light.text, dark.text),
        "accent-soft": (light.soft, dark.soft),
    }
    body = "".join(f"--{name}:light-dark({a},{b});" for name, (a, b) in pairs.items())
    return HttpResponse(f":root{{{body}}}\n", content_type="text/css; charset=utf-8")


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    theme = request.POST.get("theme", "")
    response = _back(request)
    if theme in shell.THEMES:
        _remember(response, request, shell.THEME_COOKIE, theme)
    return response


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    language = request.POST.get("language", "")
    response = _back(request)
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        _remember(response, request, settings.LANGUAGE_COOKIE_NAME, language)
    return response


def _remember(response: HttpResponse, request: HttpRequest, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=request.is_secure())


def _back(request: HttpRequest) -> HttpResponse:
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(target if safe else "/")


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As customers see it.")
    email = forms.EmailField(required=False)
    size = forms.ChoiceField(choices=[("s", "Small"), ("m", "Medium"), ("l", "Large")])
    languages = forms.MultipleChoiceField(
        choices=[("en", "English"), ("ar", "العربية")], widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    agree = forms.BooleanField(
        label="Send a copy to the owner", required=False, help_text="You can turn this off later."
    )


def style(request: HttpRequest) -> HttpResponse:
    """Every component on one page, for those who build pages."""
    if not (settings.DEBUG or getattr(request.user, "is_staff", False)):
        raise Http404
    form = SampleForm(request.POST or {"email": "not an address", "size": "m"})
    if request.method == "POST":
        messages.success(request, _("Saved"))
    return render(request, "ui/style.html", {"form": form, **samples.for_style_page()})


# Errors -----------------------------------------------------------------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, HTTPStatus.BAD_REQUEST)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _error(request, HTTPStatus.FORBIDDEN, template="csrf.html")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, HTTPStatus.NOT_FOUND)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    response = _error(request, HTTPStatus.TOO_MANY_REQUESTS)
    response.headers.setdefault("Retry-After", "60")
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    return _error(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def _error(request: HttpRequest, status: HTTPStatus, template: str = "") -> HttpResponse:
    """Inside the app with its menu; else, and after a fault of ours, in a frame that asks neither session nor database."""
    if _wants_json(request):
        return HttpResponse(
            f'{{"code": "{status.name.lower()}", "message": "{status.phrase}."}}',
            status=status,
            content_type="application/json",
        )
    page = f"errors/{template or f'{int(status)}.html'}"
    if status < HTTPStatus.INTERNAL_SERVER_ERROR and _is_inside(request):
        try:
            return render(request, page, {"frame": "base.html"}, status=status)
        except Exception:
            log.exception("error_page.failed", status=int(status))
    context: dict[str, Any] = {"ui": shell.ErrorShell(request), "frame": "ui/centered.html"}
    try:
        body = get_template(page).render(context)
    except (TemplateDoesNotExist, ValueError):  # ValueError: static files were not collected
        body = format_html("<!doctype html><title>{0} {1}</title><h1>{1}</h1>", int(status), status.phrase)
    return HttpResponse(body, status=status)


def _is_inside(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated and shell.ports.access(request, "viewer")


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/webhook/")) or "application/json" in request.headers.get("Accept", "")
