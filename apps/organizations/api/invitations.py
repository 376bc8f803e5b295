"""Who was asked to join and has not come yet."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view, inline_serializer
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from .. import queries, rest, services
from ..access import role_of
from ..actors import Can
from ..models import Invitation, Role, User


class InvitationSerializer(rest.ModelSerializer[Invitation]):
    """An open invitation; its link is shown once, in the answer that makes it, and only where no mail could carry it."""

    invited_by = serializers.CharField(source="invited_by.email", allow_null=True, default=None)

    class Meta:
        model = Invitation
        fields = ("id", "email", "role", "invited_by", "created_at", "expires_at", "mailed_at", "mail_problem")
        read_only_fields = fields


class NewInvitationSerializer(rest.Serializer[Any]):
    """Whom to ask; asking the same address again replaces the invitation, and the old link ends."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Role.choices, default=Role.AGENT)


_Made = inline_serializer("NewInvitationLink", {"link": serializers.CharField(), "invitation": InvitationSerializer()})


@extend_schema_view(list=extend_schema(summary="List open invitations"))
class InvitationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, rest.GenericViewSet[Invitation]):
    """Invitations that nobody has accepted or revoked; expired ones among them."""

    serializer_class = InvitationSerializer
    queryset = Invitation.objects.none()
    filter_backends = ()
    required_role = {"GET": Can.MANAGE_PEOPLE, "*": Can.MANAGE_PEOPLE}
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Invitation]:
        return queries.open_invitations(queries.current_organization())

    @extend_schema(
        summary="Invite somebody, up to one's own role", request=NewInvitationSerializer, responses={201: _Made}
    )
    def create(self, request: Request) -> Response:
        form = NewInvitationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        invitation, link = services.invite(
            queries.current_organization(),
            email=form.validated_data["email"],
            role=Role(form.validated_data["role"]),
            by=request.user if isinstance(request.user, User) else None,
            by_role=role_of(request) or Role.VIEWER,
        )
        made = {"link": services.link_to_show(invitation, link), "invitation": InvitationSerializer(invitation).data}
        return Response(made, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke an invitation: its link is worth nothing from now on."""
        services.revoke_invitation(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
