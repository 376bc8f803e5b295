"""docs/api.md: each `sh` example is run with curl against a running product, and must answer what the page says.

Of an answer, the page shows a part. In it "…" stands for anything, and an `id` for any number. What later examples need
($ACCESS, $REFRESH, $KEY, $LEAD, $MESSAGE) is taken from the answers before.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from apps.conversations.models import Conversation
from apps.integrations.models import ConnectedAccount
from apps.leads.models import Identity, Lead
from apps.organizations import services

PAGE = Path(__file__).resolve().parents[2] / "docs/api.md"
EXAMPLE = re.compile(r"```sh\n(?P<command>.*?)```\n```json(?: (?P<status>\d{3}))?\n(?P<answer>.*?)```", re.DOTALL)


def examples() -> list[tuple[str, int, Any]]:
    found = [
        (m["command"], int(m["status"] or 200), json.loads(m["answer"])) for m in EXAMPLE.finditer(PAGE.read_text())
    ]
    assert len(found) == PAGE.read_text().count("```sh"), "an example without its answer"
    return found


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_examples_answer_what_the_page_says(site):
    with site.inside(None):
        services.create_organization(
            slug="averley", name="Averley", owner_email="harriet@averley.example", owner_password="frontdesk-demo"
        )
    with site.inside("averley"):
        lead = Lead.objects.create(name="Omar")
        account = ConnectedAccount.objects.filter(channel="webchat").first() or ConnectedAccount.objects.create(
            channel="webchat", external_id="chat_docs", name="Chat"
        )
        identity = Identity.objects.create(lead=lead, kind="webchat", account=account.external_id, value="v_docs")
        conversation = Conversation.objects.create(channel="webchat", account=account, lead=lead, identity=identity)
    known = {"CONVERSATION": str(conversation.pk)}
    for command, status, expected in examples():
        body, given = run(command.replace("localhost:8000", f"localhost:{site.port}"), known)
        assert given == status, f"{command}\nanswered {given}: {body}"
        answer = json.loads(body)
        problem = differs(answer, expected, known)
        assert not problem, f"{command}\nanswered {body}\n{problem}"
        remember(answer, known)


def run(command: str, known: dict[str, str]) -> tuple[str, int]:
    """(body, status) of one curl command, as a shell runs it."""
    line = command.strip().replace("curl -s", "curl -s --max-time 20 -w '\\n%{http_code}'", 1)
    done = subprocess.run(
        ["sh", "-c", line],
        env={**os.environ, **known, "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    body, _newline, status = done.stdout.rpartition("\n")
    return body, int(status)


def differs(answer: Any, expected: Any, known: dict[str, str], at: str = "answer") -> str:
    """Where an answer lacks something of what the page shows; "" if it has all of it."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        missing = expected.keys() - answer.keys()
        if missing:
            return f"{at} has no {sorted(missing)}"
        return next((p for k, v in expected.items() if (p := differs(answer[k], v, known, f"{at}.{k}"))), "")
    if isinstance(expected, list) and isinstance(answer, list) and len(expected) == len(answer):
        return next((p for n, v in enumerate(expected) if (p := differs(answer[n], v, known, f"{at}[{n}]"))), "")
    if at.endswith(".id") and expected == 1 and isinstance(answer, int):
        return ""
    if isinstance(expected, str) and expected.startswith("$"):
        return "" if str(answer) == known[expected[1:]] else f"{at} is {answer!r}, not {expected}"
    if isinstance(expected, str) and "…" in expected and isinstance(answer, str):
        shown = re.escape(expected).replace("…", ".*")
        return "" if re.fullmatch(shown, answer, re.DOTALL) else f"{at} is {answer!r}, not {expected!r}"
    return "" if answer == expected else f"{at} is {answer!r}, not {expected!r}"


def remember(answer: dict[str, Any], known: dict[str, str]) -> None:
    for name in ("access", "refresh", "key"):
        if name in answer:
            known[name.upper()] = answer[name]
    if "stage" in answer:
        known["LEAD"] = str(answer["id"])
    if "direction" in answer:
        known["MESSAGE"] = str(answer["id"])
