"""Where tests differ from what `make run` serves, each with its reason; `tests/house/test_deviations.py` guards the list.

Everything else is the same: the settings, collected files under hashed names, every middleware, the CSP, the cache (the
Valkey beside the tests' database), the WSGI application with the door in front. What differs is a defect waiting.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit, urlunsplit

# Settings: name → why.
SETTINGS = {
    "JOBS_NUDGE": "tests do due jobs themselves, so that none runs behind their back",
    "PASSWORD_HASHERS": "a password hash that takes as long as it should would take minutes over all tests",
    "CACHES": "a logical database of the Valkey per process: each empties its own between tests, and only that",
    "DATABASES": "a copy of the template database per process",
    "EMAIL_BACKEND": "Django's test runner keeps mails in memory",
    "ALLOWED_HOSTS": "Django's test runner adds its own host name",
}
# Around the settings: what → why.
AROUND = {
    "wsgiref's threads instead of granian": (
        "browser tests work in the process that serves: they move its clock, its settings and its vendors' addresses;"
        " tests/walking and tests/reliability serve by granian"
    ),
    "test clients share one loaded middleware chain": "as requests of one web process do; making it takes 60 ms",
    "LOG_FORMAT=json": "the launcher asks for lines that a person reads along; a test's output is captured",
}


def deviate(settings: Any) -> None:
    """Make the settings above that are ours to make; Django's test runner and the database fixture make the others."""
    settings.JOBS_NUDGE = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache = settings.CACHES["default"]
    if "LOCATION" in cache:  # a broker that is no Redis: the cache is in memory
        cache["LOCATION"] = urlunsplit(urlsplit(cache["LOCATION"])._replace(path=f"/{_database()}"))


def _database() -> int:
    """0 and 1 are broker and cache of `make run`; Valkey has 16."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return 2 + int(worker) % 14
