"""Agency staff inside a tenant: entered by a one-time link from the admin, visible, written down, for a while."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing
from django.http import HttpRequest
from django_tenants.utils import tenant_context

from apps.jobs import clock
from apps.jobs.connection import connection

from . import audit
from .access import person_of
from .models import Membership, Organization, Role, StaffEntry, User

SESSION_KEY = "staff_entry"
STAY = timedelta(hours=4)
DOOR_OPEN = timedelta(seconds=60)
_SALT = "staff-entry"


def begin(user: User, organization: Organization, *, reason: str, address: str | None) -> StaffEntry:
    """Write down that `user` goes in; the entry's token opens the door once, within a minute."""
    return StaffEntry.objects.create(user=user, organization=organization, reason=reason, address=address)


def token_for(entry: StaffEntry) -> str:
    """A signed token for the tenant host."""
    return signing.dumps({"entry": entry.pk}, salt=_SALT)


def redeem(token: str, organization: Organization) -> StaffEntry | None:
    """The entry a token stands for, if it is for this organization, fresh, and was never used; uses it up."""
    try:
        number = signing.loads(token, salt=_SALT)["entry"]
    except (signing.BadSignature, KeyError, TypeError):
        return None
    now = clock.now()
    used = StaffEntry.objects.filter(
        pk=number,
        organization=organization,
        ended_at=None,
        redeemed_at=None,
        started_at__gt=now - DOOR_OPEN,
        user__is_staff=True,
        user__is_active=True,
    ).update(redeemed_at=now)
    if not used:
        return None
    entry = StaffEntry.objects.select_related("user", "organization").get(pk=number)
    with tenant_context(organization), audit.acting(f"staff:{entry.user_id}"):
        audit.note(entry, reason=entry.reason)
    return entry


def entry_of(request: HttpRequest) -> StaffEntry | None:
    """The running entry of this session here, if any."""
    number = request.session.get(SESSION_KEY)
    if not number:
        return None
    return (
        StaffEntry.objects.filter(
            pk=number,
            organization=connection.tenant,
            user=person_of(request),
            user__is_staff=True,
            ended_at=None,
            started_at__gte=clock.now() - STAY,
        )
        .exclude(redeemed_at=None)
        .first()
    )


def acting_membership(entry: StaffEntry) -> Membership:
    """An owner's membership that exists only for this request."""
    return Membership(user=entry.user, organization=entry.organization, role=Role.OWNER)


def leave(entry: StaffEntry) -> None:
    """End the stay."""
    StaffEntry.objects.filter(pk=entry.pk, ended_at=None).update(ended_at=clock.now())
