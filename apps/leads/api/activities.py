"""The timelines of leads."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.organizations import rest
from apps.organizations.access import actor_of

from .. import queries, services
from ..filters import ActivityFilter
from ..models import Activity
from .fields import TAG, Plain


class ActivitySerializer(rest.ModelSerializer[Activity]):
    lead = serializers.IntegerField(source="lead_id", read_only=True)

    class Meta:
        model = Activity
        fields = ("id", "lead", "kind", "text", "data", "actor", "at")
        read_only_fields = fields


class ActivityInput(rest.Serializer[dict[str, Any]]):
    lead = serializers.IntegerField(min_value=1, max_value=2**62)
    kind = serializers.ChoiceField(choices=["call", "email", "meeting", "note"])
    text = Plain(max_length=10_000, required=False, allow_blank=True, default="")
    at = serializers.DateTimeField(required=False)


@extend_schema_view(
    list=extend_schema(summary="What happened, newest first", tags=TAG),
    retrieve=extend_schema(summary="One activity", tags=TAG),
)
class ActivityViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, rest.GenericViewSet[Activity]):
    """The timelines of leads."""

    queryset = Activity.objects.none()
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilter
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Activity]:
        return queries.activities()

    @extend_schema(
        summary="Enter a call, email, meeting or note",
        tags=TAG,
        request=ActivityInput,
        responses={201: ActivitySerializer},
    )
    def create(self, request: Request) -> Response:
        form = ActivityInput(data=request.data)
        form.is_valid(raise_exception=True)
        data, by = form.validated_data, actor_of(request)
        lead = queries.get_lead(data["lead"])
        if data["kind"] == Activity.Kind.NOTE:
            made = services.add_note(lead, data["text"], by=by)
        else:
            made = services.log_activity(lead, data["kind"], data["text"], by=by, at=data.get("at"))
        return Response(ActivitySerializer(made).data, status=status.HTTP_201_CREATED)
