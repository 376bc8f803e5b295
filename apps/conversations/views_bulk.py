"""One act on several conversations at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.leads.queries import members
from apps.organizations.access import actor_of, member_required
from apps.organizations.models import Role
from apps.ui.toasts import announce, toast

from . import services
from .forms import snooze_presets
from .models import Conversation
from .views import list_parts, query_of

MOST = 200
DONE, UNDO = "done", "undo"
Act = Callable[..., Any]


@require_POST
@member_required(Role.AGENT)
def bulk(request: HttpRequest) -> HttpResponse:
    """`act` is done, undo, read, unread, assign:<user, me or nothing>, snooze:<preset>; `id` are conversations.

    Both may stand in the address as well: a notice's "Undo" sends nothing else.
    """
    given = request.POST if request.POST.get("act") else request.GET
    rows = list(Conversation.objects.filter(pk__in=_ids(given.getlist("id"))).order_by("pk"))
    act = _act(request, given.get("act", ""))
    if act is None or not rows:
        return _say(request, _("Choose conversations, and what to do with them."), status=422)
    for one in rows:
        try:
            act(one)
        except ValidationError as error:
            return _say(request, " ".join(error.messages), status=422)
    count = ngettext("%(count)s conversation changed.", "%(count)s conversations changed.", len(rows))
    return _say(request, count % {"count": len(rows)}, undo=[one.pk for one in rows] if given["act"] == DONE else [])


def _ids(given: list[str]) -> list[int]:
    return [int(one) for one in given[:MOST] if one.isascii() and one.isdecimal() and len(one) < 19]


def _act(request: HttpRequest, name: str) -> Act | None:
    """What to do with each; None for what is no act, or names nobody and no time."""
    who: dict[str, Any] = {"by": request.user, "actor": actor_of(request)}
    verb, _colon, what = name.partition(":")
    if verb == "assign":
        wanted = str(request.user.pk) if what == "me" else what
        to = next((one for one in members() if str(one.pk) == wanted), None)
        return (lambda one: services.assign(one, to=to, **who)) if to or not what else None
    if verb == "snooze":
        until = {preset: at for preset, _words, at in snooze_presets()}.get(what)
        return (lambda one: services.snooze(one, until=until, **who)) if until else None
    acts: dict[str, Act] = {
        DONE: lambda one: services.resolve(one, **who),
        UNDO: lambda one: services.undo_resolve(one, **who),
        "read": lambda one: services.mark_read(one, by=request.user),  # type: ignore[arg-type]
        "unread": lambda one: services.mark_unread(one, by=request.user),  # type: ignore[arg-type]
    }
    return acts.get(name)


def _say(request: HttpRequest, words: str, *, status: int = 200, undo: list[int] | None = None) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        (messages.success if status == 200 else messages.error)(request, words)
        query = query_of(request)
        return redirect(reverse("conversations:inbox") + (f"?{query}" if query else ""))
    if status != 200:
        return list_parts(request, status=status, problem=words)
    response = list_parts(request)
    if undo:
        ids = "".join(f"&id={one}" for one in undo)
        return toast(response, words, undo_url=f"{reverse('conversations:bulk')}?{query_of(request)}&act={UNDO}{ids}")
    return announce(response, words)
