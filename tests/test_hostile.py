"""Bad input on every page there is: each route is given each bad value under every name that any view or form reads.

What it answers is its own business, as long as it is an answer: no 5xx. The API has tests/test_schema.py.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django import forms
from django.core.cache import cache as limits
from django.db import connection, transaction

from tests.routes import Route, triable
from tests.samples import Samples

APPS = Path(__file__).resolve().parent.parent / "apps"
VALUES: dict[str, str | bytes] = {
    "nothing": "",
    "null byte": "a\x00b",
    "half a character": b"\xed\xa0\xbd",
    "long": "x" * 3000,
    "too large a number": "9" * 40,
    "negative": "-1",
    "other digits": "٣",
    "not a number": "nan",
    "markup": "<script>\"'&{{ 1 }}{% x %}",
    "no such day": "9999-99-99T99:99",
    "json": '{"a": [1, {"b": null}]}',
    "turned around": "\u202e\u0000\u2028",
}
# The others come along with HOSTILE=all: four values a run find what is new.
TRIED = list(VALUES) if os.environ.get("HOSTILE") == "all" else ["null byte", "half a character", "no such day", "json"]


@cache
def names() -> list[str]:
    """Every name of a query parameter, a form's field or an upload that the code reads."""
    read = re.compile(r"""(?:GET|POST|FILES|query_params)(?:\.get|\.getlist)?[(\[]\s*["'](\w+)["']""")
    field = re.compile(r"^    (\w+) = forms\.\w+", re.MULTILINE)
    text = "\n".join(path.read_text() for path in APPS.rglob("*.py") if "migrations" not in path.parts)
    found = {*read.findall(text), *field.findall(text)}
    for form in _all(forms.BaseForm):
        found |= set(getattr(form, "base_fields", {}))
    return sorted(found)


def _all(kind: type) -> set[type]:
    return {kind}.union(*(_all(one) for one in kind.__subclasses__())) if kind.__subclasses__() else {kind}


@pytest.fixture
def pages(acme: Any) -> list[tuple[Route, str]]:
    samples = Samples(acme)
    return [(route, route.path(samples)) for route in triable() if not route.is_api]


def answered(client: Any, method: str, path: str, data: str) -> int:
    limits.clear()
    tenant = connection.tenant
    with transaction.atomic():
        if method == "get":
            status = client.get(f"{path}?{data}").status_code
        else:
            status = client.post(path, data, content_type="application/x-www-form-urlencoded").status_code
        transaction.set_rollback(True)
    connection.set_tenant(tenant)
    return int(status)


@pytest.mark.slow
@pytest.mark.parametrize("what", TRIED)
def test_no_page_breaks(what, pages, alice, client_for):
    data = urlencode(dict.fromkeys(names(), VALUES[what]))
    client = client_for(alice)
    client.raise_request_exception = False
    broken = []
    for route, path in pages:
        if route.name in {"account_logout", "organizations:leave"}:  # alice stays
            continue
        for method in ("get", "post"):
            status = answered(client, method, path, data)
            if status >= 500:
                broken.append(f"{method.upper()} {path} ({route.name}): {status}")
    assert not broken, "\n".join(broken)
