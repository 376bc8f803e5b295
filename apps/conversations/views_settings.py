"""Settings of conversations: saved replies and message templates."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.integrations.models import ConnectedAccount
from apps.organizations.access import member_required, role_of
from apps.organizations.models import Role
from apps.ui.paging import paginate

from . import queries, services
from .adapters.registry import ADAPTERS
from .forms import CannedReplyForm, TemplateForm
from .models import CannedReply, MessageTemplate


@require_GET
@member_required(Role.AGENT)
def reply_list(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").replace("\x00", "")[:60]
    page = paginate(queries.canned_replies(words), request.GET.get("cursor"), order=("shortcut", "id"))
    return render(request, "conversations/reply_list.html", {"page": page, "words": words})


@require_http_methods(["GET", "POST"])
@member_required(Role.AGENT)
def edit_reply(request: HttpRequest, reply_id: int | None = None) -> HttpResponse:
    reply = _one(CannedReply.objects.all(), reply_id) if reply_id is not None else CannedReply()
    form = CannedReplyForm(request.POST or None, instance=reply)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_canned_reply(reply, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("conversations:replies")
    return render(
        request, "conversations/reply_edit.html", {"form": form, "reply": reply}, status=422 if form.errors else 200
    )


@require_POST
@member_required(Role.AGENT)
def delete_reply(request: HttpRequest, reply_id: int) -> HttpResponse:
    services.delete_canned_reply(_one(CannedReply.objects.all(), reply_id))
    messages.success(request, _("Deleted."))
    return redirect("conversations:replies")


@require_GET
@member_required(Role.VIEWER)
def template_list(request: HttpRequest) -> HttpResponse:
    rows = MessageTemplate.objects.select_related("account").order_by("name", "language", "id")
    held = role_of(request)
    context = {
        "page": paginate(rows, request.GET.get("cursor"), order=("name", "id")),
        "accounts": _accounts().exists(),
        "may_edit": bool(held and held.includes(Role.MANAGER)),
    }
    return render(request, "conversations/template_list.html", context)


@require_http_methods(["GET", "POST"])
@member_required(Role.MANAGER)
def edit_template(request: HttpRequest, template_id: int | None = None) -> HttpResponse:
    template = _one(MessageTemplate.objects.all(), template_id) if template_id is not None else MessageTemplate()
    form = TemplateForm(request.POST or None, instance=template, accounts=_accounts())
    if request.method == "POST" and form.is_valid():
        try:
            services.save_template(template, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("conversations:templates")
    context = {"form": form, "template": template}
    return render(request, "conversations/template_edit.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(Role.MANAGER)
def delete_template(request: HttpRequest, template_id: int) -> HttpResponse:
    services.delete_template(_one(MessageTemplate.objects.all(), template_id))
    messages.success(request, _("Deleted."))
    return redirect("conversations:templates")


def _accounts() -> QuerySet[ConnectedAccount]:
    """Accounts of channels that know templates."""
    channels = [channel for channel, adapter in ADAPTERS.items() if adapter.LIMITS.templates]
    return ConnectedAccount.objects.filter(channel__in=channels).order_by("name", "id")


def _one(rows: QuerySet[Any], key: int) -> Any:
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found
