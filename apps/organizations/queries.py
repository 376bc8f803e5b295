"""Reads of organizations, memberships and usage."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import Sum

from apps.jobs import clock

from .models import Membership, Organization, Usage, User


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
    return organization


def membership_of(user: User, organization: Organization) -> Membership | None:
    """The active membership, or None. Without one a session is worth nothing here."""
    if not user.is_authenticated or not user.is_active:
        return None
    return (
        Membership.objects.filter(user=user, organization=organization, is_active=True)
        .select_related("user")
        .first()
    )


def month_of(day: date) -> date:
    return day.replace(day=1)


def spent_this_month(organization: Organization) -> Decimal:
    """USD spent on AI in the current calendar month (UTC)."""
    today = clock.now().date()
    total = Usage.objects.filter(
        organization=organization, day__gte=month_of(today), day__lte=today, kind__startswith="ai_"
    ).aggregate(cost=Sum("cost_usd"))["cost"]
    return total or Decimal(0)
