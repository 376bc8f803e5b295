"""API keys: shown once, stored hashed, never worth more than their maker is today."""

from __future__ import annotations

import secrets
from datetime import datetime

from auditlog.models import LogEntry
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.jobs import clock

from .. import audit, credentials
from ..actors import Can
from ..authentication import hash_key
from ..credential import ApiKey, Credential
from ..models import Organization, Role, User
from ..permissions import needs

MAXIMUM = 50


@needs(Can.MANAGE_KEYS, fresh=True)
def create_api_key(
    organization: Organization,
    *,
    name: str,
    role: Role,
    by: User,
    by_role: Role | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """(key, secret): the secret is not kept, so this is the only time it can be shown.

    A key hangs on its maker's membership; `by_role`: what they hold, where less than that is to count.
    """
    if not name.strip():
        raise ValidationError({"name": _("Say what the key is for.")})
    row = credentials.new(Credential.Kind.API_KEY, by, organization, None)
    if row.membership is None:
        raise ValidationError(_("Only somebody who works here can make a key."))
    held = Role(row.membership.role)
    if not (held.includes(role) and (by_role or held).includes(role)):
        raise ValidationError({"role": _("A key cannot do more than the person who makes it.")})
    if expires_at is not None and expires_at <= clock.now():
        raise ValidationError({"expires_at": _("This moment has passed.")})
    if ApiKey.objects.filter(organization=organization, ended_at=None).count() >= MAXIMUM:
        raise ValidationError(_("There are %(count)s keys already. Revoke one first.") % {"count": MAXIMUM})
    request = audit.request_of_now()
    secret = f"fd_{secrets.token_urlsafe(36)}"
    key = ApiKey.objects.create(
        kind=row.kind, user=by, user_epoch=row.user_epoch, organization=organization, membership=row.membership,
        membership_epoch=row.membership_epoch, parent=getattr(request, "credential", None), name=name.strip()[:80], prefix=secret[:12],
        secret_hash=hash_key(secret), role=role, expires_at=expires_at,
    )  # fmt: skip
    audit.note(key, action=LogEntry.Action.CREATE, event="key_made", role=role.value, expires_at=str(expires_at or ""))
    return key, secret


@needs(Can.MANAGE_KEYS)
def revoke_api_key(key: ApiKey) -> None:
    """End a key at once; the row stays, so that the audit log keeps making sense."""
    if credentials.end(key, Credential.Ended.REVOKED):
        audit.note(key, action=LogEntry.Action.UPDATE, event="key_revoked")
