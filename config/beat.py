"""Celery's beat as a thread of the worker: `celery -A config.celery worker --with-beat`.

For an installation with exactly one worker process (`make run`): it saves a process of 130 MB.
With several workers, beat is one process of its own (Procfile), or every worker would keep time.
"""

from __future__ import annotations

import threading
from typing import Any

import structlog
from celery import Celery, bootsteps
from celery.beat import Service
from click import Option

log = structlog.get_logger(__name__)


class BeatThread(bootsteps.StartStopStep):
    """Keep beat running beside the worker; if it fails (the database is away), begin it again."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, with_beat: bool = False, **options: Any) -> None:
        self.enabled = with_beat
        self.app: Celery = worker.app
        self.service: Any = None
        self.stopping = threading.Event()
        super().__init__(worker, **options)

    def include_if(self, _worker: Any) -> bool:
        return self.enabled

    def start(self, _worker: Any) -> None:
        threading.Thread(target=self._run, name="beat", daemon=True).start()

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                # A short interval, so that stopping does not wait for the next due entry.
                self.service = Service(
                    self.app,
                    max_interval=1,
                    # By itself a service keeps a schedule of its own in a file, and knows nothing of ours.
                    scheduler_cls=self.app.conf.beat_scheduler,
                    remote_control=False,
                )
                self.service.start()
            except Exception as error:  # noqa: BLE001 (whatever it was, time goes on)
                log.warning("beat.interrupted", error=type(error).__name__)
            self.stopping.wait(2)

    def stop(self, _worker: Any) -> None:
        self.stopping.set()
        if self.service:
            self.service.stop()


def offer_beat(app: Celery) -> None:
    """Give this app's worker the option `--with-beat`."""
    app.user_options["worker"].add(Option(("--with-beat",), is_flag=True, help="Run beat as a thread of this worker."))
    app.steps["worker"].add(BeatThread)
