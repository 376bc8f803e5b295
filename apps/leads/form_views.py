"""Forms: built in the dashboard, filled in on a hosted page or inside other people's pages."""

from __future__ import annotations

import secrets
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from apps.organizations.access import member_required
from apps.organizations.hosts import counted_address
from apps.organizations.models import Role
from apps.organizations.throttling import count

from . import queries, submissions
from .forms import BuilderForm, HostedForm, QuestionSet, fields_from, questions_of
from .models import Form

TRAP = "website"  # a field people do not see; what fills it in is a program
LIMITS = ((10, 600), (60, 86_400))  # submissions per address: so many within so many seconds
_SALT = "leads.form"
_STARTER = [
    {"name": "name", "label": "", "kind": "text", "required": True},
    {"name": "phone", "label": "", "kind": "phone", "required": False},
    {"name": "email", "label": "", "kind": "email", "required": False},
    {"name": "message", "label": "", "kind": "long", "required": False},
]


@require_GET
@member_required(Role.VIEWER)
def form_list(request: HttpRequest) -> HttpResponse:
    return render(request, "leads/form_list.html", {"forms": queries.forms_with_counts()})


@require_http_methods(["GET", "POST"])
@member_required(Role.MANAGER)
def edit_form(request: HttpRequest, form_id: int | None = None) -> HttpResponse:
    """Build a form and get the lines that show it on a page."""
    form = queries.get_form(form_id) if form_id is not None else None
    builder = BuilderForm(request.POST or None, instance=form)
    questions = QuestionSet(request.POST or None, prefix="q", initial=questions_of(form) if form else _STARTER)
    if request.method == "POST" and builder.is_valid() and questions.is_valid():
        try:
            fields = fields_from(questions.cleaned_data)
        except ValidationError as error:
            builder.add_error(None, error)
        else:
            saved = submissions.save_form(form or Form(), **builder.values(), fields=fields)
            messages.success(request, _("Saved. Pages that show this form already show it as it is now."))
            return redirect("leads:form", saved.pk)
    context = {"form": builder, "questions": questions, "object": form, **_snippets(request, form)}
    bad = request.method == "POST"
    return render(request, "leads/form_edit.html", context, status=422 if bad else 200)


def _snippets(request: HttpRequest, form: Form | None) -> dict[str, str]:
    if form is None:
        return {}
    page = request.build_absolute_uri(reverse("leads:hosted", args=[form.key]))
    script = request.build_absolute_uri(reverse("leads:embed", args=[form.key]))
    return {
        "address": page,
        "script_line": f'<script src="{script}" async></script>',
        "frame_line": f'<iframe src="{page}?embed=1" title="{form.title or form.name}" width="100%" height="560"></iframe>',
    }


# Public -----------------------------------------------------------------------------------------------------------


@csrf_exempt  # nobody is signed in here, and inside other people's pages cookies do not travel
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]
@require_http_methods(["GET", "POST"])
def hosted(request: HttpRequest, key: str) -> HttpResponse:
    """The form on a page of its own, also inside a frame; needs no script and no cookie."""
    form = queries.find_form(key)
    with override(_language(request, form)):
        if request.method == "POST":
            return _received(request, form)
        return _page(request, form, _fill(form), token=_new_token(form))


def _language(request: HttpRequest, form: Form) -> str:
    """The form's own, that of the page around it (`lang`), or the visitor's."""
    asked = str((request.POST or request.GET).get("lang", ""))[:2].lower()
    return form.language or (asked if asked in dict(settings.LANGUAGES) else "") or get_language() or "en"


def _fill(form: Form, *data: Any) -> HostedForm:
    return HostedForm(form, *data, language=(get_language() or "en")[:2])


def _received(request: HttpRequest, form: Form) -> HttpResponse:
    token = _read_token(form, request.POST.get("token", ""))
    filled = _fill(form, request.POST)
    if token is None:
        return _page(
            request, form, filled, token=_new_token(form), status=422,
            notice=_("This page was open for long. What you wrote is still here: please send it again."),
        )  # fmt: skip
    if request.POST.get(TRAP):
        return _page(request, form, None)  # a program is thanked and forgotten
    if not filled.is_valid():
        return _page(request, form, filled, token=request.POST["token"], status=422)
    if _too_many(request):
        return _page(
            request, form, filled, token=request.POST["token"], status=429,
            notice=_("Too many forms were sent from your network. Nothing was lost: please send it again in a few minutes."),
        )  # fmt: skip
    origin = submissions.origin_of(request.POST.get("page", ""), request.POST.get("referrer", ""), request.POST.dict())
    data = {name: str(value) for name, value in filled.cleaned_data.items() if value not in ("", False, None)}
    submissions.submit(form, token, data, origin=origin, language=(get_language() or "")[:2])
    return _page(request, form, None)


def _page(
    request: HttpRequest, form: Form, filled: HostedForm | None, *, token: str = "", notice: str = "", status: int = 200
) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    page = given.get("page", "") or (
        request.headers.get("Referer", "") if given.get("embed") else request.build_absolute_uri()
    )
    context: dict[str, Any] = {
        "form": form,
        "filled": filled,
        "token": token,
        "notice": notice,
        "trap": TRAP,
        "embedded": bool(given.get("embed")),
        "said": {name: form.said(name, (get_language() or "en")[:2]) for name in ("title", "button", "thanks")},
        "carried": {
            "page": page[:500],
            "referrer": (
                given.get("referrer", "") or ("" if given.get("embed") else request.headers.get("Referer", ""))
            )[:500],
            **({"lang": get_language()} if given.get("lang") else {}),
            **{name: given[name][:200] for name in submissions.UTM if given.get(name)},
        },
    }
    response = render(request, "leads/form_page.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _new_token(form: Form) -> str:
    return signing.dumps([form.pk, secrets.token_hex(12)], salt=_SALT)


def _read_token(form: Form, token: str) -> str | None:
    """What makes this page's submission one, however often it is sent; None for a strange or old one."""
    try:
        form_id, mark = signing.loads(token[:300], salt=_SALT, max_age=86_400)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return str(mark) if form_id == form.pk else None


def _too_many(request: HttpRequest) -> bool:
    address = counted_address(request)
    return any(count(f"form:{request.tenant.pk}:{address}:{seconds}", seconds)[0] > most for most, seconds in LIMITS)  # type: ignore[attr-defined]


@require_GET
@cache_control(public=True, max_age=300)
def embed(request: HttpRequest, key: str) -> HttpResponse:
    """The one script that puts the form where its own script tag stands."""
    form = queries.find_form(key)
    context = {
        "address": request.build_absolute_uri(reverse("leads:hosted", args=[form.key])),
        "title": form.title or form.name,
    }
    response = render(request, "leads/embed.js", context, content_type="text/javascript; charset=utf-8")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
