"""Pages on which a manager says where events go, and sees whether they arrive."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from apps.jobs import clock
from apps.organizations import audit
from apps.organizations.access import member_required
from apps.organizations.actors import Can
from apps.organizations.models import Role
from apps.ui.paging import paginate
from apps.ui.templatetags.ui import plain

from . import catching, queries, reasons, services
from .adapters.post import headers_of
from .forms import EndpointForm, ReplayForm
from .models import Attempt, Caught, Delivery, Endpoint


@require_GET
@member_required(Role.MANAGER)
def endpoint_list(request: HttpRequest) -> HttpResponse:
    """Every endpoint with its last day."""
    health = queries.health()
    rows = [(one, health.get(one.pk), reasons.of_endpoint(one.problem)) for one in queries.endpoints()]
    return render(request, "webhooks_outbox/endpoint_list.html", {"rows": rows})


@member_required(Can.HOLD_SECRETS, fresh=True)
def create(request: HttpRequest) -> HttpResponse:
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint = services.create_endpoint(**form.choice())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The endpoint is ready. Send a test event to see that it works."))
            return redirect("webhooks_outbox:detail", endpoint.uuid)
    return _form_page(request, form, None)


@member_required(Role.MANAGER)
def edit(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    endpoint = queries.get_endpoint(endpoint_id)
    form = EndpointForm(request.POST or None, endpoint=endpoint)
    if request.method == "POST" and form.is_valid():
        services.update_endpoint(endpoint, **form.choice())
        messages.success(request, _("Saved."))
        return redirect("webhooks_outbox:detail", endpoint.uuid)
    return _form_page(request, form, endpoint)


def _form_page(request: HttpRequest, form: EndpointForm, endpoint: Endpoint | None) -> HttpResponse:
    context = {"form": form, "endpoint": endpoint}
    return render(request, "webhooks_outbox/endpoint_form.html", context, status=422 if form.errors else 200)


@require_GET
@member_required(Role.MANAGER)
def detail(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    return _detail_page(request, queries.get_endpoint(endpoint_id))


def _detail_page(
    request: HttpRequest, endpoint: Endpoint, *, replay: ReplayForm | None = None, secret: str = ""
) -> HttpResponse:
    rows = queries.deliveries(endpoint)
    state, event_type = request.GET.get("state", ""), request.GET.get("type", "")
    if state in Delivery.State.values:
        rows = rows.filter(state=state)
    if event_type:
        rows = rows.filter(type=event_type[:80].replace("\x00", ""))
    context = {
        "endpoint": endpoint,
        "problem": reasons.of_endpoint(endpoint.problem),
        "slow": bool(endpoint.slow_until and endpoint.slow_until > clock.now()),
        "health": queries.health().get(endpoint.pk),
        "counts": queries.state_counts(endpoint),
        "secrets": len(queries.live_secrets(endpoint, clock.now())),
        "secret": secret,
        "page": paginate(rows, request.GET.get("cursor"), order=("-id",), size=25),
        "states": Delivery.State.choices,
        "types": [(name, name) for name in sorted(endpoint.types or queries.choosable_types())],
        "replay": replay or ReplayForm(initial={"state": "dead"}),
        "receiver": render_to_string("webhooks_outbox/receiver.txt"),
    }
    failed = bool(replay and replay.errors)
    return render(request, "webhooks_outbox/endpoint_detail.html", context, status=422 if failed else 200)


@require_POST
@never_cache
@member_required(Can.HOLD_SECRETS, fresh=True)
def reveal(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Show the newest secret, once; who looked stands in the audit log."""
    endpoint = queries.get_endpoint(endpoint_id)
    if endpoint.secrets:  # the page says why there may be none
        audit.note(endpoint, secret="shown")
    return _detail_page(request, endpoint, secret=next((one["secret"] for one in endpoint.secrets), ""))


@require_POST
@never_cache
@member_required(Can.HOLD_SECRETS, fresh=True)
def rotate(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    endpoint = queries.get_endpoint(endpoint_id)
    services.rotate_secret(endpoint)
    messages.success(request, _("A new secret signs from now on, beside the one before for 24 hours."))
    return redirect("webhooks_outbox:detail", endpoint.uuid)


@require_POST
@member_required(Role.MANAGER)
def pause(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    endpoint = queries.get_endpoint(endpoint_id)
    services.pause(endpoint)
    messages.success(request, _("Paused. What waits is kept; what happens meanwhile is not collected."))
    return redirect("webhooks_outbox:detail", endpoint.uuid)


@require_POST
@member_required(Role.MANAGER)
def resume(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    endpoint = queries.get_endpoint(endpoint_id)
    services.resume(endpoint)
    messages.success(request, _("Events are sent to it again."))
    return redirect("webhooks_outbox:detail", endpoint.uuid)


@require_POST
@member_required(Role.MANAGER)
def delete(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Only for somebody who typed its name."""
    endpoint = queries.get_endpoint(endpoint_id)
    if request.POST.get("confirm_name", "").strip() != plain(str(endpoint)).strip():
        messages.error(request, _("Nothing was deleted: the name did not match."))
        return redirect("webhooks_outbox:detail", endpoint.uuid)
    services.delete_endpoint(endpoint)
    messages.success(request, _("The endpoint and its deliveries are gone."))
    return redirect("webhooks_outbox:list")


@require_POST
@member_required(Role.MANAGER)
def test(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    endpoint = queries.get_endpoint(endpoint_id)
    try:
        delivery = services.send_test(endpoint)
    except services.NotNow as refusal:
        messages.error(request, str(refusal))
        return redirect("webhooks_outbox:detail", endpoint.uuid)
    messages.success(request, _("A test event is on its way."))
    if endpoint.catcher:
        return redirect("webhooks_outbox:catcher")
    return redirect("webhooks_outbox:delivery", delivery.uuid)


@require_POST
@member_required(Role.MANAGER)
def replay_many(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    endpoint = queries.get_endpoint(endpoint_id)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        return _detail_page(request, endpoint, replay=form)
    try:
        count = services.replay_many(endpoint, **form.choice())
    except services.NotNow as refusal:
        messages.error(request, str(refusal))
    else:
        sentence = ngettext("%(count)s delivery goes out again.", "%(count)s deliveries go out again.", count)
        messages.success(request, sentence % {"count": count})
    return redirect("webhooks_outbox:detail", endpoint.uuid)


@require_GET
@member_required(Role.MANAGER)
def delivery(request: HttpRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """One delivery: every attempt, body and headers as they were sent."""
    found = queries.get_delivery(delivery_id)
    log = [(one, reasons.of_attempt(one.status, one.error)) for one in queries.attempts(found)]
    context = {
        "delivery": found,
        "endpoint": found.endpoint,
        "attempts": log,
        "why": reasons.of_attempt(found.last_status, found.last_error),
        "headers": _headers_as_sent(found, log[0][0] if log else None),
        "body": _readable(found.body),
    }
    fragment = "#state" if request.headers.get("HX-Request") and request.GET.get("part") == "state" else ""
    return render(request, f"webhooks_outbox/delivery.html{fragment}", context)


def _headers_as_sent(delivery: Delivery, attempt: Attempt | None) -> str:
    """Of the newest attempt. What HTTP adds by itself (host, length) is left out."""
    if attempt is None:
        return ""
    sent = headers_of(delivery.webhook_id, int(attempt.at.timestamp()), attempt.signature)
    return "\n".join(f"{name}: {value}" for name, value in sent.items())


def _readable(body: str) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


@require_POST
@member_required(Role.MANAGER)
def replay(request: HttpRequest, delivery_id: uuid.UUID) -> HttpResponse:
    found = queries.get_delivery(delivery_id)
    try:
        services.replay(found)
    except services.NotNow as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("It goes out again, with the same id."))
    return _back(request) or redirect("webhooks_outbox:delivery", found.uuid)


def _back(request: HttpRequest) -> HttpResponse | None:
    """To the page that a form names as the one it stands on, where that is one of ours."""
    back = request.POST.get("next", "")
    if back and url_has_allowed_host_and_scheme(back, {request.get_host()}):
        return HttpResponseRedirect(back)  # redirect() would take a single word for the name of a view
    return None


@member_required(Role.MANAGER)
def catcher(request: HttpRequest) -> HttpResponse:
    """What arrives at the built-in catcher, live; POST makes its endpoint."""
    if request.method == "POST":
        catching.start()
        return _back(request) or redirect("webhooks_outbox:catcher")
    found = catching.endpoint()
    context = {"endpoint": found, "address": catching.address_of(found) if found else "", **catching.newest(found)}
    return render(request, "webhooks_outbox/catcher.html", context)


@require_GET
@member_required(Role.MANAGER)
def caught(request: HttpRequest) -> HttpResponse:
    """The list alone, for whoever shows it beside something else; with `after`, only what came since, or 204."""
    after = request.GET.get("after", "")
    since = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None
    context = {"since": since, **catching.newest(catching.endpoint(), after=since)}
    if since is not None and not context["caught"]:
        return HttpResponse(status=204)
    return render(request, "webhooks_outbox/_caught.html", context)


@csrf_exempt  # another server posts here, ours
@require_POST
def catch(request: HttpRequest, schema: str, token: str) -> HttpResponse:
    """Where events to be caught arrive, on the public host; only its address opens it."""
    if len(request.body) > catching.LARGEST:
        return JsonResponse({"message": "Too large."}, status=413)
    verdict = catching.catch(schema, token, dict(request.headers.items()), request.body)
    if verdict is None:
        raise Http404
    # As a receiver should: what is not signed by us is refused, and shown all the same.
    return JsonResponse({"verdict": verdict}, status=200 if verdict == Caught.Verdict.VERIFIED else 401)


@require_GET
@member_required(Role.MANAGER)
def event_catalog(request: HttpRequest) -> HttpResponse:
    """Every type of event, with an example and its fields."""
    wanted = request.GET.get("q", "").strip().lower()[:80]
    events: list[dict[str, Any]] = [
        {"event": event, "example": json.dumps(event.example, indent=2, ensure_ascii=False)}
        for event in queries.catalog()
        if wanted in event.type or wanted in event.description.lower()
    ]
    return render(request, "webhooks_outbox/event_catalog.html", {"events": events})
