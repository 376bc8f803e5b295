"""People, keys, the log and the organization over the API; and what a token or key is worth."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core import mail

from apps.jobs import clock
from apps.leads.models import Lead
from apps.organizations import services
from apps.organizations.models import ApiKey, Invitation, Membership, Organization, Role, User
from tests.conftest import PASSWORD
from tests.organizations.test_signing_in import code_of

HOSTILE = ["\x00", "a\ud800", "x" * 100_000, "<script>alert(1)</script>", "' OR 1=1 --", {"a": 1}, ["a"], 1e400, None]


def send(client, method: str, path: str, body) -> object:
    """A body as somebody with bad intentions writes it: half characters and numbers without end."""
    return client.generic(method, path, json.dumps(body), content_type="application/json")


@pytest.fixture
def mona(acme):
    user = User.objects.create_user("mona@example.com", PASSWORD, name="Mona")
    services.add_member(acme, user, role=Role.MANAGER)
    return user


@pytest.fixture
def key_for(api_for, alice):
    """A program with a key of Acme, in a role."""

    def make(role: Role = Role.AGENT, slug: str = "acme", **fields):
        organization = Organization.objects.get(slug=slug)
        key, secret = services.create_api_key(
            organization, name="Shop", role=role, by=alice, by_role=Role.OWNER, **fields
        )
        client = api_for(None, slug)
        client.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
        client.key = key
        return client

    return make


# Tokens -----------------------------------------------------------------------------------------------------------------


def sign_in(client, **fields):
    return client.post("/api/token/", {"email": "bob@example.com", "password": PASSWORD, **fields})


def test_a_token_works_for_half_an_hour_and_is_renewed(acme, bob, api_for):
    client = api_for(None)
    pair = sign_in(client).json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    assert client.get("/api/users/me/").json()["role"] == "agent"
    renewed = api_for(None).post("/api/token/refresh/", {"refresh": pair["refresh"]}).json()["access"]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {renewed}")
    assert client.get("/api/users/me/").status_code == 200
    bob.refresh_from_db()
    assert bob.last_login is not None


def test_a_refresh_token_is_no_access_token(acme, api_for):
    client = api_for(None)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {sign_in(client).json()['refresh']}")
    assert client.get("/api/users/me/").status_code == 401


def test_a_new_password_ends_tokens(acme, bob, api_for):
    client = api_for(None)
    pair = sign_in(client).json()
    bob.set_password("another long phrase")
    bob.save()
    assert client.post("/api/token/refresh/", {"refresh": pair["refresh"]}).json()["code"] == "bad_token"
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    assert client.get("/api/users/me/").status_code == 401


@pytest.mark.parametrize(
    ("slug", "fields", "code"),
    [("acme", {"password": "wrong"}, "wrong_credentials"), ("acme", {"email": "nobody@example.com"}, "wrong_credentials"),
     ("globex", {}, "not_a_member")],
)  # fmt: skip
def test_refusals_have_a_code_and_a_sentence(acme, api_for, slug, fields, code):
    answer = sign_in(api_for(None, slug), **fields)
    assert answer.status_code == 401
    assert answer.json()["code"] == code
    assert answer.json()["message"].endswith(".")


def test_two_factors(acme, bob, api_for):
    code = code_of(bob)
    assert sign_in(api_for(None)).json()["code"] == "otp_required"
    assert sign_in(api_for(None), otp="000000").json()["code"] == "otp_wrong"
    assert sign_in(api_for(None), otp=code).status_code == 200
    assert sign_in(api_for(None), otp=code).json()["code"] == "otp_wrong"  # once


def test_guessing_is_stopped_here_as_on_the_sign_in_page(acme, api_for):
    for _guess in range(5):
        sign_in(api_for(None), password="wrong")
    assert sign_in(api_for(None)).json()["code"] == "locked"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "Ã", "x" * 10_000])
def test_made_up_credentials(acme, api_for, token):
    for scheme in ("Bearer", "Api-Key", "Basic", ""):
        client = api_for(None)
        client.credentials(HTTP_AUTHORIZATION=f"{scheme} {token}")
        assert client.get("/api/leads/").status_code == 401
    assert api_for(None).post("/api/token/refresh/", {"refresh": token}).status_code in {400, 401}


# Keys -------------------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_stored_as_a_hash(acme, mona, api_for):
    made = api_for(mona).post("/api/system/api-keys/", {"name": "Shop", "role": "agent"})
    assert made.status_code == 201
    secret = made.json()["key"]
    client = api_for(None)
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
    assert client.post("/api/leads/", {"name": "Layla"}).status_code == 201
    me = client.get("/api/users/me/").json()
    assert (me["kind"], me["name"], me["role"]) == ("api_key", "Shop", "agent")
    assert client.patch("/api/users/me/", {"name": "x"}).json()["code"] == "not_a_person"
    row = ApiKey.objects.get()
    assert secret not in (row.secret_hash, row.prefix)
    assert secret not in api_for(mona).get("/api/system/api-keys/").content.decode()
    assert row.last_used_at is not None


def test_a_key_does_what_its_role_may(acme, key_for):
    viewer = key_for(Role.VIEWER)
    assert viewer.get("/api/leads/").status_code == 200
    assert viewer.post("/api/leads/", {"name": "x"}).status_code == 403
    assert viewer.get("/api/system/api-keys/").status_code == 403


def test_a_key_makes_no_key_and_nobody_a_stronger_one(acme, mona, api_for, key_for):
    answer = key_for(Role.OWNER).post("/api/system/api-keys/", {"name": "x", "role": "viewer"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_for_keys")
    assert api_for(mona).post("/api/system/api-keys/", {"name": "x", "role": "owner"}).status_code == 400
    assert api_for(mona).post("/api/system/api-keys/", {"name": "x", "role": "viewer"}).status_code == 201


def test_a_revoked_or_expired_key_opens_nothing(acme, mona, api_for, key_for):
    client = key_for()
    assert client.get("/api/leads/").status_code == 200
    assert api_for(mona).delete(f"/api/system/api-keys/{client.key.pk}/").status_code == 204
    assert client.get("/api/leads/").json()["code"] == "bad_api_key"
    assert ApiKey.objects.filter(pk=client.key.pk).exists()  # the log keeps making sense
    short = key_for(expires_at=clock.now() + timedelta(hours=1))
    assert short.get("/api/leads/").status_code == 200
    with clock.frozen(clock.now() + timedelta(hours=2)):
        assert short.get("/api/leads/").status_code == 401


@pytest.mark.parametrize("value", HOSTILE)
def test_bad_keys_are_refused(acme, mona, api_for, value):
    for body in ({"name": value}, {"name": "x", "role": value}, {"name": "x", "expires_at": value}):
        answer = send(api_for(mona), "POST", "/api/system/api-keys/", body)
        assert answer.status_code in {201, 400}
    gone = {"name": "x", "expires_at": (clock.now() - timedelta(days=1)).isoformat()}
    assert api_for(mona).post("/api/system/api-keys/", gone).json()["fields"]["expires_at"]


def test_what_a_key_does_is_in_the_log(acme, mona, api_for, key_for):
    client = key_for(Role.MANAGER)
    client.patch("/api/system/organization/", {"trade": "Boots"})
    line = api_for(mona).get("/api/system/audit/?who=api_key:").json()["results"][0]
    assert (line["actor"], line["actor_name"]) == (f"api_key:{client.key.pk}", f"Shop ({client.key.prefix}…)")
    assert {"field": "Trade", "before": "", "after": "Boots"} in line["changes"]


# People -----------------------------------------------------------------------------------------------------------------


def test_everybody_sees_who_works_here(acme, victor, api_for):
    rows = api_for(victor).get("/api/users/").json()["results"]
    assert {row["email"] for row in rows} == {"alice@example.com", "bob@example.com", "victor@example.com"}
    assert [row["email"] for row in api_for(victor).get("/api/users/?role=owner").json()["results"]] == [
        "alice@example.com"
    ]
    assert api_for(victor).post("/api/users/", {"email": "x@example.com"}).status_code == 403


def test_inviting_somebody(acme, mona, api_for):
    made = api_for(mona).post("/api/users/", {"email": "New@Example.com", "role": "viewer"}).json()
    assert made["status"] == "invited"
    assert made["mailed"] is True
    assert made["link"] == ""  # only the mailbox gets it
    assert "/invitation/" in mail.outbox[-1].body
    assert mail.outbox[0].to == ["new@example.com"]
    assert Invitation.objects.get().role == "viewer"


def test_making_somebody_with_a_password(acme, mona, api_for):
    made = api_for(mona).post(
        "/api/users/", {"email": "new@example.com", "name": "Nadia", "password": "a long enough phrase"}
    )
    assert made.status_code == 201
    assert sign_in(api_for(None), email="new@example.com", password="a long enough phrase").status_code == 200
    weak = api_for(mona).post("/api/users/", {"email": "b@example.com", "password": "12345678"})
    assert weak.json()["fields"]["password"]


def test_nobody_sets_the_password_of_an_account_that_exists(acme, mona, charlie, api_for):
    """Otherwise a manager of one organization could take over a person of another."""
    answer = api_for(mona).post("/api/users/", {"email": charlie.email, "password": "a long enough phrase"})
    assert answer.status_code == 400
    charlie.refresh_from_db()
    assert charlie.check_password(PASSWORD)
    assert not Membership.objects.filter(user=charlie, organization=acme).exists()


def test_roles_change_within_ones_own(acme, mona, alice, bob, api_for):
    client = api_for(mona)
    assert client.patch(f"/api/users/{bob.pk}/", {"role": "manager"}).json()["role"] == "manager"
    assert client.patch(f"/api/users/{bob.pk}/", {"role": "owner"}).status_code == 403
    assert client.patch(f"/api/users/{alice.pk}/", {"role": "viewer"}).status_code == 403
    assert client.delete(f"/api/users/{alice.pk}/").status_code == 403
    last = api_for(alice).patch(f"/api/users/{alice.pk}/", {"role": "agent"})
    assert last.status_code == 400
    assert "owner" in last.json()["message"]


def test_deactivated_over_the_api_is_out_at_once(acme, alice, bob, api_for, client_for):
    browser, program = client_for(bob), api_for(bob)
    assert browser.get("/dashboard/leads/").status_code == 200
    assert api_for(alice).delete(f"/api/users/{bob.pk}/").status_code == 204
    assert browser.get("/dashboard/").status_code == 302
    assert program.get("/api/leads/").status_code == 401
    assert User.objects.filter(pk=bob.pk, is_active=True).exists()  # elsewhere they may still work
    assert api_for(alice).patch(f"/api/users/{bob.pk}/", {"is_active": True}).json()["is_active"] is True
    assert program.get("/api/leads/").status_code == 401, "what ended stays ended"
    assert api_for(bob).get("/api/leads/").status_code == 200


def test_people_of_other_organizations_are_not_there(acme, alice, charlie, api_for):
    client = api_for(alice)
    for answer in (
        client.get(f"/api/users/{charlie.pk}/"),
        client.patch(f"/api/users/{charlie.pk}/", {"role": "viewer"}),
        client.delete(f"/api/users/{charlie.pk}/"),
    ):
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("value", HOSTILE)
def test_bad_people_are_refused(acme, alice, bob, api_for, value):
    client = api_for(alice)
    for field in ("email", "role", "password", "name"):
        assert send(client, "POST", "/api/users/", {"email": "n@example.com", field: value}).status_code in {201, 400}
    assert send(client, "PATCH", f"/api/users/{bob.pk}/", {"role": value}).status_code == 400
    assert send(client, "PATCH", f"/api/users/{bob.pk}/", {"is_active": value}).status_code in {200, 400}
    assert send(client, "PATCH", "/api/users/me/", {"language": value}).status_code == 400
    assert send(client, "PATCH", "/api/users/me/", {"name": value}).status_code in {200, 400}


def test_sentences_come_in_the_persons_language_unless_another_is_asked_for(acme, bob, api_for):
    client = api_for(bob)
    assert client.patch("/api/users/me/", {"language": "ar"}).json()["language"] == "ar"
    missing = client.get("/api/leads/999/")
    assert missing.json()["message"] != "There is nothing with this id here."
    assert missing.headers["Content-Language"] == "ar"
    asked = client.get("/api/leads/999/", headers={"accept-language": "en"})
    assert asked.json()["message"] == "There is nothing with this id here."
    assert api_for(None).get("/api/leads/999/").headers["Content-Language"] == "en"


# The organization -------------------------------------------------------------------------------------------------------


def test_managers_change_settings_but_not_budgets(acme, mona, victor, api_for):
    more = {"name": "Acme Boots", "accent": "#112233", "slug": "x", "ai_budget_usd": "9999"}
    refused = api_for(mona).patch("/api/system/organization/", more)
    assert refused.status_code == 400
    assert set(refused.json()["fields"]) == {"slug", "ai_budget_usd"}
    body = api_for(mona).patch("/api/system/organization/", {"name": "Acme Boots", "accent": "#112233"}).json()
    assert (body["name"], body["accent"], body["slug"], body["ai_budget_usd"]) == (
        "Acme Boots",
        "#112233",
        "acme",
        "50.00",
    )
    assert api_for(victor).get("/api/system/organization/").json()["name"] == "Acme Boots"
    assert api_for(victor).patch("/api/system/organization/", {"name": "x"}).status_code == 403


@pytest.mark.parametrize("field", ["name", "accent", "timezone", "currency", "country", "language", "sender_email"])
def test_bad_settings_are_refused_by_name(acme, mona, api_for, field):
    for value in HOSTILE:
        answer = send(api_for(mona), "PATCH", "/api/system/organization/", {field: value})
        assert answer.status_code in {200, 400}
        if answer.status_code == 200:
            assert field == "name"
    assert api_for(mona).patch("/api/system/organization/", {"timezone": "Mars/Base"}).json()["fields"]["timezone"]


# The log ----------------------------------------------------------------------------------------------------------------


def test_the_log_says_who_what_and_from_where(acme, mona, api_for):
    client = api_for(mona)
    client.patch("/api/system/organization/", {"trade": "Boots"})
    line = client.get("/api/system/audit/?what=organizations.organization").json()["results"][0]
    assert (line["actor"], line["act"], line["address"]) == (f"user:{mona.pk}", "update", "127.0.0.1")
    assert client.get("/api/system/audit/?act=delete&what=organizations.organization").json()["results"] == []
    assert client.get("/api/system/audit/?since=2999-01-01").json()["results"] == []


@pytest.mark.parametrize("name", ["who", "what", "act", "since", "until", "cursor"])
def test_odd_filters_of_the_log_break_nothing(acme, mona, api_for, client_for, name):
    for value in ("%00", "x" * 2000, "'", "..", "9999-12-31", "0000-00-00", "%f0%9f%92%a9", "-1"):
        assert api_for(mona).get(f"/api/system/audit/?{name}={value}").status_code in {200, 400, 404}
        assert client_for(mona).get(f"/dashboard/settings/activity/?{name}={value}").status_code in {200, 404}


def test_secrets_are_not_in_the_log(acme, mona, api_for, bob):
    secret = api_for(mona).post("/api/system/api-keys/", {"name": "Shop"}).json()["key"]
    bob.set_password("another long phrase")
    bob.save()
    log = api_for(mona).get("/api/system/audit/").content.decode()
    assert secret not in log
    assert ApiKey.objects.get().secret_hash not in log
    assert bob.password not in log


def test_the_log_of_another_organization_is_not_there(acme, mona, charlie, api_for):
    api_for(mona).patch("/api/system/organization/", {"trade": "Boots"})
    assert "Boots" not in api_for(charlie, "globex").get("/api/system/audit/").content.decode()


def test_lists_are_paged_by_cursor(acme, bob, api_for):
    Lead.objects.bulk_create(Lead(name=f"Lead {n}") for n in range(5))
    first = api_for(bob).get("/api/leads/?limit=2").json()
    assert len(first["results"]) == 2
    rest, pages = first, 1
    while rest["next"]:
        rest, pages = api_for(bob).get(rest["next"]).json(), pages + 1
    assert pages == 3
    assert api_for(bob).get("/api/leads/?cursor=nonsense").status_code == 404
    assert len(api_for(bob).get("/api/leads/?limit=100000").json()["results"]) == 5


def test_invitations(acme, mona, alice, bob, charlie, api_for):
    api = api_for(mona)
    made = api.post("/api/invitations/", {"email": "New@Example.com", "role": "viewer"}).json()
    assert made["link"] == ""  # only the mailbox gets it
    assert "/invitation/" in mail.outbox[-1].body
    assert made["invitation"]["invited_by"] == "mona@example.com"
    (row,) = api.get("/api/invitations/").json()["results"]
    assert (row["email"], row["role"], "token_hash" in row, "link" in row) == (
        "new@example.com",
        "viewer",
        False,
        False,
    )
    url = f"/api/invitations/{row['id']}/"
    assert api_for(bob).get("/api/invitations/").status_code == api_for(bob).delete(url).status_code == 403
    stranger = api_for(charlie, "globex")
    assert stranger.get("/api/invitations/").json()["results"] == []
    assert stranger.get(url).status_code == stranger.delete(url).status_code == 404
    assert api.delete(url).status_code == 204
    assert api.delete(url).status_code == 404
    assert api.get("/api/invitations/").json()["results"] == []
    assert Invitation.objects.get().revoked_at


@pytest.mark.parametrize(
    "body",
    [
        {}, {"email": "x"}, {"email": "new@example.com", "role": "owner"}, {"email": "new@example.com", "role": "god"},
        {"email": "bob@example.com"}, {"email": ["new@example.com"]}, {"email": "a@example.com\x00"}, [], {"email": "x" * 300 + "@example.com"},
    ],
)  # fmt: skip
def test_bad_invitations(acme, mona, api_for, body):
    assert api_for(mona).post("/api/invitations/", body, format="json").status_code == 400
    assert not Invitation.objects.exists()
