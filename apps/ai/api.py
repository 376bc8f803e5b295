"""The persona, intents and generations over the API."""

from __future__ import annotations

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ai import queries, services
from apps.ai.forms import COLLECT, LANGUAGES
from apps.ai.models import Generation, Intent, Note, Persona
from apps.ai.providers.offline.matching import CONFIDENT
from apps.organizations import rest
from apps.organizations.models import Role
from apps.organizations.pagination import NewestFirst

_MANAGED = {"GET": Role.AGENT, "*": Role.MANAGER}


class Plain(serializers.CharField):
    """Text that PostgreSQL can store: the parser lets null bytes and lone surrogates through."""

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise serializers.ValidationError("This text has characters that do not exist.") from error
        return value


class TextsSerializer(rest.Serializer[dict[str, str]]):
    """A text per language."""

    en = Plain(required=False, allow_blank=True, max_length=2000)
    ar = Plain(required=False, allow_blank=True, max_length=2000)


class ProviderSerializer(rest.Serializer[dict[str, str]]):
    provider = serializers.ChoiceField(choices=["openai", "gemini", "offline"])
    model = Plain(required=False, allow_blank=True, max_length=80)


class PersonaSerializer(rest.ModelSerializer[Persona]):
    name = Plain(max_length=80)
    tone = Plain(max_length=200, required=False, allow_blank=True)
    rules = Plain(max_length=8000, required=False, allow_blank=True)
    hours = Plain(max_length=500, required=False, allow_blank=True)
    languages = serializers.ListField(child=serializers.ChoiceField(choices=LANGUAGES), min_length=1, max_length=2)
    collect = serializers.ListField(child=serializers.ChoiceField(choices=COLLECT), max_length=3)
    greeting = TextsSerializer(required=False)
    providers = ProviderSerializer(many=True, required=False, max_length=5)  # type: ignore[call-arg]  # the list takes it
    temperature = serializers.FloatField(min_value=0, max_value=2, required=False)
    max_tokens = serializers.IntegerField(min_value=50, max_value=4000, required=False)

    class Meta:
        model = Persona
        fields = [
            "name",
            "tone",
            "languages",
            "rules",
            "greeting",
            "hours",
            "collect",
            "is_on",
            "providers",
            "temperature",
            "max_tokens",
            "updated_at",
        ]
        read_only_fields = ["updated_at"]


class IntentSerializer(rest.ModelSerializer[Intent]):
    name = Plain(max_length=80)
    phrases = serializers.ListField(child=Plain(max_length=200), min_length=1, max_length=200)
    responses = TextsSerializer(required=False)

    class Meta:
        model = Intent
        fields = ["id", "name", "phrases", "responses", "action", "is_active", "updated_at"]
        read_only_fields = ["updated_at"]

    def validate_name(self, value: str) -> str:
        taken = Intent.objects.filter(name=value)
        if self.instance is not None:
            taken = taken.exclude(pk=self.instance.pk)
        if taken.exists():
            raise serializers.ValidationError("Another intent has this name.")
        return value


class KnowledgeSerializer(rest.ModelSerializer[Note]):
    """A piece of knowledge, quoted to customers as written."""

    title = Plain(max_length=120)
    text = Plain(max_length=8000)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)

    class Meta:
        model = Note
        fields = ["id", "title", "text", "language", "is_active", "updated_at"]
        read_only_fields = ["updated_at"]


class GenerationSerializer(rest.ModelSerializer[Generation]):
    cost_known = serializers.SerializerMethodField()

    class Meta:
        model = Generation
        fields = [
            "id", "purpose", "subject", "run", "trace", "provider", "model", "text", "calls", "details", "outcome", "error",
            "input_tokens", "output_tokens", "cost_usd", "cost_known", "price_version", "latency_ms", "was_used", "quality", "created_at",
        ]  # fmt: skip

    def get_cost_known(self, one: Generation) -> bool:
        return not (one.details or {}).get("cost_unknown", False)


class TrySerializer(rest.Serializer[dict[str, str]]):
    text = Plain(max_length=2000)


class MatchSerializer(rest.Serializer[Any]):
    name = serializers.CharField()
    confidence = serializers.FloatField()
    phrase = serializers.CharField()
    answers = serializers.SerializerMethodField()

    def get_answers(self, match: Any) -> bool:
        """Whether it is sure enough to answer by itself."""
        return bool(match.confidence >= CONFIDENT)


class PersonaView(rest.APIView):
    """The one persona that answers on every channel."""

    required_role = _MANAGED

    @extend_schema(responses=PersonaSerializer, tags=["ai"])
    def get(self, request: Request) -> Response:
        return Response(PersonaSerializer(queries.persona()).data)

    @extend_schema(request=PersonaSerializer(partial=True), responses=PersonaSerializer, tags=["ai"])
    def patch(self, request: Request) -> Response:
        form = PersonaSerializer(queries.persona(), data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        persona = services.save_persona(queries.persona(), **_plain(form.validated_data))
        return Response(PersonaSerializer(persona).data)


@extend_schema(tags=["ai"])
class IntentView(rest.ModelViewSet[Intent]):
    """What customers say in many words, and what is answered or done."""

    required_role = _MANAGED
    queryset = Intent.objects.all()
    serializer_class = IntentSerializer
    pagination_class = NewestFirst
    lookup_value_converter = "int"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def perform_create(self, serializer: serializers.BaseSerializer[Intent]) -> None:
        serializer.instance = services.save_intent(Intent(), **_plain(serializer.validated_data))

    def perform_update(self, serializer: serializers.BaseSerializer[Intent]) -> None:
        assert serializer.instance is not None
        serializer.instance = services.save_intent(serializer.instance, **_plain(serializer.validated_data))

    def perform_destroy(self, instance: Intent) -> None:
        services.delete_intent(instance)

    @extend_schema(request=TrySerializer, responses=MatchSerializer(many=True), tags=["ai"], filters=False)
    @action(detail=False, methods=["post"], url_path="try", pagination_class=None, filter_backends=[])
    def try_text(self, request: Request) -> Response:
        """Which intents a text meets, best first. Nothing is sent or stored."""
        form = TrySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(MatchSerializer(queries.match_intents(form.validated_data["text"])[:5], many=True).data)


@extend_schema(tags=["ai"])
class NoteView(rest.ModelViewSet[Note]):
    """What the persona knows besides the catalog: delivery, returns, payment …"""

    required_role = _MANAGED
    queryset = Note.objects.all()
    serializer_class = KnowledgeSerializer
    pagination_class = NewestFirst
    filterset_fields = ["language", "is_active"]
    lookup_value_converter = "int"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def perform_create(self, serializer: serializers.BaseSerializer[Note]) -> None:
        serializer.instance = services.save_note(Note(), **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Note]) -> None:
        assert serializer.instance is not None
        serializer.instance = services.save_note(serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance: Note) -> None:
        services.delete_note(instance)


class GenerationFilter(filters.FilterSet):
    class Meta:
        model = Generation
        fields = ["provider", "outcome", "purpose", "was_used", "run", "trace"]


class NewestGenerations(NewestFirst):
    ordering = ("-created_at", "-id")


@extend_schema(tags=["ai"])
class GenerationView(rest.ReadOnlyModelViewSet[Generation]):
    """Every call of a model: what was asked, what came back, what it cost."""

    required_role = {"GET": Role.AGENT}
    queryset = Generation.objects.defer("system", "turns")
    serializer_class = GenerationSerializer
    pagination_class = NewestGenerations
    filterset_class = GenerationFilter
    lookup_value_converter = "uuid"


def _plain(data: Any) -> dict[str, Any]:
    """Validated data as plain lists and dicts, for JSON columns."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items() if one not in ("", None)}
        return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value

    return {key: plain(value) for key, value in data.items()}
