"""Forms for other people's pages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from apps.organizations import rest
from apps.organizations.models import Role
from apps.organizations.pagination import NewestFirst

from .. import forms, queries, submissions
from ..models import Form
from .fields import TAG, Plain


class FieldWordsSerializer(rest.Serializer[dict[str, Any]]):
    """What a question says in a further language; choices in the same order."""

    label: Any = Plain(max_length=120, required=False, allow_blank=True)
    options = serializers.ListField(child=Plain(max_length=120), required=False, max_length=50)


class FormWordsSerializer(rest.Serializer[dict[str, Any]]):
    """What a form says in a further language."""

    title = Plain(max_length=160, required=False, allow_blank=True)
    button = Plain(max_length=60, required=False, allow_blank=True)
    thanks = Plain(max_length=1000, required=False, allow_blank=True)


class FormFieldSerializer(rest.Serializer[dict[str, Any]]):
    name = serializers.SlugField(max_length=40)
    label: Any = Plain(max_length=120)
    kind = serializers.ChoiceField(choices=list(forms.KINDS), default="text")
    required: Any = serializers.BooleanField(default=False)
    options = serializers.ListField(child=Plain(max_length=120), required=False, max_length=50)
    texts = serializers.DictField(
        child=FieldWordsSerializer(), required=False, help_text='In further languages: {"ar": {"label", "options"}}.'
    )


class FormSerializer(rest.ModelSerializer[Form]):
    """A form for other people's pages; it is shown at /forms/<key>/."""

    fields = FormFieldSerializer(many=True, min_length=1, max_length=20)  # type: ignore[assignment, call-arg]
    name = Plain(max_length=120)
    title = Plain(max_length=160, required=False, allow_blank=True)
    thanks = Plain(max_length=1000, required=False, allow_blank=True)
    button = Plain(max_length=60, required=False, allow_blank=True)
    texts = serializers.DictField(
        child=FormWordsSerializer(),
        required=False,
        help_text='In further languages: {"ar": {"title", "button", "thanks"}}.',
    )
    language = serializers.ChoiceField(choices=["", "en", "ar"], required=False)

    class Meta:
        model = Form
        fields = (
            "id",
            "key",
            "name",
            "title",
            "fields",
            "thanks",
            "button",
            "texts",
            "language",
            "is_active",
            "created_at",
        )
        read_only_fields = ("id", "key", "created_at")

    def validate_texts(self, value: dict[str, Any]) -> dict[str, Any]:
        return {code: dict(said) for code, said in value.items() if code in dict(settings.LANGUAGES)}

    def validate_fields(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return forms.checked_fields(value)


@extend_schema_view(
    list=extend_schema(summary="List forms", tags=TAG),
    retrieve=extend_schema(summary="One form", tags=TAG),
    create=extend_schema(summary="Make a form", tags=TAG),
    partial_update=extend_schema(summary="Change a form", tags=TAG),
    destroy=extend_schema(summary="Take a form out of use", tags=TAG),
)
class FormViewSet(rest.ModelViewSet[Form]):
    """Forms for other people's pages."""

    queryset = Form.objects.none()
    serializer_class = FormSerializer
    filter_backends = ()
    pagination_class = NewestFirst
    lookup_value_regex = r"\d{1,18}"
    http_method_names = ("get", "post", "patch", "delete", "head", "options")
    required_role = {"GET": Role.VIEWER, "*": Role.MANAGER}

    def get_queryset(self) -> QuerySet[Form]:
        return queries.forms()

    def perform_create(self, serializer: serializers.BaseSerializer[Form]) -> None:
        serializer.instance = submissions.save_form(None, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Form]) -> None:
        serializer.instance = submissions.save_form(serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance: Form) -> None:
        submissions.save_form(instance, is_active=False)
