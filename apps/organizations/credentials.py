"""Make, recognize and end what people sign in with."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from apps.jobs import clock

from .credential import Credential, absolute_limit, running
from .hosts import client_address
from .models import Membership, Organization, StaffEntry, User

SESSION = "credential"  # where a session keeps the number of its credential
NOTED_EVERY = 60  # seconds; a use within a minute of the last one is not written down
Kind, Ended = Credential.Kind, Credential.Ended


# Sessions -----------------------------------------------------------------------------------------------------------


def open_session(request: HttpRequest, user: User, *, entry: StaffEntry | None = None) -> Credential:
    """The credential of a session that has just begun; through the agency's door it is the entry itself."""
    before = getattr(request, "credential", None)
    if before is not None and before.user_id == user.pk and entry is None:
        renew_proof(before)
        return before
    credential: Credential = entry or new(Kind.SESSION, user, getattr(request, "tenant", None), request)
    if entry is None:
        credential.expires_at, credential.last_used_at = absolute_limit(credential), clock.now()
        credential.save()
    request.session[SESSION] = credential.pk
    request.session.set_expiry(credential.expires_at)
    return credential


def new(kind: str, user: User, organization: Organization | None, request: HttpRequest | None) -> Credential:
    """A new one, at today's epochs; not saved yet."""
    membership = None
    if organization is not None:
        membership = Membership.objects.filter(user=user, organization=organization, is_active=True).first()
    return Credential(
        kind=kind,
        user=user,
        user_epoch=user.epoch,
        organization=organization,
        membership=membership,
        membership_epoch=membership.epoch if membership else 0,
        proven_at=clock.now(),
        device=device_of(request) if request is not None else "",
        address=client_address(request) if request is not None else None,
    )


def device_of(request: HttpRequest) -> str:
    return "".join(c for c in request.headers.get("User-Agent", "") if c.isprintable())[:300]


def signed_in(request: HttpRequest) -> User | AnonymousUser:
    """Whose session this is, with the credential and the membership behind it: one query.

    A session that is worth nothing any more is thrown away. `request.credential` is set where there is one.
    """
    number = request.session.get(SESSION)
    if number is None:
        return _adopted(request)
    credential = Credential.objects.select_related("user", "membership").filter(pk=number).first()
    why = _unfit(request, credential)
    if credential is None or why:
        if credential is not None and why:
            end(credential, why)
        request.session.flush()
        return AnonymousUser()
    assert credential.user is not None
    request.credential = credential  # type: ignore[attr-defined]
    return credential.user


def _unfit(request: HttpRequest, credential: Credential | None) -> str:
    if credential is None:
        return ""
    if credential.died_of:
        return credential.died_of
    tenant = getattr(request, "tenant", None)
    if credential.organization_id != (tenant.pk if tenant else None):
        return Ended.MOVED
    user = credential.user
    assert user is not None
    kept = str(request.session.get(HASH_SESSION_KEY, ""))
    same = str(request.session.get(SESSION_KEY)) == str(user.pk)
    return "" if same and constant_time_compare(kept, user.get_session_auth_hash()) else Ended.PERSON


def _adopted(request: HttpRequest) -> User | AnonymousUser:
    """A session from before there were credentials gets one; it is as proven as its person's last sign-in."""
    user = get_user(request)
    if isinstance(user, User):
        credential = open_session(request, user)
        credential.proven_at = user.last_login
        credential.save(update_fields=["proven_at"])
        request.credential = credential  # type: ignore[attr-defined]
        return user
    return AnonymousUser()


def membership_behind(credential: Credential, organization: Organization) -> Membership | None:
    """Through which its person has rights here; somebody who joined after they signed in is recognized now."""
    if credential.membership is None and credential.kind != Kind.STAFF_ENTRY and credential.user is not None:
        joined = Membership.objects.filter(user=credential.user, organization=organization, is_active=True).first()
        if joined is not None:
            credential.membership, credential.membership_epoch = joined, joined.epoch
            credential.save(update_fields=["membership", "membership_epoch"])
    membership = credential.membership
    if membership is not None and credential.user is not None:
        membership.user, membership.organization = credential.user, organization
    return membership


def note_use(credential: Credential, request: HttpRequest) -> None:
    """Write down when and from where it was last used, at most once a minute."""
    now = clock.now()
    last = credential.last_used_at
    if last is None or abs((now - last).total_seconds()) >= NOTED_EVERY:
        credential.last_used_at, credential.address = now, client_address(request)
        Credential.objects.filter(pk=credential.pk).update(last_used_at=now, address=credential.address)


def renew_proof(credential: Credential) -> None:
    """Its person has just given a password or a code."""
    credential.proven_at = clock.now()
    Credential.objects.filter(pk=credential.pk).update(proven_at=credential.proven_at)


# Ending -------------------------------------------------------------------------------------------------------------


def end(credential: Credential, why: str) -> bool:
    """End one, once; the row stays and says what ended it."""
    ended = Credential.objects.filter(pk=credential.pk, ended_at=None).update(ended_at=clock.now(), ended_by=why)
    return bool(ended)


def sign_ins_of(user: User) -> Any:
    """Where somebody is signed in, everywhere: browsers, programs, entries into organizations."""
    return running().filter(user=user).exclude(kind=Kind.API_KEY).order_by("-last_used_at", "-id")


def end_others(user: User, *, but: Credential | None, why: str = Ended.ENDED) -> list[Credential]:
    """End every sign-in of a person but the one they use."""
    others = [one for one in sign_ins_of(user) if but is None or one.pk != but.pk]
    return [one for one in others if end(one, why)]


def new_epoch(user: User, current: Credential | None) -> list[Credential]:
    """What proves a person has changed: everybody signed in as them is out, but for this one sign-in."""
    user.begin_epoch()
    if current is not None and current.user_id == user.pk:
        keep(current, user)
    return end_stale(user)


def keep(credential: Credential, user: User) -> None:
    """Carry one sign-in over into its person's new epoch."""
    credential.user_epoch, credential.proven_at = user.epoch, clock.now()
    Credential.objects.filter(pk=credential.pk).update(user_epoch=user.epoch, proven_at=credential.proven_at)


def end_stale(user: User) -> list[Credential]:
    """Write down which sign-ins a new epoch of their person has ended."""
    dead = Credential.objects.filter(user=user, ended_at=None).exclude(user_epoch=user.epoch)
    return [one for one in dead.exclude(kind=Kind.API_KEY).select_related("user") if end(one, Ended.PERSON)]


def end_of_membership(membership: Membership) -> list[Credential]:
    """Write down what a new epoch of a membership has ended: sign-ins and keys."""
    membership.refresh_from_db(fields=["epoch"])
    dead = Credential.objects.filter(membership=membership, ended_at=None).exclude(membership_epoch=membership.epoch)
    return [one for one in dead.select_related("user") if end(one, Ended.MEMBERSHIP)]
