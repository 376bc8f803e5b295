"""Pages of keys and of the activity log."""

from __future__ import annotations

import re

import pytest

from apps.organizations import services
from apps.organizations.models import ApiKey, Role

KEYS, LOG = "/dashboard/settings/keys/", "/dashboard/settings/activity/"


def test_a_key_is_shown_this_once(acme, alice, client_for, api_for):
    client = client_for(alice)
    page = client.post(KEYS, {"name": "Shop", "role": "agent", "days": "30"})
    assert page.headers["Cache-Control"].startswith("max-age=0")
    secret = re.search(r"fd_[\w-]{40,}", page.content.decode())[0]
    assert secret not in client.get(KEYS).content.decode()
    program = api_for(None)
    program.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
    assert program.get("/api/leads/").status_code == 200
    key = ApiKey.objects.get()
    assert (key.expires_at - key.created_at).days in {29, 30}
    client.post(f"{KEYS}{key.pk}/revoke/")
    assert program.get("/api/leads/").status_code == 401
    assert "is revoked" in client.get(KEYS).content.decode()


@pytest.mark.parametrize(
    "body",
    [{"name": " ", "role": "agent"}, {"name": "x", "role": "god"}, {"name": "x" * 81, "role": "agent"},
     {"name": "x\x00", "role": "agent"}, {"name": "x", "role": "agent", "days": "-1"}],
)  # fmt: skip
def test_bad_keys_are_refused_beside_their_field(acme, alice, client_for, body):
    assert client_for(alice).post(KEYS, body).status_code == 422
    assert not ApiKey.objects.exists()


def test_a_manager_makes_no_owners_key(acme, bob, client_for):
    services.change_role(bob.memberships.get(), Role.MANAGER, by=Role.OWNER)
    client = client_for(bob)
    assert 'value="owner"' not in client.get(KEYS).content.decode()
    assert client.post(KEYS, {"name": "x", "role": "owner"}).status_code == 422


def test_another_organizations_key_is_not_revoked(acme, globex, charlie, alice, client_for):
    key, _secret = services.create_api_key(globex, name="Shop", role=Role.AGENT, by=charlie, by_role=Role.OWNER)
    assert client_for(alice).post(f"{KEYS}{key.pk}/revoke/").status_code == 404
    key.refresh_from_db()
    assert key.ended_at is None


def test_the_log_tells_what_changed_in_words(acme, alice, bob, globex, charlie, client_for):
    client_for(alice).post(f"/dashboard/settings/team/{bob.pk}/role/", {"role": "viewer"})
    page = client_for(alice).get(LOG).content.decode()
    assert "Alice" in page
    assert "<ins>" in page
    assert "Viewer" in page
    assert "Viewer" not in client_for(charlie, "globex").get(f"{LOG}?act=update").content.decode()
    assert client_for(bob).get(LOG).status_code == 403


def test_the_log_costs_the_same_for_few_and_many(acme, alice, client_for, django_assert_max_num_queries):
    for number in range(60):
        services.update_organization(acme, trade=f"Trade {number}")
    client = client_for(alice)
    client.get(LOG)
    with django_assert_max_num_queries(14):
        page = client.get(LOG).content.decode()
    assert "cursor=" in page
