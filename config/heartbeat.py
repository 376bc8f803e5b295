"""Whether background work moves at all: the worker says so whenever beat's sweep has passed through it.

One sign covers beat, broker and worker together. It lives in the cache, so it costs the database nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery.signals import task_postrun, worker_ready
from django.core.cache import cache

from apps.jobs import clock

KEY = "worker-heartbeat"
# Beat sweeps every 2 s; this many missed ones are no accident.
LATE_AFTER = 35


def beat(**_: Any) -> None:
    """Say that work moves."""
    cache.set(KEY, clock.now().isoformat(), timeout=3600)


def age() -> float | None:
    """Seconds since the last sign; None if there was none for an hour, or no shared cache."""
    seen = cache.get(KEY)
    return (clock.now() - datetime.fromisoformat(seen)).total_seconds() if seen else None


def listen() -> None:
    """Called in the worker's process."""
    worker_ready.connect(beat, weak=False)
    task_postrun.connect(_after, weak=False)


def _after(task: Any = None, **_: Any) -> None:
    if task is not None and task.name == "jobs.sweep":
        beat()
