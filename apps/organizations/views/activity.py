"""The activity log's page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.ui.paging import paginate

from .. import log
from ..access import member_required
from ..models import Role

FILTERS = ("who", "what", "act", "since", "until")


@member_required(Role.MANAGER)
def activity(request: HttpRequest) -> HttpResponse:
    """Who changed what, when, from where."""
    asked = {name: request.GET.get(name, "").strip() for name in FILTERS}
    page = paginate(log.entries(**asked), request.GET.get("cursor", ""), order=("-id",), size=50)
    context = {
        "page": page,
        "rows": log.told(page),
        "asked": asked,
        "filtered": any(asked.values()),
        "subjects": log.subjects(),
        "acts": log.acts(),
    }
    return render(request, "organizations/activity.html", context)
