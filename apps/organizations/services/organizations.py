"""Make an organization, and change what it is called and how it looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_tenants.utils import tenant_context

from apps.jobs.connection import connection

from ..actors import Can
from ..models import Domain, Organization, Role, User
from ..permissions import needs
from ..proof import Proof, ProvenBy, columns
from ..schemas import SchemaError, create_schema, prepare_dump
from .invitations import open_invitation
from .people import add_member

Prepare = Callable[[Organization], Any]
_PREPARE: list[Prepare] = []


def on_new_organization(prepare: Prepare) -> Prepare:
    """Register `prepare(organization)`: gives a new tenant its first rows (persona, chat widget …)."""
    _PREPARE.append(prepare)
    return prepare


def preparations() -> tuple[Prepare, ...]:
    """Everything that gives a new tenant its first rows."""
    return tuple(_PREPARE)


@needs(Can.MAKE_ORGANIZATIONS)
def create_organization(
    *,
    slug: str,
    name: str,
    owner: User | None = None,
    owner_email: str = "",
    owner_password: str | None = None,
    owner_name: str = "",
    by: User | None = None,
    **fields: Any,
) -> Organization:
    """A tenant with its schema, its host name and its owner; ValidationError on a bad or taken slug.

    The owner is given, or made (with `owner_password`), or gets an invitation by mail. Somebody we know comes in at
    once only with their password, or as the agency's staff: an account alone is no proof of an address, for every
    organization can make one for any address.
    """
    connection.set_schema_to_public()
    prepare_dump()
    with transaction.atomic():
        organization = _create(slug=slug, name=name, **fields)
        owner = owner or _owner(owner_email, owner_password, owner_name)
        if owner is not None:
            add_member(organization, owner, role=Role.OWNER)
        with tenant_context(organization):
            for prepare in _PREPARE:
                prepare(organization)
    if owner is None:
        open_invitation(organization, email=owner_email, role=Role.OWNER, by=by)
    return organization


def _create(*, slug: str, name: str, **fields: Any) -> Organization:
    organization = Organization(slug=slug, schema_name=slug.replace("-", "_"), name=name, **fields)
    organization.full_clean(exclude=["logo"])
    host = f"{slug}.{settings.BASE_DOMAIN}"
    if Domain.objects.filter(domain=host).exists():
        raise ValidationError({"slug": _("Another organization already answers at %(host)s.") % {"host": host}})
    try:
        with transaction.atomic():
            organization.save()
            Domain.objects.create(
                tenant=organization, domain=host, is_primary=True, **columns(Proof.now(ProvenBy.OURS))
            )
    except IntegrityError as error:  # somebody else was a moment faster
        raise ValidationError({"slug": _("Organization with this short name already exists.")}) from error
    try:
        create_schema(organization.schema_name)
    except SchemaError as error:
        raise ValidationError({"slug": str(error)}) from error
    return organization


def _owner(email: str, password: str | None, name: str) -> User | None:
    known = User.objects.filter(email__iexact=email.strip()).first()
    if known is not None:
        comes_in = known.is_staff or (password and known.check_password(password))
        return known if known.is_proven and comes_in else None
    proof = columns(Proof.now(ProvenBy.AGENCY))
    return User.objects.create_user(email.strip(), password, name=name, **proof) if password else None


@needs(Can.CHANGE_ORGANIZATION)
def update_organization(organization: Organization, *, logo: bytes | None = None, **fields: Any) -> Organization:
    """Change name, branding, language and the like; `logo`: a checked picture (b"" takes it away)."""
    for field, value in fields.items():
        setattr(organization, field, value)
    organization.full_clean(exclude=["logo", "slug", "schema_name"])
    before = organization.logo.name if organization.logo else ""
    if logo:
        organization.logo.save(f"{organization.schema_name}.png", ContentFile(logo), save=False)
    elif logo == b"":
        organization.logo = ""
    organization.save()
    if logo is not None and before and before != organization.logo.name:
        storage = organization._meta.get_field("logo").storage
        transaction.on_commit(lambda: storage.delete(before))
    return organization
