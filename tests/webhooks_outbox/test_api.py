"""Endpoints and deliveries over the API."""

from __future__ import annotations

import json
import uuid

import pytest
from django_tenants.utils import tenant_context

from apps.webhooks_outbox import services
from apps.webhooks_outbox.models import Delivery, Endpoint
from tests.webhooks_outbox.conftest import SECRET

ROOT = "/api/webhooks/endpoints/"


@pytest.fixture
def api(api_for, alice):
    return api_for(alice)


def test_an_endpoint_from_its_creation_to_its_end(acme, api, receiver, deliver):
    made = api.post(ROOT, {"url": receiver.url, "types": ["endpoint.disabled"]})
    assert made.status_code == 201
    secret, one = made.data["secret"], f"{ROOT}{made.data['id']}/"
    assert secret.startswith("whsec_")
    receiver.secrets = [secret]
    shown = api.get(one).data
    assert "secret" not in shown
    assert secret not in str(shown)
    assert api.post(f"{one}test/").status_code == 202
    deliver()
    assert len(receiver.messages) == 1
    listed = api.get(f"{one}deliveries/?state=delivered").data["results"]
    assert [row["webhook_id"] for row in listed] == list(receiver.messages)
    delivery = f"/api/webhooks/deliveries/{listed[0]['id']}/"
    detail = api.get(delivery).data
    assert detail["attempt_log"][0]["status"] == 200
    assert detail["body"].encode() == next(iter(receiver.messages.values()))
    assert api.post(f"{delivery}replay/").status_code == 202
    deliver()
    assert list(receiver.times.values()) == [2]
    rotated = api.post(f"{one}rotate/").data["secret"]
    assert rotated != secret
    assert api.get(one).data["secrets_count"] == 2
    assert api.patch(one, {"state": "paused"}).data["state"] == "paused"
    refused = api.post(f"{one}test/")
    assert (refused.status_code, refused.data["code"]) == (409, "endpoint_not_active")
    assert api.patch(one, {"state": "active", "description": "CRM"}).data["description"] == "CRM"
    assert Endpoint.objects.get().types == ["endpoint.disabled"]
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404


def test_replaying_what_was_given_up(acme, api, endpoint, receiver, deliver):
    for _n in range(3):
        services.send_test(endpoint)
    Delivery.objects.update(state="dead")
    path = f"{ROOT}{endpoint.uuid}/replay/"
    assert api.post(path, {"states": ["delivered"]}).status_code == 400
    assert api.post(path).data == {"count": 3}
    deliver()
    assert len(receiver.messages) == 3


def test_deliveries_are_filtered_and_paged(acme, api, endpoint):
    for _n in range(5):
        services.send_test(endpoint)
    first = api.get("/api/webhooks/deliveries/?limit=2").data
    assert len(first["results"]) == 2
    assert first["next"]
    trace = Delivery.objects.first().trace
    assert len(api.get(f"/api/webhooks/deliveries/?trace={trace}").data["results"]) == 5
    assert api.get(f"/api/webhooks/deliveries/?endpoint={uuid.uuid4()}").data["results"] == []


def test_the_catalog_of_events(acme, api_for, victor):
    answer = api_for(victor).get("/api/webhooks/events/").data["results"]
    found = next(event for event in answer if event["type"] == "endpoint.disabled")
    assert {"name": "reason", "type": "string"} in found["fields"]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"url": ""}, {"url": None}, {"url": ["https://example.com"]}, {"url": "https://localhost/x"},
        {"url": "https://example.com/", "types": "lead.created"}, {"url": "https://example.com/", "types": ["nope"]},
        {"url": "https://example.com/", "types": [None]}, {"url": "https://example.com/", "types": [{}]},
        {"url": "https://example.com/\u0000"}, {"url": "https://example.com/", "description": "x" * 500},
        {"url": "https://example.com/", "state": "disabled"}, {"url": "http://[::1"}, {"url": "https://169.254.169.254"},
        {"url": "https://example.com:99999/"}, {"url": "https://\ud800.com/"}, {"url": "https://"}, {"url": 5}, [], "x",
    ],
)  # fmt: skip
def test_bad_bodies_are_refused_with_a_reason(acme, api, body):
    answer = api.post(ROOT, json.dumps(body), content_type="application/json")
    assert answer.status_code == 400, answer.data
    assert answer.data["code"]
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize(
    "query",
    ["state=x", "type=%00", "endpoint=7", "trace=zz", "cursor=%00", "limit=-1", "limit=1e9", "type=" + "a" * 999],
)
def test_bad_queries_are_no_crash(acme, api, endpoint, query):
    assert api.get(f"/api/webhooks/deliveries/?{query}").status_code in (200, 400, 404)
    assert api.get(f"{ROOT}{endpoint.uuid}/deliveries/?{query}").status_code in (200, 400, 404)


def test_only_managers(acme, api_for, bob, victor, endpoint):
    for user in (bob, victor):
        client = api_for(user)
        assert client.get(ROOT).status_code == 403
        assert client.post(ROOT, {"url": "https://example.com/"}).status_code == 403
        assert client.get("/api/webhooks/deliveries/").status_code == 403
        assert client.post(f"{ROOT}{endpoint.uuid}/rotate/").status_code == 403
    assert api_for().get(ROOT).status_code == 401


def test_nothing_of_another_organization_resolves(acme, globex, api_for, charlie, endpoint):
    delivery = services.send_test(endpoint)
    client = api_for(charlie, "globex")
    one = f"{ROOT}{endpoint.uuid}/"
    with tenant_context(globex):
        assert client.get(ROOT).data["results"] == []
        assert client.get("/api/webhooks/deliveries/").data["results"] == []
        for path in (one, f"{one}deliveries/", f"/api/webhooks/deliveries/{delivery.uuid}/"):
            assert client.get(path).status_code == 404
        for path in (
            f"{one}rotate/",
            f"{one}test/",
            f"{one}replay/",
            f"/api/webhooks/deliveries/{delivery.uuid}/replay/",
        ):
            assert client.post(path).status_code == 404
        assert client.patch(one, {"state": "paused"}).status_code == 404
        assert client.delete(one).status_code == 404
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.secrets[0]["secret"]) == ("active", SECRET)
