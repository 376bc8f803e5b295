"""Ids that nobody can guess and that still stand in the order in which rows were made."""

from __future__ import annotations

import secrets
import threading
import uuid

from . import clock

_lock = threading.Lock()
_last = 0


def ordered_id() -> uuid.UUID:
    """A UUID of version 7: later ones of this process are greater, also when the clock stands still or goes back."""
    global _last
    with _lock:
        # 48 bits of milliseconds, 12 bits that count within one.
        _last = max(int(clock.now().timestamp() * 1000) << 12, _last + 1)
        moment = _last
    return uuid.UUID(int=(moment >> 12) << 80 | 7 << 76 | (moment & 0xFFF) << 64 | 2 << 62 | secrets.randbits(62))
