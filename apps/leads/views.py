"""Pages of leads: list, board, one person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.jobs import clock
from apps.organizations.access import actor_of, member_required, role_of
from apps.organizations.errors import Problem
from apps.organizations.models import Role
from apps.ui import statuses
from apps.ui.toasts import announce, toast

from . import bulk, details, filters, merging, numbers, queries, services, timeline
from .forms import ActivityForm, DetailsForm, NewLeadForm
from .models import SOURCES, Activity, Label, Lead, Stage

CHANNELS = ("whatsapp", "instagram", "facebook", "webchat", "form", "manual", "api")
SORTS = ("recent", "score", "new")


def _may(request: HttpRequest, role: Role) -> bool:
    held = role_of(request)
    return bool(held and held.includes(role))


def _met_presets(request: HttpRequest) -> list[tuple[str, str]]:
    """Words and address of the ranges of days that are asked for most."""
    today = timezone.localtime(clock.now()).date()
    found = []
    for words, days in ((_("Today"), 1), (_("Last 7 days"), 7), (_("Last 30 days"), 30), (_("Last 90 days"), 90)):
        query = request.GET.copy()
        query["created_after"], query["created_before"] = (
            (today - timedelta(days=days - 1)).isoformat(),
            today.isoformat(),
        )
        query.pop("cursor", None)
        found.append((words, f"?{query.urlencode()}"))
    return found


def _toolbar(request: HttpRequest) -> dict[str, Any]:
    """What both list and board filter by."""
    query = request.GET.copy()
    for gone in ("cursor", "sort"):
        query.pop(gone, None)
    return {
        "stages": Stage.choices,
        "labels": Label.choices,
        "members": [("me", _("me")), ("none", _("nobody")), *((user.pk, str(user)) for user in queries.members())],
        "tags": [(tag.name, tag.name) for tag in queries.tags()[:100]],
        "channels": [(channel, statuses.look(statuses.CHANNELS, channel).label) for channel in CHANNELS],
        "sources": list(SOURCES.items()),
        "met_presets": _met_presets(request),
        "quiet_days": [(day, day) for day in query.getlist("active_before")[:1]],
        "query": query.urlencode(),
        "filtered": any(query.get(name) for name in query),
        "may_write": _may(request, Role.AGENT),
        "may_delete": _may(request, Role.MANAGER),
    }  # fmt: skip


@require_GET
@member_required(Role.VIEWER)
def lead_list(request: HttpRequest) -> HttpResponse:
    rows = filters.chosen(request, queries.leads())
    order = request.GET.get("sort", "recent")
    page = queries.page(rows, request.GET.get("cursor"), order=order if order in SORTS else "recent")
    context = {
        **_toolbar(request),
        "page": page,
        "count": queries.count(rows),
        "counted": queries.COUNTED,
        "sorts": [("score", _("score")), ("new", _("newest"))],
    }
    return render(request, "leads/lead_list.html", context)


@require_GET
@member_required(Role.VIEWER)
def board(request: HttpRequest) -> HttpResponse:
    rows = filters.chosen(request, queries.leads())
    context = {**_toolbar(request), "columns": queries.board(rows)}
    return render(request, "leads/board.html", context)


@require_GET
@member_required(Role.VIEWER)
def board_more(request: HttpRequest, stage: str) -> HttpResponse:
    """Further cards of a column."""
    if stage not in Stage.values:
        raise Http404
    rows = filters.chosen(request, queries.leads())
    page = queries.column(rows, stage, request.GET.get("cursor"))
    context = {**_toolbar(request), "column": queries.Column(Stage(stage), 0, page)}
    return render(request, "leads/board.html#cards", context)


@require_http_methods(["GET", "POST"])
@member_required(Role.AGENT)
def new_lead(request: HttpRequest) -> HttpResponse:
    """By hand; somebody with the same number or address is shown first."""
    form = NewLeadForm(request.POST or None, members=queries.members(), initial={"owner": str(request.user.pk)})
    same: list[Lead] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        same = queries.same_person(email=data["email"], phone=data["phone"])
        if not same or request.POST.get("anyway"):
            lead = _enter(data, by=actor_of(request))
            messages.success(request, _("%(name)s was added.") % {"name": lead})
            return redirect("leads:detail", lead.pk)
    context = {"form": form, "same": same}
    return render(request, "leads/lead_new.html", context, status=422 if form.errors or same else 200)


@transaction.atomic
def _enter(data: dict[str, Any], *, by: str) -> Lead:
    lead = services.create_lead(
        by=by, source="manual", channel="manual", owner=data["owner"], **{name: data[name] for name in details.NAMES}
    )
    services.move_to_stage(lead, data["stage"], by=by)
    if data["note"].strip():
        services.add_note(lead, data["note"], by=by)
    return lead


# One person -------------------------------------------------------------------------------------------------------


def _detail_context(request: HttpRequest, lead: Lead) -> dict[str, Any]:
    page = timeline.page(lead, request.GET.get("cursor"))
    identities = list(lead.identities.order_by("id")[:100])
    return {
        "lead": lead,
        "identities": [one for one in identities if one.kind not in ("email", "phone")],
        "certainty": queries.certainty(lead, identities),
        "tags": list(lead.tags.all()),
        "all_tags": queries.tags()[:200],
        "page": page,
        "actors": queries.names_of({one.actor for one in page.items if isinstance(one, Activity)}),
        "members": queries.members(),
        "stages": Stage.choices,
        "labels": Label.choices,
        "merges": queries.merges_of(lead),
        "same": queries.same_person(email=lead.email, phone=lead.phone, but=lead.pk),
        "shown_phone": numbers.shown(lead.phone) if lead.phone else "",
        "activity_form": ActivityForm(),
        "may_write": _may(request, Role.AGENT),
        "may_delete": _may(request, Role.MANAGER),
    }


def _part(request: HttpRequest, lead: Lead, part: str, **more: Any) -> HttpResponse:
    """A part of the page after a change; without script, the page again."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("leads:detail", lead.pk)
    fresh = queries.get_lead(lead.pk)
    return render(request, f"leads/lead_detail.html#{part}", {**_detail_context(request, fresh), **more})


@require_GET
@member_required(Role.VIEWER)
def detail(request: HttpRequest, lead_id: int) -> HttpResponse:
    if (kept := queries.lives_on_in(lead_id)) is not None:
        return redirect("leads:detail", kept)
    lead = queries.get_lead(lead_id)
    return render(request, "leads/lead_detail.html", _detail_context(request, lead))


@require_http_methods(["GET", "POST"])
@member_required(Role.AGENT)
def edit_details(request: HttpRequest, lead_id: int) -> HttpResponse:
    lead = queries.get_lead(lead_id)
    form = DetailsForm.of(lead, request.POST or None)
    if request.method == "GET" or not form.is_valid():
        context = {**_detail_context(request, lead), "form": form}
        name = "leads/lead_detail.html#edit" if request.htmx else "leads/lead_edit.html"  # type: ignore[attr-defined]
        return render(request, name, context, status=422 if form.errors else 200)
    by = actor_of(request)
    with transaction.atomic():
        for name in details.NAMES:
            if not form.cleaned_data[name]:
                services.clear_detail(lead, name, by=by)
        services.capture_details(lead, **form.cleaned_data, by=by)
    return toast(_part(request, lead, "person"), _("Saved."))


@require_POST
@member_required(Role.AGENT)
def confirm(request: HttpRequest, lead_id: int) -> HttpResponse:
    """A colleague has made sure that the number or address is theirs."""
    lead = queries.get_lead(lead_id)
    try:
        services.confirm_detail(lead, request.POST.get("detail", ""), by=actor_of(request))
    except Problem as problem:
        messages.error(request, str(problem))
        return redirect("leads:detail", lead.pk)
    return toast(_part(request, lead, "person"), _("Saved."))


@require_POST
@member_required(Role.AGENT)
def move(request: HttpRequest, lead_id: int) -> HttpResponse:
    """To another stage: from the page, or by dropping a card on the board (`from=board` answers with the card)."""
    lead = queries.get_lead(lead_id)
    before = lead.stage
    try:
        wanted = request.POST.get("stage") or request.GET.get("stage", "")
        services.move_to_stage(lead, wanted, by=actor_of(request), reason=request.POST.get("reason", ""))
    except Problem as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain; charset=utf-8")
    said = _("%(name)s moved to %(stage)s.") % {"name": lead, "stage": lead.get_stage_display()}
    if request.POST.get("from") == "board":
        rows = filters.chosen(request, queries.leads())
        context = {**_toolbar(request), "counts": queries.stage_counts(rows), "counted": queries.COUNTED}
        response = announce(render(request, "leads/board.html#counts", context), said)
        undo = f"{reverse('leads:move', args=[lead.pk])}?stage={before}"
        return response if before == lead.stage else toast(response, said, undo_url=undo)
    if request.GET.get("stage"):  # taken back from a toast: whatever page it stands on shows the truth again
        response = HttpResponse(status=204)
        response.headers["HX-Refresh"] = "true"
        return response
    return announce(_part(request, lead, "person"), said)


@require_POST
@member_required(Role.AGENT)
def label(request: HttpRequest, lead_id: int) -> HttpResponse:
    lead = queries.get_lead(lead_id)
    try:
        services.set_label(lead, request.POST.get("label") or None, by=actor_of(request))
    except Problem as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain; charset=utf-8")
    return _part(request, lead, "person")


@require_POST
@member_required(Role.AGENT)
def owner(request: HttpRequest, lead_id: int) -> HttpResponse:
    lead = queries.get_lead(lead_id)
    members = {str(user.pk): user for user in queries.members()}
    services.set_owner(lead, members.get(request.POST.get("owner", "")), by=actor_of(request))
    return _part(request, lead, "person")


@require_POST
@member_required(Role.AGENT)
def tag(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Put a tag on (`tag`) or take one off (`remove`)."""
    lead = queries.get_lead(lead_id)
    if request.POST.get("remove"):
        services.remove_tag(lead, request.POST["remove"], by=actor_of(request))
    elif queries.said(request.POST.get("tag", "")):
        services.add_tag(lead, request.POST["tag"], by=actor_of(request))
    return _part(request, lead, "tagging")


@require_POST
@member_required(Role.AGENT)
def log(request: HttpRequest, lead_id: int) -> HttpResponse:
    """A note, call, meeting or email."""
    lead = queries.get_lead(lead_id)
    form = ActivityForm(request.POST)
    if form.is_valid():
        kind, said = form.cleaned_data["kind"], form.cleaned_data["text"]
        if kind == "note":
            services.add_note(lead, said, by=actor_of(request))
        else:
            services.log_activity(lead, kind, said, by=actor_of(request))
        return _part(request, lead, "history")
    response = _part(request, lead, "history", activity_form=form)
    if response.status_code == 200:
        response.status_code = 422
    return response


@require_GET
@member_required(Role.VIEWER)
def history(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Earlier activities."""
    lead = queries.get_lead(lead_id)
    return render(request, "leads/lead_detail.html#activities", _detail_context(request, lead))


@require_GET
@member_required(Role.AGENT)
def others(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Who this may be another record of: those with the same address or number, or whom the words name."""
    lead = queries.get_lead(lead_id)
    typed = request.GET.get("q", "").strip()
    found = (
        list(queries.search(queries.leads().exclude(pk=lead.pk), typed).order_by("-last_activity_at", "-id")[:8])
        if typed
        else queries.same_person(email=lead.email, phone=lead.phone, but=lead.pk)
    )
    context = {"lead": lead, "found": found, "typed": typed}
    name = "leads/merge.html#found" if request.htmx else "leads/merge.html"  # type: ignore[attr-defined]
    return render(request, name, context)


@require_POST
@member_required(Role.AGENT)
def merge(request: HttpRequest, lead_id: int) -> HttpResponse:
    """The record named by `other` goes into this one."""
    lead = queries.get_lead(lead_id)
    given = request.POST.get("other", "")
    other = queries.get_lead(int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0)
    try:
        done = merging.merge_leads(lead, other, by=actor_of(request))
    except Problem as problem:
        messages.error(request, str(problem))
        return redirect("leads:detail", lead.pk)
    undo = reverse("leads:unmerge", args=[done.pk])
    said = _("Merged with %(name)s. Their conversations and history are here now.") % {"name": other}
    messages.success(request, said, extra_tags=f"undo:{undo}")
    return redirect("leads:detail", lead.pk)


@require_POST
@member_required(Role.AGENT)
def unmerge(request: HttpRequest, merge_id: int) -> HttpResponse:
    found = queries.get_merge(merge_id)
    try:
        back = merging.unmerge_leads(found, by=actor_of(request))
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("%(name)s has a record of their own again.") % {"name": back})
    return redirect("leads:detail", found.kept_id)


@require_POST
@member_required(Role.MANAGER)
def delete(request: HttpRequest, lead_id: int) -> HttpResponse:
    lead = queries.get_lead(lead_id)
    change = bulk.start("delete", "", [lead.pk], by=actor_of(request))
    messages.success(
        request,
        _("%(name)s was deleted.") % {"name": lead},
        extra_tags=f"undo:{reverse('leads:bulk-undo', args=[change.pk])}",
    )
    return redirect("leads:list")


# Many at once -----------------------------------------------------------------------------------------------------


@require_POST
@member_required(Role.AGENT)
def bulk_change(request: HttpRequest) -> HttpResponse:
    """Do something to the leads chosen, or to all that the filters match (`all`)."""
    action, _colon, value = request.POST.get("act", "").partition(":")  # "stage:won"
    if action == "delete" and not _may(request, Role.MANAGER):
        return HttpResponse(_("Only managers delete leads."), status=403, content_type="text/plain; charset=utf-8")
    if request.POST.get("all"):
        rows = filters.chosen(request, queries.leads())
        ids = list(rows.order_by("-id").values_list("pk", flat=True)[: bulk.MOST])
    else:
        ids = [
            int(one) for one in request.POST.getlist("id")[:500] if one.isascii() and one.isdigit() and len(one) < 18
        ]
    try:
        change = bulk.start(action, value, ids, by=actor_of(request))
    except Problem as problem:
        messages.error(request, str(problem))
        return redirect(_back(request))
    if change.finished_at is None:
        return redirect(f"{reverse('leads:bulk', args=[change.pk])}?{request.GET.urlencode()}")
    messages.success(
        request, _said(len(change.before)), extra_tags=f"undo:{reverse('leads:bulk-undo', args=[change.pk])}"
    )
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    return f"{reverse('leads:list')}?{request.GET.urlencode()}"


def _said(count: int) -> str:
    return ngettext("%(count)s lead was changed.", "%(count)s leads were changed.", count) % {"count": count}


@require_GET
@member_required(Role.AGENT)
def bulk_progress(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """How far a change of many leads is."""
    change = queries.get_bulk(bulk_id)
    context = {"change": change, "back": _back(request), "query": request.GET.urlencode()}
    name = "leads/bulk.html#progress" if request.htmx else "leads/bulk.html"  # type: ignore[attr-defined]
    return render(request, name, context)


@require_POST
@member_required(Role.AGENT)
def bulk_undo(request: HttpRequest, bulk_id: int) -> HttpResponse:
    change = queries.get_bulk(bulk_id)
    if change.action == "delete" and not _may(request, Role.MANAGER):
        return HttpResponse(_("Only managers restore leads."), status=403, content_type="text/plain; charset=utf-8")
    back = bulk.undo(change, by=actor_of(request))
    if request.htmx:  # type: ignore[attr-defined]
        response = HttpResponse(status=204)
        response.headers["HX-Refresh"] = "true"
        return response
    if back.finished_at is None:
        return redirect("leads:bulk", back.pk)
    messages.success(request, _said(len(back.before)))
    return redirect("leads:list")
