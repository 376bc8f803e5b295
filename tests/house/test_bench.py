"""Each benchmark still runs, in its smallest form (with BENCH=all). What it says about speed does not count here."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connections

from tests.conftest import _template

# Its last line: a ratio, which a goal stands beside. `start` clones, installs and starts everything: not here.
LINES = {
    "ingest": r"against the floor: \d+\.\d\d",
    "jobs": r"against Celery: \d+\.\d x",
    "outbox": r"against the floor: \d+\.\d\d",
    "tenant": r"seconds against the goal of [\d.]+: \d+\.\d\d",
    "pages": r"the deep page of the inbox against the first: \d+\.\d\d",
}


def test_there_is_a_line_for_each():
    found = {place.parent.name for place in (settings.BASE_DIR / "bench").glob("*/__main__.py")}
    assert found == {*LINES, "start"}


@pytest.fixture
def surroundings(django_db_setup, django_db_blocker, tmp_path) -> dict[str, str]:
    """The test's own servers, and its template database, so that nothing needs to be migrated."""
    config = connections["default"].settings_dict
    base = re.fullmatch(r"test_(.+)_(?:main|gw\d+)_\d+", config["NAME"])
    assert base
    with django_db_blocker.unblock():
        template = _template(base[1])
    place = f"{config['USER']}:{config['PASSWORD'] or ''}@{config['HOST']}:{config['PORT'] or 5432}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{place}/{base[1]}",
        "BENCH_TEMPLATE": template,
        "DATA_DIR": str(tmp_path),
        "DEBUG": "0",
        "SECURE_SSL_REDIRECT": "0",
    }


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("BENCH") != "all", reason="a minute of processor time: BENCH=all runs them")
@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", LINES)
def test_it_runs_and_tells_its_ratio(name, surroundings):
    if name == "jobs" and not surroundings.get("CELERY_BROKER_URL"):
        pytest.skip("needs a broker")
    ran = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", "--quick"],
        check=False, cwd=settings.BASE_DIR, env=surroundings, capture_output=True, text=True, timeout=170,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert re.search(LINES[name], ran.stdout), ran.stdout
