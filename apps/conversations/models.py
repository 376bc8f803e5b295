"""Conversations, their messages, and why each one was or was not sent."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.ai.models import Generation
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.leads.models import Identity, Lead

# The id of the running transaction: see Conversation.changed.
THIS_CHANGE = RawSQL("pg_current_xact_id()::text::bigint", [])


class Owner(models.TextChoices):
    """Who answers next."""

    BOT = "bot", _("Assistant")
    HUMAN = "human", _("Person")
    OTHER = "other", _("Another app")  # the platform's own assistant, or another app that holds the thread


class Conversation(models.Model):
    """One person on one connected account.

    `answered_to` is the id of the last inbound message that has been answered or need not be; the agent
    answers everything after it at once. `waiting_since` is the time of the oldest one it has to answer.
    `owner` is rechecked before each send; `owner_version` grows whenever who answers was decided anew.
    `bot_status`: active, resolved, escalated. `window_until`: until when the platform lets us write freely.
    `changed` is the number of the last transaction that changed what people see (queries.changes_since).
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        SNOOZED = "snoozed", _("Snoozed")
        RESOLVED = "resolved", _("Resolved")

    class BotStatus(models.TextChoices):
        ACTIVE = "active", _("Active")
        RESOLVED = "resolved", _("Resolved")
        ESCALATED = "escalated", _("Escalated")

    channel = models.CharField(max_length=20)
    account = models.ForeignKey(ConnectedAccount, on_delete=models.PROTECT, db_index=False, related_name="+")
    identity = models.ForeignKey(Identity, on_delete=models.RESTRICT, db_index=False, related_name="+")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="conversations")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    owner = models.CharField(max_length=5, choices=Owner.choices, default=Owner.BOT)
    owner_version = models.PositiveIntegerField(default=0)
    bot_status = models.CharField(max_length=10, choices=BotStatus.choices, default=BotStatus.ACTIVE)
    escalation = models.TextField(blank=True, default="")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    last_message = models.ForeignKey(
        "Message", on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )
    last_message_at = models.DateTimeField(default=clock.now)
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    unread = models.PositiveIntegerField(default=0)
    answered_to = models.BigIntegerField(default=0)
    window_until = models.DateTimeField(null=True, blank=True)
    human_window_until = models.DateTimeField(null=True, blank=True)
    origin = models.JSONField(default=dict)
    language = models.CharField(max_length=8, blank=True, default="")
    draft = models.JSONField(default=dict)  # an answer that a person may send: see drafts
    changed = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["identity", "account"], name="conversation_once")]
        indexes = [
            models.Index(fields=["-last_message_at", "-id"], name="inbox_all"),
            models.Index(fields=["-last_message_at", "-id"], name="inbox_open", condition=Q(status="open")),
            # What few conversations are: a rare match must not walk past all others. None holds a quiet one.
            models.Index(fields=["-last_message_at", "-id"], name="inbox_unread", condition=Q(unread__gt=0)),
            models.Index(
                fields=["-last_message_at", "-id"], name="inbox_unanswered", condition=Q(waiting_since__isnull=False)
            ),
            models.Index(fields=["-last_message_at", "-id"], name="inbox_human", condition=Q(owner="human")),
            models.Index(fields=["-last_message_at", "-id"], name="inbox_snoozed", condition=Q(status="snoozed")),
            models.Index(
                fields=["assignee", "-last_message_at", "-id"],
                name="inbox_assigned",
                condition=Q(assignee__isnull=False),
            ),
            models.Index(
                fields=["channel", "-last_message_at", "-id"], name="inbox_channel", condition=Q(status="open")
            ),
            models.Index(fields=["changed"], name="conversation_changed"),
            models.Index(
                fields=["waiting_since", "id"],
                name="inbox_waiting",
                condition=Q(status="open", owner="human", waiting_since__isnull=False),
            ),
        ]

    @classmethod
    def locked(cls, conversation_id: int) -> Conversation | None:
        """The conversation, locked until the transaction ends: always before any of its messages or jobs."""
        return (
            cls.objects.select_for_update(of=("self",))
            .select_related("account", "identity", "lead")
            .defer("account__credentials")
            .filter(pk=conversation_id)
            .first()
        )

    def last(self, message: Message) -> dict[str, Any]:
        """The fields that make `message` the one shown in lists, unless a newer one is there."""
        if self.last_message_id is not None and message.at < self.last_message_at:
            return {}
        return {"last_message": message, "last_message_at": message.at}

    def change(self, **fields: Any) -> None:
        """Write `fields` and let live pages know, in the caller's transaction."""
        type(self).objects.filter(pk=self.pk).update(changed=THIS_CHANGE, **fields)
        for name, value in fields.items():
            setattr(self, name, value)


class Message(models.Model):
    """One message, note or notice in a conversation.

    `sender`: customer, bot, user (an agent), app (another app of the business), system.
    `external_ids` holds further ids when a platform made us split one message.
    `status` moves only forward: queued → sending → sent → delivered → read, or failed / partly / unknown / cancelled.
    `wants_answer`: an inbound message somebody should answer (not old history, not taken back).
    `owner_version`: a bot's message may only go out while the conversation's is still the same.
    `text`: somebody's own words; what a message refers to and is made of lies in `payload["parts"]` (see wording).
    `payload`: {"parts", "cards", "quick_replies", "template", "button", "purpose", "details", "notice", "edits"}.
    """

    class Direction(models.TextChoices):
        IN = "in", _("In")
        OUT = "out", _("Out")
        NOTE = "note", _("Note")

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        READ = "read", _("Read")
        FAILED = "failed", _("Failed")
        PARTLY = "partly", _("Partly failed")
        UNKNOWN = "unknown", _("Unknown")
        CANCELLED = "cancelled", _("Cancelled")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # our reference at the platform
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False)
    direction = models.CharField(max_length=4, choices=Direction.choices)
    sender = models.CharField(max_length=10)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=20, default="text")  # adapters.Kind, or note, notice
    text = models.TextField(blank=True, default="")
    attachments = models.JSONField(default=list)
    payload = models.JSONField(default=dict)
    external_id = models.CharField(max_length=512, null=True, blank=True)
    external_ids = models.JSONField(default=list)
    reply_to = models.CharField(max_length=512, blank=True, default="")
    wants_answer = models.BooleanField(default=False)
    owner_version = models.PositiveIntegerField(null=True)
    status = models.CharField(max_length=9, choices=Status.choices)
    status_at = models.DateTimeField(default=clock.now)
    failure_code = models.CharField(max_length=40, blank=True, default="")
    failure = models.TextField(blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.BigIntegerField(null=True)  # the fence of the worker that is sending it
    reactions = models.JSONField(default=list)  # [{"by": "customer", "emoji": "❤"}]
    edited_at = models.DateTimeField(null=True, blank=True)
    unsent_at = models.DateTimeField(null=True, blank=True)
    origin = models.JSONField(default=dict)  # attribution
    delivery_id = models.BigIntegerField(null=True)  # integrations.Delivery it arrived in
    generation = models.ForeignKey(
        Generation, on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )
    trace = models.UUIDField(null=True)
    at = models.DateTimeField(default=clock.now)  # the platform's time for inbound, of sending for outgoing
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["external_id", "conversation"], name="message_once", condition=~Q(external_id=None)
            )
        ]
        indexes = [
            models.Index(fields=["conversation", "-at", "-id"], name="message_thread"),
            models.Index(
                fields=["conversation", "id"], name="message_outgoing", condition=Q(status__in=["queued", "sending"])
            ),
            models.Index(fields=["trace"], name="message_trace"),
            # Rows lie in the table as they come, so a few pages tell which are of the last hour: for the metrics.
            BrinIndex(fields=["created_at"], name="message_lately", pages_per_range=32, autosummarize=True),
            GinIndex(SearchVector("text", config="simple"), name="message_search"),
        ]


class Decision(models.Model):
    """What the gate decided about one message, and why.

    `reasons`: [{"rule", "verdict", "code", "data"}]; gate.sentence() puts one into words when it is shown.
    """

    class Verdict(models.TextChoices):
        SEND = "send", _("Sent")
        REFUSE = "refuse", _("Refused")
        DEFER = "defer", _("Deferred")

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="decisions", db_index=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="decisions")
    verdict = models.CharField(max_length=6, choices=Verdict.choices)
    purpose = models.CharField(max_length=20)  # reply, agent, campaign …
    cause = models.JSONField(default=dict)  # who or what asked: user, generation, event …
    reasons = models.JSONField(default=list)
    trace = models.UUIDField(null=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["conversation", "-id"], name="decision_newest")]


class Suppression(models.Model):
    """This person does not want (or cannot get) messages on a channel; `scope`: all or marketing."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="suppressions")
    channel = models.CharField(max_length=20)
    scope = models.CharField(max_length=10, default="marketing")
    reason = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead", "channel", "scope"], name="suppression_once")]


class CannedReply(models.Model):
    """A reply typed often, found by `/shortcut` in the composer."""

    shortcut = models.SlugField(_("shortcut"), max_length=40, unique=True, allow_unicode=True)
    text = models.TextField(_("text"))
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("saved reply")
        ordering = ["shortcut"]

    def __str__(self) -> str:
        return self.shortcut


class MessageTemplate(models.Model):
    """A message the platform approved for use outside the reply window. `body` has {{1}} … placeholders.

    `state`: what the platform thinks of it now, `state_reason`: why, in its words, `state_at`: since when.
    """

    class State(models.TextChoices):
        APPROVED = "approved", _("Approved")
        PENDING = "pending", _("In review")
        REJECTED = "rejected", _("Rejected")
        PAUSED = "paused", _("Paused")
        DISABLED = "disabled", _("Disabled")
        ARCHIVED = "archived", _("Archived")
        DELETED = "deleted", pgettext_lazy("state of a template", "Deleted")

    account = models.ForeignKey(
        ConnectedAccount, on_delete=models.CASCADE, related_name="templates", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=12, default="en")
    body = models.TextField(_("text"))
    category = models.CharField(_("category"), max_length=20, blank=True, default="utility")
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.APPROVED)
    state_reason = models.TextField(_("reason"), blank=True, default="")
    state_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("message template")
        constraints = [models.UniqueConstraint(fields=["account", "name", "language"], name="template_once")]

    def __str__(self) -> str:
        return self.name


class Presence(models.Model):
    """Who is looking at, or typing in, a conversation right now."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="presences", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+")
    seen_at = models.DateTimeField(default=clock.now)
    typing_at = models.DateTimeField(null=True)
    is_typing = False  # no column: queries.present() sets it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="presence_once")]


class Upload(models.Model):
    """A file that somebody attached here; its bytes lie below MEDIA_ROOT under its id, which is its secret.

    `by`: who brought it, "user:7" or "visitor:v_…"; only they may put it into a message. `used_at`: when that was.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=160)
    mime = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    by = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now)
    used_at = models.DateTimeField(null=True)
    # Where a member's file went; a visitor's belongs to the person who they are.
    conversation = models.ForeignKey(
        Conversation, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], name="upload_unused", condition=Q(used_at=None)),
            # Quotas of the last day.
            models.Index(fields=["created_at"], name="upload_visitors", condition=Q(by__startswith="visitor:")),
        ]

    def __str__(self) -> str:
        return self.name
