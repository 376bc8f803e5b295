"""Connecting accounts by token: on a page, over the API, by command; health; disconnecting; walls."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django_tenants.utils import tenant_context

from apps.events.models import JournalEntry
from apps.integrations import services
from apps.integrations.models import ConnectedAccount, Delivery
from apps.jobs import trace
from apps.organizations.models import AccountRoute, OrganizationHealth
from tests.vendors.graph import Graph


@pytest.fixture
def graph(settings) -> Iterator[Graph]:
    with Graph() as running:
        running.add_page("1001", token="good-token", name="Acme page")
        running.add_number("3001", token="good-token", waba_id="9001")
        settings.META_GRAPH_URL = running.url
        yield running


def test_a_manager_connects_a_page_over_the_api(acme, alice, api_for, graph):
    answer = api_for(alice).post("/api/connect/facebook/", {"external_id": "1001", "token": "good-token"})
    assert answer.status_code == 201
    assert answer.json()["state"] == "connected"
    assert "good-token" not in answer.content.decode()
    assert AccountRoute.objects.get(external_id="1001").organization == acme
    assert JournalEntry.objects.filter(type="account.connected").count() == 1


def test_the_token_is_ciphertext_in_the_database(acme, graph):
    account = services.connect_account(channel="facebook", external_id="1001", token="good-token")
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM integrations_connectedaccount WHERE id = %s", [account.pk])
        assert b"good-token" not in bytes(cursor.fetchone()[0])
    assert ConnectedAccount.objects.get().credentials == {"token": "good-token"}


def test_a_bad_token_is_stored_as_waiting_for_proof_with_its_reason(acme, graph):
    account = services.connect_account(channel="facebook", external_id="1001", token="stale-token")
    assert account.state == "waiting"
    assert account.problem
    assert "stale-token" not in account.problem
    graph_ok = services.connect_account(channel="facebook", external_id="1001", token="good-token")
    assert (graph_ok.pk, graph_ok.state, graph_ok.problem) == (account.pk, "connected", "")


@pytest.mark.parametrize(
    ("channel", "external_id", "token", "more"),
    [
        ("facebook", "1001", "made-up", {}),
        ("facebook", "1001", "own-token", {}),  # good, for another page
        ("whatsapp", "3001", "made-up", {}),
        ("whatsapp", "3001", "own-token", {}),
        ("whatsapp", "3002", "own-token", {"waba_id": "9001"}),  # their own number, somebody else's business
    ],
)
def test_who_only_knows_an_accounts_id_does_not_get_its_messages(
    acme, globex, graph, channel, external_id, token, more
):
    graph.add_page("1002", token="own-token", name="Own page")
    graph.add_number("3002", token="own-token", waba_id="9002")
    account = services.connect_account(channel=channel, external_id=external_id, token=token, settings=more)
    assert account.state == "waiting"
    assert not AccountRoute.objects.exists()
    services.check_account(account, subscribe=True)
    assert not AccountRoute.objects.exists()
    with tenant_context(globex):
        theirs = {"facebook": "1001", "whatsapp": "3001"}[channel]
        rightful = services.connect_account(
            channel=channel, external_id=theirs, token="good-token", settings={"waba_id": "9001"} if more else {}
        )
        assert set(AccountRoute.objects.values_list("external_id", flat=True)) >= {theirs}
        assert set(AccountRoute.objects.values_list("organization", flat=True)) == {globex.pk}
        assert rightful.problem_code != "elsewhere"


def test_an_account_of_another_organization_is_refused_without_saying_whose(acme, globex, graph):
    with tenant_context(globex):
        services.connect_account(channel="facebook", external_id="1001", token="good-token")
    with pytest.raises(ValidationError) as refusal:
        services.connect_account(channel="facebook", external_id="1001", token="good-token")
    assert "Globex" not in str(refusal.value)
    assert not ConnectedAccount.objects.exists()


def test_a_whatsapp_number_also_gets_what_concerns_its_business_account(acme, graph):
    services.connect_account(channel="whatsapp", external_id="3001", token="good-token", settings={"waba_id": "9001"})
    assert set(AccountRoute.objects.values_list("external_id", flat=True)) == {"3001", "9001"}
    services.disconnect_account(ConnectedAccount.objects.get())
    assert not AccountRoute.objects.exists()


def test_disconnecting_forgets_the_credentials(acme, alice, api_for, graph):
    account = services.connect_account(channel="facebook", external_id="1001", token="good-token")
    assert api_for(alice).delete(f"/api/channels/{account.pk}/").status_code == 204
    account.refresh_from_db()
    assert (account.state, account.credentials) == ("disconnected", {})
    assert not AccountRoute.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"external_id": ""},
        {"external_id": "1\u00002", "token": "t"},
        {"external_id": "x" * 500, "token": "t"},
        {"external_id": {"a": 1}, "token": "t"},
        {"external_id": "1001", "token": ["t"]},
        {"external_id": "1001"},
        {"external_id": "\u202e1001\n", "token": "t"},
    ],
)
def test_hostile_input_is_a_clear_error(acme, alice, api_for, graph, body):
    answer = api_for(alice).post("/api/connect/facebook/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not ConnectedAccount.objects.exists()


def test_agents_and_strangers_connect_nothing(acme, bob, charlie, alice, api_for, graph):
    body = {"external_id": "1001", "token": "good-token"}
    assert api_for(bob).post("/api/connect/facebook/", body).status_code == 403
    assert api_for(charlie).post("/api/connect/facebook/", body).status_code == 401
    account = services.connect_account(channel="facebook", external_id="1001", token="good-token")
    for verb, path in (("get", ""), ("delete", ""), ("post", "check/")):
        answer = getattr(api_for(charlie, "globex"), verb)(f"/api/channels/{account.pk}/{path}")
        assert answer.status_code == 404


def test_the_pages(acme, alice, bob, client_for, graph):
    client = client_for(alice)
    form = {"external_id": "1001", "token": "good-token", "name": "Our page"}
    assert client.post("/dashboard/channels/connect/facebook/", {**form, "token": ""}).status_code == 422
    there = client.post("/dashboard/channels/connect/facebook/", form, follow=True)
    assert "Our page" in there.content.decode()
    account = ConnectedAccount.objects.get(channel="facebook")
    assert client.post(f"/dashboard/channels/{account.pk}/check/").status_code == 302
    assert client.post(f"/dashboard/channels/{account.pk}/disconnect/").status_code == 302
    assert client.get("/dashboard/channels/connect/telepathy/").status_code == 404
    assert client_for(bob).get("/dashboard/channels/").status_code == 403


def test_kept_deliveries_are_shown_and_tried_again(acme, alice, client_for):
    kept = Delivery.objects.create(
        channel="facebook", account="1", body=b'{"x": "<script>"}', trace=trace.current(), state="malformed", error="?"
    )
    page = client_for(alice).get("/dashboard/channels/kept/").content.decode()
    assert "&lt;script&gt;" in page
    assert client_for(alice).post(f"/dashboard/channels/kept/{kept.pk}/retry/").status_code == 302
    kept.refresh_from_db()
    assert kept.state == "pending"
    assert client_for(alice).post("/dashboard/channels/kept/999999/retry/").status_code == 404


def test_by_command(acme, graph, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO("good-token\n"))
    call_command("connect_channel", "acme", "facebook", "--external-id", "1001", "--token", "-", stdout=out)
    assert "good-token" not in out.getvalue()
    said = io.StringIO()
    call_command("connect_channel", "acme", "facebook", "--external-id", "1001", "--token", "good-token", stderr=said)
    assert "can be read by others on this machine" in said.getvalue()
    monkeypatch.setenv("CHANNEL_TOKEN", "good-token")
    said = io.StringIO()
    call_command("connect_channel", "acme", "facebook", "--external-id", "1001", stderr=said)
    assert said.getvalue() == ""
    assert ConnectedAccount.objects.get(channel="facebook").state == "connected"
    assert AccountRoute.objects.get(external_id="1001").proof.by == "platform"
    graph.add_page("1002", token="own-token")
    with pytest.raises(CommandError, match=r"Waiting for proof.* another account"):
        call_command("connect_channel", "acme", "facebook", "--external-id", "1002", "--token", "good-token")
    with pytest.raises(CommandError, match="no organization"):
        call_command("connect_channel", "nobody", "facebook", "--external-id", "1", "--token", "t")


def test_the_nightly_check_notices_an_expired_token(acme, graph, run_due_jobs):
    from apps.jobs import services as jobs

    services.connect_account(channel="facebook", external_id="1001", token="good-token")
    graph.add_page("1001", token="another-token", name="Acme page")  # ours is worth nothing any more
    jobs.schedule("integrations.check")
    assert run_due_jobs(kinds=["integrations.check"]) == 1
    account = ConnectedAccount.objects.get(channel="facebook")
    assert account.state == "attention"
    assert account.problem
    assert JournalEntry.objects.filter(type="account.troubled").exists()
    run_due_jobs(kinds=["events.relay"])
    assert account.problem in OrganizationHealth.objects.get(organization__slug="acme").last_failure, (
        "the agency sees it"
    )


def test_kept_deliveries_over_the_api(acme, alice, bob, charlie, api_for):
    body = b'{"x": "\\ud800 <script>", "n": [1]}'
    kept = Delivery.objects.create(
        channel="facebook", account="1", body=body, trace=trace.current(), state="malformed", error="not a page"
    )
    done = Delivery.objects.create(channel="facebook", account="1", body=b"{}", trace=trace.current(), state="done")
    api, url = api_for(alice), f"/api/channels/kept/{kept.pk}/"
    (row,) = api.get("/api/channels/kept/").json()["results"]
    assert (row["id"], row["error"], "body" in row) == (kept.pk, "not a page", False)
    assert "<script>" in api.get(url).json()["body"]
    assert api.get(f"/api/channels/kept/{done.pk}/").status_code == 404
    assert api.post(f"/api/channels/kept/{done.pk}/retry/").status_code == 404
    assert api_for(bob).get(url).status_code == api_for(bob).post(f"{url}retry/").status_code == 403
    stranger = api_for(charlie, "globex")
    assert stranger.get("/api/channels/kept/").json()["results"] == []
    assert stranger.get(url).status_code == stranger.post(f"{url}retry/").status_code == 404
    assert api.post(f"{url}retry/").status_code == 202
    kept.refresh_from_db()
    assert kept.state == "pending"
    assert api.post(f"{url}retry/").status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"\xff\x00", b"[" * 100_000, b'"' + b"\\ud800" * 9000 + b'"', b"1" * 50_000, b"NaN"]
)
def test_whatever_arrived_can_be_shown(acme, alice, api_for, client_for, body):
    kept = Delivery.objects.create(
        channel="facebook", account="1", body=body, trace=trace.current(), state="malformed", error="?"
    )
    assert len(api_for(alice).get(f"/api/channels/kept/{kept.pk}/").json()["body"]) <= 20_000
    assert client_for(alice).get("/dashboard/channels/kept/").status_code == 200
    assert client_for(alice).get(f"/dashboard/trace/{kept.trace}/").status_code == 200
    assert api_for(alice).get(f"/api/trace/{kept.trace}/").status_code == 200
