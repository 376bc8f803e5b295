"""The chat on a page of its own or in a frame, the script that puts it on other people's pages, and its settings."""

from __future__ import annotations

import json

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.ai.queries import persona
from apps.conversations import uploads
from apps.organizations.access import actor_of, member_required, person_of
from apps.organizations.models import Role
from apps.organizations.queries import absolute, current_organization
from apps.ui import contrast

from . import queries, services
from .api import LONGEST
from .forms import WidgetForm
from .widget import widget_of


@require_GET
@xframe_options_exempt  # frame-ancestors says it more precisely
def chat(request: HttpRequest) -> HttpResponse:
    """The chat itself. In a frame (?embed=1) it speaks with the script around it; no cookie is needed or set."""
    account = queries.chat_account()
    if account is None or not queries.is_on(account):
        raise Http404
    widget = widget_of(account)
    with override(_language(request)):
        context = {
            "widget": widget,
            "persona": persona().name,
            "embedded": request.GET.get("embed") == "1",
            "config": {
                "api": reverse("webchat-api:thread"),
                "longest": LONGEST,
                "largest": uploads.LARGEST,
                "language": get_language(),
            },
            "accept": uploads.ACCEPT,
        }
        response = render(request, "webchat/chat.html", context)
    response._csp_replace = {"frame-ancestors": widget.frame_ancestors}  # type: ignore[attr-defined]  # read by csp.middleware
    response.headers["Cache-Control"] = "no-cache"
    return response


def _language(request: HttpRequest) -> str:
    """The page around says it; else what the browser prefers, as everywhere."""
    asked = request.GET.get("lang", "")[:2].lower()
    return asked if asked in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE


@require_GET
@cache_control(public=True, max_age=300)
def script(request: HttpRequest) -> HttpResponse:
    """The one script tag of a website: a button in the corner, and the chat in a frame once it is wanted."""
    account = queries.chat_account()
    organization = current_organization()
    brand = contrast.light_accent(contrast.parse_hex(organization.accent) or contrast.DEFAULT)
    widget = widget_of(account) if account else None
    context = {
        "is_on": queries.is_on(account),
        "address": request.build_absolute_uri(reverse("webchat:chat")),
        "title": (widget.title if widget else "") or organization.name,
        "position": widget.position if widget else "end",
        "accent": brand.fill,
        "on_accent": brand.on_fill,
        "words": json.dumps({code: _words(code) for code, _name in settings.LANGUAGES}),  # ASCII: safe in a script
    }
    response = render(request, "webchat/widget.js", context, content_type="text/javascript; charset=utf-8")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _words(code: str) -> dict[str, str]:
    with override(code):
        return {"open": _("Chat with us"), "close": _("Close the chat"), "unread": _("New messages: {n}")}


@require_http_methods(["GET", "POST"])
@member_required(Role.MANAGER)
def settings_page(request: HttpRequest) -> HttpResponse:
    """The line for the website, and everything the chat can be told."""
    account = queries.chat_account()
    if account is None:
        raise Http404
    shown = widget_of(account)
    form = WidgetForm(request.POST or None, shown=shown)
    if request.method == "POST" and form.is_valid():
        services.save_widget(account, form.as_widget())
        messages.success(request, _("Saved. Websites show it within five minutes."))
        return redirect("webchat:settings")
    script_address = absolute(reverse("webchat:script"))
    context = {
        "form": form,
        "account": account,
        "is_on": queries.is_on(account),
        "script_line": f'<script src="{script_address}" async></script>',
        "address": absolute(reverse("webchat:chat")),
    }
    return render(request, "webchat/settings.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(Role.MANAGER)
def switch(request: HttpRequest) -> HttpResponse:
    """Let visitors write, or not any more."""
    account = queries.chat_account()
    if account is None:
        raise Http404
    turned_on = request.POST.get("on") == "1"
    services.switch(account, on=turned_on, user=person_of(request), actor=actor_of(request))
    messages.success(request, _("The chat is on.") if turned_on else _("The chat is off. Its conversations stay."))
    return redirect("webchat:settings")
