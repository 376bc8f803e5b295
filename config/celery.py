"""The Celery app. Tasks are doors: they find due rows in the jobs table and run their handlers."""

import os

from celery import Celery

from . import heartbeat
from .beat import offer_beat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("frontdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["apps.jobs"])
offer_beat(app)
heartbeat.listen()
