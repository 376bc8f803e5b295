"""Keep secrets out of the logs, whoever wrote them: by the name of a field, and by the look of a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

HIDDEN = "[hidden]"
_NAMES = re.compile(
    r"token|secret|passw|authorization|cookie|api.?key|credential|signature|private.?key|encryption|session.?id|otp",
    re.IGNORECASE,
)
# Names that hold one of these words and no secret.
_HARMLESS = re.compile(r"tokens$|_token_count$|^token_type$|max_tokens|secrets?_count$", re.IGNORECASE)
_VALUES = [
    re.compile(r"(?i)\b(bearer|api-key|basic)\s+[\w.~+/=-]{8,}"),
    # In addresses and form bodies: ?access_token=…, key=…
    re.compile(
        r"(?i)\b((?:access_|refresh_|verify_|hub\.verify_)?token|key|api_?key|secret|password|signature)=[^&\s\"']+"
    ),
    re.compile(r"(?i)\b(\w+://[^/\s:@]*):[^@\s/]+@"),  # postgres://user:password@host
    # Each begins where no other could have begun: hostile text is walked through once, not once per letter.
    re.compile(r"\b()(?:sk-[\w-]{12,}|EAA\w{20,}|AIza[\w-]{20,}|whsec_[\w+/=]{12,})"),
    re.compile(r"(?<![\w-])()eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"),
]
_REPLACEMENTS = [rf"\1 {HIDDEN}", rf"\1={HIDDEN}", rf"\1:{HIDDEN}@", HIDDEN, HIDDEN]
_DEEPEST = 6
# Characters of one value that a log line says, and that are looked at for it. What is cut lies in the middle both times,
# so half a secret at the first cut is gone with the second.
_LONGEST, _READ = 20_000, 200_000


def redact_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor; the last one before rendering, so that tracebacks are covered too."""
    for name, value in event.items():
        event[name] = HIDDEN if _is_secret(name, value) else _shorter(_clean(_shorter(value, _READ), 0), _LONGEST)
    return event


def _shorter(value: Any, longest: int) -> Any:
    if not isinstance(value, str) or len(value) <= longest:
        return value
    half = longest // 2
    return f"{value[:half]} … {len(value) - 2 * half} characters … {value[-half:]}"


def redacted(value: Any) -> Any:
    """`value` (decoded JSON, or text) without secrets, to be shown; bodies nest deeper than log lines do."""
    return _clean(value, _DEEPEST - 40)


def _is_secret(name: str, value: Any) -> bool:
    return bool(value) and not isinstance(value, bool) and bool(_NAMES.search(name)) and not _HARMLESS.search(name)


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        for pattern, replacement in zip(_VALUES, _REPLACEMENTS, strict=True):
            value = pattern.sub(replacement, value)
        return value
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return {k: HIDDEN if _is_secret(str(k), v) else _clean(v, depth + 1) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [_clean(item, depth + 1) for item in value]
    return value
