"""manage.py prepare: everything that must be true before a new version serves its first request.

Migrations (public, then each tenant that is behind), static files, and for `make run` the demo tenants.
Safe to run on every deployment and on several hosts at once; does nothing, quickly, when nothing changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from apps.jobs.connection import connection
from apps.organizations.models import Organization
from apps.organizations.schemas import migration_state, prepare_dump
from config import static_files

_LOCK = 7_262_017  # any number; the same for everybody who prepares this database


class Command(BaseCommand):
    help = "Migrate every schema that is behind, collect static files; with --demo also make the demo tenants."
    # The checks would want tables that this command is about to make.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo",
            action="store_true",
            help="on localhost make the demo tenants if the database is empty; elsewhere the agency's first person",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with _alone():
            self._migrate()
            self._collect_static()
            if options["demo"]:
                self._demo()

    def _migrate(self) -> None:
        state = migration_state()
        if _state_of("public") != state:
            self.stdout.write("Migrating shared tables …")
            call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
            connection.set_schema_to_public()
            _set_state("public", state)
        schemas = (
            Organization.objects.exclude(schema_name="public").order_by("id").values_list("schema_name", flat=True)
        )
        behind = [schema for schema in schemas if _state_of(schema) != state]
        for number, schema in enumerate(behind, 1):
            self.stdout.write(f"Migrating {schema} ({number} of {len(behind)}) …")
            call_command("migrate_schemas", schema_name=schema, tenant=True, interactive=False, verbosity=0)
            connection.set_schema_to_public()
            _set_state(schema, state)
        # So that the first new organization does not wait for it.
        prepare_dump()

    def _collect_static(self) -> None:
        if not settings.DEBUG and static_files.collect():
            self.stdout.write("Static files are collected.")

    def _demo(self) -> None:
        """Once: an interrupted attempt is made again, a database with organizations of its own is left alone.

        Elsewhere than on localhost nobody is invented: the agency gets a first person, and the demo's go.
        """
        begun = Path(settings.DATA_DIR) / "demo.begun"
        finished = Path(settings.DATA_DIR) / "demo.json"
        if not settings.LOCAL:
            call_command("make_agency", stdout=self.stdout)
        if finished.exists() or not settings.LOCAL:
            call_command("demo", stdout=self.stdout)
            return
        if not begun.exists() and Organization.objects.exclude(schema_name="public").exists():
            return
        begun.touch()
        call_command("demo", stdout=self.stdout)
        begun.unlink(missing_ok=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock in the database: hosts that start together prepare one after the other."""
    own = connections.create_connection("default")  # migrating closes and reopens the shared one
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        yield
    finally:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
        own.close()


def _state_of(schema: str) -> str:
    """Which migrations a schema has seen: written as its comment, so that it travels with dumps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [schema])
        row = cursor.fetchone()
    return ((row and row[0]) or "").removeprefix("migrations ")


def _set_state(schema: str, state: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON SCHEMA {connection.ops.quote_name(schema)} IS 'migrations {state}'")
