"""Organizations and people, in the public schema."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from apps.jobs import clock


class Role(models.TextChoices):
    """What a member may do; each role includes the ones below it."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    AGENT = "agent", _("Agent")
    VIEWER = "viewer", _("Viewer")

    @property
    def rank(self) -> int:
        return ("viewer", "agent", "manager", "owner").index(self.value)

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        return self.rank >= other.rank


class Organization(TenantMixin):
    """One business: a tenant with a schema of its own."""

    auto_create_schema = False  # schemas are replayed from a dump: services.create_organization

    slug = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$", _("Use a–z, 0–9 and hyphens, from a letter on."))],
    )
    name = models.CharField(_("name"), max_length=120)
    trade = models.CharField(_("trade"), max_length=120, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    timezone = models.CharField(_("time zone"), max_length=60, default="UTC")
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    country = models.CharField(_("country"), max_length=2, blank=True, default="")  # reads national phone numbers
    logo = models.FileField(_("logo"), upload_to="logos/", blank=True)
    accent = models.CharField(
        _("color"),
        max_length=7,
        default="#3b5bdb",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("A color such as #3b5bdb."))],
    )
    sender_name = models.CharField(_("sender name"), max_length=120, blank=True, default="")
    sender_email = models.EmailField(_("sender address"), blank=True, default="")
    ai_budget_usd = models.DecimalField(
        _("monthly AI budget (USD)"),
        max_digits=10,
        decimal_places=2,
        default=Decimal("50"),
        validators=[MinValueValidator(0)],
    )
    message_budget = models.PositiveIntegerField(_("monthly message budget"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):
    """A host name at which an organization is found."""

    class Meta:
        verbose_name = _("domain")


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, in any number of organizations. Agency staff are `is_staff`."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    is_staff = models.BooleanField(_("agency staff"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return (self.name or self.email).split()[0]


class Membership(models.Model):
    """A person works in an organization, in a role."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.AGENT)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("membership")
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class Invitation(models.Model):
    """An e-mail address was asked to join; the token in the link is stored hashed."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.AGENT)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")


class ApiKey(models.Model):
    """A machine's key to one organization: shown once, stored as SHA-256, found by its prefix."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    key_hash = models.CharField(max_length=64)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.AGENT)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("API key")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class StaffEntry(models.Model):
    """Agency staff went into a tenant: who, why, from where, until when."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="staff_entries")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    address = models.GenericIPAddressField(null=True)
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("staff entry")
        verbose_name_plural = _("staff entries")


class Usage(models.Model):
    """What an organization used on one day (UTC). kind: message_in, message_out, ai_input_tokens, …"""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="usage")
    day = models.DateField()
    kind = models.CharField(max_length=40)
    quantity = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(0))

    class Meta:
        verbose_name_plural = _("usage")
        constraints = [models.UniqueConstraint(fields=["organization", "day", "kind"], name="usage_once")]


class BudgetAlert(models.Model):
    """An organization was told, once a month, that it passed a share of a budget."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="budget_alerts")
    month = models.DateField()
    budget = models.CharField(max_length=20)  # ai, messages
    percent = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "month", "budget", "percent"], name="alert_once")]


class AccountRoute(models.Model):
    """A platform account (page, Instagram account, phone number, chat widget) belongs to one organization.

    What Domain is for host names, this is for webhooks: the door looks accounts up here.
    """

    channel = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="routes")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "external_id"], name="route_once")]

    def __str__(self) -> str:
        return f"{self.channel} {self.external_id}"


class UnroutedDelivery(models.Model):
    """A correctly signed webhook that could not be given to a tenant; kept for the agency to look at."""

    class Why(models.TextChoices):
        UNKNOWN_ACCOUNT = "unknown_account", _("Unknown account")
        MALFORMED = "malformed", _("Malformed")

    channel = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120, blank=True, default="")
    why = models.CharField(max_length=20, choices=Why.choices)
    body = models.BinaryField()
    trace = models.UUIDField()
    received_at = models.DateTimeField(default=clock.now)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("unrouted delivery")
        verbose_name_plural = _("unrouted deliveries")
