"""Conversations over the API: read, answer, steer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.organizations import rest
from apps.organizations.access import actor_of
from apps.organizations.errors import Problem
from apps.organizations.models import Role, User
from apps.organizations.pagination import NewestFirst

from . import gate, queries, search, services, wording
from .adapters import Attachment, Kind
from .escalations import GIVEN, Escalation, told
from .models import CannedReply, Conversation, Decision, Message, MessageTemplate, Owner
from .story import story_of

_ID = r"\d{1,18}"


class Words(serializers.CharField):
    """Text that can be stored: without null bytes (the base class sees to it) and lone surrogates."""

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise serializers.ValidationError(_("This text has characters that do not exist.")) from error
        return value


class ConversationLeadSerializer(rest.Serializer[Any]):
    """The person a conversation is with; the whole record is at /api/leads/{id}/."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    stage = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    score = serializers.IntegerField()


class MessageSerializer(rest.ModelSerializer[Message]):
    """A message, note or notice. `payload` holds its parts, cards, quick replies, the template and what the platform told."""

    words = serializers.SerializerMethodField(
        help_text="The whole message as a person reads it, in the language of the request: what was written, the lines of "
        "an order, the answers of a form, a place …"
    )

    class Meta:
        model = Message
        fields = (
            "id", "uuid", "conversation", "direction", "sender", "user", "kind", "text", "words", "attachments", "payload",
            "external_id", "reply_to", "status", "status_at", "failure_code", "failure", "reactions", "edited_at",
            "unsent_at", "origin", "trace", "at",
        )  # fmt: skip
        read_only_fields = fields

    def get_words(self, message: Message) -> str:
        return queries.notice_text(message) if message.kind == "notice" else wording.words(message)


class ConversationSerializer(rest.ModelSerializer[Conversation]):
    """A conversation as lists show it."""

    lead = ConversationLeadSerializer(read_only=True)
    last_message = MessageSerializer(read_only=True, allow_null=True)
    escalation_sentence = serializers.SerializerMethodField()

    class Meta:
        model = Conversation
        fields = (
            "id", "channel", "account", "lead", "status", "owner", "bot_status", "escalation", "escalation_sentence", "assignee",
            "snoozed_until", "unread", "waiting_since", "window_until", "human_window_until", "language", "origin",
            "last_message", "last_message_at", "last_inbound_at", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_escalation_sentence(self, conversation: Conversation) -> str:
        """Why the assistant gave it to people, in words; empty where it did not."""
        return told(conversation.escalation).sentence


class FiltersSerializer(rest.Query):
    """What the list may be narrowed by."""

    status = serializers.ChoiceField(choices=[*Conversation.Status.values, "all"], required=False, default="all")
    owner = serializers.ChoiceField(choices=Owner.values, required=False)
    assignee = serializers.RegexField(r"^(me|none|\d{1,18})$", required=False)
    channel = Words(required=False, max_length=20)
    label = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["hot", "warm", "cold"], required=False
    )
    lead = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    unread = serializers.BooleanField(required=False)
    waiting = serializers.BooleanField(required=False)
    search = Words(required=False, max_length=200)


class OutgoingFileSerializer(rest.Serializer[Any]):
    """A file by its public address."""

    kind = serializers.ChoiceField(choices=["image", "video", "audio", "file"])
    url = serializers.URLField(max_length=2000)
    name = Words(max_length=200, required=False, default="", allow_blank=True)
    mime = Words(max_length=100, required=False, default="", allow_blank=True)


class SendMessageSerializer(rest.Serializer[Any]):
    """A message to the customer: text, files, or an approved template with its variables."""

    text = Words(required=False, default="", allow_blank=True, max_length=services.LONGEST_TEXT)
    attachments = serializers.ListField(child=OutgoingFileSerializer(), required=False, default=list, max_length=10)
    template = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=2**62)
    variables = serializers.ListField(child=Words(max_length=1000), required=False, default=list, max_length=20)
    reply_to = Words(required=False, default="", allow_blank=True, max_length=500)


class AssignSerializer(rest.Serializer[Any]):
    assignee = serializers.IntegerField(allow_null=True, min_value=1, max_value=2**62)


class TeamNoteSerializer(rest.Serializer[Any]):
    text = Words(max_length=services.LONGEST_TEXT)


class SnoozeSerializer(rest.Serializer[Any]):
    until = serializers.DateTimeField()


class HandOffSerializer(rest.Serializer[Any]):
    reason = serializers.ChoiceField(
        choices=[one.value for one in GIVEN], required=False, default=Escalation.ASKED.value
    )
    note = Words(max_length=500, required=False, default="", allow_blank=True)


class DecisionReasonSerializer(rest.Serializer[Any]):
    rule = serializers.CharField()
    verdict = serializers.CharField()
    code = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]
    sentence = serializers.CharField()


class DecisionSerializer(rest.ModelSerializer[Decision]):
    """What the gate decided, with its reasons in words."""

    reasons = serializers.SerializerMethodField()

    class Meta:
        model = Decision
        fields = ("id", "verdict", "purpose", "cause", "reasons", "at")
        read_only_fields = fields

    @extend_schema_field(DecisionReasonSerializer(many=True))
    def get_reasons(self, decision: Decision) -> list[dict[str, Any]]:
        return [{**reason, "sentence": gate.sentence(reason)} for reason in decision.reasons]


class StoryPartSerializer(rest.Serializer[Any]):
    """One step. `kind`: asked, understood, found, written, checked, sent, read, handed."""

    kind = serializers.CharField()
    title = serializers.CharField(help_text="What happened, as a sentence.")
    at = serializers.DateTimeField(allow_null=True)
    after = serializers.CharField(help_text="How long after the step before it, in words.")
    words = serializers.ListField(child=serializers.CharField(), help_text="What somebody said.")
    notes = serializers.ListField(child=serializers.CharField(), help_text="Further sentences.")


class StorySerializer(rest.Serializer[Any]):
    """How a message came to be answered, or what became of it, as the inbox tells it."""

    summary = serializers.CharField()
    parts = StoryPartSerializer(many=True)


class WhySerializer(rest.Serializer[Any]):
    """A message with everything that explains it."""

    message = MessageSerializer()
    decisions = DecisionSerializer(many=True)
    generations = serializers.SerializerMethodField()
    delivery = serializers.SerializerMethodField()
    answers = MessageSerializer(many=True)
    story = serializers.SerializerMethodField()

    @extend_schema_field(StorySerializer)
    def get_story(self, why: queries.Why) -> dict[str, Any]:
        return StorySerializer(story_of(why.message)).data

    def get_generations(self, why: queries.Why) -> list[dict[str, Any]]:
        return [
            {"id": str(row.pk), "provider": row.provider, "model": row.model, "outcome": row.outcome,
             "cost_usd": str(row.cost_usd), "latency_ms": row.latency_ms, "was_used": row.was_used}
            for row in why.generations
        ]  # fmt: skip

    def get_delivery(self, why: queries.Why) -> dict[str, Any] | None:
        found = why.delivery
        return {"id": found.pk, "received_at": found.received_at.isoformat(), "state": found.state} if found else None


class CountsSerializer(rest.Serializer[Any]):
    """Numbers of open conversations. Counting stops at 1,000: that many, or more."""

    open = serializers.IntegerField()
    unread = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="A person, not the assistant, owes an answer.")
    human = serializers.IntegerField(help_text="In the hands of a person.")
    mine = serializers.IntegerField(help_text="Assigned to whoever asks.")
    unassigned = serializers.IntegerField(help_text="In the hands of people, and of nobody in particular.")


class ByLastMessage(NewestFirst):
    ordering = ("-last_message_at", "-id")


class ByTime(NewestFirst):
    ordering = ("-at", "-id")


def _user(request: Request) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _who(request: Request) -> dict[str, Any]:
    return {"by": _user(request), "actor": actor_of(request)}


@extend_schema_view(list=extend_schema(parameters=[FiltersSerializer]))
class ConversationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, rest.GenericViewSet[Conversation]):
    """Conversations, those with the newest messages first."""

    serializer_class = ConversationSerializer
    pagination_class = ByLastMessage
    queryset = Conversation.objects.none()
    filter_backends = ()
    lookup_value_regex = _ID

    def get_queryset(self) -> QuerySet[Conversation]:
        if getattr(self, "swagger_fake_view", False) or self.action != "list":
            return queries.conversations(queries.Filters(status="all"))
        form = FiltersSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        return queries.conversations(queries.Filters(**form.validated_data, user=_user(self.request)))

    def _answer(self, conversation: Conversation) -> Response:
        fresh = queries.get_conversation(conversation.pk)
        return Response(ConversationSerializer(fresh).data)

    @extend_schema(summary="How many are open, unread, waiting, mine …", responses=CountsSerializer)
    @action(detail=False, methods=["get"], pagination_class=None)
    def counts(self, request: Request) -> Response:
        """How many open conversations there are, each number up to 1,000."""
        return Response(queries.counts(_user(request)))

    @extend_schema(methods=["GET"], summary="The thread, newest first", responses=MessageSerializer(many=True))
    @extend_schema(
        methods=["POST"],
        summary="Send a message, upon which the assistant pauses",
        request=SendMessageSerializer,
        responses={201: MessageSerializer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key twice sends once."
            )
        ],
    )
    @action(detail=True, methods=["get", "post"], pagination_class=ByTime)
    def messages(self, request: Request, pk: str) -> Response:
        """The thread, newest first; or send a message, upon which the assistant pauses."""
        conversation = queries.get_conversation(int(pk))
        if request.method == "POST":
            return self._send(request, conversation)
        rows: Any = Message.objects.filter(conversation=conversation)
        page: Any = self.paginate_queryset(rows)
        return self.get_paginated_response(MessageSerializer(page, many=True).data)

    def _send(self, request: Request, conversation: Conversation) -> Response:
        form = SendMessageSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        template = None
        if data["template"]:
            template = queries.templates_of(conversation).filter(pk=data["template"]).first()
            if template is None:
                raise serializers.ValidationError({"template": _("There is no such template for this account.")})
        try:
            message = services.send_message(
                conversation,
                text=data["text"],
                attachments=[Attachment(**{**row, "kind": Kind(row["kind"])}) for row in data["attachments"]],
                template=template,
                variables=data["variables"],
                reply_to=data["reply_to"],
                token=request.headers.get("Idempotency-Key", "")[:200],
                **_who(request),
            )
        except services.NotSent as refused:
            raise Problem(refused.code, str(refused), status=409) from refused
        return Response(MessageSerializer(message).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="take-over")
    def take_over(self, request: Request, pk: str) -> Response:
        """A person answers from now on."""
        return self._answer(services.take_over(queries.get_conversation(int(pk)), **_who(request)))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="give-back")
    def give_back(self, request: Request, pk: str) -> Response:
        """The assistant answers again."""
        return self._answer(services.give_back(queries.get_conversation(int(pk)), **_who(request)))

    @extend_schema(request=HandOffSerializer)
    @action(detail=True, methods=["post"], url_path="hand-off")
    def hand_off(self, request: Request, pk: str) -> Response:
        """Give it to people, without naming one."""
        form = HandOffSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        conversation = queries.get_conversation(int(pk))
        return self._answer(services.hand_off(conversation, actor=actor_of(request), **form.validated_data))

    @extend_schema(request=AssignSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        """Give it to a member, or (null) to nobody."""
        form = AssignSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data["assignee"]
        to = User.objects.filter(pk=wanted).first() if wanted else None
        if wanted and to is None:
            raise serializers.ValidationError({"assignee": _("This person does not work here.")})
        return self._answer(services.assign(queries.get_conversation(int(pk)), to=to, **_who(request)))

    @extend_schema(request=TeamNoteSerializer, responses={201: MessageSerializer})
    @action(detail=True, methods=["post"])
    def notes(self, request: Request, pk: str) -> Response:
        """A note that only the team sees."""
        form = TeamNoteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        note = services.add_note(queries.get_conversation(int(pk)), text=form.validated_data["text"], by=_user(request))
        return Response(MessageSerializer(note).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=SnoozeSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str) -> Response:
        """Put it away until a time, or until the customer writes."""
        form = SnoozeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        conversation = queries.get_conversation(int(pk))
        return self._answer(services.snooze(conversation, until=form.validated_data["until"], **_who(request)))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Done."""
        return self._answer(services.resolve(queries.get_conversation(int(pk)), **_who(request)))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Not done after all."""
        return self._answer(services.reopen(queries.get_conversation(int(pk)), **_who(request)))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="mark-read")
    def mark_read(self, request: Request, pk: str) -> Response:
        """Somebody has seen it."""
        conversation = queries.get_conversation(int(pk))
        services.mark_read(conversation, by=_user(request))
        return self._answer(conversation)


class MessageFiltersSerializer(rest.Query):
    search = Words(required=False, max_length=200, help_text="All the words, newest messages first.")
    conversation = serializers.IntegerField(required=False, min_value=1, max_value=2**62)


@extend_schema_view(list=extend_schema(parameters=[MessageFiltersSerializer]))
class MessageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, rest.GenericViewSet[Message]):
    """Messages of all conversations, newest first."""

    serializer_class = MessageSerializer
    pagination_class = NewestFirst
    queryset = Message.objects.order_by("-id")
    filter_backends = ()
    lookup_value_regex = _ID

    def get_queryset(self) -> QuerySet[Message]:
        rows = Message.objects.all()
        if getattr(self, "swagger_fake_view", False) or self.action != "list":
            return rows
        form = MessageFiltersSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        if words := asked.get("search"):
            rows = search.matching(words, limit=500)
        if conversation := asked.get("conversation"):
            rows = rows.filter(conversation_id=conversation)
        return rows

    @extend_schema(responses=WhySerializer)
    @action(detail=True, methods=["get"])
    def why(self, request: Request, pk: str) -> Response:
        """Why it was, or was not, sent."""
        return Response(WhySerializer(queries.why(queries.get_message(int(pk)))).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Send a failed, unknown or withheld message again."""
        try:
            message = services.retry_message(queries.get_message(int(pk)), **_who(request))
        except services.NotSent as refused:
            raise Problem(refused.code, str(refused), status=409) from refused
        return Response(MessageSerializer(message).data)


class CannedReplySerializer(rest.ModelSerializer[CannedReply]):
    text = Words(max_length=services.LONGEST_TEXT)
    language = Words(max_length=8, required=False, allow_blank=True)

    class Meta:
        model = CannedReply
        fields = ("id", "shortcut", "text", "language", "updated_at")
        read_only_fields = ("updated_at",)

    def create(self, validated_data: dict[str, Any]) -> CannedReply:
        return services.save_canned_reply(CannedReply(), **validated_data)

    def update(self, instance: CannedReply, validated_data: dict[str, Any]) -> CannedReply:
        return services.save_canned_reply(instance, **validated_data)


class CannedReplyViewSet(rest.ModelViewSet[CannedReply]):
    """Replies that are typed often."""

    serializer_class = CannedReplySerializer
    queryset = CannedReply.objects.all()
    required_role = {"*": Role.AGENT}
    lookup_value_regex = _ID

    def perform_destroy(self, instance: CannedReply) -> None:
        services.delete_canned_reply(instance)


class MessageTemplateSerializer(rest.ModelSerializer[MessageTemplate]):
    name = Words(max_length=120)
    language = Words(max_length=12)
    body = Words(max_length=4096)
    category = Words(max_length=20, required=False, allow_blank=True)

    class Meta:
        model = MessageTemplate
        fields = ("id", "account", "name", "language", "body", "category", "state", "state_reason", "state_at")
        read_only_fields = ("state", "state_reason", "state_at")

    def create(self, validated_data: dict[str, Any]) -> MessageTemplate:
        return services.save_template(MessageTemplate(), **validated_data)

    def update(self, instance: MessageTemplate, validated_data: dict[str, Any]) -> MessageTemplate:
        return services.save_template(instance, **validated_data)


class TemplateViewSet(rest.ModelViewSet[MessageTemplate]):
    """Messages that the platform has approved for use outside the reply window."""

    serializer_class = MessageTemplateSerializer
    queryset = MessageTemplate.objects.all()
    required_role = {"GET": Role.VIEWER, "*": Role.MANAGER}
    lookup_value_regex = _ID

    def perform_destroy(self, instance: MessageTemplate) -> None:
        services.delete_template(instance)
