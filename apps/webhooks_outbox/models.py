"""Where facts leave to: endpoints, their deliveries, each attempt."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.jobs import clock
from apps.organizations.encryption import EncryptedJSONField


class Endpoint(models.Model):
    """An address of somebody else's that wants our facts.

    `types`: which events ([] = all). `secrets`: [{"secret": "whsec_…", "until": iso or null}], newest first;
    two live ones while the receiver changes over.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DISABLED = "disabled", _("Disabled")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    url = models.URLField(_("address"), max_length=500)
    description = models.CharField(_("description"), max_length=160, blank=True, default="")
    types = models.JSONField(_("events"), default=list, blank=True)
    secrets = EncryptedJSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    problem = models.TextField(blank=True, default="")
    failing_since = models.DateTimeField(null=True, blank=True)
    slow_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.description or self.url


class Delivery(models.Model):
    """One fact for one endpoint. `uuid` is the webhook-id: the same on every attempt."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DELIVERED = "delivered", _("Delivered")
        DEAD = "dead", _("Given up")
        CANCELLED = "cancelled", _("Cancelled")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.UUIDField()  # events.JournalEntry.uuid
    type = models.CharField(max_length=80)
    body = models.TextField()  # exactly the bytes that are signed and sent
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    claimed_until = models.DateTimeField(null=True)
    claim = models.BigIntegerField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.TextField(blank=True, default="")
    trace = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once")]
        indexes = [
            models.Index(fields=["next_at"], name="delivery_due", condition=Q(state="pending")),
            models.Index(fields=["endpoint", "-id"], name="delivery_newest"),
            models.Index(fields=["trace"], name="outbox_trace"),
        ]


class Attempt(models.Model):
    """One POST and what came of it. `status` None: no answer."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempt_log")
    at = models.DateTimeField(default=clock.now)
    status = models.PositiveSmallIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    answer = models.TextField(blank=True, default="")  # first 1,000 characters
