"""A tenant's connected accounts, and what platforms delivered to them, raw. (Routing is public: organizations.)"""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.jobs import clock
from apps.organizations.encryption import EncryptedJSONField, Sealed
from apps.organizations.models import User

from .surfaces import SEALED, SEALED_PROBLEM, SURFACES


class ConnectedAccount(models.Model):
    """A page, Instagram account, WhatsApp number or chat widget through which the tenant speaks."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for proof")  # nobody has shown yet that it is theirs: nothing is routed here
        CONNECTED = "connected", _("Connected")
        ATTENTION = "attention", _("Needs attention")
        DISCONNECTED = "disconnected", _("Disconnected")

    channel = models.CharField(_("channel"), max_length=20)
    external_id = models.CharField(_("account id"), max_length=120)
    name = models.CharField(_("name"), max_length=160, blank=True, default="")
    credentials: Any = EncryptedJSONField(default=dict)  # {"token": …}
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.CONNECTED)
    waiting_since = models.DateTimeField(null=True, blank=True)  # for proof
    problem_code = models.CharField(_("platform's code"), max_length=40, blank=True, default="")
    problem = models.TextField(_("problem"), blank=True, default="")
    checked_at = models.DateTimeField(null=True, blank=True)
    last_received_at = models.DateTimeField(null=True, blank=True)
    connected_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("connected account")
        constraints = [models.UniqueConstraint(fields=["channel", "external_id"], name="account_once")]

    def __str__(self) -> str:
        return self.name or self.external_id

    @classmethod
    def from_db(cls, *row: Any, **more: Any) -> Self:
        """With credentials that cannot be read it needs attention from the first look on, not from the nightly check."""
        account = super().from_db(*row, **more)
        known = account.__dict__  # what was deferred is not asked for
        if (
            isinstance(known.get("credentials"), Sealed)
            and account.is_locked
            and known.get("state") == cls.State.CONNECTED
        ):
            account.state, account.problem_code, account.problem = cls.State.ATTENTION, SEALED, SEALED_PROBLEM
        return account

    @property
    def is_locked(self) -> bool:
        """Whether it cannot be used because none of the server's keys opens its credentials."""
        surface = SURFACES.get(self.channel)
        return isinstance(self.credentials, Sealed) and surface is not None and surface.signed


class Notice(models.Model):
    """What a platform said about an account: a template judged, a rating changed, something we do not handle yet.

    `details`: the platform's own JSON, shortened where it is long. Only the newest of each account are kept.
    """

    account = models.ForeignKey(ConnectedAccount, on_delete=models.CASCADE, related_name="notices", db_index=False)
    topic = models.CharField(max_length=80)
    text = models.TextField(blank=True, default="")
    details = models.JSONField(default=dict)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"], name="notice_newest")]

    def __str__(self) -> str:
        return self.topic


class Delivery(models.Model):
    """One raw webhook body (or this tenant's part of one), stored before anything is made of it."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        MALFORMED = "malformed", _("Malformed")
        FAILED = "failed", _("Failed")

    channel = models.CharField(max_length=20)
    account = models.CharField(max_length=120)
    body = models.BinaryField()
    trace = models.UUIDField()
    received_at = models.DateTimeField(default=clock.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.SmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")
    processed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="delivery_pending", condition=Q(state="pending")),
            models.Index(fields=["-id"], name="delivery_kept", condition=Q(state__in=["failed", "malformed"])),
            models.Index(fields=["trace"], name="delivery_trace"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.trace}"
