"""Where facts leave to: endpoints, their deliveries, each attempt."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.jobs import clock
from apps.organizations.encryption import EncryptedJSONField, Sealed


class Endpoint(models.Model):
    """An address of somebody else's that wants our facts.

    `types`: which events ([] = all). `secrets`: [{"secret": "whsec_…", "until": iso or null}], newest first;
    two live ones while the receiver changes over. `problem`: why it needs attention, a code of reasons.py.
    `failing_since`: since its last success nothing but failures. `slow_until`: it asked for a pause, `strikes`
    times in a row.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DISABLED = "disabled", _("Disabled")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    url = models.URLField(_("address"), max_length=500)
    description = models.CharField(_("description"), max_length=160, blank=True, default="")
    types = models.JSONField(_("events"), default=list, blank=True)
    secrets: Any = EncryptedJSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    problem = models.CharField(max_length=40, blank=True, default="")
    failing_since = models.DateTimeField(null=True, blank=True)
    slow_until = models.DateTimeField(null=True, blank=True)
    strikes = models.PositiveSmallIntegerField(default=0)
    # The end of its address in the built-in catcher, which nobody can guess; "" for addresses of others.
    catcher = models.CharField(max_length=64, blank=True, default="", editable=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")

    def __str__(self) -> str:
        return self.description or self.url

    @classmethod
    def from_db(cls, *row: Any, **more: Any) -> Self:
        """One whose secrets no key opens says so wherever it is shown."""
        endpoint = super().from_db(*row, **more)
        if isinstance(endpoint.__dict__.get("secrets"), Sealed):  # what was deferred is not asked for
            endpoint.problem = endpoint.__dict__.get("problem") or "sealed"
        return endpoint


class Delivery(models.Model):
    """One fact for one endpoint. `uuid` is the webhook-id: the same on every attempt.

    Whoever claims it writes a token into `claim` and moves `next_at` past the time an attempt can take; if it
    dies, that time comes, and somebody else claims it.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DELIVERED = "delivered", _("Delivered")
        DEAD = "dead", _("Given up")
        CANCELLED = "cancelled", _("Canceled")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.UUIDField()  # events.JournalEntry.uuid
    type = models.CharField(max_length=80)
    body = models.TextField()  # exactly the bytes that are signed and sent
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    claim = models.BigIntegerField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=40, blank=True, default="")
    trace = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once")]
        indexes = [
            models.Index(fields=["endpoint", "next_at"], name="delivery_due", condition=Q(state="pending")),
            models.Index(fields=["endpoint", "-id"], name="delivery_newest"),
            models.Index(fields=["endpoint", "-id"], name="delivery_dead", condition=Q(state="dead")),
            models.Index(fields=["trace"], name="outbox_trace"),
            # As on messages: what came in the last hour, for the metrics, at almost no cost to writes.
            BrinIndex(fields=["created_at"], name="delivery_lately", pages_per_range=32, autosummarize=True),
        ]

    def __str__(self) -> str:
        return self.webhook_id

    @property
    def webhook_id(self) -> str:
        return f"msg_{self.uuid}"


class Attempt(models.Model):
    """One POST and what came of it. `status` None: no answer; `error`: a code of reasons.py."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempt_log")
    at = models.DateTimeField(default=clock.now)
    status = models.PositiveSmallIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=40, blank=True, default="")
    answer = models.TextField(blank=True, default="")  # first 1,000 characters
    signature = models.TextField(blank=True, default="")  # as sent


class Caught(models.Model):
    """What arrived at the built-in catcher, as it arrived: the newest hundred of an endpoint."""

    class Verdict(models.TextChoices):
        VERIFIED = "verified", _("Signature verified")
        WRONG = "wrong", _("Wrong signature")
        LATE = "late", _("Too old")
        MISSING = "missing", _("Not signed")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="caught", db_index=False)
    at = models.DateTimeField(default=clock.now)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    webhook_id = models.CharField(max_length=120, blank=True, default="")
    type = models.CharField(max_length=80, blank=True, default="")
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["endpoint", "-id"], name="caught_newest")]
