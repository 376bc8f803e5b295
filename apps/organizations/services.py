"""Make organizations and let people in."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django_tenants.utils import tenant_context

from apps.jobs import clock

from .models import Domain, Membership, Organization, Role, User
from .schemas import create_schema, prepare_dump


def create_organization(
    *, slug: str, name: str, owner_email: str, owner_password: str | None = None, **fields: Any
) -> Organization:
    """A tenant with its schema, its host name and its owner; ValidationError on a bad or taken slug."""
    connection.set_schema_to_public()
    prepare_dump()
    with transaction.atomic():
        return _create(slug=slug, name=name, owner_email=owner_email, owner_password=owner_password, **fields)


def _create(
    *, slug: str, name: str, owner_email: str, owner_password: str | None, **fields: Any
) -> Organization:
    organization = Organization(slug=slug, schema_name=slug.replace("-", "_"), name=name, **fields)
    organization.full_clean(exclude=["logo"])
    organization.save()
    Domain.objects.create(tenant=organization, domain=f"{slug}.{settings.BASE_DOMAIN}", is_primary=True)
    create_schema(organization.schema_name)
    owner = User.objects.filter(email__iexact=owner_email).first() or User.objects.create_user(
        owner_email, owner_password
    )
    add_member(organization, owner, role=Role.OWNER)
    with tenant_context(organization):
        for prepare in _PREPARE:
            prepare(organization)
    return organization


_PREPARE: list[Any] = []


def on_new_organization(prepare: Any) -> Any:
    """Register `prepare(organization)`: gives a new tenant its first rows (persona, chat widget …)."""
    _PREPARE.append(prepare)
    return prepare


def add_member(organization: Organization, user: User, *, role: Role) -> Membership:
    """Let `user` work here; raises the role of nobody: an existing membership keeps its role."""
    membership, _created = Membership.objects.get_or_create(
        user=user, organization=organization, defaults={"role": role}
    )
    return membership


def meter(organization: Organization, uses: Iterable[tuple[str, int, Decimal]]) -> None:
    """Add to today's usage: (kind, quantity, USD) each."""
    rows = list(uses)
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO public.organizations_usage AS u (organization_id, day, kind, quantity, cost_usd)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (organization_id, day, kind) DO UPDATE"
            " SET quantity = u.quantity + excluded.quantity, cost_usd = u.cost_usd + excluded.cost_usd",
            [(organization.pk, clock.now().date(), kind, quantity, cost) for kind, quantity, cost in rows],
        )
