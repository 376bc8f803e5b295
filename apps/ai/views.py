"""Pages where an organization's persona is taught and watched. Agents look, managers change."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.ai import queries, services
from apps.ai.forms import IntentForm, NoteForm, PersonaForm
from apps.ai.models import Generation, Intent, Note
from apps.ai.providers.offline.matching import CONFIDENT
from apps.organizations.access import member_required, role_of
from apps.organizations.models import Role
from apps.ui.paging import paginate

_TRIED = 500  # characters of a text that is tried out


def _may_edit(request: HttpRequest) -> bool:
    role = role_of(request)
    return bool(role and role.includes(Role.MANAGER))


def _status(form: Any) -> int:
    return 422 if form.errors else 200


@require_GET
@member_required(Role.AGENT)
def persona(request: HttpRequest) -> HttpResponse:
    current = queries.persona()
    form = PersonaForm(initial=PersonaForm.initial_from(current))
    return _persona_page(request, form)


@require_POST
@member_required(Role.MANAGER)
def save_persona(request: HttpRequest) -> HttpResponse:
    form = PersonaForm(request.POST)
    if form.is_valid():
        services.save_persona(queries.persona(), **form.changes())
        messages.success(request, _("Saved. The next answer already follows it."))
        return redirect("ai:persona")
    return _persona_page(request, form)


def _persona_page(request: HttpRequest, form: PersonaForm) -> HttpResponse:
    if not _may_edit(request):
        for field in form.fields.values():
            field.disabled = True
    keys = {name: bool(services.account_of(name).api_key) for name in ("openai", "gemini")}
    context = {"form": form, "may_edit": _may_edit(request), "any_key": any(keys.values())}
    return render(request, "ai/persona.html", context, status=_status(form))


@require_GET
@member_required(Role.AGENT)
def intent_list(request: HttpRequest) -> HttpResponse:
    page = paginate(Intent.objects.all(), request.GET.get("cursor"), order=("name", "id"))
    return render(request, "ai/intent_list.html", {"page": page, "may_edit": _may_edit(request)})


@require_GET
@member_required(Role.AGENT)
def try_intents(request: HttpRequest) -> HttpResponse:
    """Which intent a text would meet, and how surely; nothing is sent or stored."""
    text = request.GET.get("text", "").replace("\x00", "")[:_TRIED]
    matches = queries.match_intents(text)[:3] if text.strip() else []
    context = {
        "text": text,
        "matches": matches,
        "answers": bool(matches) and matches[0].confidence >= CONFIDENT,
        "threshold": CONFIDENT,
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "ai/intent_list.html#tried", context)
    page = paginate(Intent.objects.all(), "", order=("name", "id"))
    return render(
        request, "ai/intent_list.html", {**context, "page": page, "may_edit": _may_edit(request), "tried": True}
    )


@require_http_methods(["GET", "POST"])
@member_required(Role.MANAGER)
def intent_new(request: HttpRequest) -> HttpResponse:
    return _edit_intent(request, Intent())


@require_http_methods(["GET", "POST"])
@member_required(Role.MANAGER)
def intent_edit(request: HttpRequest, intent_id: int) -> HttpResponse:
    return _edit_intent(request, get_object_or_404(Intent, pk=intent_id))


def _edit_intent(request: HttpRequest, intent: Intent) -> HttpResponse:
    form = IntentForm(request.POST or None, instance=intent)
    if request.method == "POST" and form.is_valid():
        services.save_intent(intent, **form.changes())
        messages.success(request, _("Saved. The next answer already follows it."))
        return redirect("ai:intents")
    return render(request, "ai/intent_edit.html", {"form": form, "intent": intent}, status=_status(form))


@require_POST
@member_required(Role.MANAGER)
def intent_delete(request: HttpRequest, intent_id: int) -> HttpResponse:
    services.delete_intent(get_object_or_404(Intent, pk=intent_id))
    messages.success(request, _("Deleted."))
    return redirect("ai:intents")


@require_GET
@member_required(Role.AGENT)
def note_list(request: HttpRequest) -> HttpResponse:
    page = paginate(Note.objects.all(), request.GET.get("cursor"), order=("title", "id"))
    return render(request, "ai/note_list.html", {"page": page, "may_edit": _may_edit(request)})


@require_http_methods(["GET", "POST"])
@member_required(Role.MANAGER)
def note_new(request: HttpRequest) -> HttpResponse:
    return _edit_note(request, Note())


@require_http_methods(["GET", "POST"])
@member_required(Role.MANAGER)
def note_edit(request: HttpRequest, note_id: int) -> HttpResponse:
    return _edit_note(request, get_object_or_404(Note, pk=note_id))


def _edit_note(request: HttpRequest, note: Note) -> HttpResponse:
    form = NoteForm(request.POST or None, instance=note)
    if request.method == "POST" and form.is_valid():
        services.save_note(note, **form.changes())
        messages.success(request, _("Saved. The next answer already follows it."))
        return redirect("ai:notes")
    return render(request, "ai/note_edit.html", {"form": form, "note": note}, status=_status(form))


@require_POST
@member_required(Role.MANAGER)
def note_delete(request: HttpRequest, note_id: int) -> HttpResponse:
    services.delete_note(get_object_or_404(Note, pk=note_id))
    messages.success(request, _("Deleted."))
    return redirect("ai:notes")


@require_GET
@member_required(Role.AGENT)
def generation_list(request: HttpRequest) -> HttpResponse:
    filters = {name: request.GET.get(name, "") for name in ("provider", "outcome", "used")}
    rows = queries.generations(filters).defer("system", "turns", "calls")
    context = {
        "page": paginate(rows, request.GET.get("cursor"), order=("-created_at", "-id")),
        "providers": [("openai", "OpenAI"), ("gemini", "Gemini"), ("offline", _("Built-in"))],
        "outcomes": Generation.Outcome.choices,
        "used": [("yes", _("Used")), ("no", _("Not used"))],
    }
    return render(request, "ai/generation_list.html", context)


@require_GET
@member_required(Role.AGENT)
def generation(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Generation, pk=generation_id)
    run = list(queries.run_of(one.run)[:50])
    system = next((row.system for row in run if row.system), "")
    return render(request, "ai/generation.html", {"generation": one, "run": run, "system": system})
