"""A task that does nothing, acknowledged late as ours are; Celery's other settings as they come."""

from __future__ import annotations

import os

from celery import Celery

app = Celery("bench", broker=os.environ["CELERY_BROKER_URL"])
app.conf.update(
    task_acks_late=True, task_ignore_result=True, task_default_queue="bench", broker_connection_retry_on_startup=True
)


@app.task(name="bench.nothing")
def nothing(key: str) -> None:
    pass
