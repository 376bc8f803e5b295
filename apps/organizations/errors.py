"""API errors: a machine code and a sentence that a person can act on."""

from __future__ import annotations

from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from .actors import NotAllowed


class Problem(exceptions.APIException):
    """A refusal with its own code: `raise Problem("window_closed", "…", status=409)`."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(detail=message, code=code)
        self.status_code = status


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: {"code", "message"} and, for bad fields, {"fields": {name: [sentences]}}."""
    known = _translated(error)
    response = exception_handler(known, context)
    if response is None or not isinstance(known, exceptions.APIException):
        return response
    response.data = _fields(known) if isinstance(known, exceptions.ValidationError) else _refusal(known)
    return response


def _translated(error: Exception) -> Exception:
    """Django's and Python's ways of saying the same as one of DRF's exceptions."""
    if isinstance(error, DjangoValidationError):
        return exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    if isinstance(error, DataError | UnicodeEncodeError | OverflowError):
        return exceptions.ValidationError(_("A value is outside of what can be stored."))
    if isinstance(error, RecursionError):
        return exceptions.ParseError(_("The body is nested too deeply."))
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError(_("This request cannot be read."))
    if isinstance(error, Http404):
        return exceptions.NotFound(_("There is nothing with this id here."))
    if isinstance(error, NotAllowed):
        return exceptions.PermissionDenied(str(error), code=error.code)
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    return error


def _fields(error: exceptions.ValidationError) -> dict[str, Any]:
    detail = error.detail
    body: dict[str, Any] = {"code": "invalid", "message": _("Some of the values cannot be used.")}
    if isinstance(detail, dict):
        body["fields"] = detail
    elif len(detail) == 1 and not isinstance(detail[0], dict | list):
        body["message"] = str(detail[0])
    else:
        body["errors"] = detail
    return body


def _refusal(error: exceptions.APIException) -> dict[str, Any]:
    codes = error.get_codes()
    body: dict[str, Any] = {
        "code": codes if isinstance(codes, str) else error.default_code,
        "message": _sentence(error),
    }
    if isinstance(error, exceptions.Throttled) and (wait := _wait(error)) is not None:
        body["retry_after"] = wait
    return body


def _wait(error: exceptions.Throttled) -> int | None:
    seconds: float | None = getattr(error, "wait", None)
    return None if seconds is None else ceil(seconds)


def _sentence(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.Throttled):
        seconds = _wait(error) or 1
        return ngettext(
            "Too many requests. Try again in %(seconds)s second.",
            "Too many requests. Try again in %(seconds)s seconds.",
            seconds,
        ) % {"seconds": seconds}
    detail = error.detail
    if isinstance(detail, dict):
        return str(detail.get("detail", error.default_detail))
    return str(detail)
