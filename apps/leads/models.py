"""People who may buy: who they are, where they stand, what happened."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.jobs import clock
from apps.organizations.proof import Provable


class Stage(models.TextChoices):
    NEW = "new", _("New")
    CONTACTED = "contacted", _("Contacted")
    QUALIFIED = "qualified", _("Qualified")
    CONVERTED = "converted", _("Converted")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


# How far somebody may come, step by step. Lost is where the way ends, not a step on it.
PATH = (Stage.NEW, Stage.CONTACTED, Stage.QUALIFIED, Stage.CONVERTED, Stage.WON)


def further(one: str, other: str) -> str:
    """Of two stages the one that lies further along the path; lost lies nowhere on it."""
    return max((one, other), key=lambda stage: PATH.index(Stage(stage)) if stage in PATH else -1)


class Label(models.TextChoices):
    HOT = "hot", _("Hot")
    WARM = "warm", _("Warm")
    COLD = "cold", _("Cold")


class Priority(models.TextChoices):
    HIGH = "high", _("High")
    NORMAL = "normal", _("Normal")
    LOW = "low", _("Low")


# Kinds of origin, in words; platforms may bring others, which are shown as they are.
SOURCES: dict[str, Any] = {
    "ad": _("Ad"),
    "post": _("Post"),
    "comment": _("Comment"),
    "story": _("Story"),
    "referral": _("Link"),
    "direct": _("Direct"),
    "form": _("Form"),
    "api": _("API"),
    "manual": _("By hand"),
    "import": _("Import"),
}


class Tag(models.Model):
    name = models.CharField(_("name"), max_length=50)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name"], name="tag_once")]

    def __str__(self) -> str:
        return self.name


class Lead(models.Model):
    """A person. Created at first contact; `captured_at` is when they first left a way to be reached.

    `furthest` is how far along the path they ever were, wherever they stand now: what funnels count.
    `reasons` explains the score: [{"rule": "phone", "points": 25, "why": "A phone number is known"}, …].
    `signals` counts what they did ({"message": 5, "asked_price": 1}); `fixed` names what a person has set, so
    that machines leave it alone ("name", "label", "priority", …).
    `source`: kind of origin (ad, post, comment, referral, story, direct, form, api, manual, import);
    `origin` holds its particulars (ad_id, ref, utm …). `search_text` is normalized for substring search.
    """

    name = models.CharField(_("name"), max_length=160, blank=True, default="")
    email = models.EmailField(_("email address"), blank=True, default="")
    phone = models.CharField(_("phone"), max_length=20, blank=True, default="")  # E.164
    company = models.CharField(_("company"), max_length=160, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    avatar_url = models.URLField(max_length=1000, blank=True, default="")
    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices, default=Stage.NEW)
    furthest = models.CharField(max_length=10, choices=Stage.choices, default=Stage.NEW)
    label = models.CharField(_("label"), max_length=4, choices=Label.choices, default=Label.COLD)
    priority = models.CharField(_("priority"), max_length=6, choices=Priority.choices, default=Priority.NORMAL)
    type = models.CharField(_("type"), max_length=40, blank=True, default="")  # buyer, support, partner …
    score = models.PositiveSmallIntegerField(_("score"), default=0)
    reasons = models.JSONField(default=list)
    signals = models.JSONField(default=dict)
    fixed = models.JSONField(default=list)
    wants = models.CharField(_("wants"), max_length=200, blank=True, default="")  # as the assistant understood it
    last_said = models.CharField(max_length=200, blank=True, default="")  # their latest words, on one line
    source = models.CharField(_("source"), max_length=20, default="direct")
    channel = models.CharField(_("channel"), max_length=20, blank=True, default="")  # of first contact
    origin = models.JSONField(default=dict)
    fields = models.JSONField(_("custom fields"), default=dict, blank=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="leads")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True, blank=True)
    captured_at = models.DateTimeField(null=True, blank=True)
    stage_changed_at = models.DateTimeField(default=clock.now)
    last_activity_at = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(default=clock.now)
    search_text = models.TextField(editable=False, default="")

    class Meta:
        indexes = [
            models.Index(fields=["-last_activity_at", "-id"], name="lead_recent", condition=Q(deleted_at=None)),
            models.Index(fields=["stage", "-last_activity_at", "-id"], name="lead_board", condition=Q(deleted_at=None)),
            models.Index(fields=["-score", "-id"], name="lead_best", condition=Q(deleted_at=None)),
            models.Index(
                fields=["owner", "-last_activity_at", "-id"],
                name="lead_owned",
                condition=Q(deleted_at=None, owner__isnull=False),
            ),
            models.Index(
                fields=["id"],
                name="lead_unattended",
                condition=Q(
                    deleted_at=None,
                    owner=None,
                    label="hot",
                    stage__in=["new", "contacted", "qualified", "converted"],
                ),
            ),
            models.Index(fields=["email"], name="lead_email", condition=~Q(email="")),
            models.Index(fields=["phone"], name="lead_phone", condition=~Q(phone="")),
            GinIndex(fields=["search_text"], name="lead_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return str(self.name or self.phone or self.email or _("Unknown person"))

    @property
    def source_shown(self) -> str:
        return str(SOURCES.get(self.source, self.source.replace("_", " ").capitalize()))


class Identity(Provable):
    """An id under which this person is known, or says they are; many per lead.

    kind: facebook, instagram, whatsapp, webchat, email, phone. `account` is ours (page id …), "" for email and phone.
    `value` of a phone is its comparable form (numbers.key), not the one to dial.

    A proven one belongs to this person and to nobody else: who comes with it is them. A claimed one (an address or
    number that somebody said, in chat or in a form) is kept beside it, says nothing about who it belongs to, links
    and merges nothing, and may stand with any number of people.

    `profile`: what the platform tells of the person behind the id ({"name", "phone"}); `said`: what they told under
    this very id ({"name", "email", "phone", "company"}). The assistant knows these two and nothing else of a lead,
    so that what a merge brings together is not told to whoever merely claimed to be the other.
    """

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=20)
    account = models.CharField(max_length=120, blank=True, default="")
    value = models.CharField(max_length=254)
    username = models.CharField(max_length=120, blank=True, default="")
    profile = models.JSONField(default=dict)
    said = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta(Provable.Meta):
        abstract = False
        constraints = [
            *Provable.Meta.constraints,
            models.UniqueConstraint(
                fields=["kind", "account", "value"], name="identity_once", condition=Q(proven_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"

    @property
    def told(self) -> dict[str, str]:
        """What this person told or the platform tells of them: name, email, phone, company, as far as known here."""
        certified = {"phone": self.profile["phone"]} if self.profile.get("phone") else {}
        return {**self.profile, **self.said, **certified}


class FormerIdentity(models.Model):
    """An id that was a person's until `left_at`: a number given up, a user id replaced. Whoever uses it later is
    somebody else."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="former_identities", db_index=False)
    kind = models.CharField(max_length=20)
    account = models.CharField(max_length=120, blank=True, default="")
    value = models.CharField(max_length=254)
    left_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [
            models.Index(fields=["value"], name="former_identity_value"),
            models.Index(fields=["lead"], name="former_identity_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Activity(models.Model):
    """Something that happened with a lead; one timeline for all of it."""

    class Kind(models.TextChoices):
        MESSAGE = "message", _("Message")
        CALL = "call", _("Call")
        EMAIL = "email", _("Email")
        MEETING = "meeting", _("Meeting")
        NOTE = "note", _("Note")
        STAGE = "stage", _("Stage change")
        LABEL = "label", _("Label change")
        CAPTURE = "capture", _("Details captured")
        FORM = "form", _("Form")
        OWNER = "owner", _("Owner change")
        SYSTEM = "system", _("System")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="activities", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField(blank=True, default="")
    data = models.JSONField(default=dict)
    actor = models.CharField(max_length=120, blank=True, default="")  # "user:7", "bot", "customer"
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["lead", "-at", "-id"], name="activity_timeline")]

    template = "leads/_activity.html"  # how the timeline shows it

    @property
    def number(self) -> int:
        return self.pk


class Merge(models.Model):
    """Two records of one person. `moved` is what came from the one that went, so that they can be taken apart:
    {"identities": [ids], "activities": [ids], "submissions": [ids], "tags": [ids], "fields": [names], "filled": {…}}.
    """

    kept = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="merges")
    gone = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+", db_index=False)
    moved = models.JSONField(default=dict)
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=clock.now)
    undone_at = models.DateTimeField(null=True)


class BulkChange(models.Model):
    """One act on many leads: done in the background where they are many, visible while it runs, and undoable.

    `todo` holds the ids still to do, `before` [[id, value before], …] of those that changed.
    """

    action = models.CharField(max_length=10)  # stage, owner, tag, untag, delete, restore
    value = models.CharField(max_length=60, blank=True, default="")
    actor = models.CharField(max_length=120)
    total = models.PositiveIntegerField(default=0)
    todo = models.JSONField(default=list)
    before = models.JSONField(default=list)
    undone_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, db_index=False, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    @property
    def done(self) -> int:
        return self.total - len(self.todo)


def _form_key() -> str:
    return secrets.token_urlsafe(9)


class Form(models.Model):
    """A form for other people's pages.

    `fields`: [{"name": "size", "label": "Your size", "kind": "select", "required": true, "options": ["S", "M"]}, …];
    kind: text, email, phone, long, select, checkbox. The names name, email, phone, company and message have a meaning.
    What visitors read may be said in further languages: `texts` {"ar": {"title", "button", "thanks"}}, and in a field
    {"texts": {"ar": {"label", "options"}}}. `language`: always this one; "" = the visitor's.
    """

    key = models.CharField(max_length=20, default=_form_key, editable=False)
    name = models.CharField(_("name"), max_length=120)
    title = models.CharField(_("title"), max_length=160, blank=True, default="")
    fields = models.JSONField(_("questions"), default=list)
    thanks = models.TextField(_("thank-you text"), blank=True, default="")
    button = models.CharField(_("button"), max_length=60, blank=True, default="")
    texts = models.JSONField(default=dict, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("form")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["key"], name="form_key")]

    def __str__(self) -> str:
        return self.name

    def said(self, name: str, language: str) -> str:
        """Its title, button or thanks in this language, as far as they were written; else as they were first."""
        return str((self.texts.get(language) or {}).get(name) or getattr(self, name))


class FormSubmission(models.Model):
    """What somebody sent with a form; `token` came with the page, so that sending twice counts once."""

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="submissions")
    token = models.CharField(max_length=64)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="submissions")
    data = models.JSONField(default=dict)
    origin = models.JSONField(default=dict)  # page, referrer, utm_…
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "token"], name="submission_once")]
