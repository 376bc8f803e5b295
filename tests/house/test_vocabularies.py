"""Words that code keeps in columns: each fits its column, and where a column names its values, it is one of them.

Two vocabularies that were never joined lose a message at the worst moment: an adapter said a word of 13 characters, the
column held 12.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models, transaction

from apps.analytics.models import Standing
from apps.conversations.adapters import Kind, reasons
from apps.conversations.adapters.registry import ADAPTERS
from apps.conversations.gate import sentences
from apps.conversations.models import Message, Suppression
from apps.events.journal import TYPES
from apps.events.models import JournalEntry
from apps.integrations import surfaces
from apps.integrations.models import ConnectedAccount
from apps.jobs.models import Job
from apps.jobs.registry import KINDS, QUEUES
from apps.leads.models import Identity, Lead, Stage
from apps.webhooks_outbox import reasons as outbox_reasons
from apps.webhooks_outbox.models import Attempt, Delivery, Endpoint
from tests.samples import Samples

APPS = settings.BASE_DIR / "apps"
LITERALS_IN = sorted(path for path in APPS.rglob("*.py") if "migrations" not in path.parts)
PROBLEMS = [*reasons.MEANINGS, surfaces.SEALED, "not-proven", "not-asked", "elsewhere", "displaced"]

# Columns that name no values themselves, and all that is written into them.
WORDS: list[tuple[type[models.Model], str, Any]] = [
    *((model, "channel", ADAPTERS) for model in (ConnectedAccount, Lead, Suppression)),
    (Identity, "kind", [*ADAPTERS, "email", "phone"]),
    (ConnectedAccount, "problem_code", PROBLEMS),
    (Message, "kind", [*Kind, "note", "notice"]),
    (Message, "failure_code", [*reasons.MEANINGS, *sentences(), surfaces.SEALED]),
    (JournalEntry, "type", TYPES),
    (Delivery, "type", TYPES),
    (Delivery, "last_error", outbox_reasons._ERRORS),
    (Attempt, "error", outbox_reasons._ERRORS),
    (Endpoint, "problem", outbox_reasons._PROBLEMS),
    (Job, "kind", KINDS),
    (Job, "queue", QUEUES),
    (Standing, "stage", Stage),
]


@pytest.mark.parametrize(("model", "column", "words"), WORDS, ids=lambda one: getattr(one, "__name__", one))
def test_every_word_fits_its_column(acme, model, column, words):
    row = Samples(acme).of(model)
    for word in words:
        with transaction.atomic():
            model._base_manager.filter(pk=row.pk).update(**{column: str(word)})
        row.refresh_from_db(fields=[column])
        assert getattr(row, column) == word


# What is written out in the code ----------------------------------------------------------------------------------

_WRITES = {"create", "update", "get_or_create", "update_or_create", "bulk_create"}


def _columns() -> dict[str, list[models.Field[Any, Any]]]:
    found = defaultdict(list)
    for model in apps.get_models():
        if model.__module__.startswith("apps."):
            for one in model._meta.local_fields:
                if isinstance(one, models.CharField):
                    found[one.name].append(one)
    return found


def _written(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Column, word and line of what is given to a model or set on a row."""
    names = {model.__name__ for model in apps.get_models()}
    # Plain structs of the file have words of their own.
    own = {
        one.target.id for one in ast.walk(tree) if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if not (isinstance(called, ast.Name) and called.id in names) and not (
                isinstance(called, ast.Attribute) and called.attr in _WRITES
            ):
                continue
            for given in node.keywords:
                if given.arg and isinstance(given.value, ast.Constant) and isinstance(given.value.value, str):
                    yield given.arg, given.value.value, node.lineno
        elif (
            isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        ):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr not in own:
                    yield target.attr, node.value.value, node.lineno


def test_words_in_the_code_are_values_of_their_columns():
    columns = _columns()
    wrong, seen = [], 0
    for path in LITERALS_IN:
        for column, word, line in _written(ast.parse(path.read_text())):
            if column not in columns:
                continue
            seen += 1
            fits = any(
                word in dict(one.flatchoices) if one.choices and word else len(word) <= (one.max_length or len(word))
                for one in columns[column]
            )
            if not fits:
                wrong.append(f"{path.relative_to(Path(settings.BASE_DIR))}:{line}: {column}={word!r}")
    assert not wrong, "\n".join(wrong)
    assert seen > 20, "nothing was looked at"
