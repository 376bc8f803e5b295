"""The home page, the search over everything, and the page of one journey."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from apps.analytics.forms import PRESETS, RangeForm
from apps.catalog import queries as catalog
from apps.conversations.queries import message_of_trace
from apps.jobs import clock
from apps.organizations.access import member_required, person_of, role_of
from apps.organizations.models import Role
from apps.organizations.queries import calendar_day, current_organization

from . import todo
from .home import figures_for
from .journey import journey
from .search import find


def entry(_request: HttpRequest) -> HttpResponse:
    """The bare address leads to the home page."""
    return redirect("dashboard:home")


@member_required(Role.VIEWER)
def home(request: HttpRequest) -> HttpResponse:
    """A briefing: who waits, what to do now, and what the front desk brought in over a range of days."""
    form, now = RangeForm(request.GET), clock.now()
    days = form.range(calendar_day(current_organization(), now))
    context = {
        "now": now,
        "greeting": todo.greeting(person_of(request)),
        "waiting": todo.waiting(),
        "tasks": todo.tasks(role_of(request) or Role.VIEWER, now=now),
        "form": form,
        "days": days,
        "presets": list(PRESETS.items()),
        **figures_for(days),
    }
    return render(request, "dashboard/home.html", context)


@require_GET
@member_required(Role.VIEWER)
def search(request: HttpRequest) -> HttpResponse:
    """People, messages and items that hold the words."""
    found = find(request.GET.get("q", ""))
    language = request.LANGUAGE_CODE
    context = {
        "found": found,
        "search_query": found.words,
        "cards": [(item, catalog.card(item, language)) for item in found.items],
    }
    return render(request, "dashboard/search.html", context)


@require_GET
@member_required(Role.VIEWER)
def trace(request: HttpRequest, trace_id: uuid.UUID) -> HttpResponse:
    """The stations of a journey: inside the story of its message, or alone where it has none.

    404 where this organization has no part in it.
    """
    if not request.htmx and (told := message_of_trace(trace_id)) is not None:  # type: ignore[attr-defined]
        return redirect("conversations:story", told.conversation_id, told.pk)
    found = journey(trace_id, role_of(request) or Role.VIEWER)
    if found is None:
        raise Http404
    name = "dashboard/trace.html#stations" if request.htmx else "dashboard/trace.html"  # type: ignore[attr-defined]
    return render(request, name, {"trace": trace_id, "journey": found})
