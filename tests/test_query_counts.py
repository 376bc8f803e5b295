"""Every page and every list costs as many queries with ten of everything as with two: tried on every route there is.

The routes come from the URL configuration, and the rows from the models, each with all its relations filled in: a new
page, or a new column on an old one, that asks once per row fails here without anybody having thought of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import tenant_context

from apps.leads.models import Lead, Tag
from tests.routes import Route, triable
from tests.samples import Samples

FEW, MANY = 2, 10
# Where a relation means something else than "there is one": the row would not be shown.
LEFT_EMPTY = {"merged_into", "undone_by"}
# One row is all there is of these.
ONE_OF_A_KIND = {"ai.Persona"}
# Costs that depend on something else than how many rows there are, and on what.
EXCUSED: dict[str, str] = {}


class Everything(Samples):
    """A sample of every model of the tenant, with optional relations filled in too."""

    def make(self) -> None:
        for model in _tenant_models():
            try:
                with transaction.atomic():
                    self.of(model)
            except IntegrityError:
                assert model._meta.label in ONE_OF_A_KIND, f"a second {model._meta.label} cannot be made"
        with tenant_context(self.organization):
            for row in list(self._rows.values()):
                self._relate(row)
            self.of(Lead).tags.add(self.of(Tag))

    def _relate(self, row: models.Model) -> None:
        if not row._meta.label_lower.startswith(_apps()):
            return
        empty = [f for f in row._meta.concrete_fields if f.remote_field and getattr(row, f.attname) is None]
        for field in empty:
            if field.name not in LEFT_EMPTY and not isinstance(field, models.OneToOneField):
                setattr(row, field.name, self.of(field.remote_field.model))
        row.save()


def _apps() -> tuple[str, ...]:
    labels = {name.rpartition(".")[2] for name in settings.TENANT_APPS if name.startswith("apps.")}
    return tuple(f"{label}." for label in sorted(labels))


def _tenant_models() -> Iterable[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.label_lower.startswith(_apps()) and model._meta.managed]


def _costs(client: Any, paths: dict[str, str]) -> dict[str, Counter[str]]:
    """By route: each query without its values, and how often it is asked."""
    found = {}
    for name, path in paths.items():
        cache.clear()
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            status = client.get(path).status_code
        if status == 200:
            found[name] = Counter(_shape(query["sql"]) for query in captured)
    return found


def _shape(sql: str) -> str:
    """The tables a query reads: enough to find it, and the same whatever its values."""
    words = sql.replace('"', "").replace("(", " ").split()
    tables = [after for word, after in pairwise(words) if word.upper() in {"FROM", "JOIN", "INTO", "UPDATE"}]
    return f"{words[0]} {' '.join(tables)}"


@pytest.fixture
def reading() -> list[Route]:
    return [route for route in triable() if "get" in route.methods]


@pytest.mark.timeout(300)
def test_ten_of_everything_cost_what_two_cost(acme, alice, client_for, api_for, reading):
    sets = [Everything(acme) for _number in range(FEW)]
    for one in sets:
        one.make()
    paths = {route.name: route.path(sets[0]) for route in reading}
    pages, api = client_for(alice), api_for(alice)

    def costs() -> dict[str, Counter[str]]:
        cache.clear()
        return {
            **_costs(pages, {name: path for name, path in paths.items() if not path.startswith("/api/")}),
            **_costs(api, {name: path for name, path in paths.items() if path.startswith("/api/")}),
        }

    few = costs()
    for _number in range(MANY - FEW):
        Everything(acme).make()
    many = costs()
    assert len(few) > 60, f"only {len(few)} routes answered"
    grown = {
        name: dict(many[name] - counted)
        for name, counted in few.items()
        if many.get(name, counted).total() > counted.total() and name not in EXCUSED
    }
    assert not grown, "\n".join(f"{name}: {more}" for name, more in sorted(grown.items()))
