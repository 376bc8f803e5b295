"""python -m config.web [--host 0.0.0.0]: the web server, as `make run` and the Procfile start it.

Environment: HOST, PORT, WEB_PROCESSES (as many as there are processors, at most 4), WEB_THREADS.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import resource
import shutil
import tempfile
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels

# Milliseconds for a request's headers, and for the next request of a connection that is kept open.
HEADERS_WITHIN = 15_000
# Open connections per process; each costs a socket and some kilobytes. More wait outside.
CONNECTIONS = 4096
# Connections that wait for us to take them up.
BACKLOG = 2048


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    _count_together()
    # Loaded once, before the processes part: what none of them changes they share.
    from django.conf import settings

    from config.web import app  # noqa: F401

    options = argparse.ArgumentParser(prog="python -m config.web")
    options.add_argument("--host", default=settings.HOST)
    host = options.parse_args().host
    _open_files(CONNECTIONS * 2)
    gc.collect()
    gc.freeze()
    Granian(
        "config.web.app:application",
        address=host,
        port=settings.PORT,
        interface=Interfaces.RSGI,
        workers=settings.WEB_PROCESSES,
        runtime_mode=RuntimeModes.st,
        # Nobody needs HTTP/2 behind a proxy, and its streams would pass the limits above.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN),
        websockets=False,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        log_level=LogLevels(os.environ.get("WEB_LOG_LEVEL", "error")),
        respawn_failed_workers=True,
        respawn_interval=1,
        # A client that reads slowly must not keep us from stopping.
        workers_kill_timeout=8,
    ).serve()


def _count_together() -> None:
    """Let the processes' counters be one: /metrics adds up what each has written (docs: prometheus_client, multiprocess)."""
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-metrics-"))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    atexit.register(_remove, folder, os.getpid())


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not the processes that parted from us
        shutil.rmtree(folder, ignore_errors=True)


def _open_files(wanted: int) -> None:
    """Sockets are files: the usual limit of 1,024 would be the first thing a crowd meets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    main()
