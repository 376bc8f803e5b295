"""The built-in catcher: reached by its own address only, signed for, bounded; and no other address gets inside by it."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django_tenants.utils import tenant_context

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.connection import connection
from apps.webhooks_outbox import catching, services
from apps.webhooks_outbox.adapters import signing
from apps.webhooks_outbox.models import Attempt, Caught, Delivery, Endpoint
from tests.browser import judge, look

BODY = json.dumps({"type": "lead.created", "timestamp": "2026-11-28T12:00:00+00:00", "data": {"name": "منى"}}).encode()


@pytest.fixture
def endpoint(acme):
    return catching.start()


def post(path, body=BODY, **headers):
    tenant = connection.tenant
    try:
        client = Client(headers={"host": "localhost"})
        return client.post(path, body, content_type="application/json", headers=headers)
    finally:
        connection.set_tenant(tenant)


def path_of(endpoint, schema="acme"):
    return f"/catch/{schema}/{endpoint.catcher}/"


def signed(endpoint, body=BODY, *, at=None, secret=""):
    at = at or int(clock.now().timestamp())
    keys = [signing.key_of(secret or endpoint.secrets[0]["secret"])]
    names = {"webhook-id": "msg_1", "webhook-timestamp": str(at)}
    return names | {"webhook-signature": signing.sign("msg_1", at, body, keys)}


def test_one_click_makes_one_endpoint_and_later_ones_wake_it(acme, alice, bob, client_for):
    for _click in range(2):
        assert (
            client_for(alice).post("/dashboard/webhooks/catcher/").headers["Location"] == "/dashboard/webhooks/catcher/"
        )
    endpoint = Endpoint.objects.get()
    assert len(endpoint.catcher) == 43
    services.pause(endpoint)
    client_for(alice).post("/dashboard/webhooks/catcher/")
    endpoint.refresh_from_db()
    assert endpoint.state == "active"
    assert client_for(bob).post("/dashboard/webhooks/catcher/").status_code == 403


def test_each_signature_gets_its_verdict(endpoint):
    now = int(clock.now().timestamp())
    for headers, verdict, status in (
        (signed(endpoint), "verified", 200),
        (signed(endpoint, secret=signing.new_secret()), "wrong", 401),
        (signed(endpoint, b"{}"), "wrong", 401),
        (signed(endpoint, at=now - 3600), "late", 401),
        ({}, "missing", 401),
        (signed(endpoint) | {"webhook-timestamp": "soon"}, "missing", 401),
    ):
        assert post(path_of(endpoint), **headers).status_code == status
        assert Caught.objects.latest("pk").verdict == verdict
    found = Caught.objects.earliest("pk")
    assert (found.type, found.webhook_id, found.body) == ("lead.created", "msg_1", BODY.decode())
    assert found.headers["webhook-signature"].startswith("v1,")


def test_both_secrets_of_a_rotation_count(endpoint):
    before = signed(endpoint)
    services.rotate_secret(endpoint)
    for headers in (before, signed(endpoint)):
        assert post(path_of(endpoint), **headers).status_code == 200


def test_only_its_own_address_opens_it(endpoint, globex, charlie, client_for):
    for path in (
        path_of(endpoint, "globex"),
        path_of(endpoint, "public"),
        path_of(endpoint, "nobody"),
        f"/catch/acme/{'a' * 43}/",
        "/catch/acme//",
        "/catch/acme/%00/",
        "/catch/acme%27%20OR%201=1/" + "a" * 43 + "/",
        f"/catch/pg_catalog/{'a' * 43}/",
    ):
        assert post(path, **signed(endpoint)).status_code == 404
    assert not Caught.objects.exists()
    assert Client(headers={"host": "localhost"}).get(path_of(endpoint)).status_code == 405
    # Not on a tenant's own host, and another tenant sees nothing of it.
    assert client_for(None, "acme").post(path_of(endpoint)).status_code == 404
    post(path_of(endpoint), **signed(endpoint))
    page = client_for(charlie, "globex").get("/dashboard/webhooks/catcher/events/").content.decode()
    assert "lead.created" not in page
    with tenant_context(globex):
        assert not Caught.objects.exists()


def test_a_paused_organization_catches_nothing(endpoint, acme):
    type(acme).objects.filter(pk=acme.pk).update(is_active=False)
    assert post(path_of(endpoint), **signed(endpoint)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x00", b"\xff\xfe", b"null", b"[[[", b'{"type": {"a": 1}}', b'{"type": "\\u0000\\ud800"}', b"[" * 100_000,
        b'{"type": "<script>alert(1)</script>"}', b'"' + b"a" * 200_000 + b'"', '{"type": "\u202e"}'.encode(),
    ],
)  # fmt: skip
def test_hostile_bodies_are_only_shown(endpoint, alice, client_for, body):
    answer = post(
        path_of(endpoint), body, **{"webhook-id": "<b>", "webhook-signature": "é v1,x", "x-evil": "</dd>\x1b"}
    )
    assert answer.status_code == 401
    assert len(Caught.objects.get().body) <= catching.SHOWN
    page = client_for(alice).get("/dashboard/webhooks/catcher/")
    assert page.status_code == 200
    for words in ("<script>alert", "<b>", "</dd>\x1b"):
        assert words not in page.content.decode()


def test_what_is_too_large_is_not_kept(endpoint):
    assert post(path_of(endpoint), b"x" * (catching.LARGEST + 1)).status_code == 413
    assert not Caught.objects.exists()


def test_the_newest_hundred_are_kept(endpoint, alice, client_for):
    rows = [Caught(endpoint=endpoint, verdict="verified", type=f"t{n}") for n in range(catching.KEPT + 5)]
    Caught.objects.bulk_create(rows)
    post(path_of(endpoint), **signed(endpoint))
    assert Caught.objects.count() == catching.KEPT
    last = Caught.objects.latest("pk")
    assert last.type == "lead.created"
    # The list of its own, for other pages: all of it, what came since, or nothing new.
    events = "/dashboard/webhooks/catcher/events/"
    assert f'id="caught-{last.pk}"' in client_for(alice).get(events).content.decode()
    since = client_for(alice).get(events, {"after": last.pk - 1}).content.decode()
    assert (since.count("<li"), since.count("<ol"), f"after={last.pk}" in since) == (1, 0, True)
    assert client_for(alice).get(events, {"after": last.pk}).status_code == 204
    for nonsense in ("-1", "x", "9" * 40, "\x00", "٣"):
        assert client_for(alice).get(events, {"after": nonsense}).status_code == 200


def test_the_catchers_address_is_nobody_elses(endpoint, alice, client_for, api_for):
    address = catching.address_of(endpoint)
    for url in (address, address.replace("/catch/", "/metrics?"), "http://127.0.0.1:1/"):
        with pytest.raises(ValidationError):
            services.create_endpoint(url=url)
    with pytest.raises(ValidationError, match="own address"):
        services.update_endpoint(endpoint, url="https://example.com/", types=[], description="")
    services.update_endpoint(endpoint, url=endpoint.url, types=["lead.created"], description="Mine")
    assert (
        api_for(alice).patch(f"/api/webhooks/endpoints/{endpoint.uuid}/", {"url": "https://example.com/"}).status_code
        == 400
    )
    assert api_for(alice).post("/api/webhooks/endpoints/", {"url": address}).status_code == 400
    form = client_for(alice).post(
        f"/dashboard/webhooks/{endpoint.uuid}/edit/",
        {"url": "http://169.254.169.254/", "everything": "1", "description": "M"},
    )
    assert form.status_code == 302
    endpoint.refresh_from_db()
    assert endpoint.url == address


@pytest.mark.browser
def test_events_arrive_over_http_before_ones_eyes(browser, site, settings):
    settings.SIMULATOR_URL = site.url("", None)
    with look(browser, site.url("/dashboard/webhooks/"), cookies=site.cookies("alice")) as page:
        page.get_by_role("link", name="Catcher", exact=True).click()
        page.get_by_role("button", name="Catch events here").click()
        page.get_by_role("button", name="Send a test event").click()
        page.get_by_text("A test event is on its way.").wait_for()
        with site.inside("acme") as acme:
            # An address inside that a tenant wrote, however it got there, stays shut beside the catcher.
            other = services.create_endpoint(url="https://example.com/")
            Endpoint.objects.filter(pk=other.pk).update(url=catching.address_of(catching.endpoint()))
            services.send_test(other)
            jobs.run_due(schema=acme.schema_name)
            assert Delivery.objects.get(endpoint=catching.endpoint()).state == "delivered"
            assert Attempt.objects.get(delivery__endpoint=other).error == "forbidden_address"
            assert Caught.objects.get().verdict == "verified"
        page.get_by_text("webhook.test", exact=True).wait_for()
        page.get_by_text("Signature verified").wait_for()
        page.get_by_text("webhook.test", exact=True).click()
        page.get_by_text("webhook-signature").wait_for()
        judge(page, "catcher")
