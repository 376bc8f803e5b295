"""A fact, recorded, arrives signed at whoever chose it; and what happens when it does not."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps as django_apps
from django.db import connection, transaction
from django_tenants.utils import tenant_context

from apps.events import record
from apps.events.models import JournalEntry
from apps.events.tasks import _envelope
from apps.jobs import clock
from apps.jobs.models import Job
from apps.organizations.models import OrganizationHealth
from apps.webhooks_outbox import delivering, queries, services
from apps.webhooks_outbox.adapters import signing
from apps.webhooks_outbox.adapters.post import Post
from apps.webhooks_outbox.events import EndpointDisabled
from apps.webhooks_outbox.models import Attempt, Delivery, Endpoint
from tests.vendors.receiver import Answer, Receiver
from tests.webhooks_outbox.conftest import SECRET

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def fact(reason: str = "gone") -> EndpointDisabled:
    return EndpointDisabled(endpoint_id="7", url="https://example.com/x", reason=reason)


def test_a_fact_arrives_signed_with_its_body_and_an_id(acme, endpoint, receiver, deliver):
    with clock.frozen(NOON):
        event = record(fact("مغلق 🚪"), actor="user:1")
        deliver()
    (request,) = receiver.requests
    delivery = Delivery.objects.get()
    assert request.id == f"msg_{delivery.uuid}"
    assert request.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert request.json == {
        "type": "endpoint.disabled",
        "timestamp": "2026-11-20T12:00:00+00:00",
        "data": {"endpoint_id": "7", "url": "https://example.com/x", "reason": "مغلق 🚪"},
    }
    assert (delivery.state, delivery.attempts, delivery.last_status, delivery.event) == ("delivered", 1, 200, event)
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.signature) == (200, request.headers["webhook-signature"])
    assert receiver.refused == []


def test_a_fact_that_was_rolled_back_was_never_told(acme, endpoint, receiver, deliver):
    with pytest.raises(RuntimeError), transaction.atomic():
        record(fact())
        raise RuntimeError
    deliver()
    assert receiver.requests == []


def test_only_those_who_chose_it_hear_of_it_and_only_while_active(acme, receiver, deliver):
    services.create_endpoint(url=f"{receiver.url}/all", secret=SECRET)
    services.create_endpoint(url=f"{receiver.url}/chosen", secret=SECRET, types=["endpoint.disabled"])
    services.create_endpoint(url=f"{receiver.url}/other", secret=SECRET, types=["account.connected"])
    services.pause(services.create_endpoint(url=f"{receiver.url}/paused", secret=SECRET))
    record(fact())
    deliver()
    assert sorted(request.path for request in receiver.requests) == ["/hooks/all", "/hooks/chosen"]
    assert len(receiver.messages) == 2  # an id of its own for each endpoint


def test_another_organization_hears_nothing(acme, globex, endpoint, receiver, deliver):
    with tenant_context(globex):
        record(fact())
    deliver()
    assert receiver.requests == []


def test_creating_deliveries_again_creates_none(acme, endpoint):
    record(fact())
    envelopes = [_envelope(entry) for entry in JournalEntry.objects.all()]
    assert services.create_deliveries(envelopes) == 1
    assert services.create_deliveries(envelopes) == 0


def test_the_schedule_of_retries_with_the_same_id_until_it_is_given_up(acme, endpoint, receiver, deliver):
    receiver.will(*[500] * 20)
    with clock.frozen(NOON):
        record(fact())
        deliver()
        gaps = []
        while (delivery := Delivery.objects.get()).state == "pending":
            gaps.append((delivery.next_at - clock.now()).total_seconds())
            clock.advance(delivery.next_at - clock.now() - timedelta(milliseconds=1))
            deliver()
            assert Delivery.objects.get().attempts == delivery.attempts  # not before its time
            clock.advance(timedelta(milliseconds=1))
            deliver()
    wanted = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert [round(gap / want, 1) in (1.0, 1.1) for gap, want in zip(gaps, wanted, strict=True)] == [True] * 9
    assert (delivery.state, delivery.attempts, delivery.last_status) == ("dead", 10, 500)
    assert {request.id for request in receiver.requests} == {delivery.webhook_id}
    assert len({request.headers["webhook-timestamp"] for request in receiver.requests}) == 10
    assert delivery.attempt_log.count() == 10
    told = OrganizationHealth.objects.get(organization__slug="acme").last_failure
    assert "127.0.0.1" in told
    assert "given up" in told


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (302, 302, ""), ("redirect", 302, ""), (404, 404, ""), (201, 201, ""), ("drop", None, "connection"),
        ("garbage", None, "protocol"),
    ],
)  # fmt: skip
def test_only_2xx_is_a_success_and_nothing_is_followed(acme, endpoint, receiver, deliver, answer, status, error):
    receiver.will(answer)
    with clock.frozen(NOON):
        record(fact())
        deliver()
    delivery = Delivery.objects.get()
    assert (delivery.last_status, delivery.last_error) == (status, error)
    assert (delivery.state == "delivered") == (status == 201)
    assert len(receiver.requests) == 1


def test_a_receiver_that_hangs_is_left_after_the_time_out(acme, endpoint, receiver):
    receiver.will("hang")
    services.send_test(endpoint)
    with Post(allowed=[receiver.place], timeout=0.3) as post:
        post.add(delivering.claim(1, busy={}))
        (outcome,) = post.collect(5)
        delivering.record_outcomes([outcome])
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_error, delivery.attempts) == ("pending", "timeout", 1)


def test_410_disables_the_endpoint_cancels_what_waits_and_is_told_to_the_others(
    acme, endpoint, receiver, deliver, settings
):
    with Receiver([SECRET], tolerance=None) as other, clock.frozen(NOON):
        settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = [receiver.place, other.place]
        services.create_endpoint(url=other.url, secret=SECRET)
        receiver.will(500, 410)
        record(fact("first"))
        deliver()
        record(fact("second"))
        deliver()
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.problem) == ("disabled", "gone")
        assert set(endpoint.deliveries.values_list("state", flat=True)) == {"cancelled"}
        assert "was disabled. It answered 410" in OrganizationHealth.objects.get(organization__slug="acme").last_failure
        reasons = [json.loads(body)["data"]["reason"] for body in other.messages.values()]
        assert sorted(reasons) == ["first", "gone", "second"]
        record(fact("third"))
        deliver()
        assert endpoint.deliveries.count() == 2


def test_days_of_failures_disable_the_endpoint_and_resuming_forgives_it(acme, endpoint, receiver, deliver):
    receiver.will(*[500] * 30)
    with clock.frozen(NOON):
        for _day in range(6):
            record(fact())
            deliver()
            clock.advance(timedelta(days=1))
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.problem, endpoint.failing_since) == ("disabled", "failing", NOON)
        receiver.script.clear()
        services.resume(endpoint)
        assert (endpoint.state, endpoint.problem, endpoint.failing_since) == ("active", "", None)
        count = endpoint.deliveries.filter(state="cancelled").count()
        assert services.replay_many(endpoint, states=["cancelled", "dead"]) >= count > 0
        deliver()
    assert set(endpoint.deliveries.values_list("state", flat=True)) == {"delivered"}


def test_one_success_ends_a_row_of_failures(acme, endpoint, receiver, deliver):
    receiver.will(500)
    with clock.frozen(NOON):
        record(fact())
        deliver()
        endpoint.refresh_from_db()
        assert endpoint.failing_since == NOON
        clock.advance(timedelta(seconds=10))
        deliver()
        endpoint.refresh_from_db()
        assert endpoint.failing_since is None


@pytest.mark.parametrize("status", [429, 502, 504])
def test_an_endpoint_that_asks_for_a_pause_gets_it_for_all_its_deliveries(acme, endpoint, receiver, deliver, status):
    receiver.will(Answer(status, {"Retry-After": "120"}))
    with clock.frozen(NOON):
        record(fact("one"))
        deliver()
        record(fact("two"))
        deliver()
        assert len(receiver.requests) == 1  # the second waits too
        endpoint.refresh_from_db()
        assert endpoint.slow_until == NOON + timedelta(seconds=120)
        clock.advance(timedelta(seconds=121))
        deliver()
        assert len(receiver.messages) == 2
        endpoint.refresh_from_db()
        assert (endpoint.slow_until, endpoint.strikes) == (None, 0)


@pytest.mark.parametrize("wish", ["99999999999", "Wed, 01 Jan 2099 00:00:00 GMT", "-5", "soon", "", "٣"])
def test_odd_wishes_for_a_pause_are_capped_or_ignored(acme, endpoint, receiver, deliver, wish):
    receiver.will(Answer(429, {"Retry-After": wish}))
    with clock.frozen(NOON):
        record(fact())
        deliver()
        endpoint.refresh_from_db()
        assert NOON < endpoint.slow_until <= NOON + delivering.SLOWEST


def test_an_endpoint_that_fails_is_asked_with_care(acme, endpoint):
    Endpoint.objects.update(failing_since=NOON)
    with clock.frozen(NOON):
        for _n in range(20):
            services.send_test(endpoint)
        first = delivering.claim(100, busy={})
        assert len(first) == delivering.PROBING
        assert delivering.claim(100, busy={endpoint.pk: delivering.PROBING}) == []


def test_two_secrets_sign_for_a_day_after_a_rotation(acme, endpoint, receiver, deliver):
    with clock.frozen(NOON):
        new = services.rotate_secret(endpoint)
        record(fact())
        deliver()
        assert len(receiver.requests[-1].headers["webhook-signature"].split(" ")) == 2
        receiver.secrets = [new]
        record(fact())
        deliver()
        assert (len(receiver.messages), receiver.refused) == (2, [])
        clock.advance(timedelta(hours=25))
        record(fact())
        deliver()
        assert len(receiver.requests[-1].headers["webhook-signature"].split(" ")) == 1
        assert len(receiver.messages) == 3


def test_replaying_keeps_the_id_so_that_a_receiver_counts_it_once(acme, endpoint, receiver, deliver):
    record(fact())
    deliver()
    delivery = Delivery.objects.get()
    services.replay(delivery)
    deliver()
    assert receiver.times == {delivery.webhook_id: 2}
    assert len(receiver.messages) == 1
    assert delivery.attempt_log.count() == 2


def test_a_stretch_of_time_is_replayed(acme, endpoint, receiver, deliver):
    with clock.frozen(NOON):
        for _hour in range(4):
            record(fact())
            deliver()
            clock.advance(timedelta(hours=1))
        since, until = NOON + timedelta(hours=1), NOON + timedelta(hours=3)
        assert services.replay_many(endpoint, states=["delivered"], since=since, until=until) == 2
        deliver()
    assert sorted(receiver.times.values()) == [1, 1, 2, 2]


def test_pausing_keeps_what_waits(acme, endpoint, receiver, deliver):
    receiver.will(500)
    with clock.frozen(NOON):
        record(fact())
        deliver()
        services.pause(endpoint)
        clock.advance(timedelta(hours=1))
        deliver()
        assert len(receiver.requests) == 1
        services.resume(endpoint)
        deliver()
        assert len(receiver.messages) == 1


def test_the_wake_up_sleeps_until_the_next_attempt(acme, endpoint, receiver, deliver):
    receiver.will(500)
    with clock.frozen(NOON):
        record(fact())
        deliver()
        job = Job.objects.get(kind=services.DELIVER)
        assert job.run_at == Delivery.objects.get().next_at


def test_nothing_is_posted_twice_while_a_claim_stands(acme, endpoint):
    with clock.frozen(NOON):
        services.send_test(endpoint)
        assert len(delivering.claim(10, busy={})) == 1
        assert delivering.claim(10, busy={}) == []
        clock.advance(delivering.HOLD)
        assert len(delivering.claim(10, busy={})) == 1


def test_whoever_lost_its_claim_changes_nothing(acme, endpoint, receiver):
    with clock.frozen(NOON), Post(allowed=[receiver.place]) as post:
        services.send_test(endpoint)
        receiver.will(500)
        post.add(delivering.claim(10, busy={}))
        outcomes = post.collect(5)
        clock.advance(delivering.HOLD)
        (newer,) = delivering.claim(10, busy={})
        delivering.record_outcomes(outcomes)
        delivery = Delivery.objects.get()
    assert (delivery.claim, delivery.attempts) == (newer.claim, 0)
    assert Attempt.objects.count() == 1  # but it was made, and is kept


def test_old_deliveries_are_pruned(acme, endpoint, receiver, deliver):
    with clock.frozen(NOON):
        record(fact())
        deliver()
        services.prune()
        assert Delivery.objects.count() == 1
        clock.advance(services.KEEP + timedelta(days=1))
        services.prune()
    assert (Delivery.objects.count(), Attempt.objects.count()) == (0, 0)


def test_a_new_organization_gets_the_installation_s_endpoint(acme, settings):
    settings.N8N_WEBHOOK_URL = "https://n8n.example.com/webhook/frontdesk"
    settings.WEBHOOK_SIGNING_SECRET = "any words the operator chose"
    services.create_first_endpoint()
    services.create_first_endpoint()
    endpoint = Endpoint.objects.get()
    assert endpoint.url == settings.N8N_WEBHOOK_URL
    own = endpoint.secrets[0]["secret"]
    assert own == signing.derived("any words the operator chose", "acme")
    assert own not in (
        signing.derived("any words the operator chose", "globex"),
        signing.secret_from("any words the operator chose"),
    )


def test_endpoints_with_the_shared_secret_get_their_own_and_keep_working(acme, settings):
    """The migration: receivers that know the old secret go on for a month."""
    settings.WEBHOOK_SIGNING_SECRET = "any words the operator chose"
    shared = signing.secret_from(settings.WEBHOOK_SIGNING_SECRET)
    endpoint = services.create_endpoint(url="https://n8n.example.com/webhook/frontdesk", secret=shared)
    other = services.create_endpoint(url="https://other.example.com/")
    before = other.secrets
    migration = importlib.import_module("apps.webhooks_outbox.migrations.0005_own_secrets")
    with connection.schema_editor(atomic=False) as editor:
        migration.give_each_its_own(django_apps, editor)
    endpoint.refresh_from_db()
    other.refresh_from_db()
    own = signing.derived(settings.WEBHOOK_SIGNING_SECRET, "acme")
    assert queries.live_secrets(endpoint, clock.now()) == [own, shared]
    assert queries.live_secrets(endpoint, clock.now() + timedelta(days=31)) == [own]
    assert other.secrets == before
