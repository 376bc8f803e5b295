"""Reads of organizations, memberships and usage."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Sum, Value, When
from django.shortcuts import get_object_or_404

from apps.jobs import clock
from apps.jobs.connection import connection, follow_zone

from .actors import CONSOLE
from .hosts import address_of
from .models import ApiKey, BudgetAlert, Domain, Invitation, Membership, Organization, Role, Usage, User


def current_organization() -> Organization:
    """The organization whose schema is active; an error in the public schema."""
    tenant = connection.tenant
    if isinstance(tenant, Organization):
        return tenant
    if connection.schema_name == "public":
        raise ImproperlyConfigured("No organization is active here.")
    organization = Organization.objects.get(schema_name=connection.schema_name)
    tenant_before = connection.tenant
    if tenant_before.schema_name == organization.schema_name:
        connection.tenant = organization  # the same schema, now with its row at hand
        follow_zone(connection, organization)
    return organization


def calendar_day(organization: Organization, moment: datetime | None = None) -> date:
    """The day it is (at this moment) where the organization is."""
    return (moment or clock.now()).astimezone(organization.zone).date()


def absolute(address: str) -> str:
    """An address that others can fetch: a path of ours gets the organization's host in front ("" without one)."""
    if not address.startswith("/"):
        return address
    domain = current_organization().get_primary_domain()
    return f"{address_of(domain.domain)}{address}" if domain else ""


def membership_of(user: User, organization: Organization) -> Membership | None:
    """The active membership, or None. Without one a session is worth nothing here."""
    if not user.is_authenticated or not user.is_active:
        return None
    return (
        Membership.objects.filter(user=user, organization=organization, is_active=True).select_related("user").first()
    )


def month_of(day: date) -> date:
    return day.replace(day=1)


def spent_this_month(organization: Organization) -> Decimal:
    """USD spent on AI in the organization's current calendar month."""
    today = calendar_day(organization)
    total = Usage.objects.filter(
        organization=organization, day__gte=month_of(today), day__lte=today, kind__startswith="ai_"
    ).aggregate(cost=Sum("cost_usd"))["cost"]
    return total or Decimal(0)


def messages_this_month(organization: Organization) -> int:
    """Messages sent in the organization's current calendar month."""
    today = calendar_day(organization)
    total = Usage.objects.filter(
        organization=organization, day__gte=month_of(today), day__lte=today, kind="message_out"
    ).aggregate(sent=Sum("quantity"))["sent"]
    return total or 0


def budget_shares(organization: Organization) -> dict[str, float]:
    """How many percent of each budget that is set have been used: {"ai": 82.5, "messages": 10}."""
    shares = {}
    if organization.ai_budget_usd > 0:
        shares["ai"] = float(spent_this_month(organization) / organization.ai_budget_usd * 100)
    if organization.message_budget:
        shares["messages"] = messages_this_month(organization) / organization.message_budget * 100
    return shares


def budget_alerts(organization: Organization) -> dict[str, int]:
    """The highest share passed this month, per budget, from 80 % on: what banners tell."""
    rows = BudgetAlert.objects.filter(
        organization=organization, month=month_of(calendar_day(organization)), percent__gte=80
    ).values_list("budget", "percent")
    highest: dict[str, int] = {}
    for budget, percent in rows:
        highest[budget] = max(percent, highest.get(budget, 0))
    return highest


def members(organization: Organization) -> QuerySet[Membership]:
    """Everybody who works or worked here: active ones first, then by rank, then by name."""
    rank = Case(
        *(When(role=role, then=Value(-role.rank)) for role in Role), default=Value(0), output_field=IntegerField()
    )
    return (
        Membership.objects.filter(organization=organization)
        .select_related("user")
        .order_by("-is_active", rank, "user__name", "user__email")
    )


def get_member(organization: Organization, user_id: int) -> Membership:
    """The membership of one person here, or 404."""
    return get_object_or_404(Membership.objects.select_related("user"), organization=organization, user_id=user_id)


def about(words: str) -> Q:
    """Organizations that somebody means by these words: by name, short name, host name, or an owner's address."""
    owners = Membership.objects.filter(organization=OuterRef("pk"), role=Role.OWNER, user__email__icontains=words)
    asked = Invitation.objects.filter(organization=OuterRef("pk"), role=Role.OWNER, email__icontains=words)
    hosts = Domain.objects.filter(tenant=OuterRef("pk"), domain__icontains=words)
    return Q(name__icontains=words) | Q(slug__icontains=words) | Q(Exists(hosts)) | Q(Exists(owners)) | Q(Exists(asked))


def rights_of(user: User) -> set[str]:
    """What somebody was given at the console, by the names of permissions."""
    held = user.user_permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in held} & set(CONSOLE.values())


def open_invitations(organization: Organization) -> QuerySet[Invitation]:
    """Asked, and neither come nor called off; expired ones among them."""
    return (
        Invitation.objects.filter(organization=organization, accepted_at=None, revoked_at=None)
        .select_related("invited_by", "organization")
        .order_by("-id")
    )


def get_invitation(organization: Organization, invitation_id: int) -> Invitation:
    return get_object_or_404(open_invitations(organization), pk=invitation_id)


def api_keys(organization: Organization) -> QuerySet[ApiKey]:
    """All keys, those that work first, newest first."""
    return (
        ApiKey.objects.filter(organization=organization)
        .select_related("user", "membership")
        .order_by(F("ended_at").asc(nulls_first=True), "-id")
    )


def get_api_key(organization: Organization, key_id: int) -> ApiKey:
    return get_object_or_404(ApiKey, organization=organization, pk=key_id)


def usage_by_day(organization: Organization, first: date, last: date) -> dict[str, dict[date, dict[str, Any]]]:
    """{kind: {day: {"quantity", "cost"}}} between two days, both included."""
    table: dict[str, dict[date, dict[str, Any]]] = defaultdict(dict)
    rows = Usage.objects.filter(organization=organization, day__gte=first, day__lte=last)
    for kind, day, quantity, cost in rows.order_by("kind", "day").values_list("kind", "day", "quantity", "cost_usd"):
        table[kind][day] = {"quantity": quantity, "cost": cost}
    return dict(table)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
