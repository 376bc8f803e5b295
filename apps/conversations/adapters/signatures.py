"""Meta's webhook signature: `X-Hub-Signature-256: sha256=<hex HMAC-SHA256(app secret, raw body)>`.

The bytes signed are those received: Meta signs the body with its own escapes (`\\u00e4`, `\\/`), so parsing
and writing it again breaks the signature.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

HEADER = "X-Hub-Signature-256"


def sign_meta(app_secret: str, body: bytes) -> str:
    """The header value that Meta would send with `body`; used by the simulator and the tests."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def verify_meta(app_secrets: str | Iterable[str], body: bytes, header: str | None) -> bool:
    """Whether `header` signs `body` with one of the secrets (several while one is being rotated).

    An empty secret never verifies. The comparison takes the same time whatever is wrong.
    """
    if isinstance(app_secrets, str):
        app_secrets = (app_secrets,)
    given = (header or "").strip().encode("utf-8", "replace")
    valid = False
    for secret in app_secrets:
        if secret and hmac.compare_digest(sign_meta(secret, body).encode(), given):
            valid = True
    return valid
