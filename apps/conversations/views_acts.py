"""What people do in the inbox. With script the answer is what changed around the conversation; without, its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.jobs.connection import connection
from apps.leads import details as lead_details
from apps.leads import services as leads
from apps.leads.forms import DetailsForm
from apps.leads.queries import members
from apps.organizations.access import actor_of, member_required
from apps.organizations.errors import Problem
from apps.organizations.models import Role
from apps.ui import phrases
from apps.ui.toasts import announce, toast

from . import drafts, queries, services, uploads
from .forms import NOTE, TEMPLATE, SendForm, SnoozeForm
from .models import Conversation
from .views import may_write, parts, person_context, query_of

MOST_FILES = 10


def _who(request: HttpRequest) -> dict[str, Any]:
    return {"by": request.user, "actor": actor_of(request)}


def _words(error: ValidationError) -> str:
    return " ".join(error.messages)


def _page(request: HttpRequest, conversation_id: int) -> str:
    query = query_of(request)
    return reverse("conversations:conversation", args=[conversation_id]) + (f"?{query}" if query else "")


def _done(request: HttpRequest, conversation_id: int, said: str = "", *, undo_url: str = "") -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        response = parts(request, conversation_id)
        if not said:
            return response
        return toast(response, said, undo_url=undo_url) if undo_url else announce(response, said)
    if said:
        messages.success(request, said)
    return redirect(_page(request, conversation_id))


def _undo(request: HttpRequest, name: str, conversation_id: int) -> str:
    """The address that takes an act back and answers with the list as it is narrowed now."""
    query = query_of(request)
    return reverse(f"conversations:{name}", args=[conversation_id]) + (f"?{query}" if query else "")


def _refused(request: HttpRequest, conversation_id: int, why: str) -> HttpResponse:
    """Nothing happened, and why; what was typed stays with the person."""
    if request.htmx:  # type: ignore[attr-defined]
        return parts(request, conversation_id, status=422, problem=why)
    messages.error(request, why)
    return redirect(_page(request, conversation_id))


# Answering --------------------------------------------------------------------------------------------------------


@require_POST
@member_required(Role.AGENT)
def send(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """A reply, a template, or a note for the team."""
    found = queries.get_conversation(conversation_id)
    form = SendForm(request.POST)
    if not form.is_valid():
        return _refused(request, found.pk, " ".join(str(one) for errors in form.errors.values() for one in errors))
    data = form.cleaned_data
    try:
        if data["mode"] == NOTE:
            _note(request, found, data)
        elif data["mode"] == TEMPLATE:
            _template(request, found, form)
        else:
            _reply(request, found, data)
            services.take_over(found, **_who(request))  # whoever answers first is the one assigned
    except ValidationError as error:
        return _refused(request, found.pk, _words(error))
    except services.NotSent as refused:
        return _refused(request, found.pk, str(refused))
    return _done(request, found.pk)


def _reply(request: HttpRequest, found: Conversation, data: dict[str, Any]) -> None:
    """A reply with the files that came with it; they count as used only once it is on its way."""
    files = request.FILES.getlist("file")
    if files and services.was_sent(found, token=data["token"], **_who(request)):
        return
    if len(files) > MOST_FILES:
        raise ValidationError(_("Send at most %(most)s files at once.") % {"most": MOST_FILES})
    by = actor_of(request)
    kept = [uploads.keep(file, by=by) for file in files]
    services.send_message(
        found,
        text=data["text"],
        attachments=[uploads.as_attachment(one) for one in kept],
        reply_to=_quoted(found, data["reply_to"]),
        token=data["token"],
        **_who(request),
    )
    uploads.attach([one.pk for one in kept], by=by, conversation=found)


def _note(request: HttpRequest, found: Conversation, data: dict[str, Any]) -> None:
    """Notes have no token in the database: the second of two quick clicks is known by the cache."""
    key = f"{connection.schema_name}:note:{request.user.pk}:{data['token']}"
    if data["token"] and not cache.add(key, 1, timeout=600):
        return
    try:
        services.add_note(found, text=data["text"], by=request.user)  # type: ignore[arg-type]
    except ValidationError:
        cache.delete(key)
        raise


def _template(request: HttpRequest, found: Conversation, form: SendForm) -> None:
    template = queries.templates_of(found).filter(pk=form.cleaned_data["template"] or 0).first()
    if template is None:
        raise ValidationError(_("Choose a template."))
    token = form.cleaned_data["token"]
    services.send_message(found, template=template, variables=form.variables, token=token, **_who(request))


def _quoted(found: Conversation, message_id: int | None) -> str:
    row = found.messages.filter(pk=message_id).exclude(external_id=None).first() if message_id else None
    return (row.external_id or "") if row else ""


@require_POST
@member_required(Role.AGENT)
def draft(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Have the assistant write an answer, or (`drop`) put away the one it wrote."""
    found = queries.get_conversation(conversation_id)
    if request.POST.get("drop"):
        drafts.drop(found)
        return _done(request, found.pk)
    try:
        drafts.ask(found)
    except ValidationError as error:
        return _refused(request, found.pk, _words(error))
    return _done(request, found.pk, _("A suggestion is being written."))


@require_POST
@member_required(Role.AGENT)
def retry(request: HttpRequest, message_id: int) -> HttpResponse:
    """Send it again."""
    message = queries.get_message(message_id)
    try:
        services.retry_message(message, **_who(request))
    except ValidationError as error:
        return _refused(request, message.conversation_id, _words(error))
    except services.NotSent as refused:
        return _refused(request, message.conversation_id, str(refused))
    return _done(request, message.conversation_id, _("It will be sent again."))


@require_POST
@member_required(Role.AGENT)
def cancel(request: HttpRequest, message_id: int) -> HttpResponse:
    """Take back what has not left yet."""
    message = queries.get_message(message_id)
    if services.cancel_message(message, by=request.user):  # type: ignore[arg-type]
        return _done(request, message.conversation_id, _("Taken back before it was sent."))
    return _refused(request, message.conversation_id, _("It is on its way already and cannot be taken back."))


# Who answers, and what state it is in -----------------------------------------------------------------------------


def _act(service: Callable[..., Any], said: Callable[[], str]) -> Callable[..., HttpResponse]:
    @require_POST
    @member_required(Role.AGENT)
    def view(request: HttpRequest, conversation_id: int) -> HttpResponse:
        found = queries.get_conversation(conversation_id)
        service(found, **_who(request))
        return _done(request, found.pk, said())

    return view


take_over = _act(services.take_over, lambda: _("You answer now; the assistant is silent."))
give_back = _act(services.give_back, lambda: _("The assistant answers again."))
reopen = _act(services.reopen, lambda: _("Opened again."))
undo_resolve = _act(services.undo_resolve, lambda: _("Opened again."))


@require_POST
@member_required(Role.AGENT)
def resolve(request: HttpRequest, conversation_id: int) -> HttpResponse:
    found = queries.get_conversation(conversation_id)
    services.resolve(found, **_who(request))
    undo = _undo(request, "undo-resolve", found.pk)
    return _done(request, found.pk, _("Done. It opens again when the customer writes."), undo_url=undo)


@require_POST
@member_required(Role.AGENT)
def assign(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """To a member by id, to oneself ("me"), or to nobody ("")."""
    found = queries.get_conversation(conversation_id)
    wanted = request.POST.get("assignee", "")
    to = next(
        (one for one in members() if str(one.pk) == wanted or (wanted == "me" and one.pk == request.user.pk)), None
    )
    if wanted and to is None:
        return _refused(request, found.pk, _("This person does not work here."))
    try:
        services.assign(found, to=to, **_who(request))
    except ValidationError as error:
        return _refused(request, found.pk, _words(error))
    return _done(request, found.pk, _("Assigned to %(name)s.") % {"name": to} if to else _("Assigned to nobody."))


@require_POST
@member_required(Role.AGENT)
def snooze(request: HttpRequest, conversation_id: int) -> HttpResponse:
    found = queries.get_conversation(conversation_id)
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return _refused(request, found.pk, " ".join(str(one) for errors in form.errors.values() for one in errors))
    until = form.cleaned_data["until"]
    try:
        services.snooze(found, until=until, **_who(request))
    except (ValidationError, OverflowError) as error:
        return _refused(
            request, found.pk, _words(error) if isinstance(error, ValidationError) else _("Choose until when.")
        )
    undo = _undo(request, "reopen", found.pk)
    return _done(request, found.pk, _("Put off until %(time)s.") % {"time": phrases.exact(until)}, undo_url=undo)


@require_POST
@member_required(Role.AGENT)
def mark_unread(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Leave it for later: back to the list, because looking at it would mark it read again."""
    found = queries.get_conversation(conversation_id)
    services.mark_unread(found, by=request.user)  # type: ignore[arg-type]
    query = query_of(request)
    messages.success(request, _("Marked as unread."))
    target = reverse("conversations:inbox") + (f"?{query}" if query else "")
    if request.htmx:  # type: ignore[attr-defined]
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = target
        return response
    return redirect(target)


@require_POST
@member_required(Role.VIEWER)
def here(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """The page is open before somebody's eyes (`seen`), who perhaps types (`typing`), or has left it (`gone`)."""
    found = queries.get_conversation(conversation_id)
    if request.POST.get("gone"):
        services.leave(found, by=request.user)  # type: ignore[arg-type]
        return HttpResponse(status=204)
    services.note_presence(found, by=request.user, typing=bool(request.POST.get("typing")))  # type: ignore[arg-type]
    if request.POST.get("seen") and found.unread and may_write(request):
        services.mark_read(found, by=request.user)  # type: ignore[arg-type]
    return HttpResponse(status=204)


# The person -------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@member_required(Role.AGENT)
def edit_person(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Name, phone, e-mail address and company, where they stand."""
    found = queries.get_conversation(conversation_id)
    lead = found.lead
    form = DetailsForm.of(lead, request.POST or None)
    if request.method == "GET" or not form.is_valid():
        context = {"conversation": found, "form": form, "query": query_of(request), **person_context(found)}
        name = "conversations/person_edit.html#edit" if request.htmx else "conversations/person_edit.html"  # type: ignore[attr-defined]
        return render(request, name, context, status=422 if form.errors else 200)
    by = actor_of(request)
    with transaction.atomic():
        for name in lead_details.NAMES:
            if not form.cleaned_data[name]:
                leads.clear_detail(lead, name, by=by)
        leads.capture_details(lead, **form.cleaned_data, by=by)
        found.change()
    return _done(request, found.pk, _("Saved."))


@require_POST
@member_required(Role.AGENT)
def move_stage(request: HttpRequest, conversation_id: int) -> HttpResponse:
    found = queries.get_conversation(conversation_id)
    try:
        leads.move_to_stage(found.lead, request.POST.get("stage", ""), by=actor_of(request))
    except Problem as problem:
        return _refused(request, found.pk, str(problem))
    with transaction.atomic():
        found.change()
    return _done(request, found.pk, _("Moved to %(stage)s.") % {"stage": found.lead.get_stage_display()})
