"""JWTs that name the organization they were made in."""

from __future__ import annotations

from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken, TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from .models import Organization, User
from .queries import membership_of


def refresh_for(user: User, organization: Organization) -> RefreshToken:
    """A refresh token; its access token carries `org`, and is refused anywhere else."""
    token = RefreshToken.for_user(user)
    token["org"] = organization.pk
    return token


def token_for(user: User, organization: Organization) -> str:
    """An access token as text."""
    return str(refresh_for(user, organization).access_token)


def renewed(text: str, organization: Organization) -> str | None:
    """A new access token for a refresh token that is still worth something here; else None.

    It is not where it was made elsewhere, its person is no longer a member, or the password has changed.
    """
    try:
        token = RefreshToken(text)  # type: ignore[arg-type]
        user = JWTAuthentication().get_user(token)
    except (TokenError, InvalidToken, AuthenticationFailed):
        return None
    if token.get("org") != organization.pk or membership_of(user, organization) is None:  # type: ignore[arg-type]
        return None
    return str(token.access_token)
