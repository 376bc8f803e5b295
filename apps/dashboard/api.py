"""A message's journey over the API: the stations of its page."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.organizations import rest
from apps.organizations.access import role_of
from apps.organizations.models import Role

from .journey import Station, journey


class StationReasonSerializer(rest.Serializer[Any]):
    """A rule of the gate, what it said, and why in words."""

    rule = serializers.CharField()
    verdict = serializers.CharField()
    code = serializers.CharField()
    sentence = serializers.CharField()


class StationSerializer(rest.Serializer[Any]):
    """One thing that happened. `kind`: delivery, message, lead, generation, decision, send, receipt, event, outbox."""

    kind = serializers.CharField()
    at = serializers.DateTimeField()
    since = serializers.CharField(help_text="Time after the first station, in words.")
    title = serializers.CharField()
    words = serializers.CharField(help_text="What a person or the model said.")
    note = serializers.CharField()
    state = serializers.CharField()
    state_label = serializers.CharField()
    reasons = serializers.SerializerMethodField()
    raw = serializers.CharField(help_text="A raw body or a recorded fact as JSON; secrets are hidden.")
    url = serializers.CharField(help_text="The page to look further on, where the caller may open it.")

    @extend_schema_field(StationReasonSerializer(many=True))
    def get_reasons(self, station: Station) -> list[dict[str, str]]:
        names = ("rule", "verdict", "code", "sentence")
        return [{name: str(reason.get(name, "")) for name in names} for reason in station.reasons]


class JourneySerializer(rest.Serializer[Any]):
    """A journey, its first station first."""

    stations = StationSerializer(many=True)
    took = serializers.CharField(help_text="From the first station to the last, in words.")
    is_moving = serializers.BooleanField(help_text="Something is still on its way.")
    left_out = serializers.IntegerField(help_text="Further stations, where there are more than 300.")


class TraceView(rest.APIView):
    """One journey from the raw delivery to the last webhook."""

    required_role = {"GET": Role.VIEWER}

    @extend_schema(operation_id="trace", responses=JourneySerializer)
    def get(self, request: Request, trace_id: uuid.UUID) -> Response:
        """The journey of a message, by the trace that it, and every answer of ours, names."""
        found = journey(trace_id, role_of(request) or Role.VIEWER)
        if found is None:
            raise Http404
        return Response(JourneySerializer(found).data)
