"""What `manage.py check` says about keys and hosts before anything breaks."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks

_HINT = (
    'Make a key with: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
    " and put it first in FIELD_ENCRYPTION_KEYS, before the older ones."
)


def encryption_keys(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Credentials cannot be stored or read without a key; better to hear that now."""
    keys = settings.FIELD_ENCRYPTION_KEYS
    if not keys:
        return [checks.Error("FIELD_ENCRYPTION_KEYS is empty.", hint=_HINT, id="organizations.E001")]
    problems: list[checks.CheckMessage] = []
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except (ValueError, TypeError):
            problems.append(
                checks.Error(
                    f"Key {number} of FIELD_ENCRYPTION_KEYS is not 32 bytes in URL-safe base64.",
                    hint=_HINT,
                    id="organizations.E002",
                )
            )
    if len(set(keys)) < len(keys):
        problems.append(checks.Warning("FIELD_ENCRYPTION_KEYS holds a key twice.", id="organizations.W001"))
    return problems


def base_domain(**_kwargs: Any) -> list[checks.CheckMessage]:
    """In production, tenants live below a real domain."""
    if settings.DEBUG or settings.BASE_DOMAIN != "localhost":
        return []
    return [
        checks.Warning(
            "BASE_DOMAIN is localhost, so organizations can only be reached on this machine.",
            hint="Set BASE_DOMAIN to the domain below which organizations live.",
            id="organizations.W002",
        )
    ]


def register_all() -> None:
    checks.register(encryption_keys, checks.Tags.security)
    checks.register(base_domain, checks.Tags.security, deploy=True)
