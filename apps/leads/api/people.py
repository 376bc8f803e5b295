"""Leads one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.organizations import rest
from apps.organizations.access import actor_of
from apps.organizations.actors import Can
from apps.organizations.errors import Problem
from apps.organizations.models import Role, User
from apps.organizations.pagination import NewestFirst
from apps.organizations.queries import current_organization

from .. import details, merging, queries, scoring, services
from ..filters import LeadFilter
from ..models import Identity, Label, Lead, Stage
from .activities import ActivitySerializer
from .fields import TAG, Plain


class LeadPages(NewestFirst):
    """?sort=new (default), recent or score."""

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        given = request.query_params.get("sort", "new")
        if given not in queries.ORDERS:
            raise serializers.ValidationError({"sort": [_("One of: %s.") % ", ".join(queries.ORDERS)]})
        return queries.ORDERS[given]

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        sort = {
            "name": "sort",
            "in": "query",
            "required": False,
            "schema": {"type": "string", "enum": list(queries.ORDERS)},
        }
        return [*super().get_schema_operation_parameters(view), sort]


class ReasonSerializer(rest.Serializer[dict[str, Any]]):
    rule = serializers.CharField()
    points = serializers.IntegerField()
    why = serializers.CharField()


class IdentitySerializer(rest.ModelSerializer[Identity]):
    proven_by = serializers.CharField(read_only=True, help_text="What showed it; empty: it is only claimed.")

    """An id under which this person is known. Without `proven_at` it is claimed: said, and shown by nothing."""

    class Meta:
        model = Identity
        fields = ("kind", "account", "value", "username", "proven_by", "proven_at", "created_at")
        read_only_fields = fields


class LeadSerializer(rest.ModelSerializer[Lead]):
    """A lead as lists show it."""

    tags: Any = serializers.SlugRelatedField("name", many=True, read_only=True)
    reasons = serializers.SerializerMethodField()
    email = serializers.CharField(read_only=True)  # may be empty, which no address is
    owner = serializers.IntegerField(source="owner_id", allow_null=True, read_only=True)
    owner_name = serializers.SerializerMethodField()

    class Meta:
        model = Lead
        fields = (
            "id", "name", "email", "phone", "company", "language", "stage", "label", "priority", "type", "score",
            "reasons", "source", "channel", "origin", "fields", "tags", "owner", "owner_name", "captured_at",
            "stage_changed_at", "last_activity_at", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ReasonSerializer(many=True))
    def get_reasons(self, lead: Lead) -> list[dict[str, Any]]:
        return scoring.shown(lead)

    def get_owner_name(self, lead: Lead) -> str:
        return str(lead.owner) if lead.owner else ""


class LeadDetailSerializer(LeadSerializer):
    identities = IdentitySerializer(many=True, read_only=True)

    class Meta(LeadSerializer.Meta):
        fields = (*LeadSerializer.Meta.fields, "identities")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class LeadInput(rest.Serializer[dict[str, Any]]):
    """What can be written. Phone numbers may be national: they are read in the organization's country."""

    name = Plain(max_length=160, required=False, allow_blank=True)
    email = Plain(max_length=254, required=False, allow_blank=True)
    phone = Plain(max_length=40, required=False, allow_blank=True)
    company = Plain(max_length=160, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=["en", "ar"], required=False, allow_blank=True)
    stage = serializers.ChoiceField(choices=Stage.choices, required=False)
    label: Any = serializers.ChoiceField(choices=Label.choices, required=False, allow_null=True)
    owner = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    tags = serializers.ListField(child=Plain(max_length=50), required=False, max_length=30)
    fields = serializers.DictField(child=Plain(max_length=1000, allow_blank=True), required=False)  # type: ignore[assignment]

    def validate_owner(self, value: int | None) -> User | None:
        if value is None:
            return None
        user = User.objects.filter(pk=value).first()
        if user is None or not services.is_member(user):
            raise serializers.ValidationError(_("This person is not a member of the organization."))
        return user

    def validate_fields(self, value: dict[str, str]) -> dict[str, str]:
        if len(value) > 60:
            raise serializers.ValidationError(_("A lead has at most 60 fields of its own."))
        return value


class NewLead(LeadInput):
    source: Any = serializers.ChoiceField(
        choices=["api", "ad", "post", "comment", "referral", "direct", "form", "manual", "import"], default="api"
    )
    channel = Plain(max_length=20, required=False, allow_blank=True)
    origin = serializers.DictField(child=Plain(max_length=500, allow_blank=True), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not any(attrs.get(name, "").strip() for name in details.NAMES):
            raise serializers.ValidationError(_("Give a name, an email address, a phone number or a company."))
        if len(attrs.get("origin", {})) > 30:
            raise serializers.ValidationError({"origin": [_("At most 30 values.")]})
        return attrs


class OtherInput(rest.Serializer[dict[str, Any]]):
    other = serializers.IntegerField(min_value=1, max_value=2**62)


class StageInput(rest.Serializer[dict[str, Any]]):
    stage = serializers.ChoiceField(choices=Stage.choices)
    reason = Plain(max_length=500, required=False, allow_blank=True, default="")


class LabelInput(rest.Serializer[dict[str, Any]]):
    label: Any = serializers.ChoiceField(
        choices=Label.choices, allow_null=True, help_text="null gives it back to the score"
    )


class TagsInput(rest.Serializer[dict[str, Any]]):
    add = serializers.ListField(child=Plain(max_length=50), required=False, default=list, max_length=30)
    remove = serializers.ListField(child=Plain(max_length=50), required=False, default=list, max_length=30)


class NoteInput(rest.Serializer[dict[str, Any]]):
    text = Plain(max_length=10_000)


def _refuse(refused: Mapping[str, str]) -> None:
    if refused:
        raise serializers.ValidationError({name: [why] for name, why in refused.items()})


@extend_schema_view(
    list=extend_schema(summary="List leads", tags=TAG),
    retrieve=extend_schema(summary="One lead", tags=TAG, responses=LeadDetailSerializer),
)
class LeadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, rest.GenericViewSet[Lead]):
    """People who may buy."""

    queryset = Lead.objects.none()
    serializer_class = LeadSerializer
    filterset_class = LeadFilter
    pagination_class = LeadPages
    lookup_value_regex = r"\d{1,18}"
    required_role = {"GET": Role.VIEWER, "DELETE": Role.MANAGER, "*": Role.AGENT}

    def get_queryset(self) -> QuerySet[Lead]:
        return queries.for_lists(queries.leads())

    def get_serializer_class(self) -> Any:
        return LeadDetailSerializer if self.action == "retrieve" else LeadSerializer

    def _lead(self) -> Lead:
        return queries.get_lead(int(self.kwargs["pk"]))

    def _shown(self, lead: Lead, code: int = status.HTTP_200_OK) -> Response:
        return Response(LeadDetailSerializer(queries.get_lead(lead.pk)).data, status=code)

    @extend_schema(summary="Add a lead", tags=TAG, request=NewLead, responses={201: LeadDetailSerializer})
    def create(self, request: Request) -> Response:
        form = NewLead(data=request.data)
        form.is_valid(raise_exception=True)
        data, by = form.validated_data, actor_of(request)
        given, refused = details.checked(data, current_organization().country)
        _refuse(refused)
        with transaction.atomic():
            lead = services.create_lead(
                by=by, source=data["source"], channel=data.get("channel") or "api", origin=data.get("origin"),
                language=data.get("language", ""), **given,
            )  # fmt: skip
            self._write(lead, {name: value for name, value in data.items() if name not in details.NAMES}, by)
        return self._shown(lead, status.HTTP_201_CREATED)

    @extend_schema(summary="Change a lead", tags=TAG, request=LeadInput, responses=LeadDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        lead = self._lead()
        form = LeadInput(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            self._write(lead, form.validated_data, actor_of(request))
        return self._shown(lead)

    def _write(self, lead: Lead, data: dict[str, Any], by: str) -> None:
        given = {name: data[name] for name in details.NAMES if data.get(name, "").strip()}
        for name in details.NAMES:
            if name in data and name not in given:
                services.clear_detail(lead, name, by=by)
        _refuse(services.capture_details(lead, **given, by=by).refused)
        for name, value in data.get("fields", {}).items():
            services.set_custom_field(lead, name, value, by=by)
        if "owner" in data:
            services.set_owner(lead, data["owner"], by=by)
        if "stage" in data:
            services.move_to_stage(lead, data["stage"], by=by)
        if "label" in data:
            services.set_label(lead, data["label"], by=by)
        if "tags" in data:
            services.set_tags(lead, data["tags"], by=by)

    @extend_schema(summary="Delete a lead; it can be restored", tags=TAG, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_lead(self._lead(), by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Restore a deleted lead", tags=TAG, request=None, responses=LeadDetailSerializer)
    @action(detail=True, methods=["post"], required_role={"*": Can.REMOVE_LEADS})
    def restore(self, request: Request, pk: str) -> Response:
        lead = queries.get_lead(int(pk), deleted=True)
        services.restore_lead(lead, by=actor_of(request))
        return self._shown(lead)

    @extend_schema(
        summary="Merge another record of the same person into this one",
        tags=TAG,
        request=OtherInput,
        responses=LeadDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        lead = self._lead()
        form = OtherInput(data=request.data)
        form.is_valid(raise_exception=True)
        merging.merge_leads(lead, queries.get_lead(form.validated_data["other"]), by=actor_of(request))
        return self._shown(lead)

    @extend_schema(
        summary="Take two merged records apart; answers the one that comes back",
        tags=TAG,
        request=OtherInput,
        responses=LeadDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def unmerge(self, request: Request, pk: str) -> Response:
        form = OtherInput(data=request.data)
        form.is_valid(raise_exception=True)
        other = form.validated_data["other"]
        found = next((one for one in queries.merges_of(self._lead()) if one.gone_id == other), None)
        if found is None:
            raise Problem("not_merged", _("These two are not merged any more."))
        return self._shown(merging.unmerge_leads(found, by=actor_of(request)))

    @extend_schema(summary="Move a lead to a stage", tags=TAG, request=StageInput, responses=LeadDetailSerializer)
    @action(detail=True, methods=["post"])
    def stage(self, request: Request, pk: str) -> Response:
        lead = self._lead()
        form = StageInput(data=request.data)
        form.is_valid(raise_exception=True)
        services.move_to_stage(lead, **form.validated_data, by=actor_of(request))
        return self._shown(lead)

    @extend_schema(
        summary="Label a lead hot, warm or cold", tags=TAG, request=LabelInput, responses=LeadDetailSerializer
    )
    @action(detail=True, methods=["post"])
    def label(self, request: Request, pk: str) -> Response:
        lead = self._lead()
        form = LabelInput(data=request.data)
        form.is_valid(raise_exception=True)
        services.set_label(lead, form.validated_data["label"], by=actor_of(request))
        return self._shown(lead)

    @extend_schema(summary="Add and remove tags", tags=TAG, request=TagsInput, responses=LeadDetailSerializer)
    @action(detail=True, methods=["post"])
    def tags(self, request: Request, pk: str) -> Response:
        lead = self._lead()
        form = TagsInput(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            for name in form.validated_data["add"]:
                services.add_tag(lead, name, by=actor_of(request))
            for name in form.validated_data["remove"]:
                services.remove_tag(lead, name, by=actor_of(request))
        return self._shown(lead)

    @extend_schema(summary="Write a note", tags=TAG, request=NoteInput, responses={201: ActivitySerializer})
    @action(detail=True, methods=["post"])
    def notes(self, request: Request, pk: str) -> Response:
        lead = self._lead()
        form = NoteInput(data=request.data)
        form.is_valid(raise_exception=True)
        note = services.add_note(lead, form.validated_data["text"], by=actor_of(request))
        return Response(ActivitySerializer(note).data, status=status.HTTP_201_CREATED)
