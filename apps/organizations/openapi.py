"""The API's description: names of its operations, what every one of them may refuse, ways to prove who one is."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

ERROR = {
    "type": "object",
    "description": "A refusal: a code for programs, a sentence for people.",
    "properties": {
        "code": {"type": "string", "example": "invalid"},
        "message": {"type": "string"},
        "fields": {
            "type": "object",
            "additionalProperties": {},
            "description": "Where values cannot be used: sentences by the name of the value.",
        },
        "errors": {"type": "array", "items": {}, "description": "The same, where the values have no names."},
        "retry_after": {"type": "integer", "description": "Where there were too many requests: seconds."},
    },
    "required": ["code", "message"],
}
REFUSALS = {
    "400": "Some of the values cannot be used.",
    "401": "It is not known who asks: no token or key, or one that is not valid here.",
    "403": "The caller's role does not suffice.",
    "404": "There is nothing with this id here.",
    "429": "Too many requests; `Retry-After` says when to try again.",
    "default": "Refused for another reason, which `code` names.",
}
_METHODS = {"get", "post", "put", "patch", "delete"}
_SUMMARIES = {
    "list": "List",
    "retrieve": "Read",
    "create": "Add",
    "change": "Change",
    "replace": "Replace",
    "delete": "Delete",
}


class Schema(AutoSchema):
    """Names operations by what they do: `leads_stage`, not `leads_stage_create`."""

    subjects: ClassVar[dict[str, str]] = {
        "canned-replies": "conversations",
        "messages": "conversations",
        "templates": "conversations",
        "trace": "conversations",
        "invitations": "users",
    }

    def get_operation_id(self) -> str:
        usual: str = super().get_operation_id()
        if self.method == "PATCH":
            return f"{usual.removesuffix('_partial_update')}_change"
        *path, verb = usual.rsplit("_", 1)
        if named := getattr(self.view, "operation_names", {}).get(self.method):
            return "_".join([*path, named])
        if self._is_act() and verb in {"create", "retrieve"}:
            return path[0]  # the last part of its address says what it does
        return "_".join([*path, {"update": "replace", "destroy": "delete"}.get(verb, verb)])

    def get_summary(self) -> str | None:
        """The first sentence of the handler's own docstring, else the verb: lists of operations show this line."""
        handler = getattr(self.view, getattr(self.view, "action", None) or (self.method or "").lower(), None)
        own = getattr(handler, "__module__", "").startswith("apps.") and getattr(handler, "__doc__", None)
        words = own or (self.view.__doc__ if self._is_act() else "")
        if words:
            return str(words).strip().splitlines()[0].partition(". ")[0].rstrip(".")
        verb = self.get_operation_id().rpartition("_")[2]
        return _SUMMARIES.get(verb, _SUMMARIES["create"] if self.method == "POST" else _SUMMARIES["retrieve"])

    def _is_act(self) -> bool:
        """Whether the address has this one method, and means it."""
        handler = getattr(self.view, getattr(self.view, "action", None) or "", None)
        methods = getattr(handler, "mapping", None)
        if methods is not None:
            return len(methods) == 1
        return not hasattr(self.view, "action") and not hasattr(self.view, "get")

    def get_tags(self) -> list[str]:
        return [self.subjects.get(tag, tag) for tag in super().get_tags()]


class PublicSchema(SchemaGenerator):
    """The description at the public host: what platforms call. All else is an organization's own, at its host."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        result: dict[str, Any] = super().get_schema(request=request, public=public)
        result["info"] |= {
            "title": "Frontdesk webhooks",
            "description": "Where platforms deliver to, one address per channel for all organizations. "
            "An organization's own API is described at its own host, under `/api/docs/`.",
        }
        tag = {"name": "webhook", "description": "What is delivered is stored durably before it is answered."}
        return {**result, "tags": [tag]}


def describe_refusals(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Say of every operation below /api/ what it may answer besides what its view says. A postprocessing hook."""
    components = result.setdefault("components", {})
    for path, operations in result["paths"].items():
        if not path.startswith("/api/"):
            continue
        components.setdefault("schemas", {})["Error"] = ERROR
        for method, operation in operations.items():
            if method in _METHODS:
                _describe(operation)
    return result


def _describe(operation: dict[str, Any]) -> None:
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    may = {"429", "default"}
    if any(operation.get("security", ())):
        may |= {"401", "403"}
    if "requestBody" in operation or "query" in places:
        may |= {"400"}
    if "path" in places:
        may |= {"404"}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    responses = operation["responses"]
    for status in sorted(may | {known for known in responses if known[0] in "45"}):
        responses.setdefault(status, {"description": REFUSALS.get(status, "")}).setdefault("content", content)


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "apps.organizations.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "An organization's key: `Api-Key fd_…`.",
        }


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "apps.organizations.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A member's token from `POST /api/token/`.",
        }


class MemberSessionScheme(OpenApiAuthenticationExtension):
    target_class = "apps.organizations.authentication.MemberSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The dashboard's own session; writing needs its CSRF token.",
        }
