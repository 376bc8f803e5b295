"""API errors: a machine code and a sentence that a person can act on."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler


class Problem(exceptions.APIException):
    """A refusal with its own code: `raise Problem("window_closed", "…", status=409)`."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(detail=message, code=code)
        self.status_code = status


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: {"code", "message"} and, for bad fields, {"fields": {name: [sentences]}}."""
    if isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    elif isinstance(error, DataError):
        error = exceptions.ValidationError(_("A value is outside of what can be stored."))
    elif isinstance(error, Http404):
        error = exceptions.NotFound(_("There is nothing with this id here."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    body: dict[str, Any]
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail
        body = {"code": "invalid", "message": _("Some of the values cannot be used.")}
        if isinstance(detail, dict):
            body["fields"] = detail
        elif len(detail) == 1 and not isinstance(detail[0], dict | list):
            body["message"] = str(detail[0])
        else:
            body["errors"] = detail
    else:
        codes = error.get_codes()
        body = {"code": codes if isinstance(codes, str) else error.default_code, "message": _sentence(error)}
    response.data = body
    return response


def _sentence(error: exceptions.APIException) -> str:
    detail = error.detail
    if isinstance(detail, dict):
        return str(detail.get("detail", error.default_detail))
    return str(detail)
