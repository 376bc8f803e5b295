"""JWTs that name the organization they were made in, in families: one sign-in, and everything renewed from it.

Only a family's newest refresh token is good, and only once. An older one that turns up again has been copied, by whom
nobody can know, so the whole family ends. Access tokens live as long as their family, half an hour at most.
"""

from __future__ import annotations

import hashlib
from typing import Any

from auditlog.models import LogEntry
from django.http import HttpRequest
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from apps.jobs import clock

from . import audit, credentials
from .credential import Credential, absolute_limit
from .models import Organization, User
from .signing_in import note_sign_in

FAMILY, PLACE, PROVEN = "family", "org", "auth_time"
Ended = Credential.Ended


def refresh_for(user: User, organization: Organization, request: HttpRequest | None = None) -> RefreshToken:
    """The first refresh token of a new family; its access token is refused anywhere else."""
    family = credentials.new(Credential.Kind.TOKENS, user, organization, request)
    family.user, family.expires_at = user, absolute_limit(family)
    family.save()
    if request is not None:
        note_sign_in(family)
    return _next(family)


def token_for(user: User, organization: Organization) -> str:
    """An access token as text."""
    return str(refresh_for(user, organization).access_token)


def _next(family: Credential) -> RefreshToken:
    assert family.user is not None
    token = RefreshToken.for_user(family.user)
    token[PLACE], token[FAMILY] = family.organization_id, family.pk
    token[PROVEN] = int(family.proven_at.timestamp()) if family.proven_at else 0
    family.secret_hash = _hash(token)
    Credential.objects.filter(pk=family.pk).update(secret_hash=family.secret_hash)
    return token


def _hash(token: Any) -> str:
    return hashlib.sha256(str(token["jti"]).encode()).hexdigest()


def family_of(token: Any, organization: Organization) -> Credential | None:
    """The living family that a token belongs to, here, with its person and membership: one query."""
    number = token.get(FAMILY)
    if not isinstance(number, int) or token.get(PLACE) != organization.pk:
        return None
    family = (
        Credential.objects.filter(pk=number, kind=Credential.Kind.TOKENS, organization=organization)
        .select_related("user", "membership")
        .first()
    )
    return None if family is None or family.worth is None else family


def renewed(text: str, organization: Organization) -> RefreshToken | None:
    """The next refresh token of a family; None for one that is worth nothing here. Used twice, it ends the family."""
    try:
        token = RefreshToken(text)  # type: ignore[arg-type]
    except TokenError:
        return None
    family = family_of(token, organization)
    if family is None:
        return None
    used_up = Credential.objects.filter(pk=family.pk, secret_hash=_hash(token), ended_at=None).update(
        secret_hash="", last_used_at=clock.now()
    )
    if not used_up:
        if credentials.end(family, Ended.REUSED):
            audit.note(family, action=LogEntry.Action.UPDATE, event="token_reused", user=str(family.user))
        return None
    return _next(family)


def end_family(text: str, organization: Organization) -> Credential | None:
    """Sign a program out: its family ends, and with it every token; the family, if there was a living one."""
    try:
        token = RefreshToken(text)  # type: ignore[arg-type]
    except TokenError:
        return None
    family = family_of(token, organization)
    return family if family is not None and credentials.end(family, Ended.SIGNED_OUT) else None
