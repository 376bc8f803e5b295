"""Every word of the log has somebody who writes it, and every word that is written is one of the log's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from auditlog.models import LogEntry
from django_tenants.utils import schema_context

from apps.organizations.log import EVENTS
from apps.organizations.models import Role
from apps.organizations.services import add_member
from tests.conftest import PASSWORD

APPS = Path(__file__).resolve().parents[2] / "apps"
# Functions that take the word of what happened, and at which place where it is not named.
WRITERS = {"note": None, "note_end": None, "note_failure": 1, "_password": 0, "_second_factor": 0}


def written() -> Iterator[str]:
    for file in APPS.rglob("*.py"):
        text = file.read_text()
        if not any(f"{writer}(" in text for writer in WRITERS):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                yield from _words(node)
            elif isinstance(node, ast.FunctionDef) and node.name in WRITERS:  # what they write when nothing is said
                yield from (
                    one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and one.value in EVENTS
                )


def _words(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in WRITERS:
        return
    place = WRITERS[name]
    given = [keyword.value for keyword in call.keywords if keyword.arg == "event"]
    given += call.args[place : place + 1] if place is not None else []
    yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_no_word_without_a_writer_and_none_written_without_a_word():
    assert set(written()) == set(EVENTS)


def told(event: str) -> list[LogEntry]:
    return list(LogEntry.objects.filter(additional_data__event=event))


def wrong(client, api, email: str = "bob@example.com") -> None:
    client.post("/accounts/login/", {"login": email, "password": "wrong"})
    api.post("/api/token/", {"email": email, "password": "wrong"})


def test_failures_and_the_lock_are_told_once_each_whichever_door(acme, bob, client_for, api_for):
    client, api = client_for(None), api_for(None)
    for _turn in range(4):
        wrong(client, api)
    assert len(told("sign_in_failed")) == 5, "the others were not looked at"
    assert [entry.object_repr for entry in told("locked_out")] == [str(bob)], "once, not for each try that follows"
    assert told("locked_out")[0].remote_addr == "127.0.0.1"


def test_nothing_is_told_here_of_who_belongs_elsewhere(acme, globex, charlie, client_for, api_for):
    for email in ("charlie@example.com", "nobody@example.com"):
        for _turn in range(4):
            wrong(client_for(None), api_for(None), email)
    assert not told("sign_in_failed")
    assert not told("locked_out")


def test_programs_sign_in_and_out_in_the_log(acme, bob, api_for):
    api = api_for(None)
    pair = api.post("/api/token/", {"email": "bob@example.com", "password": PASSWORD}, HTTP_USER_AGENT="shop/2").json()
    assert [entry.changes["device"] for entry in told("signed_in")] == ["shop/2"]
    for _twice in range(2):
        assert api.post("/api/token/revoke/", {"refresh": pair["refresh"]}).status_code == 204
    assert len(told("signed_out")) == 1


def test_a_program_s_wrong_code_is_told(acme, bob, api_for):
    from tests.organizations.test_signing_in import code_of

    code_of(bob)
    given = {"email": "bob@example.com", "password": PASSWORD}
    assert api_for(None).post("/api/token/", given).json()["code"] == "otp_required"
    assert not told("sign_in_failed"), "asking for the code is no failure"
    assert api_for(None).post("/api/token/", {**given, "otp": "000000"}).json()["code"] == "otp_wrong"
    assert len(told("sign_in_failed")) == 1


@pytest.mark.parametrize("slug", ["acme", "globex"])
def test_each_organization_s_log_is_its_own(acme, globex, bob, client_for, slug):
    add_member(globex, bob, role=Role.VIEWER)
    client_for(None, slug).post("/accounts/login/", {"login": "bob@example.com", "password": PASSWORD})
    for schema in ("acme", "globex"):
        with schema_context(schema):
            assert len(told("signed_in")) == (schema == slug)
