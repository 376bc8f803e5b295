"""The persona, what it was taught, and every answer a model gave."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.jobs import clock
from apps.jobs.ids import ordered_id


class Persona(models.Model):
    """Who answers for this organization, on every channel. One row."""

    name = models.CharField(_("name"), max_length=80, default="Assistant")
    tone = models.CharField(_("tone"), max_length=200, blank=True, default="")
    languages = models.JSONField(_("languages"), default=list)
    rules = models.TextField(_("rules"), blank=True, default="")
    greeting = models.JSONField(_("greeting"), default=dict, blank=True)  # {"en": …, "ar": …}
    hours = models.TextField(_("opening hours"), blank=True, default="")
    collect = models.JSONField(_("what to collect"), default=list)  # name, phone, email
    is_on = models.BooleanField(_("answers customers"), default=True)
    # Tried in order; the offline provider always stands behind them. [{"provider": "openai", "model": "…"}]
    providers = models.JSONField(_("models, in order"), default=list, blank=True)
    temperature = models.FloatField(
        _("temperature"), default=0.3, validators=[MinValueValidator(0), MaxValueValidator(2)]
    )
    max_tokens = models.PositiveIntegerField(_("longest answer in tokens"), default=500)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("assistant")

    def __str__(self) -> str:
        return self.name


class Note(models.Model):
    """A piece of knowledge the persona may use: delivery, returns, payment …"""

    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("text"))
    language = models.CharField(_("language"), max_length=8, default="en")
    is_active = models.BooleanField(_("in use"), default=True)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("note of the assistant")

    def __str__(self) -> str:
        return self.title


class Intent(models.Model):
    """Something customers say, in many words, and what to answer or do. Works without any AI key."""

    class Action(models.TextChoices):
        NONE = "", _("Answer only")
        HAND_OFF = "hand_off", _("Hand off to a person")
        SEARCH = "search_catalog", _("Search the catalog")

    name = models.CharField(_("name"), max_length=80, unique=True)
    phrases = models.JSONField(_("training phrases"), default=list)
    responses = models.JSONField(_("answers"), default=dict)  # {"en": …, "ar": …}
    action = models.CharField(_("action"), max_length=20, choices=Action.choices, blank=True, default="")
    is_active = models.BooleanField(_("in use"), default=True)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("intent")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Generation(models.Model):
    """One call of a model: what was asked, what came back, what it cost, what became of it."""

    class Outcome(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        TOOLS = "tools", _("Asked for tools")
        FAILED = "failed", _("Failed")
        REFUSED = "refused", _("Refused")

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    purpose = models.CharField(max_length=40, default="reply")
    subject = models.CharField(max_length=80, blank=True, default="")  # "conversation:12"
    run = models.UUIDField(default=uuid.uuid4)  # the calls of one answer share it
    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=80, blank=True, default="")
    system = models.TextField(blank=True, default="")
    turns = models.JSONField(default=list)
    text = models.TextField(blank=True, default="")
    calls = models.JSONField(default=list)
    details = models.JSONField(default=dict)  # intent, confidence, fact check
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    error = models.TextField(blank=True, default="")
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, default=Decimal(0))
    price_version = models.CharField(max_length=20, blank=True, default="")
    latency_ms = models.PositiveIntegerField(default=0)
    was_used = models.BooleanField(null=True)
    quality = models.FloatField(null=True)
    trace = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [
            models.Index(fields=["-created_at"], name="generation_newest"),
            models.Index(fields=["run"], name="generation_run"),
            models.Index(fields=["trace"], name="generation_trace"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"
