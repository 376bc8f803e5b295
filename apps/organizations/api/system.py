"""API keys, the activity log, the organization's settings and usage."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from auditlog.models import LogEntry
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view, inline_serializer
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from .. import log, queries, rest, services
from ..access import person_of
from ..actors import Can
from ..models import ApiKey, Organization, Role


class ApiKeySerializer(rest.ModelSerializer[ApiKey]):
    """A key without its secret, which is not stored."""

    created_by = serializers.CharField(source="user.email", allow_null=True, default=None)
    revoked_at = serializers.DateTimeField(source="ended_at", read_only=True, allow_null=True)

    class Meta:
        model = ApiKey
        fields = (
            "id", "name", "prefix", "role", "created_by", "created_at", "last_used_at", "expires_at", "revoked_at",
        )  # fmt: skip
        read_only_fields = fields


class NewApiKeySerializer(rest.Serializer[Any]):
    """What a new key is for, and what it may do."""

    name = serializers.CharField(max_length=80)
    role = serializers.ChoiceField(choices=Role.choices, default=Role.AGENT)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


_Made = inline_serializer("NewKey", {"key": serializers.CharField(), "api_key": ApiKeySerializer()})


@extend_schema_view(list=extend_schema(tags=["system"]), retrieve=extend_schema(tags=["system"]))
class ApiKeyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, rest.GenericViewSet[ApiKey]):
    """Keys for programs. The secret is in the answer that makes it, and nowhere else."""

    serializer_class = ApiKeySerializer
    queryset = ApiKey.objects.select_related("user")
    required_role = {"GET": Can.MANAGE_KEYS, "*": Can.MANAGE_KEYS}
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[ApiKey]:
        return super().get_queryset().filter(organization=queries.current_organization())

    @extend_schema(request=NewApiKeySerializer, responses={201: _Made}, tags=["system"])
    def create(self, request: Request) -> Response:
        form = NewApiKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        key, secret = services.create_api_key(
            queries.current_organization(),
            name=data["name"],
            role=Role(data["role"]),
            by=person_of(request),
            expires_at=data["expires_at"],
        )
        return Response({"key": secret, "api_key": ApiKeySerializer(key).data}, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None}, tags=["system"])
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke a key, at once."""
        services.revoke_api_key(queries.get_api_key(queries.current_organization(), int(pk)))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ChangeSerializer(rest.Serializer[Any]):
    """One field before and after; secrets show only that they changed."""

    field = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class AuditSerializer(rest.ModelSerializer[LogEntry]):
    """One line of the activity log."""

    at = serializers.DateTimeField(source="timestamp")
    actor = serializers.SerializerMethodField()
    actor_name = serializers.SerializerMethodField()
    act = serializers.SerializerMethodField()
    event = serializers.SerializerMethodField(
        help_text="What happened where no field was changed: signed_in, key_made …"
    )
    what = serializers.SerializerMethodField()
    object_name = serializers.CharField(source="object_repr")
    address = serializers.CharField(source="remote_addr", allow_null=True)
    changes = serializers.SerializerMethodField()

    class Meta:
        model = LogEntry
        fields = (
            "id",
            "at",
            "actor",
            "actor_name",
            "act",
            "event",
            "what",
            "object_pk",
            "object_name",
            "address",
            "changes",
        )
        read_only_fields = fields

    def get_actor(self, entry: LogEntry) -> str:
        return str((entry.additional_data or {}).get("actor", "system"))

    def get_actor_name(self, entry: LogEntry) -> str:
        return log.actor(entry)[1]

    def get_act(self, entry: LogEntry) -> str:
        return log.act_of(entry)

    def get_event(self, entry: LogEntry) -> str:
        return str((entry.additional_data or {}).get("event", ""))

    def get_what(self, entry: LogEntry) -> str:
        return f"{entry.content_type.app_label}.{entry.content_type.model}"

    def get_changes(self, entry: LogEntry) -> list[dict[str, str]]:
        return ChangeSerializer(log.changes(entry, self.context["names"]), many=True).data  # type: ignore[return-value]


_FILTERS = [
    OpenApiParameter("who", str, description="An e-mail address, a name, or an actor such as api_key:2"),
    OpenApiParameter("what", str, description="A kind of object, such as leads.lead"),
    OpenApiParameter("act", str, enum=["create", "update", "delete", "access", "sign-in"]),
    OpenApiParameter("since", date, description="From this day on, in the organization's time zone"),
    OpenApiParameter("until", date, description="Up to and including this day"),
]


@extend_schema_view(list=extend_schema(parameters=_FILTERS, tags=["system"]))
class AuditViewSet(mixins.ListModelMixin, rest.GenericViewSet[LogEntry]):
    """Who changed what, when, from where."""

    serializer_class = AuditSerializer
    queryset = LogEntry.objects.none()
    required_role = {"GET": Role.MANAGER, "*": Role.MANAGER}
    filter_backends = ()

    def get_queryset(self) -> QuerySet[LogEntry]:
        asked = {name: self.request.query_params.get(name, "") for name in ("who", "what", "act", "since", "until")}
        return log.entries(**asked)

    def list(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """A page of the log."""
        page = self.paginate_queryset(self.get_queryset()) or []
        context = {**self.get_serializer_context(), "names": log.look_up(page)}
        return self.get_paginated_response(AuditSerializer(page, many=True, context=context).data)


class OrganizationSerializer(rest.ModelSerializer[Organization]):
    """The organization's own settings; the slug and the budgets are the agency's to change."""

    class Meta:
        model = Organization
        fields = (
            "slug", "name", "trade", "language", "timezone", "currency", "country", "accent", "sender_name",
            "sender_email", "ai_budget_usd", "message_budget",
        )  # fmt: skip
        read_only_fields = ("slug", "ai_budget_usd", "message_budget")


class OrganizationView(rest.APIView):
    """Settings of the organization."""

    required_role = {"GET": Role.VIEWER, "*": Role.MANAGER}

    @extend_schema(responses=OrganizationSerializer, tags=["system"])
    def get(self, request: Request) -> Response:
        return Response(OrganizationSerializer(queries.current_organization()).data)

    @extend_schema(request=OrganizationSerializer, responses=OrganizationSerializer, tags=["system"])
    def patch(self, request: Request) -> Response:
        row = Organization.objects.get(pk=queries.current_organization().pk)
        form = OrganizationSerializer(row, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return Response(OrganizationSerializer(services.update_organization(row, **form.validated_data)).data)


class UsageView(rest.APIView):
    """What was used per day and kind, and how much of the budgets."""

    required_role = {"GET": Role.MANAGER, "*": Role.MANAGER}

    @extend_schema(
        parameters=[OpenApiParameter("days", int, description="How many days back, 1 to 366; 30 if not given")],
        responses=inline_serializer(
            "UsageReport",
            {
                "budgets": serializers.DictField(child=serializers.FloatField()),
                "ai_level": serializers.ChoiceField(choices=["full", "cheap", "draft", "offline", "none"]),
                "ai_spent_usd": serializers.DecimalField(max_digits=14, decimal_places=6),
                "usage": inline_serializer(
                    "UsageRow",
                    {
                        "day": serializers.DateField(),
                        "kind": serializers.CharField(),
                        "quantity": serializers.IntegerField(),
                        "cost_usd": serializers.DecimalField(max_digits=14, decimal_places=6),
                    },
                    many=True,
                ),
            },
        ),
        tags=["system"],
    )
    def get(self, request: Request) -> Response:
        text = request.query_params.get("days", "30")
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 366):
            raise serializers.ValidationError({"days": ["A number from 1 to 366."]})
        last = queries.calendar_day(queries.current_organization())
        table = queries.usage_by_day(queries.current_organization(), last - timedelta(days=int(text) - 1), last)
        rows = [
            {"day": day, "kind": kind, "quantity": row["quantity"], "cost_usd": str(row["cost"])}
            for kind, per_day in table.items()
            for day, row in per_day.items()
        ]
        return Response(
            {
                "budgets": {
                    name: round(share, 2)
                    for name, share in queries.budget_shares(queries.current_organization()).items()
                },
                "ai_level": services.ai_level(queries.current_organization()),
                "ai_spent_usd": str(queries.spent_this_month(queries.current_organization())),
                "usage": sorted(rows, key=lambda row: (row["day"], row["kind"])),
            }
        )
