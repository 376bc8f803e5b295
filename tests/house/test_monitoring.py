"""The dashboard and the alerts of docs/monitoring ask for metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

FOLDER = settings.BASE_DIR / "docs" / "monitoring"
OURS = re.compile(r"\b(?:frontdesk|django|process|python)_\w+")


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text())
    return found


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "frontdesk.rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def questions() -> Iterator[tuple[str, str]]:
    """(where, PromQL)"""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for variable in dashboard()["templating"]["list"]:
        yield variable["name"], variable.get("definition", "")


@pytest.fixture
def told(acme) -> dict[str, set[str]]:
    """What /metrics tells: the names of samples, each with its labels' values. The door has been knocked at."""
    cache.clear()
    client = Client(REMOTE_ADDR="127.0.0.1", headers={"host": "localhost"})
    client.post("/webhook/facebook/", b"{}", content_type="application/json")
    client.get("/health")
    page = client.get("/metrics").content.decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(f"{name}={value}" for name, value in sample.labels.items())
    return found


def test_every_metric_that_is_named_is_told(told):
    named = {(where, name) for where, asked in questions() for name in OURS.findall(asked)}
    assert len(named) > 30
    missing = sorted(f"{where}: {name}" for where, name in named if name not in told)
    assert not missing, "\n".join(missing)


def test_every_label_that_is_named_has_that_value(told):
    """`status="failed"` of a gauge whose values are all told, always; a door's answers come with time."""
    missing = []
    for where, asked in questions():
        for name, matchers in re.findall(r"\b(frontdesk_(?!webhooks)\w+)\{([^}]*)\}", asked):
            for label, operator, value in re.findall(r'(\w+)(=~|!~|=)"([^"]*)"', matchers):
                if label != "job":
                    wanted = value.split("|") if "~" in operator else [value]
                    missing += [
                        f"{where}: {name}, {label}={one}" for one in wanted if f"{label}={one}" not in told[name]
                    ]
    assert not missing, "\n".join(missing)


def test_every_metric_of_ours_is_on_the_dashboard(told):
    asked = " ".join(expression for _where, expression in questions())
    idle = {name for name in told if name.startswith("frontdesk_") and not name.endswith("_created")}
    assert not {name for name in idle if name not in asked}


def test_alerts_say_what_to_do():
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert {"summary", "description"} == set(rule["annotations"])
        assert rule["expr"].count("(") == rule["expr"].count(")")
    assert len({rule["alert"] for rule in rules()}) == len(rules())


def test_panels_have_numbers_places_and_a_source_of_their_own():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel.get("targets", ()))
