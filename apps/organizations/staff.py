"""Agency staff inside a tenant: entered by a one-time link from the console, visible, written down, for a while.

What they may do there is listed in actors.STAFF. The entry is itself the credential of the session it opens.
"""

from __future__ import annotations

from datetime import timedelta

from django.core import signing
from django_tenants.utils import tenant_context

from apps.jobs import clock

from . import audit
from .actors import Can
from .models import Credential, Membership, Organization, Role, StaffEntry, User
from .permissions import needs

STAY = timedelta(hours=4)
DOOR_OPEN = timedelta(seconds=60)
_SALT = "staff-entry"


@needs(Can.ENTER_ORGANIZATIONS)
def begin(
    user: User, organization: Organization, *, reason: str, address: str | None, made_with: Credential | None = None
) -> StaffEntry:
    """Write down that `user` goes in; the entry's token opens the door once, within a minute."""
    now = clock.now()
    return StaffEntry.objects.create(
        kind=Credential.Kind.STAFF_ENTRY,
        user=user,
        user_epoch=user.epoch,
        organization=organization,
        name=reason,
        address=address,
        parent=made_with,
        proven_at=made_with.proven_at if made_with else None,
        created_at=now,
        expires_at=now + STAY,
    )


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
        created_at__gt=now - DOOR_OPEN,
        user__is_staff=True,
        user__is_active=True,
    ).update(redeemed_at=now)
    if not used:
        return None
    entry = StaffEntry.objects.select_related("user", "organization").get(pk=number)
    if entry.died_of:
        return None
    with tenant_context(organization), audit.acting(f"staff:{entry.user_id}"):
        audit.note(entry, event="staff_entered", reason=entry.name)
    return entry


def acting_membership(entry: Credential) -> Membership:
    """A membership that exists only for this request, so that pages have a role to show."""
    return Membership(user=entry.user, organization=entry.organization, role=entry.worth or Role.VIEWER)
