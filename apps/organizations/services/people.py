"""Who works in an organization, and as what."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ..models import Membership, Organization, Role, User


def add_member(organization: Organization, user: User, *, role: Role) -> Membership:
    """Let `user` work here; raises the role of nobody: an existing membership keeps its role."""
    membership, _created = Membership.objects.get_or_create(
        user=user, organization=organization, defaults={"role": role}
    )
    return membership


def may_manage(held: Role, other: str) -> None:
    """PermissionDenied unless somebody with role `held` may give, change or take away role `other`."""
    if not (held.includes(Role.MANAGER) and held.includes(Role(other))):
        raise PermissionDenied(_("Your role does not include changing this person."))


@transaction.atomic
def change_role(membership: Membership, role: Role, *, by: Role) -> Membership:
    """Give a member another role; `by`: the role of whoever asks, who can neither give nor take what they lack."""
    membership = _locked(membership)
    may_manage(by, membership.role)
    may_manage(by, role)
    if role != Role.OWNER:
        _not_the_last_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    return membership


@transaction.atomic
def deactivate_member(membership: Membership, *, by: Role) -> Membership:
    """Let somebody work here no longer; what they did stays theirs, and they can be let in again."""
    membership = _locked(membership)
    may_manage(by, membership.role)
    _not_the_last_owner(membership)
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    return membership


@transaction.atomic
def reactivate_member(membership: Membership, *, by: Role) -> Membership:
    """Undo `deactivate_member`."""
    membership = _locked(membership)
    may_manage(by, membership.role)
    membership.is_active = True
    membership.save(update_fields=["is_active"])
    return membership


def update_profile(user: User, **fields: Any) -> User:
    """A person's own name and language, in every organization they work in."""
    for field, value in fields.items():
        setattr(user, field, value)
    user.full_clean(exclude=["password"])
    user.save(update_fields=list(fields))
    return user


def _locked(membership: Membership) -> Membership:
    """The row, with every other change to this organization's people waiting: two last owners cannot both leave."""
    Organization.objects.select_for_update().get(pk=membership.organization_id)
    return Membership.objects.select_related("user").get(pk=membership.pk)


def _not_the_last_owner(membership: Membership) -> None:
    if membership.role != Role.OWNER or not membership.is_active:
        return
    others = Membership.objects.filter(
        organization=membership.organization_id, role=Role.OWNER, is_active=True, user__is_active=True
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise ValidationError(
            _("An organization needs an owner. Make somebody else an owner first."), code="last_owner"
        )
