"""The stand-in's address on the public host. It is no part of the product's API and in no schema of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from . import standin
from .switch import when_switched_on


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
