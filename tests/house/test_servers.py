"""The embedded servers for real: started, killed, started again, in folders that only their owner can enter."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from config.start import roles
from config.start.console import Console
from config.start.folder import DataFolder
from config.start.packages import Packages
from config.start.postgres import Postgres

from .test_launcher import PROJECT, assert_one_sentence, launch

pytestmark = pytest.mark.slow

# Prints the addresses it was given and stays until told to go.
STAY = "import json, os, sys, time; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.readline()"


@pytest.fixture
def closed_folder():
    """A folder as `mktemp -d` makes it: mode 700, so that the database's own user cannot enter."""
    path = Path(tempfile.mkdtemp(prefix="house-"))
    yield path
    for pointer in path.rglob("postgres.home"):
        shutil.rmtree(pointer.read_text().strip(), ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running(folder):
    """The two servers; yields the launcher's process and the environment that programs get."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "config.start", "with", sys.executable, "-c", STAY],
        cwd=PROJECT,
        env=kept | {"DATA_DIR": str(folder), "VENV": sys.prefix},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("{"):
                yield process, json.loads(line)
                break
        else:
            pytest.fail("".join(said))
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def test_nobody_but_the_launcher_is_a_superuser_and_old_databases_are_handed_over(closed_folder):
    """As a data folder of before looks: a database, a schema and all kinds of things that the bootstrap role owns."""
    with running(closed_folder) as (_, environment):
        address = environment["DATABASE_URL"]
        assert "POSTGRES_PASSWORD" not in environment
        folder = DataFolder(closed_folder / "test")
        postgres = Postgres(folder, Packages(PROJECT, Console(), closed_folder / "log").site_packages(), Console())
        postgres.port = urlsplit(address).port
        postgres._psql("postgres", "CREATE DATABASE old;")
        postgres._psql("old", """
            CREATE EXTENSION pg_trgm;
            CREATE SCHEMA acme; CREATE SCHEMA "Odd name";
            CREATE TABLE acme.lead (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
            CREATE TABLE "Odd name"."odd table" (id serial);
            CREATE VIEW acme.names AS SELECT name FROM acme.lead;
            CREATE SEQUENCE acme.alone;
            CREATE TYPE acme.mood AS ENUM ('good', 'bad');
            CREATE FUNCTION acme.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
        """)  # fmt: skip
        for _again in range(2):
            roles.hand_over(postgres._psql, folder.secrets()["DATABASE_PASSWORD"], workshop=False)
        with psycopg.connect(address.rpartition("/")[0] + "/old", autocommit=True) as link:
            # What only an owner may do.
            for statement in (
                "ALTER TABLE acme.lead ADD COLUMN age int", "INSERT INTO acme.lead (name) VALUES ('Mona')",
                'ALTER TABLE "Odd name"."odd table" ADD COLUMN a int', "DROP VIEW acme.names", "DROP SEQUENCE acme.alone",
                "ALTER TYPE acme.mood ADD VALUE 'so'", "DROP FUNCTION acme.twice(int)", "CREATE SCHEMA globex",
                "CREATE EXTENSION IF NOT EXISTS pg_trgm", "DROP SCHEMA acme CASCADE", "COMMENT ON SCHEMA public IS 'x'",
            ):  # fmt: skip
                link.execute(statement)
            rights = "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = current_user"
            assert link.execute(rights).fetchone() == (False,) * 5
            for statement in (
                "CREATE ROLE x SUPERUSER",
                "COPY (SELECT 1) TO PROGRAM 'true'",
                "SET ROLE frontdesk",
                "ALTER SYSTEM SET jit = on",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    link.execute(statement)


def test_data_survives_a_kill_and_nothing_blocks_the_next_start(closed_folder):
    with running(closed_folder) as (process, environment):
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('here')")
        broker = redis.Redis.from_url(environment["CELERY_BROKER_URL"])
        broker.lpush("queue", "task")
        time.sleep(1.1)  # the append-only file is flushed every second
        process.send_signal(signal.SIGKILL)
        process.wait()
    with running(closed_folder) as (_, again):
        assert again["DATABASE_URL"] == environment["DATABASE_URL"]  # the port is remembered
        with psycopg.connect(again["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT word, lower('É') FROM kept").fetchone() == ("here", "é")
        assert redis.Redis.from_url(again["CELERY_BROKER_URL"]).lrange("queue", 0, -1) == [b"task"]


def test_a_second_start_says_who_is_in_the_way(closed_folder):
    with running(closed_folder) as (process, _):
        result = launch("with", "true", data_dir=closed_folder)
    assert_one_sentence(result, "already running", str(closed_folder), str(process.pid))


def test_nothing_of_the_owners_is_opened_up(closed_folder):
    before = closed_folder.stat().st_mode
    with running(closed_folder) as (_, environment):
        pass
    assert closed_folder.stat().st_mode == before
    home = closed_folder / "test"
    for name in ("secrets.env", "ports.json"):
        assert (home / name).stat().st_mode & 0o077 == 0
    assert not (home / "run.env").exists()  # gone with the run whose addresses it held
    if os.geteuid() == 0:
        outside = Path((home / "postgres.home").read_text().strip())
        assert not outside.is_relative_to(closed_folder)
        assert (outside / "postgres").stat().st_mode & 0o077 == 0
        assert (outside / "postgres").stat().st_uid != 0
    assert environment["DATABASE_URL"].startswith("postgres://frontdesk_app:")


def test_a_copied_folder_does_not_share_its_originals_database(closed_folder):
    if os.geteuid() != 0:
        pytest.skip("only root's database lies outside of the data folder")
    original, copy = closed_folder / "original", closed_folder / "copy"
    with running(original):
        pass
    shutil.copytree(original, copy)
    assert_one_sentence(launch("with", "true", data_dir=copy), "is a copy of", str(original))


def test_everything_stops_when_asked(closed_folder):
    with running(closed_folder) as (process, environment):
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 130
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(environment["DATABASE_URL"], connect_timeout=2)
        with pytest.raises(redis.ConnectionError):
            redis.Redis.from_url(environment["CELERY_BROKER_URL"]).ping()


def test_servers_of_ones_own_are_used(closed_folder):
    """DATABASE_URL and CELERY_BROKER_URL set: nothing is embedded."""
    given = {name: os.environ[name] for name in ("DATABASE_URL", "CELERY_BROKER_URL")}  # these tests' own
    result = launch("with", sys.executable, "-c", STAY, data_dir=closed_folder, **given)
    environment = json.loads(next(line for line in result.stdout.splitlines() if line.startswith("{")))
    assert given.items() <= environment.items()
    assert not (closed_folder / "test" / "broker").exists()
    assert not (closed_folder / "test" / "postgres.home").exists()


def test_a_start_waits_for_the_one_that_is_just_stopping(closed_folder):
    """`make` killed with -9: its launcher stops in order, and the next start must not be turned away meanwhile."""
    with running(closed_folder) as (process, environment):
        process.send_signal(signal.SIGTERM)
        with running(closed_folder) as (_, again):
            assert again["DATABASE_URL"] == environment["DATABASE_URL"]
