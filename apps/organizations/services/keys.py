"""API keys: shown once, stored hashed, never worth more than their maker."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.jobs import clock

from ..authentication import hash_key
from ..models import ApiKey, Organization, Role, User

MAXIMUM = 50


def create_api_key(
    organization: Organization,
    *,
    name: str,
    role: Role,
    by: User | None,
    by_role: Role,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """(key, secret): the secret is not kept, so this is the only time it can be shown."""
    if not name.strip():
        raise ValidationError({"name": _("Say what the key is for.")})
    if not by_role.includes(role):
        raise ValidationError({"role": _("A key cannot do more than the person who makes it.")})
    if expires_at is not None and expires_at <= clock.now():
        raise ValidationError({"expires_at": _("This moment has passed.")})
    if ApiKey.objects.filter(organization=organization, revoked_at=None).count() >= MAXIMUM:
        raise ValidationError(_("There are %(count)s keys already. Revoke one first.") % {"count": MAXIMUM})
    secret = f"fd_{secrets.token_urlsafe(36)}"
    key = ApiKey.objects.create(
        organization=organization,
        name=name.strip(),
        prefix=secret[:12],
        key_hash=hash_key(secret),
        role=role,
        created_by=by,
        expires_at=expires_at,
    )
    return key, secret


def revoke_api_key(key: ApiKey) -> None:
    """End a key at once; the row stays, so that the audit log keeps making sense."""
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        key.save(update_fields=["revoked_at"])
