"""The stand-in's address on the public host. It is no part of the product's API and in no schema of it."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from . import standin


def when_switched_on(view: Any) -> Any:
    """404 while SIMULATOR is off."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.SIMULATOR:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@csrf_exempt
@when_switched_on
def graph(request: HttpRequest, path: str) -> HttpResponse:
    """Answer as Meta would; see standin."""
    answer = standin.answer(
        request.method or "GET",
        f"/{path}",
        {name: str(value) for name, value in request.GET.items()},
        request.headers.get("Authorization", ""),
        request.body,
    )
    response = HttpResponse(answer.content, status=answer.status, content_type=answer.mime)
    response.headers["Cache-Control"] = "no-store"
    return response
