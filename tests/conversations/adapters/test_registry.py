"""Every adapter has its verbs, its payloads and its page of documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.conversations.adapters import Account, Kind, Limits, registry

ROOT = Path(__file__).parents[3]
VERBS = ("accounts", "parse", "check", "subscribe", "profile", "media", "send", "find", "explain")
# Which folder and page belong to which channel; website chat is ours, its body is described in its module.
FOLDERS = {"facebook": "messenger", "instagram": "instagram", "whatsapp": "whatsapp"}


@pytest.mark.parametrize("channel", registry.channels())
def test_every_adapter_has_its_verbs_and_limits(channel):
    adapter = registry.adapter(channel)
    assert adapter.NAME
    assert isinstance(adapter.LIMITS, Limits)
    assert all(isinstance(kind, Kind) for kind in adapter.LIMITS.attachments)
    assert [verb for verb in VERBS if not callable(getattr(adapter, verb, None))] == []


@pytest.mark.parametrize("folder", FOLDERS.values())
def test_every_vendor_surface_has_payloads_and_documentation(folder):
    assert len(list((ROOT / "tests/conversations/payloads" / folder).glob("*.json"))) > 20
    page = (ROOT / "docs/channels" / f"{folder}.md").read_text()
    assert "Webhook" in page
    assert "/webhook/" in page


def test_an_unknown_channel_is_named():
    with pytest.raises(KeyError, match="telegraph"):
        registry.adapter("telegraph")


def test_adapters_import_no_django():
    for path in (ROOT / "apps/conversations/adapters").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) (django|rest_framework|celery)\b", path.read_text(), re.MULTILINE), (
            path
        )


def test_an_account_never_shows_its_secrets():
    shown = repr(
        Account(channel="facebook", external_id="1", token="tok", base_url="x", settings={"app_secret": "sec"})
    )
    assert "tok" not in shown
    assert "sec" not in shown
