"""A request's turn at the processor, and stepping aside while it waits for somebody outside.

More pages at once than an interpreter can compute only make all of them slower, so the web server gives few turns
(`config.web`). A page that asks a vendor would hold its turn for seconds without computing: the egress client gives it back
meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_here = threading.local()


@contextmanager
def taking(turns: threading.Semaphore) -> Iterator[None]:
    """Hold one of the turns during the block, which this thread may lend to others."""
    turns.acquire()
    _here.turns = turns
    try:
        yield
    finally:
        _here.turns = None
        turns.release()


@contextmanager
def stepping_aside() -> Iterator[None]:
    """Let others have this thread's turn during the block; nothing where it has none."""
    turns: threading.Semaphore | None = getattr(_here, "turns", None)
    if turns is None:
        yield
        return
    turns.release()
    try:
        yield
    finally:
        turns.acquire()
