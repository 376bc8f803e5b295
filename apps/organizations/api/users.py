"""People of this organization."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view, inline_serializer
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from .. import queries, rest, services
from ..access import actor_of, person_of, role_of
from ..actors import Can
from ..errors import Problem
from ..models import ApiKey, Membership, Role, User
from ..services.people import may_manage


class MemberSerializer(rest.ModelSerializer[Membership]):
    """A person as this organization knows them; `id` is the person's."""

    id = serializers.IntegerField(source="user_id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    joined_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Membership
        fields = ("id", "email", "name", "role", "is_active", "joined_at")
        read_only_fields = fields


class NewMemberSerializer(rest.Serializer[Any]):
    """With a password the person is made at once; without one they are invited by mail."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Role.choices, default=Role.AGENT)
    name = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    password = serializers.CharField(max_length=200, required=False, write_only=True, trim_whitespace=False)

    def validate_password(self, value: str) -> str:
        validate_password(value, User(email=str(self.initial_data.get("email", ""))[:254]))
        return value


class ChangeMemberSerializer(rest.Serializer[Any]):
    """What can be changed about somebody else."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = serializers.BooleanField(required=False)


class MeSerializer(rest.Serializer[Any]):
    """Oneself."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=[("", ""), *settings.LANGUAGES], required=False, allow_blank=True)


_Me = inline_serializer(
    "Me",
    {
        "kind": serializers.ChoiceField(choices=["user", "staff", "api_key"]),
        "id": serializers.IntegerField(),
        "name": serializers.CharField(),
        "email": serializers.CharField(allow_null=True),
        "language": serializers.CharField(allow_null=True),
        "role": serializers.ChoiceField(choices=Role.choices),
        "organization": inline_serializer(
            "MyOrganization", {"slug": serializers.CharField(), "name": serializers.CharField()}
        ),
    },
)
_Invited = inline_serializer(
    "Invited",
    {
        "status": serializers.ChoiceField(choices=["created", "invited"]),
        "user": MemberSerializer(required=False),
        "link": serializers.CharField(required=False),
        "mailed": serializers.BooleanField(required=False),
        "expires_at": serializers.DateTimeField(required=False),
    },
)


@extend_schema_view(list=extend_schema(tags=["users"]), retrieve=extend_schema(tags=["users"]))
class UserViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, rest.GenericViewSet[Membership]):
    """Who works here. Everybody may look; managers invite and change, up to their own role."""

    serializer_class = MemberSerializer
    queryset = Membership.objects.select_related("user")
    required_role = {"*": Can.MANAGE_PEOPLE}
    lookup_field = "user_id"
    lookup_url_kwarg = "user_id"
    lookup_value_regex = r"\d{1,18}"
    filterset_fields = ("role", "is_active")

    def get_queryset(self) -> QuerySet[Membership]:
        return super().get_queryset().filter(organization=queries.current_organization())

    @extend_schema(request=NewMemberSerializer, responses={201: _Invited}, tags=["users"])
    def create(self, request: Request) -> Response:
        """Invite somebody, or with `password` make them at once."""
        form = NewMemberSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        held, role = role_of(request) or Role.VIEWER, Role(data["role"])
        actor_of(request).must(Can.MANAGE_PEOPLE, fresh=True)
        may_manage(actor_of(request), role)
        if data.get("password"):
            member = _make(role, data)
            return Response(
                {"status": "created", "user": MemberSerializer(member).data}, status=status.HTTP_201_CREATED
            )
        invitation, link = services.invite(
            queries.current_organization(),
            email=data["email"],
            role=role,
            by=person_of(request),
            by_role=held,
        )
        body = {
            "status": "invited",
            "link": services.link_to_show(invitation, link),
            "mailed": not invitation.mail_problem,
            "expires_at": invitation.expires_at,
        }
        return Response(body, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangeMemberSerializer, responses=MemberSerializer, tags=["users"])
    @transaction.atomic
    def partial_update(self, request: Request, user_id: str) -> Response:
        """Change somebody's role, or whether they may sign in here."""
        member = queries.get_member(queries.current_organization(), int(user_id))
        form = ChangeMemberSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        by = actor_of(request)
        if "role" in form.validated_data:
            member = services.change_role(member, Role(form.validated_data["role"]), by=by)
        if "is_active" in form.validated_data:
            change = services.reactivate_member if form.validated_data["is_active"] else services.deactivate_member
            member = change(member, by=by)
        return Response(MemberSerializer(member).data)

    @extend_schema(responses={204: None}, tags=["users"])
    def destroy(self, request: Request, user_id: str) -> Response:
        """Deactivate somebody; what they did stays theirs."""
        member = queries.get_member(queries.current_organization(), int(user_id))
        services.deactivate_member(member, by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(methods=["GET"], responses=_Me, tags=["users"])
    @extend_schema(
        methods=["PATCH"],
        summary="Change one's own name or language",
        request=MeSerializer,
        responses={200: _Me, 403: OpenApiResponse(description="API keys are not people")},
        tags=["users"],
    )
    @action(detail=False, methods=["get", "patch"], required_role={"*": Role.VIEWER})
    def me(self, request: Request) -> Response:
        """Who am I here, and what may I do?"""
        if request.method == "PATCH":
            if not isinstance(request.user, User):
                raise Problem("not_a_person", _("An API key has no profile."), status=403)
            form = MeSerializer(data=request.data)
            form.is_valid(raise_exception=True)
            person = User.objects.get(pk=request.user.pk)
            request.user = services.update_profile(person, **form.validated_data)
        return Response(_me(request))

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return NewMemberSerializer if self.action == "create" else MemberSerializer


def _make(role: Role, data: dict[str, Any]) -> Membership:
    if User.objects.filter(email__iexact=data["email"]).exists():
        message = _("This person has an account already. Leave the password out, and they are invited.")
        raise serializers.ValidationError({"email": [message]})
    with transaction.atomic():
        user = User.objects.create_user(data["email"], data["password"], name=data["name"])
        return services.add_member(queries.current_organization(), user, role=role)


def _me(request: Request) -> dict[str, Any]:
    role = role_of(request)
    organization = queries.current_organization()
    place = {"slug": organization.slug, "name": organization.name}
    if isinstance(request.auth, ApiKey):
        key = request.auth
        return {
            "kind": "api_key", "id": key.pk, "name": key.name, "email": None, "language": None, "role": role,
            "organization": place,
        }  # fmt: skip
    person = person_of(request)
    kind = "staff" if getattr(request, "staff_entry", None) else "user"
    return {
        "kind": kind, "id": person.pk, "name": person.name, "email": person.email, "language": person.language,
        "role": role, "organization": place,
    }  # fmt: skip
