"""What a manager can do on the pages, and who cannot."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django_tenants.utils import tenant_context

from apps.webhooks_outbox import services
from apps.webhooks_outbox.models import Delivery, Endpoint
from tests.webhooks_outbox.conftest import SECRET


def page(name: str, *args: object) -> str:
    return reverse(f"webhooks_outbox:{name}", args=args)


@pytest.fixture
def alice_at(client_for, alice):
    return client_for(alice)


def test_from_an_empty_page_to_a_received_test_event(acme, alice_at, receiver, deliver):
    assert "No endpoint yet" in alice_at.get(page("list")).content.decode()
    answer = alice_at.post(page("create"), {"url": receiver.url, "description": "CRM", "everything": "1"}, follow=True)
    assert "whsec_••••••••" in answer.content.decode()
    endpoint = Endpoint.objects.get()
    secret = endpoint.secrets[0]["secret"]
    assert secret not in answer.content.decode()
    shown = alice_at.post(page("reveal", endpoint.uuid))
    assert secret in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    receiver.secrets = [secret]
    alice_at.post(page("test", endpoint.uuid))
    deliver()
    (body,) = receiver.messages.values()
    assert b'"webhook.test"' in body
    delivery = Delivery.objects.get()
    text = alice_at.get(page("delivery", delivery.uuid)).content.decode()
    assert delivery.webhook_id in text
    assert receiver.requests[0].headers["webhook-signature"] in text
    fragment = alice_at.get(page("delivery", delivery.uuid) + "?part=state", headers={"hx-request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "100" in alice_at.get(page("list")).content.decode()


def test_events_are_chosen_and_the_choice_is_changed(acme, alice_at):
    url = "https://example.com/hooks"
    alice_at.post(page("create"), {"url": url, "everything": "", "types": ["endpoint.disabled"]})
    endpoint = Endpoint.objects.get()
    assert endpoint.types == ["endpoint.disabled"]
    assert 'value="endpoint.disabled" checked' in alice_at.get(page("edit", endpoint.uuid)).content.decode()
    alice_at.post(page("edit", endpoint.uuid), {"url": url, "everything": "1"})
    endpoint.refresh_from_db()
    assert endpoint.types == []
    refused = alice_at.post(page("edit", endpoint.uuid), {"url": url, "everything": ""})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:8000/", "not on the public internet"),
        ("http://user:pw@example.com/", "Leave name and password out"),
        ("ftp://example.com/", "must begin with https"),
        ("nonsense", "must begin with https"),
        ("https://example.com:5432/", "not for web servers"),
        ("https://" + "a" * 600 + ".com/", "at most 500"),
        ("https://exa mple.com/", "Enter a complete address"),
        ("https://example.com/\x00", "Null characters"),
        ("", "required"),
    ],
)
def test_a_bad_address_is_explained_and_nothing_typed_is_lost(acme, alice_at, url, why):
    answer = alice_at.post(page("create"), {"url": url, "description": "<b>My CRM</b>", "everything": "1"})
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert "&lt;b&gt;My CRM&lt;/b&gt;" in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_rotate_pause_resume(acme, alice_at, endpoint):
    alice_at.post(page("rotate", endpoint.uuid))
    endpoint.refresh_from_db()
    assert [one["secret"] == SECRET for one in endpoint.secrets] == [False, True]
    alice_at.post(page("pause", endpoint.uuid))
    refused = alice_at.post(page("test", endpoint.uuid), follow=True)
    assert "Resume it first" in refused.content.decode()
    alice_at.post(page("resume", endpoint.uuid))
    endpoint.refresh_from_db()
    assert endpoint.state == "active"


def test_deleting_asks_for_the_name(acme, alice_at, endpoint):
    alice_at.post(page("delete", endpoint.uuid), {"confirm_name": "something else"})
    assert Endpoint.objects.exists()
    alice_at.post(page("delete", endpoint.uuid), {"confirm_name": "Our CRM"})
    assert not Endpoint.objects.exists()


def test_given_up_ones_are_replayed_and_a_bad_range_is_explained(acme, alice_at, endpoint, receiver, deliver):
    services.send_test(endpoint)
    Delivery.objects.update(state="dead")
    alice_at.post(page("replay-many", endpoint.uuid), {"state": "dead"})
    deliver()
    assert len(receiver.messages) == 1
    refused = alice_at.post(page("replay-many", endpoint.uuid), {"state": "all"})
    assert refused.status_code == 422
    assert "Say from when on" in refused.content.decode()
    assert alice_at.post(page("replay-many", endpoint.uuid), {"state": "x", "since": "never"}).status_code == 422


def test_filters_and_cursors_of_deliveries_bear_nonsense(acme, alice_at, endpoint):
    for _n in range(30):
        services.send_test(endpoint)
    Delivery.objects.filter(pk__in=list(Delivery.objects.values_list("pk", flat=True)[:2])).update(state="dead")
    assert alice_at.get(page("detail", endpoint.uuid) + "?state=dead").content.decode().count("data-row") == 2
    assert alice_at.get(page("detail", endpoint.uuid)).content.decode().count("data-row") == 25
    for query in ("state=nonsense", "type=%00", "type=' OR 1=1", "cursor=%FF", "cursor=e30", "state=dead&cursor=x"):
        assert alice_at.get(f"{page('detail', endpoint.uuid)}?{query}").status_code == 200


def test_the_detail_page_costs_the_same_however_many_deliveries(
    acme, alice_at, endpoint, django_assert_max_num_queries
):
    for _n in range(25):
        services.send_test(endpoint)
    alice_at.get(page("detail", endpoint.uuid))
    with django_assert_max_num_queries(16):
        alice_at.get(page("detail", endpoint.uuid))


def test_the_catalog_can_be_searched(acme, alice_at):
    text = alice_at.get(page("events") + "?q=ENDPOINT.dis").content.decode()
    assert "endpoint.disabled" in text
    assert "account.connected" not in text
    assert "No event fits" in alice_at.get(page("events") + "?q=%00%F0%9F").content.decode()


GETS = ("list", "create", "events")
ENDPOINT_GETS = ("detail", "edit")
ENDPOINT_POSTS = ("reveal", "rotate", "pause", "resume", "delete", "test", "replay-many", "edit")


def test_agents_and_viewers_stay_outside(acme, client_for, bob, victor, endpoint):
    for user in (bob, victor):
        client = client_for(user)
        for name in GETS:
            assert client.get(page(name)).status_code == 403
        for name in ENDPOINT_GETS:
            assert client.get(page(name, endpoint.uuid)).status_code == 403
        for name in ENDPOINT_POSTS:
            assert client.post(page(name, endpoint.uuid)).status_code == 403


def test_nothing_of_another_organization_resolves(acme, globex, client_for, alice, charlie, endpoint):
    delivery = services.send_test(endpoint)
    before = Endpoint.objects.values().get()
    client = client_for(charlie, "globex")
    with tenant_context(globex):
        paths = [page(name, endpoint.uuid) for name in (*ENDPOINT_GETS, *ENDPOINT_POSTS)]
        paths += [page("delivery", delivery.uuid), page("replay", delivery.uuid)]
    for path in paths:
        assert client.get(path).status_code in (404, 405)
        assert client.post(path, {"confirm_name": "Our CRM"}).status_code in (404, 405)
    assert client_for(charlie, "acme").get(page("detail", endpoint.uuid)).status_code == 403
    assert Endpoint.objects.values().get() == before
    assert client_for(alice).get(page("detail", uuid.uuid4())).status_code == 404


def test_signed_out_people_are_asked_to_sign_in(acme, client_for, endpoint):
    assert client_for().get(page("detail", endpoint.uuid)).status_code == 302


def test_the_code_that_we_give_receivers_verifies(acme, alice_at, endpoint, receiver, deliver):
    said: dict[str, Any] = {}
    exec(render_to_string("webhooks_outbox/receiver.txt"), said)
    assert "compare_digest" in alice_at.get(page("detail", endpoint.uuid)).content.decode()
    services.send_test(endpoint)
    deliver()
    got = receiver.requests[0]
    said["verify"](endpoint.secrets[0]["secret"], got.headers, got.body)
    for headers, body in ((got.headers, got.body + b" "), ({**got.headers, "webhook-timestamp": "1"}, got.body)):
        with pytest.raises(ValueError, match=r"wrong signature|too old"):
            said["verify"](endpoint.secrets[0]["secret"], headers, body)
