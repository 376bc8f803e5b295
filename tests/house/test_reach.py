"""Servers of other people's that are not there, do not let us in or are not what we need: one sentence, no password."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from config.start.reach import SECONDS, broker, database
from tests.house.test_launcher import PROJECT, assert_one_sentence, launch
from tests.vendors.postgres import Postgres

SECRET = "s3cr3t p@ss"
QUOTED = "s3cr3t%20p%40ss"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def server(greeting: bytes, answer: bytes = b"") -> Iterator[int]:
    """Something else that listens: says `greeting` at once, `answer` to whatever it hears, and nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        links = []

        def serve() -> None:
            while True:
                try:
                    link, _ = listener.accept()
                    links.append(link)
                    link.sendall(greeting)
                    if answer and link.recv(1024):
                        link.sendall(answer)
                        link.close()
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        for link in links:
            link.close()


def reach(**addresses: str) -> str:
    """What `config.reach` prints; "" if all is well."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ran = subprocess.run(
        [sys.executable, "-m", "config.reach"],
        cwd=PROJECT, env=kept | addresses, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.stderr == ""
    words = [line for line in ran.stdout.splitlines() if line not in addresses]
    assert ran.returncode == len(words), ran.stdout
    return "".join(words)


def real(**parts: str) -> str:
    """The address of the tests' own server, with other parts."""
    config = {key: str(value) for key, value in connections["default"].settings_dict.items()} | parts
    return f"postgres://{config['USER']}:{config['PASSWORD']}@{config['HOST']}:{config['PORT']}/{config['NAME']}"


def admin(*statements: str) -> None:
    with psycopg.connect(real(NAME="postgres"), autocommit=True) as link:
        for statement in statements:
            link.execute(statement)


@pytest.mark.parametrize(
    ("variable", "scheme", "what"),
    [
        ("DATABASE_URL", "postgres", "PostgreSQL server"),
        ("CELERY_BROKER_URL", "redis", "broker"),
        ("CELERY_BROKER_URL", "amqp", "broker"),
    ],
)
def test_nobody_listens(tmp_path, variable, scheme, what):
    port = closed_port()
    address = f"{scheme}://frontdesk:{QUOTED}@127.0.0.1:{port}/0"
    told = launch("run", data_dir=tmp_path / "data", PORT=str(closed_port()), **{variable: address})
    assert_one_sentence(told, f"The {what} at 127.0.0.1:{port} ({variable}) cannot be reached", "connection refused")
    for secret in (SECRET, QUOTED):
        assert secret not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("variable", "address", "words"),
    [
        ("DATABASE_URL", "postgres://u:p@no-such-host.invalid/x", "no such host name is known"),
        ("DATABASE_URL", "frontdesk", "is no address such as postgres://"),
        ("DATABASE_URL", "postgres://u:p@[::1/x", "is no address such as postgres://"),
        ("DATABASE_URL", "postgres://u:p@db:port/x", "is no address such as postgres://"),
        ("CELERY_BROKER_URL", "redis", "is no address such as redis://"),
        ("DATABASE_URL", "postgres://u:p@" + "a" * 70 + ".example/x", "cannot be reached"),
    ],
)
def test_addresses_that_lead_nowhere(tmp_path, variable, address, words):
    assert_one_sentence(launch("run", data_dir=tmp_path / "data", **{variable: address}), words)


def test_a_wrong_password_ends_make_run_in_one_sentence(tmp_path):
    address = real(PASSWORD=QUOTED)
    told = launch("run", data_dir=tmp_path / "data", PORT=str(closed_port()), DATABASE_URL=address)
    parts = urlsplit(address)
    assert_one_sentence(told, f"at {parts.hostname}:{parts.port} (DATABASE_URL)", "password authentication failed")
    for secret in (SECRET, QUOTED):
        assert secret not in told.stdout + told.stderr


def test_what_a_database_can_lack():
    assert reach(DATABASE_URL=os.environ["DATABASE_URL"]) == ""
    missing = reach(DATABASE_URL=real(NAME="no_such_database"))
    assert 'does not let us in: database "no_such_database" does not exist; make it with: createdb' in missing
    role, name = f"visitor_{os.getpid()}", f"reach_{os.getpid()}"
    visitor = {"USER": role, "PASSWORD": "x", "NAME": name}
    admin(
        f"CREATE ROLE {role} LOGIN PASSWORD 'x'",
        f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
    )
    try:
        assert "keeps the database" in reach(DATABASE_URL=real(NAME=name))
        admin(f"DROP DATABASE {name}", f"CREATE DATABASE {name}")
        assert f'GRANT CREATE ON DATABASE "{name}" TO "{role}"' in reach(DATABASE_URL=real(**visitor))
        admin(f"GRANT CREATE ON DATABASE {name} TO {role}")
        assert f'GRANT CREATE ON SCHEMA public TO "{role}"' in reach(DATABASE_URL=real(**visitor))
    finally:
        admin(f"DROP DATABASE {name}", f"DROP ROLE {role}")


def test_servers_that_are_not_what_we_need():
    able = ("UTF8", "f", "t", "t", "shop", "frontdesk")
    address = "postgres://frontdesk:x@127.0.0.1:{}/shop"
    with Postgres(version="13.14") as old:
        told = reach(DATABASE_URL=address.format(old.port))
        assert told.endswith("is too old: it is PostgreSQL 13, and 15 or newer is needed.")
    with Postgres(row=able) as good:
        assert reach(DATABASE_URL=address.format(good.port)) == ""
    lacking = 'extension "pg_trgm" is not available'
    with Postgres(row=able, refuses={"CREATE EXTENSION": lacking}) as bare:
        told = reach(DATABASE_URL=address.format(bare.port))
        assert f"lacks the extension pg_trgm and cannot add it: {lacking}" in told
    with Postgres(row=("UTF8", "t", *able[2:])) as replica:
        assert "is a replica that only reads" in reach(DATABASE_URL=address.format(replica.port))
    with server(b"", b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert reach(DATABASE_URL=address.format(port)).endswith("is no PostgreSQL: it answers in another language.")


def test_brokers_that_are_not_what_we_need():
    there = urlsplit(settings.CELERY_BROKER_URL)
    address = f"redis://:{{}}@{there.hostname}:{there.port}/0"
    assert reach(CELERY_BROKER_URL=address.format(there.password)) == ""
    for password in (QUOTED, ""):
        told = reach(CELERY_BROKER_URL=address.format(password))
        assert f"at {there.hostname}:{there.port} (CELERY_BROKER_URL) does not let us in" in told
        assert "check its password" in told
        assert SECRET not in told
    for words in (b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x01\x02\x03\r\n"):
        with server(words) as port:
            assert "is no Redis" in reach(CELERY_BROKER_URL=f"redis://:{QUOTED}@127.0.0.1:{port}/0")
    with server(b"", b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert "is no Redis" in reach(CELERY_BROKER_URL=f"redis://127.0.0.1:{port}/0")


def test_a_server_that_stays_silent_is_not_waited_for(tmp_path):
    assert SECONDS < 5
    with server(b"") as port:
        for variable, scheme in (("DATABASE_URL", "postgres"), ("CELERY_BROKER_URL", "redis")):
            told = launch(
                "run",
                data_dir=tmp_path / "data",
                PORT=str(closed_port()),
                **{variable: f"{scheme}://u:x@127.0.0.1:{port}/0"},
            )
            assert_one_sentence(told, f"at 127.0.0.1:{port} ({variable})", "does not answer")


def test_an_address_is_shown_without_its_password():
    shown = database(f"postgres://frontdesk:{QUOTED}@db.example:5433/shop")
    assert shown.where == "the PostgreSQL server at db.example:5433 (DATABASE_URL)"
    assert shown.hidden(f"no {SECRET}\nnor {QUOTED}") == "no *** nor ***"
    assert broker("redis://cache").where == "the broker at cache:6379 (CELERY_BROKER_URL)"
    assert database("postgres:///shop?host=/var/run/postgresql").where == (
        "the PostgreSQL server at /var/run/postgresql (DATABASE_URL)"
    )
