"""The webhook door as documented views, and accounts over the API."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.organizations import rest
from apps.organizations.access import actor_of
from apps.organizations.models import Role
from apps.organizations.pagination import NewestFirst

from . import door, queries, services
from .models import ConnectedAccount, Delivery
from .surfaces import SURFACES

_VERIFY_TOKENS = {
    "facebook": "FACEBOOK_VERIFY_TOKEN",
    "instagram": "FACEBOOK_VERIFY_TOKEN",
    "whatsapp": "WHATSAPP_VERIFY_TOKEN",
}
_ANSWER = inline_serializer("Answer", {"code": serializers.CharField(), "message": serializers.CharField()})


class WebhookView(APIView):
    """Meta's webhook: one address per channel for all organizations. In production `front` answers POST before it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    parser_classes = ()
    operation_names = {"GET": "verify", "POST": "receive"}
    channel = ""

    @extend_schema(
        summary="Verify the webhook",
        description="Meta asks once, when the address is entered there; the answer is the challenge, as it came.",
        parameters=[
            OpenApiParameter("hub.mode", str, required=True),
            OpenApiParameter("hub.verify_token", str, required=True),
            OpenApiParameter("hub.challenge", str, required=True),
        ],
        responses={
            (200, "text/plain"): OpenApiResponse(OpenApiTypes.STR, description="The challenge"),
            (403, "text/plain"): OpenApiResponse(OpenApiTypes.STR, description="Wrong token"),
        },
        tags=["webhook"],
    )
    def get(self, request: Request) -> HttpResponse:
        expected = getattr(settings, _VERIFY_TOKENS[self.channel])
        given = request.query_params.get("hub.verify_token", "")
        if (
            request.query_params.get("hub.mode") != "subscribe"
            or not expected
            or not secrets.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
        ):
            return HttpResponse("The verify token does not fit.", status=403, content_type="text/plain")
        challenge = request.query_params.get("hub.challenge", "")[:1000]
        return HttpResponse(challenge, content_type="text/plain; charset=utf-8")

    @extend_schema(
        summary="Receive deliveries",
        description="The raw body is stored durably, then answered; `X-Hub-Signature-256` signs it.",
        request={"application/json": OpenApiTypes.OBJECT},
        parameters=[OpenApiParameter("X-Hub-Signature-256", str, OpenApiParameter.HEADER, required=True)],
        responses={
            200: OpenApiResponse(_ANSWER, description="Stored, or kept for the agency to look at"),
            403: OpenApiResponse(_ANSWER, description="Wrong signature; nothing stored"),
            413: OpenApiResponse(_ANSWER, description="Too large"),
            503: OpenApiResponse(_ANSWER, description="Not stored; deliver again"),
        },
        tags=["webhook"],
    )
    def post(self, request: Request) -> HttpResponse:
        http = request._request
        if int(http.META.get("CONTENT_LENGTH") or 0) > settings.WEBHOOK_MAX_BYTES:
            answer = door.TOO_LARGE
        else:
            body = http.read(settings.WEBHOOK_MAX_BYTES + 1)
            answer = door.receive(
                self.channel, body, http.headers.get("X-Hub-Signature-256", ""), store=door.store_here
            )
        return HttpResponse(answer.body, status=answer.status, content_type="application/json")


class AccountSerializer(rest.ModelSerializer[ConnectedAccount]):
    """An account without its credentials, which are never shown."""

    class Meta:
        model = ConnectedAccount
        fields = (
            "id", "channel", "external_id", "name", "state", "problem_code", "problem", "checked_at",
            "last_received_at", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class ConnectSerializer(rest.Serializer[Any]):
    """What connecting takes; `token` is not needed for webchat."""

    external_id = serializers.CharField(max_length=120)
    token = serializers.CharField(max_length=2000, required=False, write_only=True, default="", allow_blank=True)
    name = serializers.CharField(max_length=160, required=False, default="", allow_blank=True)
    page_id = serializers.CharField(max_length=60, required=False, allow_blank=True, help_text="Instagram: its page")
    waba_id = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="WhatsApp: the business account"
    )


class ConnectView(rest.APIView):
    """Connect an account of one channel by token."""

    required_role = {"*": Role.MANAGER}
    channel = ""

    @extend_schema(request=ConnectSerializer, responses={201: AccountSerializer}, tags=["channels"])
    def post(self, request: Request) -> Response:
        form = ConnectSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        account = services.connect_account(
            channel=self.channel,
            external_id=data["external_id"],
            token=data["token"],
            name=data["name"],
            settings={key: data[key] for key in SURFACES[self.channel].extra if data.get(key)},
            user=request.user if request.user.pk else None,
            actor=actor_of(request),
        )
        return Response(AccountSerializer(account).data, status=status.HTTP_201_CREATED)


class AccountViewSet(rest.ReadOnlyModelViewSet[ConnectedAccount]):
    """Connected accounts; deleting one disconnects it."""

    serializer_class = AccountSerializer
    queryset = ConnectedAccount.objects.all()
    required_role = {"*": Role.MANAGER}
    lookup_value_regex = r"\d{1,18}"

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.disconnect_account(queries.get_account(int(pk)), actor=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=AccountSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Ask the platform whether the account works."""
        account = queries.get_account(int(pk))
        services.check_account(account, subscribe=True)
        return Response(AccountSerializer(account).data)


class KeptSerializer(rest.ModelSerializer[Delivery]):
    """Something that arrived and could not be read (malformed) or applied (failed), with the reason."""

    class Meta:
        model = Delivery
        fields = ("id", "channel", "account", "state", "error", "attempts", "trace", "received_at", "processed_at")
        read_only_fields = fields


class KeptDetailSerializer(KeptSerializer):
    body = serializers.SerializerMethodField(help_text="As it came; its first 20,000 characters.")

    class Meta(KeptSerializer.Meta):
        fields = (*KeptSerializer.Meta.fields, "body")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    def get_body(self, delivery: Delivery) -> str:
        return queries.readable(bytes(delivery.body))


@extend_schema_view(
    list=extend_schema(summary="What arrived and was kept, newest first"),
    retrieve=extend_schema(summary="One of them, with its raw body", responses=KeptDetailSerializer),
)
class KeptViewSet(rest.ReadOnlyModelViewSet[Delivery]):
    """Deliveries that could not be read or applied; nothing is thrown away."""

    serializer_class = KeptSerializer
    queryset = Delivery.objects.none()
    filter_backends = ()
    pagination_class = NewestFirst
    required_role = {"GET": Role.MANAGER, "*": Role.MANAGER}
    lookup_url_kwarg = "delivery_id"
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Delivery]:
        kept = queries.kept_deliveries()
        return kept.defer("body") if self.action == "list" else kept

    def get_serializer_class(self) -> Any:
        return KeptDetailSerializer if self.action == "retrieve" else KeptSerializer

    @extend_schema(request=None, responses={202: OpenApiResponse(description="It is being read again")})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, delivery_id: str) -> Response:
        """Have it read again."""
        if not services.retry_delivery(int(delivery_id)):
            raise Http404
        return Response(status=status.HTTP_202_ACCEPTED)


def connect_views() -> dict[str, Any]:
    """One view per channel that can be connected by token."""
    return {channel: ConnectView.as_view(channel=channel) for channel in SURFACES}
