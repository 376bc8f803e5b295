"""One process that drains the bulk queue until nothing is left; waits for a line on stdin before it begins."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
import django

django.setup()
from apps.jobs import services
from apps.jobs.registry import handles


@handles("bench.nothing", queue="bulk")
def nothing(_job: object) -> None:
    pass


services.claim("bulk", schema="nobody")  # the connection is there
print("ready", flush=True)
sys.stdin.readline()
services.drain("bulk", seconds=100)
