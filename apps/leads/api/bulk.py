"""One act on many leads."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.organizations import rest
from apps.organizations.access import actor_of, role_of
from apps.organizations.models import Role

from .. import bulk
from ..models import BulkChange
from .fields import TAG, Plain


class BulkInput(rest.Serializer[dict[str, Any]]):
    """One act on many leads. Few are changed at once, many in the background."""

    action = serializers.ChoiceField(choices=["stage", "owner", "tag", "untag", "delete", "restore"])
    value = Plain(
        max_length=60, required=False, allow_blank=True, default="",
        help_text="The stage, the owner's id (empty: nobody) or the tag.",
    )  # fmt: skip
    leads = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), min_length=1, max_length=bulk.MOST
    )


class BulkSerializer(rest.ModelSerializer[BulkChange]):
    """How far it is: `done` of `total` were looked at, `changed` of them were not so before."""

    done = serializers.IntegerField(read_only=True)
    changed = serializers.SerializerMethodField()
    undone_by = serializers.IntegerField(source="undone_by_id", read_only=True, allow_null=True)

    class Meta:
        model = BulkChange
        fields = (
            "id",
            "action",
            "value",
            "actor",
            "total",
            "done",
            "changed",
            "created_at",
            "finished_at",
            "undone_by",
        )
        read_only_fields = fields

    def get_changed(self, change: BulkChange) -> int:
        return len(change.before)


class BulkViewSet(rest.GenericViewSet[BulkChange]):
    """Acts on many leads, each visible while it runs, and undoable."""

    queryset = BulkChange.objects.all()
    serializer_class = BulkSerializer
    filter_backends = ()
    lookup_value_regex = r"\d{1,18}"
    required_role = {"*": Role.AGENT, "GET": Role.AGENT}

    @extend_schema(
        summary="Change many leads; managers also delete and restore",
        tags=TAG,
        request=BulkInput,
        responses={201: BulkSerializer},
    )
    def create(self, request: Request) -> Response:
        form = BulkInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        _allow(request, data["action"])
        change = bulk.start(data["action"], data["value"], data["leads"], by=actor_of(request))
        return Response(BulkSerializer(change).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="How far a change of many leads is", tags=TAG)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(BulkSerializer(self.get_object()).data)

    @extend_schema(summary="Give every lead its value back", tags=TAG, request=None, responses={201: BulkSerializer})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        change = self.get_object()
        _allow(request, change.action)
        back = bulk.undo(change, by=actor_of(request))
        return Response(BulkSerializer(back).data, status=status.HTTP_201_CREATED)


def _allow(request: Request, act: str) -> None:
    held = role_of(request)
    if act in ("delete", "restore") and not (held and held.includes(Role.MANAGER)):
        raise PermissionDenied(_("Only managers delete and restore leads."))
