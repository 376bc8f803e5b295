"""python -m bench.tenant [--quick]: seconds to make an organization, and what an empty one weighs on disk.

The floor replays the very SQL of an empty tenant over one connection: what PostgreSQL alone needs. The product's time is
that of `create_organization`: checks, schema, host name, owner, first rows, all in one transaction. The peer is what
django-tenants does by itself: every migration, in the new schema.
"""

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import Callable

import psycopg

from bench import stage

TENANTS = stage.size(12, 1)  # made by the product and by the floor, in turns
MIGRATED = stage.size(2, 1)
GOAL = 0.5  # seconds


def main() -> None:
    os.environ["JOBS_NUDGE"] = "0"
    stage.set_up("tenant")
    from apps.organizations.schemas import prepare_dump

    begun = time.perf_counter()
    sql = prepare_dump()
    prepared = time.perf_counter() - begun
    print(f"{stage.machine()}; medians of {TENANTS}, by migrations of {MIGRATED}")
    before = _size()
    product, floor = [], []
    for number in range(TENANTS):
        product.append(_seconds(lambda number=number: _product(number)))  # type: ignore[misc]
        floor.append(_seconds(lambda number=number: _floor(number, sql)))  # type: ignore[misc]
    weight = (_size() - before) / (2 * TENANTS)
    migrated = [_seconds(lambda number=number: _migrate(number)) for number in range(MIGRATED)]  # type: ignore[misc]
    times = {
        "floor: the same SQL, bare": statistics.median(floor),
        "by migrations": statistics.median(migrated),
        "Frontdesk": statistics.median(product),
    }
    for name, seconds in times.items():
        print(f"{name:40} {seconds:8.3f} s")
    tables, indexes, heaviest = _content("bench0000")
    print(f"an empty tenant: {weight / 1e6:.2f} MB on disk; {tables} tables, {indexes} indexes; most in {heaviest}")
    print(f"once per migration state, or from the cache: {prepared:.1f} s")
    bare, migrations, ours = times.values()
    print(f"against migrations: {migrations / ours:.0f} x faster")
    print(f"against the floor: {ours / bare:.2f} x its time")
    print(f"seconds against the goal of {GOAL}: {ours / GOAL:.2f}; the slowest of {TENANTS}: {max(product) / GOAL:.2f}")


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _product(number: int) -> None:
    from apps.organizations.services import create_organization

    create_organization(slug=f"bench{number:04}", name=f"Bench {number}", owner_email="owner@bench.example")


def _floor(number: int, sql: str) -> None:
    from apps.organizations.schemas import PRISTINE

    name = f"bare{number:04}"
    with psycopg.connect(os.environ["DATABASE_URL"]) as link:
        link.execute(f'CREATE SCHEMA "{name}"')
        link.execute(re.sub(rf"\b{PRISTINE}\b", f'"{name}"', sql))


def _migrate(number: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    name = f"migrated{number}"
    with psycopg.connect(os.environ["DATABASE_URL"]) as link:
        link.execute(f'CREATE SCHEMA "{name}"')
    call_command("migrate_schemas", schema_name=name, tenant=True, interactive=False, verbosity=0)
    connection.set_schema_to_public()


def _size() -> int:
    """Bytes of the whole database: tables, indexes, and the catalog's rows about them."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as link:
        link.execute("CHECKPOINT")
        row = link.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row
    return int(row[0])


def _content(schema: str) -> tuple[int, int, str]:
    """(tables, indexes, the three heaviest tables in words)."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as link:
        rows = link.execute(
            "SELECT c.relname, c.relkind::text, pg_total_relation_size(c.oid) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind IN ('r', 'i')"
            " ORDER BY 3 DESC",
            [schema],
        ).fetchall()
    tables = [(name, size) for name, kind, size in rows if kind == "r"]
    heaviest = ", ".join(f"{name} {size // 1024} kB" for name, size in tables[:3])
    return len(tables), sum(kind == "i" for _name, kind, _size in rows), heaviest


if __name__ == "__main__":
    main()
