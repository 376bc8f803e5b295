"""Organizations and people, in the public schema."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_tenants.models import DomainMixin, TenantMixin

from apps.jobs import clock
from apps.ui.contrast import DEFAULT as DEFAULT_ACCENT
from apps.ui.statuses import CHANNELS, look

from .credential import ApiKey, Credential, SignIn, StaffEntry
from .proof import Proof, Provable, ProvenBy, columns
from .roles import Role

__all__ = [
    "AccountRoute", "ApiKey", "BudgetAlert", "Credential", "Domain", "Invitation", "Membership", "Organization",
    "OrganizationHealth", "Role", "SignIn", "StaffEntry", "UnroutedDelivery", "Usage", "User",
]  # fmt: skip


# Host names that mean something else, and schema names that PostgreSQL or this product has taken.
RESERVED = frozenset(
    "www admin api app assets blog cdn chat dashboard docs ftp health help imap localhost mail metrics news pop"
    " smtp ssl static status support webhook widget public pristine template information-schema".split()
)


def not_reserved(slug: str) -> None:
    """ValidationError for a short name that cannot be an organization's."""
    if slug in RESERVED or slug.startswith("pg-"):
        raise ValidationError(_("This short name is reserved. Choose another one."), code="reserved")


def known_timezone(name: str) -> None:
    """ValidationError for what is not a time zone."""
    if name not in available_timezones():
        raise ValidationError(_("A time zone such as Asia/Dubai."), code="timezone")


class Organization(TenantMixin):
    """One business: a tenant with a schema of its own."""

    auto_create_schema = False  # schemas are replayed from a dump: services.create_organization

    slug = models.CharField(
        _("short name"),
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z][a-z0-9-]{1,38}[a-z0-9]\Z", _("Use a–z, 0–9 and hyphens, from a letter on.")),
            not_reserved,
        ],
        help_text=_("a–z, 0–9 and hyphens: the first part of its address."),
    )
    name = models.CharField(_("name"), max_length=120)
    trade = models.CharField(_("trade"), max_length=120, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(_("language"), max_length=8, default="en", choices=settings.LANGUAGES)
    timezone = models.CharField(_("time zone"), max_length=60, default="UTC", validators=[known_timezone])
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="USD",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("A currency's three letters, such as USD."))],
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        default="",
        validators=[RegexValidator(r"^[A-Z]{2}\Z", _("A country's two letters, such as AE."))],
        help_text=_("Phone numbers written without a country code are read as numbers of this country."),
    )
    logo = models.FileField(_("logo"), upload_to="logos/", blank=True)
    accent = models.CharField(
        _("color"),
        max_length=7,
        default=DEFAULT_ACCENT,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("A color such as #3b5bdb."))],
    )
    sender_name = models.CharField(_("sender name"), max_length=120, blank=True, default="")
    sender_email = models.EmailField(_("sender address"), blank=True, default="")
    ai_budget_usd = models.DecimalField(
        _("monthly AI budget (USD)"),
        max_digits=10,
        decimal_places=2,
        default=Decimal(50),
        validators=[MinValueValidator(0)],
    )
    message_budget = models.PositiveIntegerField(
        _("monthly message budget"), null=True, blank=True, help_text=_("Messages sent in a month. Empty: no limit.")
    )
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        permissions: ClassVar[list[tuple[str, Any]]] = [
            ("pause_organization", "Can pause an organization and switch it on again"),
            ("enter_organization", "Can go into an organization as staff"),
        ]
        ordering: ClassVar[list[str]] = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_primary_domain(self) -> Domain | None:
        """Where links to the organization lead; never to a name that is only claimed."""
        return self.domains.filter(proven_at__isnull=False).order_by("-is_primary", "pk").first()

    @property
    def host(self) -> str:
        """The host name that its links begin with."""
        domain = self.get_primary_domain()
        return domain.domain if domain else f"{self.slug}.{settings.BASE_DOMAIN}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Domain(DomainMixin, Provable):
    """A host name at which an organization is found, once it is proven that the name leads here."""

    class Meta(Provable.Meta):
        abstract = False
        verbose_name = _("host name")
        verbose_name_plural = _("host names")


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
        proof = columns(Proof.now(ProvenBy.AGENCY))
        return self.create_user(email, password, is_staff=True, is_superuser=True, **proof, **fields)


class User(AbstractBaseUser, PermissionsMixin, Provable):
    """A person who signs in, in any number of organizations. Agency staff are `is_staff`.

    Whether the e-mail address is theirs is proven or only claimed, as by a link that somebody else was shown: then it
    opens nothing but where they were let in, and yields to whoever proves it (services/addresses.py).
    """

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="", choices=settings.LANGUAGES)
    is_staff = models.BooleanField(
        _("agency staff"), default=False, help_text=_("Comes into this console, and may do there what is ticked below.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    # What proves this person and was made at another epoch is worth nothing: see credential.py.
    epoch = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("account made"), default=clock.now, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta(Provable.Meta):
        abstract = False
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions: ClassVar[list[tuple[str, Any]]] = [
            ("rescue_user", "Can give a person another address or password"),
            ("switch_user", "Can switch a person off and on again"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password begins a new epoch (a hash that is only brought up to date does not)."""
        self.email = self.email.lower()
        new_password = self._password is not None and not self._state.adding  # type: ignore[attr-defined]
        super().save(*args, **kwargs)
        if new_password:
            self.begin_epoch()

    def begin_epoch(self) -> None:
        """Everything that proved this person until now is worth nothing, except API keys: those hang on memberships."""
        User.objects.filter(pk=self.pk).update(epoch=models.F("epoch") + 1)
        self.refresh_from_db(fields=["epoch"])

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return (self.name or self.email).split()[0]


class Membership(models.Model):
    """A person works in an organization, in a role."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", verbose_name=pgettext_lazy("somebody", "person")
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("organization")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.AGENT)
    is_active = models.BooleanField(_("active"), default=True)
    # Counted up by the database itself (a trigger) when somebody is let go or gets a lesser role: see credential.py.
    epoch = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
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
    mailed_at = models.DateTimeField(null=True, blank=True)
    mail_problem = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("invitation")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                name="invitation_once",
                condition=models.Q(accepted_at=None, revoked_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.email


class Usage(models.Model):
    """What an organization used on one day of its own calendar."""

    class Kind(models.TextChoices):
        MESSAGE_IN = "message_in", _("Messages received")
        MESSAGE_OUT = "message_out", _("Messages sent")
        EMAIL = "email", _("E-mails")
        SMS = "sms", _("SMS")
        AI_GENERATIONS = "ai_generations", _("AI answers")
        AI_INPUT_TOKENS = "ai_input_tokens", _("AI tokens read")
        AI_OUTPUT_TOKENS = "ai_output_tokens", _("AI tokens written")

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="usage", verbose_name=_("organization")
    )
    day = models.DateField(_("day"))
    kind = models.CharField(_("what"), max_length=40, choices=Kind.choices)
    quantity = models.BigIntegerField(_("how much"), default=0)
    cost_usd = models.DecimalField(_("cost"), max_digits=14, decimal_places=6, default=Decimal(0))

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("usage")
        constraints = [models.UniqueConstraint(fields=["organization", "day", "kind"], name="usage_once")]

    def __str__(self) -> str:
        return f"{self.organization} · {date_format(self.day, 'SHORT_DATE_FORMAT')} · {self.get_kind_display()}"


class OrganizationHealth(models.Model):
    """What the agency sees of an organization at a glance; figures from inside its schema, copied out by a job.

    The page about all organizations reads this table and never a tenant's. See services.health.
    """

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="health")
    channels_attention = models.PositiveIntegerField(default=0)
    failed_deliveries = models.PositiveIntegerField(default=0)  # of outgoing webhooks, given up
    failed_messages = models.PositiveIntegerField(default=0)  # in the last seven days
    kept_deliveries = models.PositiveIntegerField(default=0)  # arrived, but could not be read
    open_conversations = models.PositiveIntegerField(default=0)
    leads = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField(null=True, blank=True)
    last_failure = models.CharField(max_length=300, blank=True, default="")
    last_failure_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("health")


class BudgetAlert(models.Model):
    """An organization was told, once a month, that it passed a share of a budget."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="budget_alerts")
    month = models.DateField()
    budget = models.CharField(max_length=20)  # ai, messages
    percent = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "month", "budget", "percent"], name="alert_once")
        ]


class AccountRoute(Provable):
    """A platform account (page, Instagram account, phone number, chat widget) belongs to one organization.

    What Domain is for host names, this is for webhooks: the door looks accounts up here. A route is made by a proof
    and carries the newest one (integrations/proving.py); one whose proof is gone or old yields to whoever has one.
    """

    channel = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="routes")
    created_at = models.DateTimeField(default=clock.now)

    class Meta(Provable.Meta):
        abstract = False
        constraints = [
            *Provable.Meta.constraints,
            models.UniqueConstraint(fields=["channel", "external_id"], name="route_once"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.external_id}"


class UnroutedDelivery(models.Model):
    """A correctly signed webhook that could not be given to a tenant; kept for the agency to look at."""

    class Why(models.TextChoices):
        UNKNOWN_ACCOUNT = "unknown_account", _("Unknown account")
        MALFORMED = "malformed", _("Malformed")

    channel = models.CharField(_("channel"), max_length=20)
    external_id = models.CharField(_("account"), max_length=120, blank=True, default="")
    why = models.CharField(_("why"), max_length=20, choices=Why.choices)
    body = models.BinaryField()
    trace = models.UUIDField(_("trace"))
    received_at = models.DateTimeField(_("arrived"), default=clock.now)
    resolved_at = models.DateTimeField(_("dealt with"), null=True, blank=True)

    class Meta:
        verbose_name = _("unrouted delivery")
        verbose_name_plural = _("unrouted deliveries")
        permissions: ClassVar[list[tuple[str, Any]]] = [
            ("route_unrouteddelivery", "Can route a delivery again or put it aside"),
        ]

    def __str__(self) -> str:
        return f"{look(CHANNELS, self.channel).label} · {date_format(localtime(self.received_at), 'SHORT_DATETIME_FORMAT')}"
