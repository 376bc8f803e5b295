"""Only whom the platform names as an account's owner gets its messages; everybody else waits for proof."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django_tenants.utils import tenant_context

from apps.events.models import JournalEntry
from apps.integrations import proving, services
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.jobs.models import Job
from apps.organizations.models import AccountRoute
from apps.organizations.proof import Proof, ProvenBy
from apps.simulator import services as simulator
from tests.vendors.graph import Graph

HTML = "<html><body>Login</body></html>"
# Everything that a platform, or what stands in its place, may answer without showing whose the account is.
FAILING: dict[str, dict[str, Any]] = {
    "no answer in time": {"hang": 2.0},
    "hangs up": {"drop": True},
    "500": {"answer": (500, "oops", {})},
    "502 of a proxy": {"answer": (502, HTML, {"Content_Type": "text/html"})},
    "503 as JSON": {"answer": (503, "{}", {})},
    "429": {"answer": (429, "", {"Retry_After": "30"})},
    "rate limit of the app": {"error": {"code": 4, "status": 403}},
    "rate limit of the page": {"error": {"code": 32}},
    "rate limit of the business": {"error": {"code": 80007}},
    "a passing fault of theirs": {"error": {"code": 2, "status": 500}},
    "an unknown fault of theirs": {"error": {"code": 1}},
    "an unknown code": {"error": {"code": 987654}},
    "an expired token": {"error": {"code": 190, "status": 401}},
    "a missing permission": {"error": {"code": 10, "status": 403}},
    "401 without a word": {"answer": (401, "", {})},
    "404": {"answer": (404, HTML, {"Content_Type": "text/html"})},
    "a page of a captive portal": {"answer": (200, HTML, {"Content_Type": "text/html"})},
    "broken JSON": {"answer": (200, '{"id": "1001"', {})},
    "nothing": {"answer": (200, "", {})},
    "an empty object": {"answer": (200, "{}", {})},
    "a list": {"answer": (200, '[{"id": "1001"}]', {})},
    "an id that is none": {"answer": (200, '{"id": null, "name": "Acme"}', {})},
    "ids in a list": {"answer": (200, '{"id": ["1001", "3001", "9001"]}', {})},
    "another account": {"answer": (200, '{"id": "1009", "name": "Other"}', {})},
    "a redirect": {"answer": (302, "", {"Location": "https://example.com/"})},
    "yes and amen": {"answer": (200, "true", {})},
}  # fmt: skip


@pytest.fixture
def graph(settings) -> Iterator[Graph]:
    with Graph() as running:
        running.add_page("1001", token="good-token", name="Acme page")
        running.add_instagram("2001", token="good-token", page_id="1001")
        running.add_number("3001", token="wa-token", waba_id="9001")
        settings.META_GRAPH_URL = running.url
        yield running


KINDS = {
    "facebook": {"external_id": "1001", "token": "good-token"},
    "instagram": {"external_id": "2001", "token": "good-token", "settings": {"page_id": "1001"}},
    "whatsapp": {"external_id": "3001", "token": "wa-token", "settings": {"waba_id": "9001"}},
}


def connect(channel: str, **more: Any) -> ConnectedAccount:
    given: Any = {**KINDS[channel], **more}
    return services.connect_account(channel=channel, **given)


def routed_to(organization: Any) -> set[str]:
    return set(AccountRoute.objects.filter(organization=organization).values_list("external_id", flat=True))


@pytest.mark.parametrize("answer", FAILING)
def test_no_other_answer_routes(acme, graph, monkeypatch, answer):
    monkeypatch.setattr("apps.conversations.adapters.graph.READ_TIMEOUT", 0.5)
    graph.answer_reads(FAILING[answer])
    for channel in ["facebook"] if "hang" in FAILING[answer] else KINDS:
        account = connect(channel)
        assert (account.state, bool(account.problem)) == ("waiting", True), channel
        assert Job.objects.filter(kind=proving.PROVE, key=str(account.pk), run_at__gt=clock.now()).exists()
    assert not AccountRoute.objects.exists()
    assert not JournalEntry.objects.filter(type="account.connected").exists()
    assert not [one for one in graph.requests if one.method == "POST"], "nothing is subscribed for who proved nothing"


def test_a_server_that_nobody_reaches_routes_nothing(acme, settings):
    settings.META_GRAPH_URL = "http://127.0.0.1:9"
    assert connect("facebook").state == "waiting"
    assert not AccountRoute.objects.exists()


@pytest.mark.parametrize("channel", KINDS)
def test_what_the_platform_names_is_routed_with_its_proof(acme, graph, channel):
    account = connect(channel)
    assert (account.state, account.problem) == ("connected", "")
    assert routed_to(acme) == proving.ids_of(account)
    assert {route.proof.by for route in AccountRoute.objects.all()} == {ProvenBy.PLATFORM}
    assert JournalEntry.objects.filter(type="account.connected").count() == 1


@pytest.mark.parametrize(
    ("channel", "change"),
    [
        ("facebook", {"external_id": "me"}),
        ("facebook", {"external_id": "1001/"}),
        ("facebook", {"external_id": "2001"}),  # the page's Instagram account is no page
        ("instagram", {"external_id": "1001"}),
        ("instagram", {"settings": {"page_id": "1002"}}),
        ("instagram", {"token": "wa-token"}),
        ("whatsapp", {"settings": {"waba_id": "9002"}}),
        ("whatsapp", {"settings": {"waba_id": "1001"}}),
        ("whatsapp", {"token": "good-token"}),
    ],
)
def test_a_good_token_proves_its_own_account_only(acme, graph, channel, change):
    graph.add_number("3002", token="other-token", waba_id="9002")
    account = connect(channel, **change)
    assert account.state == "waiting"
    assert account.problem
    assert not AccountRoute.objects.exists()


def test_proof_is_asked_for_again_until_it_comes(acme, graph, run_due_jobs):
    graph.answer_reads(FAILING["503 as JSON"])
    with clock.frozen(clock.now()):
        account = connect("whatsapp")
        clock.advance(timedelta(minutes=2))
        assert run_due_jobs(kinds=[proving.PROVE]) == 1
        account.refresh_from_db()
        assert account.state == "waiting"
        graph.answer_reads({})
        clock.advance(timedelta(minutes=10))
        assert run_due_jobs(kinds=[proving.PROVE]) == 1
    account.refresh_from_db()
    assert (account.state, account.problem) == ("connected", "")
    assert routed_to(acme) == {"3001", "9001"}
    assert JournalEntry.objects.filter(type="account.connected").count() == 1


def test_a_proven_owner_displaces_who_was_never_proven_and_tells_them(acme, globex, graph, run_due_jobs):
    with tenant_context(globex):
        theirs = connect("facebook")
        AccountRoute.objects.update(proven_by="", proven_at=None)  # from before there were proofs
    assert connect("facebook").state == "connected"
    assert routed_to(acme) == {"1001"}
    with tenant_context(globex):
        assert run_due_jobs(kinds=[proving.DISPLACED]) == 1
        theirs.refresh_from_db()
        assert (theirs.state, theirs.problem_code) == ("waiting", "displaced")
        assert "Another organization" in theirs.problem
        troubled = JournalEntry.objects.get(type="account.troubled")
        assert "Acme" not in str(troubled.data)


def test_a_stale_holder_yields_and_a_fresh_one_does_not(acme, globex, graph):
    with clock.frozen(clock.now()):
        with tenant_context(globex):
            connect("facebook")
        with pytest.raises(ValidationError, match="elsewhere"):
            connect("facebook")
        assert Job.objects.filter(schema="globex", kind="integrations.check").exists(), "theirs is looked at again"
        clock.advance(proving.FRESH_FOR + timedelta(minutes=1))
        assert connect("facebook").state == "connected"
        assert routed_to(acme) == {"1001"}


def test_a_check_proves_again_and_a_refusal_takes_the_proof_but_not_the_messages(acme, globex, graph):
    with clock.frozen(clock.now()):
        account = connect("facebook")
        clock.advance(timedelta(days=1))
        services.check_account(account)
        assert AccountRoute.objects.get().proof == Proof(ProvenBy.PLATFORM, clock.now())
        graph.answer_reads(FAILING["503 as JSON"])
        services.check_account(account)
        assert (account.state, AccountRoute.objects.get().is_proven) == ("attention", True)
        graph.answer_reads(FAILING["an expired token"])
        services.check_account(account)
        assert (account.state, AccountRoute.objects.get().is_proven) == ("attention", False)
        assert routed_to(acme) == {"1001"}
        graph.answer_reads({})
        with tenant_context(globex):
            assert connect("facebook").state == "connected"
        assert routed_to(globex) == {"1001"}


def test_one_number_leaves_the_business_account_to_the_other(acme, graph):
    graph.add_number("3002", token="wa-token", waba_id="9001")
    first = connect("whatsapp")
    connect("whatsapp", external_id="3002")
    services.disconnect_account(first)
    assert routed_to(acme) == {"3002", "9001"}


def test_simulated_accounts_prove_nothing_about_the_world(acme, graph):
    """The stand-in believes what stands in our own tables: it cannot be made to vouch for somebody's real account."""
    account = simulator.connect("whatsapp")
    assert {route.proof.by for route in AccountRoute.objects.all()} == {ProvenBy.SIMULATOR}
    again = services.connect_account(
        channel="whatsapp",
        external_id=account.external_id,
        token=f"whatsapp|{account.external_id}|mine",
        settings={"waba_id": "9001"},
    )
    assert again.state == "waiting"
    assert "9001" not in routed_to(acme)


def test_ids_of_chats_are_given_out_here(acme, alice, api_for):
    answer = api_for(alice).post("/api/connect/webchat/", {"external_id": "somebody-elses-key"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not AccountRoute.objects.exists()
