"""Where we do not call: said when an endpoint is saved, and enforced when the connection is made."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.egress.addresses import Forbidden, Unusable, check_socket, check_url, is_public
from apps.webhooks_outbox import services
from apps.webhooks_outbox.models import Delivery, Endpoint

PRIVATE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:0:0:0:0:80ff:fffe", "fec0::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_socket_to_a_private_place_is_refused(address):
    with pytest.raises(Forbidden):
        check_socket((address, 443))
    with pytest.raises(Forbidden):
        check_socket((f"{address}%eth0", 443, 0, 0))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_socket_to_a_public_place_is_fine_on_ports_of_web_servers(address):
    for port in (80, 443, 8080, 8443):
        check_socket((address, port))
    for port in (0, 22, 25, 1023, 5432, 6379, 11211, 70_000):
        with pytest.raises(Forbidden):
            check_socket((address, port))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_means_the_same_wherever_it_is_wrapped(address):
    wrapped = [
        ipaddress.IPv6Address(f"::ffff:{address}"),
        ipaddress.IPv6Address((0x64FF9B << 96) | int(address)),
        ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80)),
    ]
    assert {is_public(one) for one in wrapped} == {is_public(address)}
    if address.is_private or address.is_loopback or address.is_link_local:
        assert not is_public(address)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        *((f"http://{a}/" if ":" not in a else f"http://[{a}]/", "private") for a in PRIVATE),
        ("http://127.1/", "private"), ("http://2130706433/", "private"), ("http://0x7f000001/", "private"),
        ("http://0177.0.0.1/", "private"), ("http://localhost/", "private"), ("http://LOCALHOST./", "private"),
        ("http://db/", "private"), ("http://metadata.google.internal/", "private"), ("http://printer.local/", "private"),
        ("https://x.localhost:8443/", "private"), ("http://router.home.arpa/", "private"),
        ("https://example.com:22/", "port"), ("https://example.com:6379/", "port"), ("https://example.com:0/", "port"),
        ("https://example.com:x/", "invalid"), ("https://exa_mple..com/", "invalid"), ("https://", "invalid"),
        ("https://example.com\\@127.0.0.1/", "invalid"), ("https://example.com/a b", "invalid"),
        ("https://a@example.com/", "credentials"), ("https://:x@example.com/", "credentials"),
        ("javascript:alert(1)", "scheme"), ("file:///etc/passwd", "scheme"), ("//example.com/", "scheme"), ("", "scheme"),
        ("gopher://example.com/", "scheme"), ("https://example.com/" + "a" * 500, "long"),
    ],
)  # fmt: skip
def test_bad_addresses_have_a_reason(url, code):
    with pytest.raises(Unusable) as refused:
        check_url(url)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com", "http://example.com:8080/a?b=c#d", "https://müller.example/", "https://8.8.8.8/",
        "https://sub_domain.example.com/", "https://[2606:2800:220:1:248:1893:25c8:1946]/hook",
    ],
)  # fmt: skip
def test_good_addresses(url):
    check_url(url)


@given(st.text(max_size=80))
def test_any_text_is_either_fine_or_refused_with_a_reason(text):
    for url in (text, f"https://{text}", f"https://example.com{text}"):
        try:
            check_url(url)
        except Unusable as refused:
            assert refused.code


def test_the_operator_can_vouch_for_one_place_and_no_other():
    check_url("http://127.0.0.1:5678/webhook/x", allowed=["127.0.0.1:5678"])
    for url in ("http://127.0.0.1:5679/", "http://127.0.0.1/", "http://localhost:5678/"):
        with pytest.raises(Unusable):
            check_url(url, allowed=["127.0.0.1:5678"])


# Enforced for real, against a server that would answer


def _endpoint(url: str) -> Endpoint:
    """Past the form: as if the name had been public when it was saved."""
    return Endpoint.objects.create(url=url, secrets=[{"secret": "whsec_" + "A" * 32, "until": None}])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]", "rebound.localhost"])
def test_a_name_that_leads_inside_is_refused_at_connect_time(acme, receiver, deliver, settings, host):
    settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = []
    endpoint = _endpoint(f"http://{host}:{receiver.port}/hooks")
    services.send_test(endpoint)
    deliver()
    delivery = Delivery.objects.get()
    # Our own refusal, except where the resolver or the HTTP client is stricter still.
    stricter = {"127.1": "invalid_address", "rebound.localhost": "unknown_host"}
    assert delivery.last_error in ("forbidden_address", stricter.get(host))
    assert receiver.requests == []


def test_an_allowed_place_does_not_open_the_door_to_its_neighbours(acme, receiver, deliver, settings):
    settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = ["127.0.0.1:1"]
    services.send_test(_endpoint(receiver.url))
    deliver()
    assert Delivery.objects.get().last_error == "forbidden_address"


def test_a_name_that_does_not_exist(acme, deliver):
    services.send_test(_endpoint("https://no-such-host.invalid/hooks"))
    deliver()
    assert Delivery.objects.get().last_error == "unknown_host"
