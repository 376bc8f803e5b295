"""A database of the first release, with rows in every table, comes to where a new one begins, and its data is right.

Migrations that pass over empty tables can fail over rows (a table that is changed after its rows in one transaction), and
what they make of data is seen only where there is some.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection, connections, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django_tenants.utils import tenant_context

from apps.analytics.models import Standing, Tally
from apps.conversations.models import Conversation
from apps.leads.models import Identity, Lead
from apps.organizations.models import AccountRoute, Credential, Domain, Organization, User
from apps.webhooks_outbox.adapters import signing
from apps.webhooks_outbox.models import Endpoint
from tests import conftest as house

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
THEN = datetime(2026, 9, 20, 21, 30, tzinfo=UTC)  # in Dubai the next day has begun
SHARED_SECRET = "the installation's one secret, for all"
# The first migration of each app, but for what others needed from the beginning: trigrams, the door's statement.
BEGINNING = {"organizations": "0003_store_deliveries"}


@pytest.fixture
def bare(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database without a single table."""
    before = connections["default"].settings_dict["NAME"]
    name = f"{before}_upgrade"
    with django_db_blocker.unblock():
        house._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        house._admin(f'CREATE DATABASE "{name}"')
        house._use(name)
        try:
            yield
        finally:
            house._use(before)
            house._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def first_release(schema: str) -> Apps:
    """Bring a schema to the first release; its models as they were."""
    connection.set_schema(schema)
    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    own = {app for (app, _name), migration in graph.nodes.items() if type(migration).__module__.startswith("apps.")}
    targets = [(app, BEGINNING.get(app, "0001_initial")) for app in sorted(own)]
    targets += [node for node in graph.leaf_nodes() if node[0] not in own]
    executor.migrate(targets)
    return MigrationLoader(connection).project_state(targets).apps


class Rows:
    """A row in each table, filled with what its fields ask for."""

    def __init__(self, old: Apps) -> None:
        self.old, self.made = old, {}
        self.numbers = itertools.count(1)

    def make(self, label: str, **values: Any) -> Any:
        model = self.old.get_model(label)
        for field in model._meta.concrete_fields:
            if field.name not in values and not field.primary_key and not field.null and not field.has_default():
                values[field.name] = self.value(field)
        row = self.made[label.lower()] = model._base_manager.create(**values)
        return row

    def value(self, field: models.Field[Any, Any]) -> Any:
        if field.remote_field is not None:
            label = field.remote_field.model._meta.label
            return self.made.get(label.lower()) or self.make(label)
        if field.choices:
            return field.flatchoices[0][0]
        number = next(self.numbers)
        kinds: list[tuple[type[models.Field[Any, Any]], Callable[[], Any]]] = [
            (models.UUIDField, uuid.uuid4),
            (models.BooleanField, lambda: True),
            (models.IntegerField, lambda: number),
            (models.FloatField, lambda: number),
            (models.DecimalField, lambda: number),
            (models.DateTimeField, lambda: THEN),
            (models.DateField, THEN.date),
            (models.BinaryField, lambda: b"{}"),
            (models.JSONField, dict),
            (models.EmailField, lambda: f"row{number}@example.com"),
        ]
        made = next((make for kind, make in kinds if isinstance(field, kind)), lambda: str(number)[: field.max_length])
        return made()

    def everywhere(self, apps: set[str]) -> None:
        for model in self.old.get_models():
            if model._meta.app_label in apps and model._meta.label_lower not in self.made:
                self.make(model._meta.label)


def fill_public(rows: Rows) -> None:
    make = rows.make
    old = make(
        "organizations.Organization", schema_name="old", slug="old", name="Old", timezone="Asia/Dubai", accent="#3b5bdb"
    )
    make("organizations.Organization", schema_name="red", slug="red", name="Red", accent="#aa0000")
    people = {
        name: make("organizations.User", email=f"{name}@example.com", password="!", created_at=THEN)
        for name in ("owner", "mailed", "claimed", "gone")
    }
    for name, role in (("owner", "owner"), ("mailed", "agent"), ("claimed", "agent")):
        make("organizations.Membership", user=people[name], organization=old, role=role)
    for name, mailed in (("mailed", THEN), ("claimed", None)):
        make(
            "organizations.Invitation", organization=old, email=f"{name.upper()}@example.com", role="agent",
            token_hash=name, accepted_at=THEN, mailed_at=mailed, expires_at=THEN,
        )  # fmt: skip
    make("organizations.Domain", domain="old.localhost", tenant=old, is_primary=True)
    make("organizations.Domain", domain="desk.example.com", tenant=old, is_primary=False)
    for channel, number in (("facebook", "1001"), ("webchat", "chat"), ("whatsapp", "9" + "1" * 20)):
        make("organizations.AccountRoute", channel=channel, external_id=number, organization=old, created_at=THEN)
    for number, (maker, revoked) in enumerate([("owner", None), ("gone", None), ("owner", THEN)]):
        make(
            "organizations.ApiKey", name=f"key {number}", prefix=f"fd_{number}", key_hash="h", role="manager",
            organization=old, created_by=people[maker], revoked_at=revoked,
        )  # fmt: skip
    make("organizations.StaffEntry", user=people["owner"], organization=old, reason="a look", started_at=THEN)


def fill_tenant(rows: Rows, organization: Any, owner: Any) -> None:
    make = rows.make
    rows.made |= {"organizations.organization": organization, "organizations.user": owner}
    account = make("integrations.ConnectedAccount", channel="whatsapp", external_id="3001")

    def lead(name: str, stage: str = "new", **values: Any) -> Any:
        return make(
            "leads.Lead", name=name, stage=stage, created_at=THEN, search_text=values.get("phone", ""), **values
        )

    lost = lead("Lost", "lost", fields={"interest": "boots"})
    make("leads.Activity", lead=lost, kind="stage", data={"from": "converted", "to": "lost"})
    make(
        "leads.Identity", lead=lead("Ana", phone="+551187654321"), kind="phone", value="+551187654321", created_at=THEN
    )
    customer = lead("Zoe", phone="+971501234567", fixed=["phone"])
    who = make("leads.Identity", lead=customer, kind="whatsapp", account="3001", value="971501234567", created_at=THEN)
    make("leads.Identity", lead=lead("Typed", email="a@example.com"), kind="email", value="a@example.com")
    thread = make(
        "conversations.Conversation", channel="whatsapp", account=account, lead=customer, identity=who, owner="bot",
        unread=3, escalation="order: trained: I want two",
    )  # fmt: skip
    for number, words in enumerate(["first", "  two\n of  them "]):
        make(
            "conversations.Message", conversation=thread, direction="in", sender="customer", text=words,
            status="received", at=THEN + timedelta(minutes=number),
        )  # fmt: skip
    shared = signing.secret_from(SHARED_SECRET)
    make("webhooks_outbox.Endpoint", url="https://a.example/", secrets=[{"secret": shared, "until": None}])
    make("analytics.Tally", day=THEN.date(), metric="lead.stage", split="won", count=4)


def test_a_filled_database_of_the_first_release_is_upgraded(bare: None, settings: Any) -> None:
    settings.WEBHOOK_SIGNING_SECRET = SHARED_SECRET
    own = {name.rpartition(".")[2] for name in settings.TENANT_APPS if name.startswith("apps.")}
    connection.set_schema_to_public()
    public = Rows(first_release("public"))
    fill_public(public)
    public.everywhere({"organizations", "jobs"})
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA old")
        cursor.execute("CREATE SCHEMA red")
    first_release("old")
    tenant = Rows(public.old)
    people = public.old.get_model("organizations.User").objects
    organizations = public.old.get_model("organizations.Organization").objects
    fill_tenant(tenant, organizations.get(schema_name="old"), people.get(email="owner@example.com"))
    tenant.everywhere(own)
    connection.set_schema_to_public()
    organizations.exclude(schema_name="old").delete()

    call_command("migrate_schemas", interactive=False, verbosity=0)

    connection.set_schema_to_public()
    people_and_keys_are_right()
    old = Organization.objects.get(slug="old")
    with tenant_context(old):
        tenants_data_is_right(old)


def people_and_keys_are_right() -> None:
    assert Organization.objects.get(slug="old").accent == "#0b6477"
    assert dict(AccountRoute.objects.filter(created_at=THEN).values_list("channel", "proven_by")) == {
        "facebook": "", "webchat": "ours", "whatsapp": "simulator",
    }  # fmt: skip
    assert dict(Domain.objects.values_list("domain", "proven_by")) == {
        "old.localhost": "ours",
        "desk.example.com": "agency",
    }
    assert dict(User.objects.filter(created_at=THEN).values_list("email", "proven_by")) == {
        "owner@example.com": "agency", "mailed@example.com": "mail", "claimed@example.com": "", "gone@example.com": "",
    }  # fmt: skip
    keys = Credential.objects.filter(kind="api_key", name__startswith="key").order_by("pk")
    assert [(key.name, key.ended_by, key.role) for key in keys] == [
        ("key 0", "", "manager"), ("key 1", "orphaned", "manager"), ("key 2", "revoked", "manager"),
    ]  # fmt: skip
    assert Credential.objects.get(kind="staff_entry").ended_at
    assert Credential.objects.create().pk > keys.last().pk, "new ones come after those that were carried over"


def tenants_data_is_right(old: Organization) -> None:
    leads = {lead.name: lead for lead in Lead.objects.exclude(name="")}
    assert (leads["Lost"].furthest, leads["Lost"].wants, leads["Zoe"].furthest) == ("converted", "boots", "new")
    assert (leads["Ana"].phone, leads["Ana"].search_text) == ("+5511987654321", "+5511987654321")
    assert leads["Zoe"].last_said == "two of them"
    proofs = {(one.kind, one.value): one.proven_by for one in Identity.objects.filter(lead__name__gt="")}
    assert proofs == {
        ("phone", "+5511987654321"): "", ("email", "a@example.com"): "",
        ("whatsapp", "971501234567"): "platform", ("phone", "+971501234567"): "platform",
    }  # fmt: skip
    thread = Conversation.objects.get(lead=leads["Zoe"])
    assert (thread.escalation, thread.unread) == ("order: I want two", 0)
    own, shared = Endpoint.objects.get(url="https://a.example/").secrets
    assert own == {"secret": signing.derived(SHARED_SECRET, old.schema_name), "until": None}
    assert shared["secret"] == signing.secret_from(SHARED_SECRET)
    assert shared["until"]
    # The day is the organization's.
    assert {str(one.day) for one in Standing.objects.filter(lead_id__in=[lead.pk for lead in leads.values()])} == {
        "2026-09-21"
    }
    assert Tally.objects.get(metric="lead.furthest", split="converted").count == 1
    assert not Tally.objects.filter(metric="lead.stage").exists()
