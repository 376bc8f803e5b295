"""Signatures by the Standard Webhooks specification (standardwebhooks.com), version v1: HMAC-SHA256."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes, says the specification


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key inside `whsec_…`; ValueError if it is not one."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise ValueError("not whsec_ and 24 to 64 bytes in base64")
    return key


def secret_from(text: str) -> str:
    """A secret as it is, or one made from any other text (an installation's WEBHOOK_SIGNING_SECRET)."""
    try:
        key_of(text)
    except ValueError:
        raw = text.encode()
        key = raw if SHORTEST <= len(raw) <= LONGEST else hashlib.sha256(raw).digest()
        return PREFIX + base64.b64encode(key).decode()
    return text


def is_signed(header: str, webhook_id: str, timestamp: int, body: bytes, keys: Iterable[bytes]) -> bool:
    """Whether one of the signatures in `webhook-signature` is one of ours."""
    ours = sign(webhook_id, timestamp, body, keys).split()
    return any(hmac.compare_digest(theirs.encode(), own.encode()) for theirs in header.split()[:20] for own in ours)


def derived(secret: str, organization: str) -> str:
    """An organization's own secret, from the installation's: knowing one tells nothing of another's."""
    key = hmac.digest(key_of(secret_from(secret)), b"frontdesk-webhook:" + organization.encode(), "sha256")
    return PREFIX + base64.b64encode(key).decode()


def sign(webhook_id: str, timestamp: int, body: bytes, keys: Iterable[bytes]) -> str:
    """The header `webhook-signature`: one signature per live key, separated by spaces."""
    content = b"%s.%d.%s" % (webhook_id.encode(), timestamp, body)
    return " ".join("v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
