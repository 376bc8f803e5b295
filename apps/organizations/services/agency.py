"""What the agency does from its console: pause organizations, look after people's accounts, and after what runs below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.jobs import services as jobs
from apps.jobs.models import Job

from .. import audit
from ..actors import CONSOLE, Actor, Can, Kind, NotAllowed
from ..models import Membership, Organization, Role, User
from ..permissions import acting, needs
from ..queries import rights_of


@needs(Can.PAUSE_ORGANIZATIONS)
def pause_organization(organization: Organization) -> Organization:
    """Shut its dashboard, API and chat; what customers write meanwhile is received and kept."""
    return _switch(organization, on=False)


@needs(Can.PAUSE_ORGANIZATIONS)
def resume_organization(organization: Organization) -> Organization:
    return _switch(organization, on=True)


def _switch(organization: Organization, *, on: bool) -> Organization:
    if organization.is_active != on:
        organization.is_active = on
        organization.save(update_fields=["is_active"])
    return organization


# People, wherever they work


@needs(Can.KEEP_ACCOUNTS)
def make_account(*, email: str, name: str, password: str) -> User:
    """An account for somebody; the address is a claim until they prove it."""
    return User.objects.create_user(email, password, name=name)


@needs(Can.KEEP_ACCOUNTS)
def update_account(user: User, *, by: Actor | None = None, **fields: Any) -> User:
    """Name and language; another address takes the right to rescue accounts, as whoever gives it can be anybody."""
    actor = acting(by)
    _not_above(actor, user)
    if "email" in fields:
        actor.must(Can.RESCUE_ACCOUNTS)
    for field, value in fields.items():
        setattr(user, field, value)
    user.full_clean(exclude=["password"])
    user.save(update_fields=list(fields))
    return user


@needs(Can.RESCUE_ACCOUNTS)
def give_password(user: User, password: str, *, by: Actor | None = None) -> User:
    """Another password for somebody who has lost theirs; whatever they were signed in with ends."""
    _not_above(acting(by), user)
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


@needs(Can.SWITCH_ACCOUNTS)
@transaction.atomic
def switch_off(user: User, *, by: Actor | None = None) -> User:
    """End all their sign-ins everywhere at once; ValidationError for oneself and for an organization's only owner."""
    actor = acting(by)
    _not_above(actor, user)
    if actor.user is not None and actor.user.pk == user.pk:
        raise ValidationError(_("You cannot deactivate yourself."), code="oneself")
    if without := _without_owner(user):
        raise ValidationError(
            _("%(person)s is the only owner of %(organizations)s. Make somebody else an owner there first.")
            % {"person": user, "organizations": ", ".join(map(str, without))},
            code="last_owner",
        )
    return _switch_account(user, on=False)


@needs(Can.SWITCH_ACCOUNTS)
@transaction.atomic
def switch_on(user: User, *, by: Actor | None = None) -> User:
    """Let them sign in again; what they were signed in with stays ended."""
    _not_above(acting(by), user)
    return _switch_account(user, on=True)


def _switch_account(user: User, *, on: bool) -> User:
    if user.is_active != on:
        user.is_active = on
        user.save(update_fields=["is_active"])
    return user


def _without_owner(user: User) -> list[Organization]:
    """Organizations that would be without an owner; locked, as everything that changes owners locks them.

    Their own row too: whoever takes another owner away waits to see whether this one stays (people.py).
    """
    owned = Membership.objects.filter(user=user, role=Role.OWNER, is_active=True)
    list(Organization.objects.select_for_update().filter(memberships__in=owned).order_by("pk"))
    User.objects.select_for_update().get(pk=user.pk)
    others = Membership.objects.filter(role=Role.OWNER, is_active=True, user__is_active=True).exclude(user=user)
    return list(
        Organization.objects.select_for_update(of=("self",))
        .filter(Q(memberships__in=owned))
        .exclude(pk__in=others.values("organization_id"))
        .order_by("pk")
    )


@needs(Can.MAKE_STAFF)
@transaction.atomic
def set_staff(
    user: User, *, is_staff: bool, is_superuser: bool, rights: Iterable[Can] = (), by: Actor | None = None
) -> User:
    """Who is agency staff, and what each of them may do at the console; nobody changes themselves."""
    actor = acting(by)
    if actor.user is not None and actor.user.pk == user.pk:
        raise ValidationError(_("You cannot change your own rights."), code="oneself")
    user.is_staff, user.is_superuser = is_staff, is_superuser
    user.save(update_fields=["is_staff", "is_superuser"])
    wanted = {CONSOLE[one] for one in rights if CONSOLE.get(one)} if is_staff else set()
    if wanted != rights_of(user):
        user.user_permissions.set(_permissions(wanted))
        audit.note(user, event="rights_given", rights=", ".join(sorted(wanted)))
    return user


def _permissions(names: set[str]) -> list[Permission]:
    found = Permission.objects.select_related("content_type")
    return [one for one in found if f"{one.content_type.app_label}.{one.codename}" in names]


def _not_above(actor: Actor, user: User) -> None:
    """Whoever changes staff can become them: for those who make staff alone."""
    if actor.kind is not Kind.INNER and (user.is_staff or user.is_superuser) and not actor.may(Can.MAKE_STAFF):
        raise NotAllowed("not_given", Can.MAKE_STAFF)


# What runs below


@needs(Can.RUN_JOBS)
@transaction.atomic
def try_again(job: Job) -> None:
    """Do a job now, that was given up or waits."""
    jobs.schedule(job.kind, job.key, schema=job.schema)
    audit.note(job, event="job_again")
