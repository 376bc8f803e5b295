"""The API as it describes itself: the description is sound, and nothing that fits it (or does not) is answered with 5xx.

Schemathesis makes requests from the description, good ones and bad ones, and sends them through the whole WSGI
application: as Acme's owner, as a visitor of its website where that is whom the operation is for, and as a platform at
the public host. Two of three name rows that exist. Each request's effects are taken back, so that the next one finds
the same rows; the same requests come in each run.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admindocs.views import simplify_regex
from django.core.cache import cache
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction

from apps.organizations.tokens import token_for
from apps.webchat.services import open_chat
from tests.routes import triable
from tests.samples import Samples

# Schemathesis reads what it is answered as it comes.
PLAIN = {"Accept-Encoding": "identity"}
GOOD, BAD = 8, 3  # requests per operation
DEPTH = int(os.environ.get("SCHEMA_DEPTH", "1"))  # so many times as many: to look deeper, now and then


@pytest.mark.parametrize("urlconf", ["config.urls_tenant", "config.urls_public"])
def test_the_description_is_valid_and_made_without_warnings(urlconf):
    call_command("spectacular", "--fail-on-warn", "--validate", urlconf=urlconf, stdout=io.StringIO())


@pytest.fixture
def described(acme, client_for) -> dict[str, Any]:
    return client_for(None).get("/api/schema/?format=json").json()


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield method, path, operation


def test_operations_have_names_lines_tags_and_refusals(described):
    names = [operation["operationId"] for _method, _path, operation in operations(described)]
    assert len(set(names)) == len(names)
    assert {"leads_stage", "leads_change", "conversations_messages_create", "messages_why"} <= set(names)
    known = {tag["name"] for tag in described["tags"]}
    poor = []
    for method, path, operation in operations(described):
        refusals = operation["responses"].keys() - {"200", "201", "202", "204"}
        if not operation["summary"] or not set(operation["tags"]) <= known or not {"429", "default"} <= refusals:
            poor.append(f"{method} {path}: {operation['summary']!r}, {operation['tags']}, {sorted(refusals)}")
        if "{" in path and "404" not in refusals:
            poor.append(f"{method} {path} does not say that there may be nothing")
    assert not poor, "\n".join(poor)


def test_the_public_host_describes_the_webhook_door(public, client_for):
    client = client_for(None, None)
    described = client.get("/api/schema/?format=json").json()
    assert set(described["paths"]) == {f"/webhook/{channel}/" for channel in ("facebook", "instagram", "whatsapp")}
    door = described["paths"]["/webhook/whatsapp/"]
    assert (door["get"]["operationId"], door["post"]["operationId"]) == (
        "webhook_whatsapp_verify",
        "webhook_whatsapp_receive",
    )
    assert "requestBody" in door["post"]
    assert client.get("/api/docs/").status_code == 200


@pytest.fixture
def one_connection() -> Iterator[None]:
    """The application stays on the test's connection, as with Django's own test client; which undoes this after use."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _real_parts(acme: Any) -> dict[str, list[str]]:
    """The ids of rows that exist, by the description's path: {"/api/leads/{}/stage/": ["9000001"]}."""
    samples = Samples(acme)
    found = {}
    for route in triable():
        if route.is_api and route.rows:
            words = simplify_regex(route.pattern)
            match = re.fullmatch(re.sub(r"<[^>]+>", "([^/]+)", words), route.path(samples))
            assert match
            found[re.sub(r"<[^>]+>", "{}", words)] = list(match.groups())
    return found


@pytest.mark.slow
@pytest.mark.timeout(900 * DEPTH)
def test_nothing_is_answered_with_a_server_error(acme, alice, one_connection):
    headers = {**PLAIN, "Host": "acme.localhost", "Authorization": f"Bearer {token_for(alice, acme)}"}
    real = _real_parts(acme)
    wrong = []
    for operation in _described(acme, headers):
        if not _is_for_visitors(operation.path):
            ids = real.get(re.sub(r"\{\w+\}", "{}", operation.path), [])
            wrong += _complaints(operation, acme, headers, ids)
    assert not wrong, _told(wrong)


@pytest.fixture
def proof(acme, api_for, run_due_jobs) -> str:
    """Who a visitor of Acme's website is; they have been answered once."""
    open_chat(acme)
    visitor = api_for(None)
    proof = f"Visitor {visitor.post('/api/chat/visitors/').json()['token']}"
    visitor.credentials(HTTP_AUTHORIZATION=proof)
    assert visitor.post("/api/chat/messages/", {"id": "x" * 8, "text": "Hello"}, format="json").status_code == 202
    run_due_jobs()
    assert visitor.get("/api/chat/").json()["messages"]
    return proof


@pytest.mark.slow
@pytest.mark.timeout(120 * DEPTH)
def test_nothing_that_a_visitor_asks_is_answered_with_a_server_error(acme, proof, one_connection):
    headers = {**PLAIN, "Host": "acme.localhost", "Authorization": proof}
    found = [operation for operation in _described(acme, headers) if _is_for_visitors(operation.path)]
    assert len(found) > 5
    seen: Counter[int] = Counter()
    wrong = [line for operation in found for line in _complaints(operation, acme, headers, seen=seen)]
    assert not wrong, _told(wrong)
    assert sum(count for status, count in seen.items() if status < 300) > seen.total() / 3, seen  # let in, that is


@pytest.mark.slow
@pytest.mark.timeout(60 * DEPTH)
def test_nothing_at_the_webhook_door_is_answered_with_a_server_error(public, settings, one_connection):
    """Every other delivery is signed as the platform signs."""
    settings.FACEBOOK_APP_SECRET = settings.FACEBOOK_VERIFY_TOKEN = settings.WHATSAPP_VERIFY_TOKEN = "a secret"
    headers = {**PLAIN, "Host": "localhost"}
    seen: Counter[int] = Counter()
    wrong = [
        line for operation in _described(None, headers) for line in _complaints(operation, None, headers, seen=seen)
    ]
    assert not wrong, _told(wrong)
    assert {200, 403} <= set(seen), seen


def _is_for_visitors(path: str) -> bool:
    return path.startswith("/api/chat/") and path != "/api/chat/widget/"


def _described(organization: Any, headers: dict[str, str]) -> list[Any]:
    """The operations of a host, as Schemathesis reads them from its description."""
    from schemathesis import openapi

    schema = openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application(), headers=headers)
    _go_to(organization)
    return [found.ok() for found in schema.get_all_operations()]


def _go_to(organization: Any) -> None:
    """Where a request finds the connection before the host name says whose it is."""
    connection.set_tenant(organization) if organization else connection.set_schema_to_public()


def _told(wrong: list[str]) -> str:
    return f"{len(wrong)} answers:\n\n" + "\n\n".join(sorted(set(wrong))[:30])


def _signature(body: bytes) -> str:
    return f"sha256={hmac.new(settings.FACEBOOK_APP_SECRET.encode(), body, hashlib.sha256).hexdigest()}"


def _complaints(
    operation: Any,
    organization: Any,
    headers: dict[str, str],
    ids: Sequence[str] = (),
    seen: Counter[int] | None = None,
) -> list[str]:
    """What is wrong with the answers to good and to bad requests of one kind."""
    from schemathesis.generation import GenerationMode

    wrong: list[str] = []
    for mode, examples in ((GenerationMode.POSITIVE, GOOD), (GenerationMode.NEGATIVE, BAD)):
        cases = operation.as_strategy(generation_mode=mode)
        wrong += _tried(cases, examples * DEPTH, organization, headers, ids, Counter() if seen is None else seen)
    return wrong


def _tried(
    cases: Any, examples: int, organization: Any, headers: dict[str, str], ids: Sequence[str], seen: Counter[int]
) -> list[str]:
    from hypothesis import HealthCheck, Phase, given
    from hypothesis import settings as hypothesis_settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis import checks
    from schemathesis.core.failures import FailureGroup
    from schemathesis.specs.openapi import checks as described

    wrong: list[str] = []
    turns = itertools.count()

    @hypothesis_settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases)
    def ask(case: Any) -> None:
        turn = next(turns)
        if ids and turn % 3:
            case.path_parameters = dict(zip(case.path_parameters, ids, strict=True))
        own: dict[str, Any] = {"headers": headers}
        if organization is None and case.method == "POST" and turn % 2:
            body = json.dumps(case.body, default=str).encode("utf-8", "replace")
            own = {"headers": {**headers, "X-Hub-Signature-256": _signature(body)}, "data": body}
        cache.clear()  # rate limits do not count here
        _go_to(organization)
        with transaction.atomic():
            response = case.call(**own)
            transaction.set_rollback(True)
        seen[response.status_code] += 1
        try:
            case.validate_response(
                response,
                checks=[
                    checks.not_a_server_error,
                    described.status_code_conformance,
                    described.content_type_conformance,
                    described.response_schema_conformance,
                ],
            )
        except FailureGroup as failures:
            why = "; ".join(f"{failure.title}: {failure.message}" for failure in failures.exceptions)
            wrong.append(
                f"{case.method} {case.path}: {response.status_code}: {why[:600]}\n  sent: {case.query} {case.body!r:.400}"
            )

    with suppress(Unsatisfiable):  # an operation that takes nothing cannot be asked wrongly
        ask()
    return wrong
