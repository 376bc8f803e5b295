"""A database of its own, for tests in which several connections or processes must see each other's commits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, connections

from tests import conftest as house


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """All of this process works on a fresh copy of the template, without a surrounding transaction; its name."""
    before = connections["default"].settings_dict["NAME"]
    base = before.removeprefix("test_").rsplit("_", 2)[0]  # test_<base>_<worker>_<pid>
    name = f"{before}_committed"
    with django_db_blocker.unblock():
        house._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        house._admin(f'CREATE DATABASE "{name}" TEMPLATE "{house._template(base)}"')
        house._use(name)
        connection.set_schema_to_public()
        try:
            yield name
        finally:
            connection.set_schema_to_public()
            house._use(before)
            house._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def environment(database: str, **more: str) -> dict[str, str]:
    """For a child process that works on `database`."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return {**os.environ, "DATABASE_URL": urlunsplit(parts._replace(path=f"/{database}")), "JOBS_NUDGE": "0", **more}


def child(code: str, database: str, **more: str) -> subprocess.Popen[str]:
    """A Python process with Django set up that runs `code` on `database`."""
    prelude = (
        "import os, sys, django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')\ndjango.setup()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", prelude + code],
        env=environment(database, **more),
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
