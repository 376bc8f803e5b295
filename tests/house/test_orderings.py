"""What is ordered by a time is ordered for good: two rows of one instant have an order too, and always the same.

Ties are common (a frozen clock, a bulk insert, two events of one webhook); without a tie-breaker the database answers
them as it likes. The tie-breaker is unique and grows with the rows: an id.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from apps.jobs.ids import ordered_id

OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
FIELDS = [field for model in OURS for field in model._meta.concrete_fields]
TIMES = {field.name for field in FIELDS if isinstance(field, models.DateField)}
IDS = {"id", "pk"}

# An order by a time alone that is meant: "file: what is written" → why.
MEANT = {
    "apps/conversations/arrival.py: retry_at": "only the time itself is read",
    "apps/conversations/incoming.py: at": "only the time itself is read",
    "apps/organizations/admin/operations.py: resolved_at": "a column that sorts; the admin adds the key",
    "apps/organizations/admin/operations.py: run_at": "a column that sorts; the admin adds the key",
    "apps/organizations/queries.py: kind, day": "unique together within one organization",
    "tests/simulator/test_demo.py: at": "only the time itself is read",
    "tests/simulator/test_demo.py: created_at": "only the time itself is read",
}


def bare(name: str) -> str:
    return name.lstrip("-").rpartition("__")[2]


def is_loose(names: list[str]) -> bool:
    """Does this order name a time, and nothing after it that decides ties?"""
    at = next((number for number, name in enumerate(names) if bare(name) in TIMES), None)
    return at is not None and not IDS & {bare(name) for name in names[at + 1 :]}


def written(file: Path) -> Iterator[list[str]]:
    """Every order that stands in a file in plain words."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in {"order_by", "latest", "earliest"}:
                yield [name for argument in node.args for name in words(argument)]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if getattr(target, "id", "") in {"ordering", "get_latest_by"} and node.value is not None:
                yield words(node.value)
        elif isinstance(node, ast.keyword) and node.arg in {"order", "order_by", "ordering"}:
            yield words(node.value)


def words(node: ast.AST) -> list[str]:
    """The names in an order: strings, lists of them, F("…").desc() and the like."""
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def test_no_order_in_the_code_leaves_ties_open():
    loose = {
        f"{file.relative_to(settings.BASE_DIR)}: {', '.join(names)}"
        for folder in ("apps", "bench", "tests")
        for file in (settings.BASE_DIR / folder).rglob("*.py")
        if "migrations" not in file.parts and file != Path(__file__)
        for names in written(file)
        if is_loose(names)
    }
    assert loose == set(MEANT), 'End it with "id" (or "-id").'


@pytest.mark.parametrize("model", [model for model in OURS if model._meta.ordering], ids=lambda model: model.__name__)
def test_a_models_own_order_leaves_no_ties_open(model):
    unique = {field.name for field in model._meta.concrete_fields if field.unique} | {"pk"}
    sets = [set(one.fields) for one in model._meta.total_unique_constraints]
    sets += [set(one) for one in model._meta.unique_together]
    named = {name.lstrip("-") for name in model._meta.ordering}
    assert unique & named or any(one <= named for one in sets), "End it with a unique field."


def test_ids_that_are_no_numbers_grow_with_the_rows_too():
    made = [ordered_id() for _number in range(5000)]
    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}
    drawn = [model._meta.label for model in OURS if isinstance(model._meta.pk, models.UUIDField)]
    ordered = [label for label in drawn if apps.get_model(label)._meta.pk.default is ordered_id]
    # Secrets that nobody orders: files and pictures are found by whoever knows their id.
    assert set(drawn) - set(ordered) == {"conversations.Upload", "simulator.Picture"}
