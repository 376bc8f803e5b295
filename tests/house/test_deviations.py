"""Tests run under the settings of `make run`, except for what tests/deviations.py names."""

import json
import os
import re
import subprocess
import sys

from django.conf import settings
from django.db import connections
from django.urls import set_urlconf

from tests import deviations


def read():
    """Every setting, comparable between processes."""
    connections.settings  # noqa: B018  completes what DATABASES leaves out
    set_urlconf(settings.PUBLIC_SCHEMA_URLCONF)  # the console's menu holds addresses
    try:
        return {
            name: re.sub(r" at 0x[0-9a-f]+", "", json.dumps(getattr(settings, name), default=repr, sort_keys=True))
            for name in dir(settings)
            if name.isupper()
        }
    finally:
        set_urlconf(None)


def test_every_deviation_is_named_and_is_one(django_db_setup):
    """This file, run as a program in the same surroundings, is a process that is no test."""
    surroundings = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.house.test_deviations"],
        cwd=settings.BASE_DIR, env=surroundings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shipped, here = json.loads(done.stdout.splitlines()[-1]), read()
    differ = {name for name in here.keys() | shipped.keys() if here.get(name) != shipped.get(name)}
    assert differ == set(deviations.SETTINGS), "Name each deviation in tests/deviations.py, with its reason."
    for name, parts in {"CACHES": {"LOCATION"}, "DATABASES": {"NAME"}}.items():
        ours, theirs = json.loads(here[name])["default"], json.loads(shipped[name])["default"]
        assert {part for part in ours if ours[part] != theirs.get(part)} <= parts, name


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(read()))
