"""The Celery app. Tasks are doors: they find due rows in the jobs table and run their handlers."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from . import heartbeat
from .beat import offer_beat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("frontdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["apps.jobs"])
offer_beat(app)
heartbeat.listen()


@setup_logging.connect
def _log_as_django_does(**_: Any) -> None:
    """Our structured logging, with tenant and job, instead of Celery's own."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_process_init.connect
def _own_pool(**_: Any) -> None:
    """A forked child must not use its parent's connection pool: its threads stayed behind."""
    from apps.jobs.connection import connection

    connection._connection_pools.clear()  # noqa: SLF001  closing it would end the parent's sessions
