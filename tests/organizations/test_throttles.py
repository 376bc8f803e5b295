"""Tries are counted before anything is proven: together for pages and API, whatever host, port or IPv6 address is used."""

from __future__ import annotations

import pytest
from django.core import mail
from django.core.cache import cache
from django.test.utils import CaptureQueriesContext

from apps.jobs.connection import connection
from apps.organizations import services
from apps.organizations.attempts import COOKIE
from apps.organizations.models import Role
from tests.conftest import PASSWORD


@pytest.fixture(autouse=True)
def _production_keys(settings):
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": memory, "KEY_FUNCTION": "config.cache_keys.make_key"}}
    cache.clear()
    yield
    cache.clear()


def page(client, email="alice@example.com", password=PASSWORD, **extra):
    """Whether the sign-in page let somebody in."""
    return client.post("/accounts/login/", {"login": email, "password": password}, **extra).status_code == 302


def api(client, email="alice@example.com", password=PASSWORD):
    answer = client.post("/api/token/", {"email": email, "password": password})
    return answer.json().get("code", "in")


def test_pages_and_api_count_together(acme, globex, client_for, api_for):
    for _n in range(3):
        assert not page(client_for(None), password="wrong")
    for slug in ("acme", "globex"):
        assert api(api_for(None, slug), password="wrong") == "wrong_credentials"
    assert api(api_for(None)) == "locked"
    assert not page(client_for(None, "globex"))
    assert page(client_for(None), "bob@example.com")  # nobody else is locked


def test_who_is_right_is_not_counted(acme, client_for, api_for):
    for _n in range(6):
        assert page(client_for(None))
        assert api(api_for(None)) == "in"


def test_one_address_may_not_try_one_password_at_everybodys(acme, client_for):
    cousins = [f"2001:db8:1:1::{n:x}" for n in range(1, 40)]  # one network is one address
    for n, address in enumerate(cousins[:20]):
        page(client_for(None), f"nobody{n}@example.com", "wrong", REMOTE_ADDR=address)
    assert not page(client_for(None), REMOTE_ADDR=cousins[30])
    assert page(client_for(None), REMOTE_ADDR="2001:db8:1:2::1")


def test_strangers_lock_nobody_out_of_their_own_device(acme, bob, client_for):
    mine, stranger = client_for(None), client_for(None)
    assert page(mine)
    mine.post("/accounts/logout/")
    for _n in range(8):
        page(stranger, password="wrong", REMOTE_ADDR="203.0.113.9")
    assert not page(stranger, REMOTE_ADDR="203.0.113.9")
    assert page(mine)
    # It is that account's device, and no better than its own five tries.
    mine.post("/accounts/logout/")
    for _n in range(5):
        assert not page(mine, password="wrong", REMOTE_ADDR="203.0.113.10")
    assert not page(mine, REMOTE_ADDR="203.0.113.10")
    others = client_for(None)
    assert page(others, "bob@example.com")
    others.post("/accounts/logout/")
    assert not page(others)  # Bob's device opens no tries for Alice


@pytest.mark.parametrize("mark", ["", "x", "a:b:c", "é", "x" * 5000])
def test_a_made_up_device_is_none(acme, client_for, mark):
    client = client_for(None)
    client.cookies[COOKIE] = mark
    assert page(client)


def test_wrong_keys_are_refused_before_they_are_looked_up(acme, globex, api_for):
    def knock(number: int, slug: str, scheme: str):
        client = api_for(None, slug)
        client.credentials(HTTP_AUTHORIZATION=f"{scheme} fd_{number:040}", REMOTE_ADDR=f"2001:db8:2:1::{number:x}")
        return client.get("/api/leads/")

    for number in range(30):
        assert knock(number, ("acme", "globex")[number % 2], ("Api-Key", "Bearer")[number % 2]).status_code == 401
    with CaptureQueriesContext(connection) as queries:
        answer = knock(31, "acme", "Api-Key")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 60
    assert not [query for query in queries if "apikey" in query["sql"].lower() or "credential" in query["sql"].lower()]


def test_a_right_key_is_not_hindered_by_its_neighbors_elsewhere(acme, alice, api_for):
    for _number in range(35):
        client = api_for(None)
        client.credentials(HTTP_AUTHORIZATION="Api-Key fd_wrong", REMOTE_ADDR="198.51.100.7")
        client.get("/api/leads/")
    assert api_for(alice).get("/api/leads/").status_code == 200


def test_25_invitations_to_one_address(acme, globex, alice, charlie, client_for):
    for _n in range(25):
        client_for(alice).post("/dashboard/settings/team/invite/", {"email": "new@example.com", "role": "agent"})
    assert len(mail.outbox) == 5
    for spelling in ("new@example.com", "NEW@example.com") * 10:
        services.invite(globex, email=spelling, role=Role.AGENT, by=charlie)
    assert len(mail.outbox) == 10  # of all organizations together
    invitation, _link = services.invite(acme, email="new@example.com", role=Role.AGENT, by=alice)
    assert "Hand the link over yourself" in invitation.mail_problem  # the invitation stands
    services.invite(acme, email="other@example.com", role=Role.AGENT, by=alice)
    assert len(mail.outbox) == 11


def test_links_for_forgotten_passwords_are_not_a_flood(acme, globex, bob, client_for):
    for number in range(12):
        client_for(None, ("acme", "globex")[number % 2]).post(
            "/accounts/password/reset/", {"email": "bob@example.com"}, REMOTE_ADDR=f"198.51.100.{number}"
        )
    assert len(mail.outbox) == 5
