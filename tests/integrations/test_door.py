"""The webhook door: what it lets in, where it puts it, what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.db import connection
from django_tenants.utils import tenant_context

from apps.conversations.adapters.signatures import sign_meta
from apps.integrations import door
from apps.integrations.models import Delivery
from apps.jobs.models import Job
from apps.organizations.models import AccountRoute, UnroutedDelivery

SECRET = "the-app-secret"


@pytest.fixture(autouse=True)
def _settings(settings) -> Iterator[None]:
    settings.FACEBOOK_APP_SECRET = ["an-older-secret", SECRET]
    settings.FACEBOOK_VERIFY_TOKEN = "verify-me"
    settings.WHATSAPP_VERIFY_TOKEN = "verify-whatsapp"
    door.routes.forget()
    yield
    door.routes.forget()


@pytest.fixture
def routes(acme, globex) -> None:
    AccountRoute.objects.create(channel="facebook", external_id="111", organization=acme)
    AccountRoute.objects.create(channel="facebook", external_id="222", organization=globex)


@pytest.fixture
def knock(client_for):
    """POST a body to the door as Meta would; `signature` replaces the right one."""
    client = client_for(None, None)

    def post(body, *, channel="facebook", signature=None, raw=False):
        data = body if raw else json.dumps(body).encode()
        return client.post(
            f"/webhook/{channel}/",
            data,
            content_type="application/json",
            headers={"X-Hub-Signature-256": sign_meta(SECRET, data) if signature is None else signature},
        )

    return post


def page(*ids):
    return {
        "object": "page",
        "entry": [{"id": i, "messaging": [{"message": {"mid": f"m{i}", "text": "hi"}}]} for i in ids],
    }


def test_a_signed_body_is_stored_raw_with_its_wake_up(acme, routes, knock):
    body = json.dumps(page("111"), indent=3).encode()
    assert knock(body, raw=True).status_code == 200
    stored = Delivery.objects.get()
    assert bytes(stored.body) == body  # the very bytes
    assert (stored.channel, stored.account, stored.state) == ("facebook", "111", "pending")
    assert Job.objects.filter(schema="acme", kind=door.WAKES).count() == 1


def test_one_body_for_several_tenants_is_divided(acme, globex, routes, knock):
    assert knock(page("111", "222", "111")).status_code == 200
    mine = json.loads(bytes(Delivery.objects.get().body))
    assert [entry["id"] for entry in mine["entry"]] == ["111", "111"]
    with tenant_context(globex):
        theirs = json.loads(bytes(Delivery.objects.get().body))
    assert [entry["id"] for entry in theirs["entry"]] == ["222"]
    assert set(Job.objects.filter(kind=door.WAKES).values_list("schema", flat=True)) == {"acme", "globex"}


def test_an_unknown_account_is_kept_for_the_agency(acme, routes, knock):
    answer = knock(page("111", "999"))
    assert answer.status_code == 200
    kept = UnroutedDelivery.objects.get()
    assert (kept.why, kept.external_id) == ("unknown_account", "999")
    assert Delivery.objects.count() == 1
    assert knock(page("999")).json()["code"] == "kept"


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=00", "sha1=abc", "sha256=" + "é" * 64, "x" * 10_000])
def test_a_wrong_signature_is_refused_and_nothing_is_stored(acme, routes, knock, signature):
    answer = knock(page("111"), signature=signature)
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_signature")
    assert not Delivery.objects.exists()
    assert not UnroutedDelivery.objects.exists()
    assert not Job.objects.filter(kind=door.WAKES).exists()


def test_the_older_secret_still_verifies_while_it_is_replaced(acme, routes, knock):
    body = json.dumps(page("111")).encode()
    assert knock(body, raw=True, signature=sign_meta("an-older-secret", body)).status_code == 200


def test_without_a_secret_nothing_is_let_in(acme, routes, knock, settings):
    settings.FACEBOOK_APP_SECRET = []
    assert knock(page("111"), signature=sign_meta("", json.dumps(page("111")).encode())).status_code == 403


def test_an_oversized_body_is_refused(acme, routes, knock, settings):
    settings.WEBHOOK_MAX_BYTES = 1000
    assert knock(page(*["111"] * 100)).status_code == 413
    assert not Delivery.objects.exists()


HOSTILE = {
    "empty": b"",
    "not JSON": b"hello",
    "not UTF-8": b'{"object": "\xff\xfe"}',
    "a list": b"[1, 2]",
    "a number": b"1e999",
    "null": b"null",
    "nested": b"[" * 200_000,
    "nested objects": b'{"entry":' * 50_000,
    "huge integer": b'{"entry": [{"id": ' + b"9" * 10_000 + b"}]}",
    "entry of wrong type": b'{"object": "page", "entry": "x"}',
    "entries of wrong type": b'{"object": "page", "entry": [1, null, "x", [], {"id": {}}]}',
    "null byte in the id": b'{"object": "page", "entry": [{"id": "1\\u00001", "messaging": []}]}',
    "endless id": b'{"object": "page", "entry": [{"id": "' + b"1" * 100_000 + b'"}]}',
    "lone surrogate": b'{"object": "page", "entry": [{"id": "\\ud800"}]}',
    "no entries": b'{"object": "page", "entry": []}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("channel", ["facebook", "instagram", "whatsapp"])
def test_what_cannot_be_read_is_kept_and_flagged(acme, routes, knock, channel, body):
    answer = knock(body, raw=True, channel=channel)
    assert (answer.status_code, answer.json()["code"]) == (200, "kept")
    kept = UnroutedDelivery.objects.all()
    assert kept
    assert {one.channel for one in kept} == {channel}
    assert not Delivery.objects.exists()


def test_an_account_that_moved_is_never_given_to_the_old_tenant(acme, globex, routes, knock):
    knock(page("111"))  # now the route is remembered
    AccountRoute.objects.filter(external_id="111").update(organization=globex)
    knock(page("111"))
    assert Delivery.objects.count() == 1
    with tenant_context(globex):
        assert Delivery.objects.count() == 1
    AccountRoute.objects.filter(external_id="111").delete()
    knock(page("111"))
    assert UnroutedDelivery.objects.get().why == "unknown_account"


def test_the_database_being_away_asks_the_platform_to_try_again(acme, routes):
    def away(_parts):
        raise door.DoorShut("gone")

    body = json.dumps(page("111")).encode()
    assert door.receive("facebook", body, sign_meta(SECRET, body), store=away).status == 503


def test_the_door_costs_few_statements(acme, routes, knock, django_assert_num_queries):
    knock(page("111"))
    trace = Delivery.objects.get().trace
    with django_assert_num_queries(3):  # savepoint, store, release
        door.store_here([door.Part("acme", "facebook", "111", b"{}", trace)])


@pytest.mark.parametrize(
    ("channel", "token"), [("facebook", "verify-me"), ("instagram", "verify-me"), ("whatsapp", "verify-whatsapp")]
)
def test_verification_answers_the_challenge_as_plain_text(client_for, channel, token, db):
    client = client_for(None, None)
    query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "<b>158</b>"}
    answer = client.get(f"/webhook/{channel}/", query)
    assert (answer.status_code, answer.content) == (200, b"<b>158</b>")
    assert answer.headers["Content-Type"].startswith("text/plain")
    for change in ({"hub.verify_token": "no"}, {"hub.mode": "unsubscribe"}, {"hub.verify_token": ""}):
        assert client.get(f"/webhook/{channel}/", {**query, **change}).status_code == 403
    assert client.get(f"/webhook/{channel}/").status_code == 403


def test_without_a_verify_token_nobody_is_verified(client_for, settings, db):
    settings.FACEBOOK_VERIFY_TOKEN = ""
    query = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}
    assert client_for(None, None).get("/webhook/facebook/", query).status_code == 403


def test_the_door_is_on_the_public_host_only(client_for, acme, routes):
    body = json.dumps(page("111")).encode()
    answer = client_for(None, "acme").post(
        "/webhook/facebook/",
        body,
        content_type="application/json",
        headers={"X-Hub-Signature-256": sign_meta(SECRET, body)},
    )
    assert answer.status_code == 404
    assert connection.schema_name == "acme"
    assert not Delivery.objects.exists()
