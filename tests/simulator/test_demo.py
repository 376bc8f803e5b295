"""The demo organizations: made by the command, played through the pipeline, finished after an interruption."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django_tenants.utils import tenant_context

from apps.ai.models import Generation
from apps.catalog.models import Item
from apps.conversations.models import Conversation, Decision, Message
from apps.events.models import JournalEntry
from apps.integrations.models import Delivery
from apps.jobs import clock
from apps.jobs.models import Job
from apps.leads.models import Lead
from apps.organizations.models import Organization
from apps.organizations.services import create_organization
from apps.simulator.demo import history, people, talks, tenants
from apps.simulator.models import PhoneMessage
from apps.webhooks_outbox.models import Attempt, Endpoint
from tests.vendors.receiver import Receiver

TABLES = (Message, Conversation, Decision, Delivery, Lead, Item, JournalEntry, Generation, Endpoint)


@pytest.fixture
def vendors(public: None, settings: Any, tmp_path: Path) -> Iterator[Receiver]:
    """Every vendor's address leads here, and each has a key: whoever is asked would answer."""
    (tmp_path / "schemas").symlink_to(Path(settings.DATA_DIR).resolve() / "schemas")
    settings.DATA_DIR = tmp_path
    settings.FACEBOOK_APP_SECRET = ["app-secret"]
    settings.OPENAI_API_KEY = settings.GEMINI_API_KEY = "a-key"
    with Receiver(secrets=["whsec_" + "a" * 32]) as receiver:
        settings.META_GRAPH_URL = settings.OPENAI_BASE_URL = settings.GEMINI_BASE_URL = receiver.url
        yield receiver


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in TABLES}


def test_three_organizations_with_a_past(vendors: Receiver, settings: Any, capsys: Any) -> None:
    before = clock.now()
    call_command("demo", talks=2, processes=1)
    written = settings.DATA_DIR / "demo.json"
    assert written.stat().st_mode & 0o777 == 0o600
    told = json.loads(written.read_text())
    assert [one["slug"] for one in told["organizations"]] == ["sanad", "averley", "saddle"]
    for one in (told["agency"], *told["organizations"]):
        assert authenticate(None, username=one["email"], password=one["password"])

    seen = {}
    for organization in Organization.objects.filter(slug__in=tenants.SLUGS):
        with tenant_context(organization):
            seen[organization.slug] = counts()
            messages = Message.objects.order_by("at", "id")
            assert Conversation.objects.count() == Lead.objects.count() == 2
            assert timedelta(days=10) < before - messages[0].at < timedelta(days=43)
            assert messages.latest("at").at < before
            assert messages.latest("created_at").created_at < before
            # Each stands in a signed delivery, and each was read.
            assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()
            for said in messages.filter(direction=Message.Direction.IN):
                assert Delivery.objects.filter(pk=said.delivery_id).exists()
            for sent in messages.filter(direction=Message.Direction.OUT).exclude(sender="app"):
                assert sent.decisions.get().verdict == "send"
                assert sent.status in {"sent", "delivered", "read"}
            assert {one.provider for one in Generation.objects.all()} == {"offline"}
            assert not Conversation.objects.exclude(account__settings__simulated=True).exists()
            assert Endpoint.objects.exists()
            assert not Attempt.objects.exists()
            assert not Job.objects.filter(schema=organization.schema_name, failed_at__isnull=False).exists()
    assert 300 <= seen["sanad"]["Item"] <= 400
    assert seen["averley"]["Item"] == 40
    assert seen["saddle"]["Item"] == 12
    assert vendors.requests == []

    # Again: with its file at once, without it after a look around; either way nothing changes.
    call_command("demo", talks=2, processes=1)
    assert "already" in capsys.readouterr().out
    written.unlink()
    call_command("demo", talks=2, processes=1)
    assert json.loads(written.read_text()) == told
    for organization in Organization.objects.filter(slug__in=tenants.SLUGS):
        with tenant_context(organization):
            assert counts() == seen[organization.slug]


def test_an_interrupted_history_is_told_to_its_end(vendors: Receiver) -> None:
    told = tenants.read("saddle")
    now = clock.now()
    with clock.frozen(now - tenants.AGE):
        organization = tenants.make(told, people.hashed())
        tenants.furnish(organization, told, people.hashed())

    def interrupt(done: int, _all: int) -> None:
        if done in stops:
            stops.remove(done)
            raise KeyboardInterrupt

    with tenant_context(organization):
        accounts = tenants.accounts(told)
        stops = [2, 3]
        with pytest.raises(KeyboardInterrupt):
            history.play(organization, accounts, until=now, most=2, tell=interrupt)
        assert 0 < PhoneMessage.objects.filter(sent=True).count() <= 2
        stops = [1]
        with pytest.raises(KeyboardInterrupt):
            history.play(organization, accounts, until=now, most=2, tell=interrupt)
        assert history.play(organization, accounts, until=now, most=2) > 0

        # Each step was taken once.
        talks_of = {one.person.id: one.talk for one in history._planned(organization, accounts, now)}
        for conversation in Conversation.objects.select_related("identity"):
            heard = conversation.messages.filter(direction=Message.Direction.IN)
            assert heard.count() == said(talks_of[conversation.identity.value])
        assert history.play(organization, accounts, until=now, most=2) == 0
        assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()


def said(talk: talks.Talk) -> int:
    return sum(step.kind in {"say", "add", "image", "ad"} for step in talk.steps)


def test_somebody_elses_organization_is_left_alone(vendors: Receiver, settings: Any) -> None:
    create_organization(
        slug="saddle", name="Saddle Club", owner_email="rider@example.com", owner_password="a b c d e f"
    )
    with pytest.raises(CommandError, match="Saddle Club"):
        call_command("demo", talks=1, processes=1)
    assert not (settings.DATA_DIR / "demo.json").exists()
    assert not Organization.objects.filter(slug="sanad").exists()


@pytest.mark.parametrize("slug", tenants.SLUGS)
def test_every_step_can_be_read(slug: str) -> None:
    """A slip in a script would otherwise show only when its talk is played."""
    customer = next(talks.customers("en", "AE", history.random.Random(1)))
    script = talks.read(slug)
    slots = {name: values[0] for name, values in script.slots.items()}
    for _talk, step in history.all_steps(slug):
        talks.fill(step.text, customer, slots)
        if step.kind == "do":
            assert step.text.split()[0] in history._ACTS
        if step.kind == "wait":
            assert talks.duration(step.text) > timedelta(0)
