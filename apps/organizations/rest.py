"""What views and serializers of the REST API are built on: what the description does not name is refused by name.

    class LeadInput(rest.Serializer[Any]): ...                # an unknown field of a body: 400, `fields` names it
    class LeadViewSet(rest.GenericViewSet[Lead]): ...         # an unknown query parameter: the same
    class FiltersSerializer(rest.Query): ...                  # reads the query; its view has checked the names

A name that is passed over in silence would do something else than was meant: an endpoint that subscribes to everything,
a list that is not narrowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from django.db.models import Model
from django.utils.translation import gettext as _
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import ComponentRegistry, build_mock_request
from rest_framework import serializers, views, viewsets
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request

from . import attempts

Instance = TypeVar("Instance")
Row = TypeVar("Row", bound=Model)

NAMED = 20  # so many unknown names are named at most
READING = ("GET", "HEAD", "OPTIONS")


def surplus(given: Iterable[Any], known: Iterable[str], fixed: Iterable[str] = ()) -> dict[str, list[str]]:
    """A sentence by the name of each value that is not taken, as refusals have it; `fixed` ones are only shown."""
    known, fixed = set(known), set(fixed)
    names = [name for name in given if name not in known][:NAMED]
    only_shown, not_there = _("This is shown here, and cannot be set."), _("There is no field of this name here.")
    return {str(name)[:80]: [str(only_shown if name in fixed else not_there)] for name in names}


class KnownFieldsOnly:
    """Refuses the names of a body that are no writable field's, together with whatever else is wrong with it."""

    def to_internal_value(self, data: Any) -> Any:
        mine = cast("serializers.Serializer[Any]", self)
        refused: dict[str, Any] = {}
        if isinstance(data, Mapping):
            fixed = {name for name, field in mine.fields.items() if field.read_only}
            refused = surplus(data, mine.fields.keys() - fixed, fixed)
        try:
            value = super().to_internal_value(data)  # type: ignore[misc]
        except ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            raise ValidationError({**error.detail, **refused}) from error
        if refused:
            raise ValidationError(refused)
        return value


class Serializer(KnownFieldsOnly, serializers.Serializer[Instance]):
    pass


class ModelSerializer(KnownFieldsOnly, serializers.ModelSerializer[Row]):
    pass


class Query(serializers.Serializer[Any]):
    """Reads a query string, beside which a list's own parameters may stand."""


@dataclass(frozen=True)
class Described:
    """What the description says that an operation takes."""

    parameters: frozenset[str]
    has_body: bool


@cache
def described(view: Any, method: str) -> Described:
    """`view` as the URL configuration holds it. Computed once per operation: some milliseconds."""
    generator = SchemaGenerator()
    made = generator.create_view(view, method)
    made.request = build_mock_request(method, "/", made, None)
    operation = made.schema.get_operation("/", "/", "^/", method, ComponentRegistry()) or {}
    parameters = (one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
    return Described(frozenset(parameters), "requestBody" in operation)


class KnownNamesOnly:
    """Refuses query parameters that are not described, and bodies where none is."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        method = request.method or ""
        handler = getattr(self, getattr(self, "action", None) or method.lower(), None)
        if method == "OPTIONS" or handler is None or request.resolver_match is None:
            return
        takes = described(request.resolver_match.func, "GET" if method == "HEAD" else method)
        refused = surplus(request.query_params, takes.parameters)
        if method not in READING and not takes.has_body and request.data:
            if not isinstance(request.data, Mapping):
                raise ValidationError([_("This takes no body.")])
            refused |= surplus(request.data, ())
        if refused:
            raise ValidationError(refused)


class ThrottledFirst:
    """Counts what an address brings before any of it is looked at: a key costs a query, a token a signature."""

    def perform_authentication(self, request: Request) -> None:
        attempts.admit_credentials(request)
        try:
            super().perform_authentication(request)  # type: ignore[misc]
        except APIException as error:
            attempts.note_wrong_credentials(request, error)
            raise


class APIView(ThrottledFirst, KnownNamesOnly, views.APIView):
    pass


class GenericViewSet(ThrottledFirst, KnownNamesOnly, viewsets.GenericViewSet[Row]):
    pass


class ModelViewSet(ThrottledFirst, KnownNamesOnly, viewsets.ModelViewSet[Row]):
    pass


class ReadOnlyModelViewSet(ThrottledFirst, KnownNamesOnly, viewsets.ReadOnlyModelViewSet[Row]):
    pass
