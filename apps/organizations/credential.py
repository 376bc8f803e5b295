"""Everything that proves who calls, in one table: sessions, families of tokens, API keys, the agency's entries.

A credential is worth the least along its chain: what it was made for, what its person may do here today, and whether
their account works at all. Two counters end many at once, without a write to any of them: a person's epoch (new
password, new second factor, account switched off) and a membership's (let go, lesser role). What was made at another
epoch is dead, and stays dead when the person is let in again. See docs/adr/credentials-are-one-table-with-epochs.md.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.jobs import clock

from .roles import Role, least


class Credential(models.Model):
    """`user`: whom it speaks for, or who made it; `membership`: through which they have rights here, if any.

    `parent`: the credential with which it was made. `proven_at`: when its person last gave a password or a code.
    `secret_hash`: of an API key, or of the one refresh token of a family that is still good.
    """

    class Kind(models.TextChoices):
        SESSION = "session", _("Browser")
        TOKENS = "tokens", _("Program signed in with a password")
        API_KEY = "api_key", _("API key")
        STAFF_ENTRY = "staff_entry", _("Agency staff")

    class Ended(models.TextChoices):
        SIGNED_OUT = "signed_out", _("Signed out")
        ENDED = "ended", _("Ended from the list")
        REVOKED = "revoked", _("Revoked")
        REUSED = "reused", _("A used token was used again")
        MOVED = "moved", _("Used at another organization's address")
        IDLE = "idle", _("Not used for too long")
        EXPIRED = "expired", _("Its time was over")
        PERSON = "person", _("New password or second factor, or the account was switched off")
        MEMBERSHIP = "membership", _("Its person was let go or got a lesser role")
        ORPHANED = "orphaned", _("Nobody who works here stands behind it")

    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.SESSION)
    user = models.ForeignKey("organizations.User", on_delete=models.CASCADE, null=True, related_name="credentials")
    organization = models.ForeignKey("organizations.Organization", on_delete=models.CASCADE, null=True,
                                     related_name="credentials")  # fmt: skip
    membership = models.ForeignKey("organizations.Membership", on_delete=models.CASCADE, null=True, related_name="+")
    user_epoch = models.PositiveIntegerField(default=0)
    membership_epoch = models.PositiveIntegerField(default=0)
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="children")
    name = models.CharField(_("name"), max_length=200, blank=True, default="")  # a key's, or why staff came in
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, blank=True, default="")  # a key's
    prefix = models.CharField(max_length=12, unique=True, null=True)
    secret_hash = models.CharField(max_length=64, blank=True, default="")
    device = models.CharField(max_length=300, blank=True, default="")
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    proven_at = models.DateTimeField(null=True, blank=True)
    redeemed_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(_("Ends"), null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=12, choices=Ended.choices, blank=True, default="")

    class Meta:
        verbose_name = _("sign-in or key")
        verbose_name_plural = _("sign-ins and keys")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "-id"], name="credential_running", condition=Q(ended_at=None)),
            models.Index(fields=["organization", "kind", "-id"], name="credential_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)" if self.kind == self.Kind.API_KEY else str(self.get_kind_display())

    @property
    def died_of(self) -> str:
        """Why it is worth nothing (a value of Ended), or ""; asks the rows that came with it and no others."""
        if self.ended_at is not None:
            return self.ended_by or self.Ended.ENDED
        if self.expires_at is not None and self.expires_at <= clock.now():
            return self.Ended.EXPIRED
        if self._idle:
            return self.Ended.IDLE
        return self._broken_link

    @property
    def _idle(self) -> bool:
        limit = idle_limit(self)
        return limit is not None and clock.now() - (self.last_used_at or self.created_at) > limit

    @property
    def _broken_link(self) -> str:
        if self.user is None:
            return self.Ended.ORPHANED
        is_key = self.kind == self.Kind.API_KEY
        if not self.user.is_active or (not is_key and self.user_epoch != self.user.epoch):
            return self.Ended.PERSON
        if self.kind == self.Kind.STAFF_ENTRY and not (self.user.is_staff and self.redeemed_at):
            return self.Ended.PERSON
        if self.membership is None:
            return self.Ended.ORPHANED if is_key else ""
        if not self.membership.is_active or self.membership_epoch != self.membership.epoch:
            return self.Ended.MEMBERSHIP
        return ""

    @property
    def worth(self) -> Role | None:
        """The role it gives in its organization today: the least along the chain; None where it gives none."""
        if self.died_of:
            return None
        if self.kind == self.Kind.STAFF_ENTRY:
            return Role.MANAGER  # and less than that: see STAFF in actors.py
        if self.membership is None:
            return None
        held = Role(self.membership.role)
        return least(held, Role(self.role)) if self.kind == self.Kind.API_KEY else held


def idle_limit(credential: Credential) -> timedelta | None:
    """How long it may lie unused; the console's sessions less long than the others."""
    if credential.kind == Credential.Kind.TOKENS:
        return cast("timedelta", settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"])
    if credential.kind != Credential.Kind.SESSION:
        return None
    return settings.CONSOLE_IDLE if at_the_console(credential) else settings.SESSION_IDLE


def absolute_limit(credential: Credential) -> datetime | None:
    """When it ends however often it is used."""
    now = credential.created_at
    if credential.kind == Credential.Kind.TOKENS:
        return now + settings.TOKENS_LIFETIME
    return now + (settings.CONSOLE_LIFETIME if at_the_console(credential) else settings.SESSION_LIFETIME)


def at_the_console(credential: Credential) -> bool:
    return credential.organization_id is None and credential.user is not None and credential.user.is_staff


def running() -> QuerySet[Credential]:
    """What still counts, as far as the database can tell; `died_of` has the last word."""
    return (
        Credential.objects.filter(ended_at=None)
        .filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))
        .filter(Q(kind=Credential.Kind.API_KEY) | Q(user_epoch=F("user__epoch")))
        .filter(Q(membership=None) | Q(membership_epoch=F("membership__epoch")))
        .select_related("user", "membership", "organization")
    )


class _OfKind(models.Manager[Any]):
    def __init__(self, *kinds: str) -> None:
        super().__init__()
        self._kinds = kinds

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(kind__in=self._kinds)


class SignIn(Credential):
    """A browser or a program in which somebody is signed in."""

    objects: ClassVar[Any] = _OfKind(Credential.Kind.SESSION, Credential.Kind.TOKENS)

    class Meta:
        proxy = True
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")


class ApiKey(Credential):
    """A machine's key to one organization: shown once, stored as SHA-256, found by its prefix."""

    objects: ClassVar[Any] = _OfKind(Credential.Kind.API_KEY)

    class Meta:
        proxy = True
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")


class StaffEntry(Credential):
    """Agency staff went into a tenant: who, why, from where, until when."""

    objects: ClassVar[Any] = _OfKind(Credential.Kind.STAFF_ENTRY)

    class Meta:
        proxy = True
        verbose_name = _("staff entry")
        verbose_name_plural = _("staff entries")

    def __str__(self) -> str:
        return f"{self.user} → {self.organization}"
