"""Who works in an organization, and as what."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from .. import credentials, signing_in
from ..actors import Actor, Can, Kind, NotAllowed
from ..models import Membership, Organization, Role, User
from ..permissions import acting, needs


def add_member(organization: Organization, user: User, *, role: Role) -> Membership:
    """Let `user` work here; raises the role of nobody: an existing membership keeps its role."""
    membership, _created = Membership.objects.get_or_create(
        user=user, organization=organization, defaults={"role": role}
    )
    return membership


@needs(Can.MANAGE_PEOPLE, fresh=True)
@transaction.atomic
def let_in(organization: Organization, user: User, *, role: Role, by: Actor | None = None) -> Membership:
    """Let somebody who has an account work here, at once and without asking them: what an agency may do for both."""
    may_manage(acting(by), role)
    return add_member(organization, user, role=role)


def may_manage(actor: Actor, *roles: str) -> None:
    """NotAllowed unless they may give, change or take away these roles: nobody gives or takes what they lack."""
    if actor.kind in (Kind.INNER, Kind.CONSOLE):
        return
    if actor.role is None or not all(actor.role.includes(Role(role)) for role in roles):
        raise NotAllowed("role_too_low", Can.MANAGE_PEOPLE)


@needs(Can.MANAGE_PEOPLE, fresh=True)
@transaction.atomic
def change_role(membership: Membership, role: Role, *, by: Actor | None = None) -> Membership:
    """Give a member another role; nobody raises themselves, and nobody gives or takes what they lack."""
    actor = acting(by)
    membership = _locked(membership)
    may_manage(actor, membership.role, role)
    if role != Role.OWNER:
        _not_the_last_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    _note_ends(membership)
    return membership


@needs(Can.MANAGE_PEOPLE)
@transaction.atomic
def deactivate_member(membership: Membership, *, by: Actor | None = None) -> Membership:
    """Let somebody work here no longer; what they did stays theirs, and they can be let in again."""
    actor = acting(by)
    membership = _locked(membership)
    may_manage(actor, membership.role)
    _not_the_last_owner(membership)
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    _note_ends(membership)
    return membership


@needs(Can.MANAGE_PEOPLE, fresh=True)
@transaction.atomic
def reactivate_member(membership: Membership, *, by: Actor | None = None) -> Membership:
    """Let somebody in again, in their old role; what they were signed in with, and their keys, stay ended."""
    actor = acting(by)
    membership = _locked(membership)
    may_manage(actor, membership.role)
    membership.is_active = True
    membership.save(update_fields=["is_active"])
    return membership


def _note_ends(membership: Membership) -> None:
    """Tell the log what the new epoch has ended."""
    for ended in credentials.end_of_membership(membership):
        signing_in.note_end(ended)


@needs(Can.BE_ONESELF)
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
    return Membership.objects.select_related("user").select_for_update(of=("self",)).get(pk=membership.pk)


def _not_the_last_owner(membership: Membership) -> None:
    if membership.role != Role.OWNER or not membership.is_active:
        return
    others = Membership.objects.filter(
        organization=membership.organization_id, role=Role.OWNER, is_active=True, user__is_active=True
    ).exclude(pk=membership.pk)
    # With their accounts locked: one that is being switched off at the console this moment counts no more.
    if not list(others.select_related("user").select_for_update(of=("user",))):
        raise ValidationError(
            _("An organization needs an owner. Make somebody else an owner first."), code="last_owner"
        )
