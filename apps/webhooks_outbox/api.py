"""Endpoints, deliveries and the catalog of events over the API. For managers."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.jobs import clock
from apps.organizations import rest
from apps.organizations.errors import Problem
from apps.organizations.models import Role

from . import queries, reasons, services
from .models import Attempt, Delivery, Endpoint

_TAG = ["webhooks"]
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"


class EndpointSerializer(rest.ModelSerializer[Endpoint]):
    """An endpoint without its secrets."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    problem = serializers.SerializerMethodField()
    secrets_count = serializers.SerializerMethodField()

    class Meta:
        model = Endpoint
        fields = (
            "id", "url", "description", "types", "state", "problem", "failing_since", "slow_until", "secrets_count",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_problem(self, endpoint: Endpoint) -> str:
        return reasons.of_endpoint(endpoint.problem)

    def get_secrets_count(self, endpoint: Endpoint) -> int:
        return len(queries.live_secrets(endpoint, clock.now()))


class SecretSerializer(rest.Serializer[Any]):
    secret = serializers.CharField(read_only=True, help_text="Shown in this answer only.")


class NewEndpointSerializer(EndpointSerializer):
    secret = serializers.SerializerMethodField(help_text="Shown in this answer only.")

    class Meta(EndpointSerializer.Meta):
        fields = (*EndpointSerializer.Meta.fields, "secret")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    def get_secret(self, endpoint: Endpoint) -> str:
        return str(endpoint.secrets[0]["secret"])


class EndpointInputSerializer(rest.Serializer[Any]):
    url = serializers.CharField(max_length=500)
    description = serializers.CharField(max_length=160, required=False, allow_blank=True)
    types = serializers.ListField(
        child=serializers.CharField(max_length=80), max_length=200, required=False, help_text="Empty: all events."
    )
    state = serializers.ChoiceField(choices=["active", "paused"], required=False)


class AttemptSerializer(rest.ModelSerializer[Attempt]):
    reason = serializers.SerializerMethodField()

    class Meta:
        model = Attempt
        fields = ("at", "status", "duration_ms", "error", "reason", "answer")
        read_only_fields = fields

    def get_reason(self, attempt: Attempt) -> str:
        return reasons.of_attempt(attempt.status, attempt.error)


class DeliverySerializer(rest.ModelSerializer[Delivery]):
    id = serializers.UUIDField(source="uuid", read_only=True)
    webhook_id = serializers.CharField(read_only=True)
    endpoint = serializers.UUIDField(source="endpoint.uuid", read_only=True)
    reason = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = (
            "id", "webhook_id", "endpoint", "event", "type", "state", "attempts", "next_at", "last_status", "reason",
            "trace", "created_at", "done_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_reason(self, delivery: Delivery) -> str:
        return reasons.of_attempt(delivery.last_status, delivery.last_error)


class DeliveryDetailSerializer(DeliverySerializer):
    attempt_log = serializers.SerializerMethodField()
    body = serializers.CharField(read_only=True, help_text="Exactly the bytes that are signed and sent.")

    class Meta(DeliverySerializer.Meta):
        fields = (*DeliverySerializer.Meta.fields, "body", "attempt_log")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema_field(AttemptSerializer(many=True))
    def get_attempt_log(self, delivery: Delivery) -> Any:
        return AttemptSerializer(queries.attempts(delivery), many=True).data


class ReplaySerializer(rest.Serializer[Any]):
    states = serializers.ListField(
        child=serializers.ChoiceField(choices=["dead", "cancelled", "delivered"]),
        required=False,
        allow_empty=False,
        max_length=3,
        default=["dead"],
    )
    since = serializers.DateTimeField(required=False, help_text="Needed where `states` holds delivered.")
    until = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "delivered" in attrs["states"] and "since" not in attrs:
            raise serializers.ValidationError(
                {"since": ["Say from when on; otherwise everything would be sent again."]}
            )
        return attrs


class CountSerializer(rest.Serializer[Any]):
    count = serializers.IntegerField(read_only=True)


class DeliveryFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=Delivery.State.choices)
    type = filters.CharFilter(max_length=80)
    endpoint = filters.UUIDFilter(field_name="endpoint__uuid")
    trace = filters.UUIDFilter()

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ()


class EndpointViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, rest.GenericViewSet[Endpoint]):
    """Where events are posted to."""

    serializer_class = EndpointSerializer
    queryset = Endpoint.objects.all()
    filterset_class: type[filters.FilterSet] | None = None
    required_role = {"GET": Role.MANAGER, "*": Role.MANAGER}
    lookup_field, lookup_url_kwarg, lookup_value_regex = "uuid", "id", _UUID

    @extend_schema(request=EndpointInputSerializer, responses={201: NewEndpointSerializer}, tags=_TAG)
    def create(self, request: Request) -> Response:
        """The answer holds the secret; it is not shown again."""
        data = self._read(request)
        paused = data.pop("state", "active") == "paused"
        endpoint = services.create_endpoint(**data)
        if paused:
            services.pause(endpoint)
        return Response(NewEndpointSerializer(endpoint).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=EndpointInputSerializer, responses=EndpointSerializer, tags=_TAG)
    def partial_update(self, request: Request, id: str) -> Response:
        """Change any of it; `state` active also takes up an endpoint that was disabled."""
        endpoint = self.get_object()
        data = self._read(request, partial=True)
        state = data.pop("state", None)
        if data:
            now = {"url": endpoint.url, "types": endpoint.types, "description": endpoint.description}
            services.update_endpoint(endpoint, **{**now, **data})
        if state:
            services.resume(endpoint) if state == "active" else services.pause(endpoint)
        return Response(EndpointSerializer(endpoint).data)

    @extend_schema(responses={204: None}, tags=_TAG)
    def destroy(self, request: Request, id: str) -> Response:
        """With all its deliveries."""
        services.delete_endpoint(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _read(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        form = EndpointInputSerializer(data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    @extend_schema(request=None, responses=SecretSerializer, tags=_TAG)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, id: str) -> Response:
        """A new secret; the one before signs too for 24 hours."""
        return Response({"secret": services.rotate_secret(self.get_object())})

    @extend_schema(request=None, responses={202: DeliverySerializer}, tags=_TAG)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, id: str) -> Response:
        """Send `webhook.test` to this endpoint."""
        try:
            delivery = services.send_test(self.get_object())
        except services.NotNow as refusal:
            raise _conflict(refusal) from refusal
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        responses=DeliverySerializer(many=True),
        tags=_TAG,
        filters=False,  # those of another model than the view's: named here by hand
        parameters=[
            OpenApiParameter("state", enum=Delivery.State.values),
            OpenApiParameter("type"),
            OpenApiParameter("trace", OpenApiTypes.UUID),
        ],
    )
    @action(detail=True, methods=["get"], filterset_class=DeliveryFilter)
    def deliveries(self, request: Request, id: str) -> Response:
        """This endpoint's deliveries, newest first."""
        rows: Any = self.filter_queryset(queries.deliveries(self._own()))  # type: ignore[arg-type]
        return self.get_paginated_response(DeliverySerializer(self.paginate_queryset(rows), many=True).data)

    def _own(self) -> Endpoint:
        """Not `get_object`, which would apply the filters of deliveries to endpoints."""
        return queries.get_endpoint(uuid.UUID(self.kwargs["id"]))

    @extend_schema(request=ReplaySerializer, responses={202: CountSerializer}, tags=_TAG)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, id: str) -> Response:
        """Send again what was given up, or other deliveries of a stretch of time; ids stay the same."""
        form = ReplaySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            count = services.replay_many(self.get_object(), **form.validated_data)
        except services.NotNow as refusal:
            raise _conflict(refusal) from refusal
        return Response({"count": count}, status=status.HTTP_202_ACCEPTED)


class DeliveryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, rest.GenericViewSet[Delivery]):
    """Events on their way to endpoints, newest first."""

    serializer_class = DeliverySerializer
    queryset = Delivery.objects.all()
    filterset_class = DeliveryFilter
    required_role = {"GET": Role.MANAGER, "*": Role.MANAGER}
    lookup_field, lookup_url_kwarg, lookup_value_regex = "uuid", "id", _UUID

    def get_queryset(self) -> QuerySet[Delivery]:
        return queries.deliveries()

    def get_serializer_class(self) -> type[DeliverySerializer]:
        return DeliveryDetailSerializer if self.action == "retrieve" else DeliverySerializer

    @extend_schema(request=None, responses={202: DeliverySerializer}, tags=_TAG)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, id: str) -> Response:
        """Send it again, with the same webhook-id."""
        delivery = self.get_object()
        try:
            services.replay(delivery)
        except services.NotNow as refusal:
            raise _conflict(refusal) from refusal
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)


class EventTypesView(rest.APIView):
    """Every type of event, with an example."""

    required_role = {"GET": Role.VIEWER}

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, tags=_TAG)
    def get(self, request: Request) -> Response:
        return Response(
            {
                "results": [
                    {
                        "type": event.type,
                        "description": event.description,
                        "fields": [{"name": name, "type": words} for name, words, _optional in event.fields],
                        "example": event.example,
                    }
                    for event in queries.catalog()
                ]
            }
        )


def _conflict(refusal: services.NotNow) -> Problem:
    return Problem("endpoint_not_active", str(refusal), status=409)
