"""What benchmarks share: a throw-away database with tenants, and servers that are stopped again."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

QUICK = "--quick" in sys.argv  # the smallest form of each benchmark: its figures say nothing, but it ran


def size(usual: int, quick: int) -> int:
    """How many: usually, or with --quick."""
    return quick if QUICK else usual


def set_up(name: str) -> None:
    """Make an empty database on the server of DATABASE_URL and start Django on it; dropped at exit."""
    import atexit

    database = f"bench_{name}_{os.getpid()}"
    base = _server()
    template = os.environ.get("BENCH_TEMPLATE")  # of a test that wants to know only whether all of this runs
    with psycopg.connect(f"{base}/postgres", autocommit=True) as link:
        link.execute(f'CREATE DATABASE "{database}"' + (f' TEMPLATE "{template}"' if template else ""))

    def drop() -> None:
        with psycopg.connect(f"{base}/postgres", autocommit=True) as link:
            link.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    atexit.register(drop)
    _start_django(f"{base}/{database}")


def set_up_kept(database: str, *, mark: str) -> None:
    """Start Django on a database that stays from run to run, with its schemas brought up to date.

    It counts as complete when its comment is `mark`; what an earlier run began and did not finish is made anew.
    """
    base = _server()
    with psycopg.connect(f"{base}/postgres", autocommit=True) as link:
        found = link.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database]
        ).fetchone()
        if found != (mark,):
            link.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            link.execute(f'CREATE DATABASE "{database}"')
    _start_django(f"{base}/{database}")


def address() -> str:
    """The database Django works on."""
    return os.environ["DATABASE_URL"]


def _server() -> str:
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("Set DATABASE_URL to a PostgreSQL server on which a throw-away database may be made.")
    return url.rpartition("/")[0]


def _start_django(url: str) -> None:
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("SECRET_KEY", "bench-" + "x" * 60)
    os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.core.management import call_command

    if "BENCH_TEMPLATE" not in os.environ:
        call_command("migrate_schemas", interactive=False, verbosity=0)


def make_tenants(count: int) -> list[str]:
    """So many organizations, with their schemas; returns the schema names."""
    from apps.organizations.services import create_organization

    return [
        create_organization(slug=f"bench{n:04}", name=f"Bench {n}", owner_email="owner@bench.example").schema_name
        for n in range(count)
    ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(application: str, *, threads: int = 16, workers: int = 1) -> Iterator[int]:
    """`module:app` behind granian, as its documentation starts it; yields the port."""
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--blocking-threads", str(threads), "--no-ws", "--log-level", "error", application,
    ]  # fmt: skip
    with _running(command, os.environ, port):
        yield port


@contextlib.contextmanager
def served_product(**environment: str) -> Iterator[int]:
    """The product's web server as `make run` starts it; yields the port."""
    port = free_port()
    command = [sys.executable, "-m", "config.web"]
    with _running(command, os.environ | {"HOST": "127.0.0.1", "PORT": str(port)} | environment, port):
        yield port


@contextlib.contextmanager
def _running(command: list[str], environment: Mapping[str, str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        time.sleep(1)
        yield
    finally:
        process.terminate()
        process.wait(10)


def machine() -> str:
    """One line about where the figures come from."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.release()}"
