"""The chat's endpoints: those that a visitor's browser calls, and the widget's settings for members."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.conversations import uploads
from apps.conversations.api import Words
from apps.integrations.models import ConnectedAccount
from apps.organizations import rest
from apps.organizations.access import actor_of
from apps.organizations.errors import Problem
from apps.organizations.models import Role, User

from . import queries, services, widget
from .visitors import IsVisitor, NewVisitorThrottle, Visitor, VisitorAuthentication, VisitorThrottle, new_token

LONGEST = 4000  # characters of one message
LARGEST_BODY = 64_000  # bytes of JSON; 4,000 characters and a page's address fit many times
LARGEST_FORM = uploads.LARGEST + 20_000
UTM = ("source", "medium", "campaign", "term", "content", "id")


class PageSerializer(rest.Serializer[Any]):
    """Where the visitor writes from: attribution."""

    url = Words(max_length=2000, required=False, allow_blank=True)
    title = Words(max_length=300, required=False, allow_blank=True)
    referrer = Words(max_length=2000, required=False, allow_blank=True)
    utm = serializers.DictField(child=Words(max_length=200, allow_blank=True), required=False)

    def validate_utm(self, given: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in given.items() if name in UTM}


class SaySerializer(rest.Serializer[Any]):
    """A visitor's message; `id` is made by the browser, and sending it again does no harm."""

    id = serializers.RegexField(r"^[A-Za-z0-9_-]{8,64}\Z")
    text = Words(max_length=LONGEST, required=False, allow_blank=True, default="", trim_whitespace=False)
    payload = Words(max_length=1000, required=False, allow_blank=True, default="")
    files = serializers.ListField(child=serializers.UUIDField(), required=False, default=list, max_length=10)
    page = PageSerializer(required=False)


class TakenSerializer(rest.Serializer[Any]):
    id = serializers.CharField(help_text="The message's id in the thread.")


class ReadSerializer(rest.Serializer[Any]):
    until = serializers.DateTimeField(help_text="The time of the newest message that was seen.")


class TokenSerializer(rest.Serializer[Any]):
    token = serializers.CharField(help_text="To be kept by the browser and sent as `Authorization: Visitor …`.")


class FileSerializer(rest.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    url = serializers.CharField()
    name = serializers.CharField()
    size = serializers.IntegerField()


class UploadSerializer(rest.Serializer[Any]):
    file = serializers.FileField()


class ChoiceSerializer(rest.Serializer[Any]):
    title = serializers.CharField()
    payload = serializers.CharField()


class CardSerializer(rest.Serializer[Any]):
    title = serializers.CharField()
    subtitle = serializers.CharField()
    price = serializers.CharField()
    image = serializers.CharField()
    url = serializers.CharField()
    buttons = ChoiceSerializer(many=True)


class ShownFileSerializer(rest.Serializer[Any]):
    kind = serializers.CharField()
    url = serializers.CharField()
    name = serializers.CharField()
    size = serializers.IntegerField(allow_null=True)


class LineSerializer(rest.Serializer[Any]):
    """One message as the visitor sees it."""

    id = serializers.CharField()
    key = serializers.IntegerField(help_text="For `before`.")
    mine = serializers.BooleanField(help_text="The visitor wrote it.")
    at = serializers.DateTimeField()
    text = serializers.CharField()
    author = serializers.CharField()
    is_bot = serializers.BooleanField()
    files = ShownFileSerializer(many=True)
    cards = CardSerializer(many=True)
    replies = ChoiceSerializer(many=True)
    state = serializers.CharField(help_text="received, sent, delivered, read or removed")


class ThreadSerializer(rest.Serializer[Any]):
    """The visitor's conversation, oldest message first."""

    state = serializers.CharField(help_text="Ask again with `?state=…`: 204 while nothing has changed.")
    messages = LineSerializer(many=True)
    older = serializers.IntegerField(allow_null=True, help_text="`?before=…` for what was said earlier.")
    typing = serializers.CharField(help_text="Who is writing just now, or nothing.")
    with_person = serializers.BooleanField()
    unread = serializers.IntegerField()


class _VisitorView(rest.APIView):
    """Asked by browsers on other people's pages: no cookie counts here, only the token."""

    authentication_classes: Any = (VisitorAuthentication,)
    permission_classes: Any = (IsVisitor,)
    throttle_classes: Any = (VisitorThrottle,)
    visitor_rate = "60/min"
    largest = LARGEST_BODY

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length > self.largest:
            raise Problem("too_large", _("This is larger than the chat takes."), status=413)
        super().initial(request, *args, **kwargs)

    def account(self) -> ConnectedAccount:
        account = queries.chat_account()
        if account is None or not queries.is_on(account):
            raise Problem("chat_off", _("The chat is switched off."), status=404)
        return account


def _visitor(request: Request) -> Visitor:
    return cast("Visitor", request.user)  # IsVisitor saw to it


_OFF = OpenApiResponse(description="chat_off: the chat is switched off")
_AGAIN = OpenApiResponse(description="try_again: not stored")


class VisitorsView(_VisitorView):
    """Tokens for new visitors."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (NewVisitorThrottle,)
    throttle_rates = {"visitors": "30/min"}

    @extend_schema(
        operation_id="chat_visitor", tags=["chat"], request=None, responses={201: TokenSerializer, 404: _OFF}
    )
    def post(self, _request: Request) -> Response:
        """Become a visitor: a token for the browser to keep."""
        self.account()
        return Response({"token": new_token()}, status=201)


class ThreadView(_VisitorView):
    """The visitor's own thread."""

    visitor_rate = "120/min"

    @extend_schema(
        operation_id="chat_thread",
        tags=["chat"],
        parameters=[OpenApiParameter("state", str), OpenApiParameter("before", int)],
        responses={200: ThreadSerializer, 204: None, 404: _OFF},
    )
    def get(self, request: Request) -> Response:
        """The thread, its newest messages or those before one; 204 while it is still as in `state`."""
        account = self.account()
        before = request.query_params.get("before", "")
        if before and not (before.isascii() and before.isdecimal() and len(before) < 19):
            raise serializers.ValidationError({"before": [_("The key of a message.")]})
        found = queries.thread(
            queries.conversation_of(account, _visitor(request)),
            known=request.query_params.get("state", ""),
            before=int(before) if before else None,
        )
        return Response(status=204) if found is None else Response(ThreadSerializer(found).data)


class MessagesView(_VisitorView):
    """What the visitor says."""

    visitor_rate = "30/min"

    @extend_schema(
        operation_id="chat_say",
        tags=["chat"],
        request=SaySerializer,
        responses={202: TakenSerializer, 404: _OFF, 503: _AGAIN},
    )
    def post(self, request: Request) -> Response:
        """Write, press a button, or send files that were uploaded before."""
        data = _checked(SaySerializer(data=request.data))
        account = self.account()
        try:
            mid = services.write(
                account,
                _visitor(request),
                message_id=data["id"],
                text=data["text"],
                payload=data["payload"],
                files=[str(one) for one in data["files"]],
                page=data.get("page"),
            )
        except services.ChatOff:
            raise Problem("chat_off", _("The chat is switched off."), status=404) from None
        except services.NotTaken:
            raise Problem("try_again", _("This was not stored. Send it again in a moment."), status=503) from None
        return Response({"id": mid}, status=202)


class ReadView(_VisitorView):
    """How far the visitor has read."""

    @extend_schema(
        operation_id="chat_read", tags=["chat"], request=ReadSerializer, responses={204: None, 404: _OFF, 503: _AGAIN}
    )
    def post(self, request: Request) -> Response:
        """Tell that everything up to a time was seen."""
        data = _checked(ReadSerializer(data=request.data))
        try:
            services.read(self.account(), _visitor(request), data["until"])
        except (services.ChatOff, services.NotTaken):
            raise Problem("try_again", _("This was not stored. Send it again in a moment."), status=503) from None
        return Response(status=204)


class TypingView(_VisitorView):
    """That the visitor writes just now."""

    @extend_schema(operation_id="chat_typing", tags=["chat"], request=None, responses={204: None, 404: _OFF})
    def post(self, request: Request) -> Response:
        """Let the team see that the visitor is typing, for the next seconds."""
        services.types(self.account(), _visitor(request))
        return Response(status=204)


class FilesView(_VisitorView):
    """Files for messages to come."""

    visitor_rate = "12/min,40/day"  # ten megabytes each
    parser_classes = (MultiPartParser,)
    largest = LARGEST_FORM

    @extend_schema(
        operation_id="chat_upload",
        tags=["chat"],
        request={"multipart/form-data": UploadSerializer},
        responses={201: FileSerializer, 404: _OFF},
    )
    def post(self, request: Request) -> Response:
        """Upload one file; its id goes into a message."""
        data = _checked(UploadSerializer(data=request.data))
        self.account()
        try:
            upload = uploads.keep(data["file"], by=_visitor(request).author)
        except ValidationError as error:
            raise serializers.ValidationError({"file": error.messages}) from error
        attachment = uploads.as_attachment(upload)
        found = {
            "id": upload.pk,
            "kind": attachment.kind,
            "url": attachment.url,
            "name": upload.name,
            "size": upload.size,
        }
        return Response(FileSerializer(found).data, status=201)


def _checked(serializer: rest.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


# Settings, for members ----------------------------------------------------------------------------------------------


class WidgetSerializer(rest.Serializer[Any]):
    """The website chat: who may embed it, and what it says first."""

    is_on = serializers.BooleanField(required=False)
    title = Words(max_length=60, required=False, allow_blank=True)
    greeting = serializers.DictField(
        child=Words(max_length=500, allow_blank=True), required=False, help_text='By language: {"en": "Hello"}'
    )
    starters = serializers.DictField(
        child=serializers.ListField(child=Words(max_length=widget.LONGEST_STARTER), max_length=widget.MOST_STARTERS),
        required=False,
        help_text="Questions to tap, by language.",
    )
    sites = serializers.ListField(child=Words(max_length=300), required=False, max_length=widget.MOST_SITES)
    position = serializers.ChoiceField(choices=widget.POSITIONS, required=False)

    def validate_sites(self, given: list[str]) -> list[str]:
        try:
            return list(dict.fromkeys(widget.read_site(site) for site in given))
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error


class WidgetView(rest.APIView):
    """The settings of the organization's website chat."""

    required_role = {"PATCH": Role.MANAGER}

    @extend_schema(operation_id="chat_widget", tags=["chat"], responses=WidgetSerializer)
    def get(self, _request: Request) -> Response:
        """What is set."""
        return Response(_shown(_chat()))

    @extend_schema(
        operation_id="chat_widget_update", tags=["chat"], request=WidgetSerializer, responses=WidgetSerializer
    )
    def patch(self, request: Request) -> Response:
        """Change some of it."""
        data = _checked(WidgetSerializer(data=request.data, partial=True))
        account = _chat()
        turned = data.pop("is_on", None)
        services.save_widget(account, widget.Widget(**{**widget.widget_of(account).as_settings(), **data}))
        if turned is not None:
            user = request.user if isinstance(request.user, User) else None
            services.switch(account, on=turned, user=user, actor=actor_of(request))
        return Response(_shown(_chat()))


def _chat() -> ConnectedAccount:
    account = queries.chat_account()
    if account is None:
        raise Problem("no_chat", _("This organization has no website chat."), status=404)
    return account


def _shown(account: ConnectedAccount) -> dict[str, Any]:
    return {"is_on": queries.is_on(account), **widget.widget_of(account).as_settings()}
