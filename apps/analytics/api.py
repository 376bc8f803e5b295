"""The figures of the home page over the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.organizations import rest
from apps.organizations.models import Role
from apps.organizations.queries import calendar_day, current_organization

from . import queries
from .forms import RangeForm


class StatsSerializer(rest.Serializer[Any]):
    """Figures of a range; times in seconds (null: nothing measured), cost in USD."""

    start = serializers.DateField()
    end = serializers.DateField()
    new_leads = serializers.IntegerField()
    leads_by_channel = serializers.DictField(child=serializers.IntegerField())
    leads_by_source = serializers.DictField(child=serializers.IntegerField())
    funnel = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Of the people met in the range, how many reached or passed each stage.",
    )
    conversations_started = serializers.IntegerField()
    hand_offs = serializers.IntegerField()
    messages_received = serializers.IntegerField()
    messages_sent = serializers.IntegerField()
    messages_failed = serializers.IntegerField()
    assistant_answer_seconds = serializers.FloatField(allow_null=True, help_text="How long customers waited for it.")
    people_answer_seconds = serializers.FloatField(allow_null=True, help_text="How long customers waited for them.")
    ai_cost_usd = serializers.DecimalField(max_digits=14, decimal_places=6)


class StatsView(rest.APIView):
    """Figures of a range of days: leads, funnel, messages, answer time, AI cost."""

    required_role = {"GET": Role.VIEWER}

    @extend_schema(
        parameters=[
            OpenApiParameter("days", str, enum=["7", "30", "90", "365"]),
            OpenApiParameter("start", str, description="YYYY-MM-DD, with `end`"),
            OpenApiParameter("end", str, description="YYYY-MM-DD"),
        ],
        responses=StatsSerializer,
        tags=["stats"],
    )
    def get(self, request: Request) -> Response:
        form = RangeForm(request.query_params)
        if not form.is_valid():
            raise serializers.ValidationError(form.errors.get_json_data())
        days = form.range(calendar_day(current_organization()))
        found = queries.figures(days)
        body = {
            "start": days.start,
            "end": days.end,
            "new_leads": found.count("lead.created"),
            "leads_by_channel": dict(found.splits("lead.created")),
            "leads_by_source": dict(found.splits("lead.source")),
            "funnel": dict(queries.funnel(found)),
            "conversations_started": found.count("conversation.started"),
            "hand_offs": found.count("conversation.handed_off"),
            "messages_received": found.count("message.received"),
            "messages_sent": found.count("message.sent"),
            "messages_failed": found.count("message.failed"),
            "assistant_answer_seconds": queries.answer_time(found, "assistant"),
            "people_answer_seconds": queries.answer_time(found, "people"),
            "ai_cost_usd": sum(queries.ai_cost(days).values()),
        }
        return Response(StatsSerializer(body).data)
