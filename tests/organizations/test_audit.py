"""What stands in the audit log: settings of every app, by people, keys and automations; nothing secret, no counters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry

from apps.ai import services as ai
from apps.ai.models import Intent, Note, Persona
from apps.catalog import services as catalog
from apps.catalog.models import Item
from apps.conversations.models import CannedReply, MessageTemplate
from apps.integrations import services as integrations
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.leads import submissions
from apps.leads.models import Form
from apps.organizations import log, services
from apps.organizations.models import Organization, Role
from tests.vendors.graph import Graph

LOG = "/dashboard/settings/activity/"


def newest(what: str) -> LogEntry:
    return log.entries(what=what).first()


def told(entry: LogEntry) -> dict[str, tuple[str, str]]:
    return {change.field: (change.before, change.after) for change in log.changes(entry, log.look_up([entry]))}


@pytest.mark.parametrize(
    "what",
    [
        "ai.persona", "ai.intent", "ai.note", "integrations.connectedaccount", "catalog.item", "catalog.category",
        "leads.form", "conversations.cannedreply", "conversations.messagetemplate",
    ],
)  # fmt: skip
def test_it_is_registered_and_can_be_looked_for(acme, alice, client_for, what):
    page = client_for(alice).get(LOG, {"what": what}).content.decode()
    assert f'value="{what}" selected' in page


def test_what_the_assistant_is_taught_is_told_in_words(acme, alice, client_for):
    ai.save_persona(Persona.objects.get(), languages=["ar", "en"], greeting={"en": "Hi", "ar": "أهلا"}, max_tokens=700)
    lines = told(newest("ai.persona"))
    assert lines["Languages"] == ("en, ar", "ar, en")
    assert lines["Greeting"][1] == "ar: أهلا; en: Hi"
    assert lines["Longest answer in tokens"] == ("500", "700"), "a number of tokens is no secret"
    ai.save_note(Note(), title="Delivery", text="Two days.")
    intent = ai.save_intent(Intent(), name="hours", phrases=["when"], responses={"en": "At nine."}, action="hand_off")
    assert told(newest("ai.intent"))["Action"][1] == "Hand off to a person"
    ai.delete_intent(intent)
    assert log.act_of(newest("ai.intent")) == "delete"
    page = client_for(alice).get(LOG).content.decode()
    assert "Note of the assistant created" in page
    assert "Intent deleted" in page


def test_the_catalog_is_told_without_its_counters(acme):
    shelf = catalog.save_category(name="Boots")
    item = catalog.create_item(by="user:1", sku="B-1", name="Boot", price="10", stock=5)
    item = catalog.update_item(item, by="user:1", price="12.50", category=shelf, is_active=False)
    assert told(newest("catalog.item")) == {
        "Price": ("10.00", "12.50"), "Category": ("", "Boots"), "Offered": ("Yes", "No")
    }  # fmt: skip
    before = LogEntry.objects.count()
    catalog.set_stock(item, 4, by="user:1")
    assert LogEntry.objects.count() == before
    catalog.save_category(shelf, name="Safety boots")
    assert told(newest("catalog.category")) == {"Name": ("Boots", "Safety boots")}


def test_a_bulk_load_writes_no_lines(acme):
    Item.objects.bulk_create([Item(sku=f"S-{number}", name="Boot") for number in range(200)])
    assert not log.entries(what="catalog.item").exists()


def test_an_account_is_told_without_its_token(acme, settings):
    with Graph() as graph:
        graph.add_page("1001", token="very-secret-token", name="Acme page")
        settings.META_GRAPH_URL = graph.url
        account = integrations.connect_account(channel="facebook", external_id="1001", token="very-secret-token")
        assert log.entries(what="integrations.connectedaccount").exists()
        before = LogEntry.objects.count()
        with clock.frozen(clock.now() + timedelta(days=1)):
            integrations.check_account(account)
            ConnectedAccount.objects.filter(pk=account.pk).update(last_received_at=clock.now())
        assert LogEntry.objects.count() == before, "a check that finds nothing new is no line"
        graph.add_page("1001", token="another", name="Acme page")
        jobs.schedule("integrations.check")
        jobs.run_due(kinds=["integrations.check"])
    entry = newest("integrations.connectedaccount")
    assert log.actor(entry) == ("automation", "Check every connected account")
    assert told(entry)["State"] == ("Connected", "Needs attention")
    written = "".join(str(row.changes) for row in LogEntry.objects.all())
    assert "very-secret-token" not in written
    assert "credentials" not in written


def test_a_key_s_changes_carry_its_name(acme, alice, api_for):
    key, secret = services.create_api_key(
        Organization.objects.get(slug="acme"), name="Shop", role=Role.MANAGER, by=alice, by_role=Role.OWNER
    )
    program = api_for(None)
    program.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
    account = ConnectedAccount.objects.create(channel="whatsapp", external_id="3001", name="Acme phone")
    body = {"account": account.pk, "name": "hello", "language": "en", "body": "Hello"}
    assert program.post("/api/templates/", body).status_code == 201
    entry = newest("conversations.messagetemplate")
    assert (entry.additional_data["actor"], told(entry)["Account"][1]) == (f"api_key:{key.pk}", "Acme phone")
    assert told(entry)["State"][1] == "Approved"


def test_forms_and_saved_replies(acme, bob, client_for):
    submissions.save_form(Form(), name="Contact", fields=[{"name": "email", "label": "Email", "kind": "email", "required": True}])  # fmt: skip
    assert "label: Email" in told(newest("leads.form"))["Questions"][1]
    client_for(bob).post("/dashboard/settings/replies/new/", {"shortcut": "hours", "text": "At nine.", "language": ""})
    assert CannedReply.objects.exists()
    entry = newest("conversations.cannedreply")
    assert log.actor(entry) == ("user", "Bob")


@pytest.mark.parametrize("value", ["[" * 5000, "{", "null", "99999999999999999999999", "None", "\\u0000", "true"])
def test_odd_values_are_shown_all_the_same(acme, alice, client_for, value):
    MessageTemplate.objects.create(
        account=ConnectedAccount.objects.create(channel="whatsapp", external_id="3001"), name="x", body="x"
    )
    ai.save_persona(Persona.objects.get(), tone="kind")
    changed: dict[str, Any] = {"languages": [value, value], "is_on": [value, "False"], "nothing": [value, "1"]}
    LogEntry.objects.filter(content_type__model="persona").update(changes=changed)
    LogEntry.objects.filter(content_type__model="messagetemplate").update(changes={"account": ["1", value]})
    assert client_for(alice).get(LOG).status_code == 200
