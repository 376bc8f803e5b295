"""JWTs that name the organization they were made in."""

from __future__ import annotations

from rest_framework_simplejwt.tokens import RefreshToken

from .models import Organization, User


def refresh_for(user: User, organization: Organization) -> RefreshToken:
    """A refresh token; its access token carries `org`, and is refused anywhere else."""
    token = RefreshToken.for_user(user)
    token["org"] = organization.pk
    return token


def token_for(user: User, organization: Organization) -> str:
    """An access token as text."""
    return str(refresh_for(user, organization).access_token)
