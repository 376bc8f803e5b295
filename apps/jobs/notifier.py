"""Tell Celery that a queue has work: best effort, off the caller's path, coalesced.

What must happen stands in the jobs table; losing a nudge only means waiting for the next sweep.
"""

from __future__ import annotations

import os
import threading
import time

import structlog
from celery import current_app
from django.conf import settings

log = structlog.get_logger(__name__)

DRAIN = "jobs.drain"  # the task in tasks.py, by its name: this module stands below it
# A nudge for a time further away than this is left to the sweep.
LONGEST_DELAY = 60.0
# Seconds between two nudges of one queue: under load each finds plenty, and more would only fill the broker.
GAP = 0.02

_wanted: dict[str, float] = {}
_sent: dict[str, float] = {}
_condition = threading.Condition()
_thread: threading.Thread | None = None
_pause = threading.Event()  # never set


def nudge(queue: str, delay: float) -> None:
    """Ask for a drain of `queue` in `delay` seconds; returns at once and never raises."""
    global _thread
    if not settings.JOBS_NUDGE or delay > LONGEST_DELAY:
        return
    at = time.monotonic() + delay
    with _condition:
        at = max(at, _sent.get(queue, 0) + GAP)
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_send_forever, name="jobs-notifier", daemon=True)
            _thread.start()
        if delay <= 0 or queue not in _wanted:
            _wanted[queue] = min(at, _wanted.get(queue, at))
        elif abs(_wanted[queue] - at) > 0.05:
            _wanted[f"{queue}@{at:.1f}"] = at
        _condition.notify()


def _send_forever() -> None:
    while True:
        with _condition:
            while not _wanted:
                _condition.wait()
            name, at = min(_wanted.items(), key=lambda item: item[1])
            pause = at - time.monotonic()
            if pause > 0:
                _condition.wait(pause)
                continue
            del _wanted[name]
            queue = name.partition("@")[0]
            _sent[queue] = time.monotonic()
        _send(queue)


def _send(queue: str) -> None:
    try:
        current_app.send_task(DRAIN, args=[queue], queue=queue, retry=False, expires=300)
    except Exception as error:  # the broker is away; the sweep will find the row
        log.warning("jobs.nudge_failed", queue=queue, error=type(error).__name__)
        _pause.wait(0.5)


def _after_fork() -> None:
    """A child has no thread of its parent's, and must not inherit a lock somebody held."""
    global _condition, _thread
    _condition, _thread = threading.Condition(), None
    _wanted.clear()


os.register_at_fork(after_in_child=_after_fork)
