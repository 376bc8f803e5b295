"""Which host leads where, and that nothing of one request is left for the next."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import StreamingHttpResponse

from apps.organizations import hosts
from apps.organizations.middleware import TenantMiddleware
from apps.organizations.models import Domain


@pytest.mark.parametrize("host", ["acme.localhost", "ACME.localhost:8000", "www.acme.localhost", "acme.localhost."])
def test_a_tenant_is_found_however_its_host_is_written(acme, alice, client_for, host):
    assert client_for(alice).get("/dashboard/", headers={"host": host}).status_code == 200


def test_a_custom_domain_leads_to_its_tenant(acme, alice, client_for):
    Domain.objects.create(
        tenant=acme, domain="desk.acme-shop.example", is_primary=False, proven_by="host", proven_at=acme.created_at
    )
    page = client_for(alice).get("/dashboard/", headers={"host": "desk.acme-shop.example"})
    assert page.status_code == 200
    assert "Acme" in page.content.decode()


def test_an_unknown_host_says_so(public, client_for):
    client = client_for(None, None)
    page = client.get("/", headers={"host": "nobody.example"})
    assert page.status_code == 404
    assert "nobody.example" in page.content.decode()
    answer = client.get("/api/leads/", headers={"host": "nobody.example"})
    assert answer.json()["code"] == "no_organization"


@pytest.mark.parametrize("host", ["a b", "x/y", "<script>", "acme.localhost\x00", "[::", "a" * 300])
def test_impossible_hosts_are_refused(public, client_for, host):
    assert client_for(None, None).get("/", headers={"host": host}).status_code in {400, 404}


def test_a_paused_organization_opens_for_nobody(acme, alice, client_for, api_for):
    acme.is_active = False
    acme.save()
    page = client_for(alice).get("/dashboard/")
    assert page.status_code == 403
    assert "paused" in page.content.decode()
    assert api_for(alice).get("/api/leads/").json()["code"] == "organization_paused"
    assert client_for(None).post("/api/token/", {}, content_type="application/json").status_code == 403


def test_every_request_ends_in_public(acme, rf, db):
    seen = []

    def view(request):
        seen.append(connection.schema_name)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        TenantMiddleware(view)(rf.get("/", headers={"host": "acme.localhost"}))
    assert seen == ["acme"]
    assert connection.schema_name == "public"


def test_a_stream_is_read_inside_its_tenant(acme, rf, db):
    def chunks():
        for _number in range(2):
            yield connection.schema_name.encode()

    response = TenantMiddleware(lambda _request: StreamingHttpResponse(chunks()))(
        rf.get("/", headers={"host": "acme.localhost"})
    )
    assert connection.schema_name == "public"
    assert list(response.streaming_content) == [b"acme", b"acme"]
    assert connection.schema_name == "public"


@pytest.mark.parametrize("key", ['"\\000"', "x" * 500, "' OR 1=1", '"\\000abcdefghij"'])
def test_impossible_sessions_are_no_sessions(acme, client_for, key):
    client = client_for(None)
    client.cookies["sessionid"] = key
    client.cookies["sessionid"].set("sessionid", key, key)
    assert client.get("/dashboard/").status_code == 302


@pytest.mark.parametrize("path", ["/dashboard/\x00/", "/dashboard/leads/99999999999999999999999999/", "/%ff%fe/"])
def test_impossible_paths_are_404(acme, alice, client_for, path):
    assert client_for(alice).get(path).status_code in {400, 404}


def test_forwarded_addresses_count_only_from_our_own_proxies(rf, settings):
    request = rf.get("/", headers={"x-forwarded-for": "6.6.6.6, 10.0.0.1"})
    assert hosts.client_address(request) == "127.0.0.1"
    settings.TRUSTED_PROXIES = 1
    assert hosts.client_address(request) == "10.0.0.1"
    settings.TRUSTED_PROXIES = 2
    assert hosts.client_address(request) == "6.6.6.6"
    settings.TRUSTED_PROXIES = 9
    assert hosts.client_address(request) == "6.6.6.6"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense" * 20, ("nonsense" * 20)[:60]),
        ("", "unknown"),
    ],
)
def test_limits_count_networks_not_the_addresses_in_them(rf, address, counted):
    assert hosts.counted_address(rf.get("/", REMOTE_ADDR=address)) == counted
