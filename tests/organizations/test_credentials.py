"""What proves people: made by whom, worth the least along the chain, and over for good when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.jobs import clock
from apps.organizations import services
from apps.organizations.models import ApiKey, Credential, Membership, Role, SignIn, User
from apps.organizations.tokens import refresh_for
from tests.conftest import PASSWORD

SECURITY = "/dashboard/settings/profile/sign-ins/"


@pytest.fixture
def mona(acme):
    """A manager at Acme."""
    user = User.objects.create_user("mona@example.com", PASSWORD, name="Mona")
    services.add_member(acme, user, role=Role.MANAGER)
    return user


@pytest.fixture
def key_of(acme, api_for):
    def make(user, role=Role.MANAGER):
        key, secret = services.create_api_key(acme, name="Shop", role=role, by=user)
        client = api_for(None)
        client.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
        client.key = key
        return client

    return make


def member(user) -> Membership:
    return Membership.objects.get(user=user)


# Keys ---------------------------------------------------------------------------------------------------------------


def _let_go(user):
    services.deactivate_member(member(user))
    services.reactivate_member(member(user))


def _let_go_by_statement(user):
    Membership.objects.filter(user=user).update(is_active=False)
    Membership.objects.filter(user=user).update(is_active=True)


def _demoted(user):
    services.change_role(member(user), Role.VIEWER)
    services.change_role(member(user), Role.MANAGER)


def _account_off(user):
    User.objects.filter(pk=user.pk).update(is_active=False)
    User.objects.filter(pk=user.pk).update(is_active=True)


@pytest.mark.parametrize("end", [_let_go, _let_go_by_statement, _demoted, _account_off])
def test_whatever_ends_somebody_ends_their_keys_and_sign_ins_for_good(acme, mona, key_of, api_for, client_for, end):
    key, browser, program = key_of(mona), client_for(mona), api_for(mona)
    refresh = refresh_for(mona, acme)
    assert (key.get("/api/leads/").status_code, browser.get("/dashboard/").status_code) == (200, 200)
    end(mona)
    assert key.get("/api/leads/").json()["code"] == "bad_api_key"
    assert program.get("/api/leads/").status_code == 401
    assert browser.get("/dashboard/").headers["Location"].startswith("/accounts/login/")
    assert api_for(None).post("/api/token/refresh/", {"refresh": str(refresh)}).status_code == 401
    assert client_for(User.objects.get(pk=mona.pk)).get("/dashboard/").status_code == 200, "signed in anew"


@pytest.mark.parametrize("off", [{"is_active": False}, {"role": "viewer"}])
def test_a_row_that_was_read_before_does_not_turn_the_clock_back(acme, mona, key_of, off):
    key, stale = key_of(mona), member(mona)
    Membership.objects.filter(user=mona).update(**off)
    stale.save()  # whole, as the console's form does: active, a manager, and of the old epoch
    assert key.get("/api/leads/").status_code == 401


def test_a_key_is_worth_no_more_than_its_maker_is_today(acme, mona, key_of):
    key = key_of(mona, Role.MANAGER)
    row = Credential.objects.select_related("user", "membership").get(pk=key.key.pk)
    assert row.worth == Role.MANAGER
    row.membership.role = Role.VIEWER
    assert row.worth == Role.VIEWER
    row.membership.role, row.role = Role.OWNER, Role.AGENT
    assert row.worth == Role.AGENT
    row.user.is_active = False
    assert row.worth is None


def test_keys_manage_neither_people_nor_keys(acme, alice, bob, victor, key_of):
    key = key_of(alice, Role.OWNER)
    services.deactivate_member(member(victor))
    for answer in (
        key.post("/api/users/", {"email": "new@example.com", "role": "manager"}),
        key.post("/api/users/", {"email": "new@example.com", "role": "viewer", "password": "a long enough phrase"}),
        key.patch(f"/api/users/{victor.pk}/", {"is_active": True}),
        key.patch(f"/api/users/{bob.pk}/", {"role": "owner"}),
        key.delete(f"/api/users/{bob.pk}/"),
        key.post("/api/invitations/", {"email": "new@example.com"}),
        key.post("/api/system/api-keys/", {"name": "x"}),
        key.delete(f"/api/system/api-keys/{key.key.pk}/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_for_keys")
    assert key.get("/api/users/").status_code == 200
    assert not member(victor).is_active


def test_it_costs_no_further_query(acme, mona, key_of, api_for, client_for):
    """One query brings the credential, its person and their membership; notes of use are written once a minute."""
    for client, path in (
        (key_of(mona), "/api/users/me/"),
        (api_for(mona), "/api/users/me/"),
        (client_for(mona), "/brand/logo"),
    ):
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        about = [
            q["sql"] for q in queries if "organizations_credential" in q["sql"] or "organizations_user" in q["sql"]
        ]
        assert len(about) == 1, about


# Programs -----------------------------------------------------------------------------------------------------------


def sign_in(client, email="bob@example.com"):
    return client.post("/api/token/", {"email": email, "password": PASSWORD}).json()


def bearer(client, access):
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


def test_a_refresh_token_is_good_once_and_a_copy_ends_all(acme, bob, api_for):
    first = sign_in(api_for(None))
    second = api_for(None).post("/api/token/refresh/", {"refresh": first["refresh"]}).json()
    assert second["refresh"] != first["refresh"]
    assert bearer(api_for(None), second["access"]).get("/api/leads/").status_code == 200
    again = api_for(None).post("/api/token/refresh/", {"refresh": first["refresh"]})
    assert (again.status_code, again.json()["code"]) == (401, "bad_token")
    assert api_for(None).post("/api/token/refresh/", {"refresh": second["refresh"]}).status_code == 401
    assert bearer(api_for(None), second["access"]).get("/api/leads/").status_code == 401
    assert SignIn.objects.get().ended_by == "reused"


def test_a_program_signs_out(acme, bob, api_for):
    pair, other = sign_in(api_for(None)), sign_in(api_for(None))
    assert api_for(None).post("/api/token/revoke/", {"refresh": pair["refresh"]}).status_code == 204
    assert bearer(api_for(None), pair["access"]).get("/api/leads/").status_code == 401
    assert bearer(api_for(None), other["access"]).get("/api/leads/").status_code == 200
    for text in (pair["refresh"], "x", ""):
        assert api_for(None).post("/api/token/revoke/", {"refresh": text}).status_code in {204, 400}


def test_however_often_it_comes_a_program_signs_in_again_one_day(acme, bob, api_for):
    began, pair = clock.now(), sign_in(api_for(None))
    for days in range(10, 90, 10):
        with clock.frozen(began + timedelta(days=days)):
            SignIn.objects.update(last_used_at=clock.now())
    with clock.frozen(began + timedelta(days=91)):
        assert SignIn.objects.get().died_of == "expired"
    assert pair["access"]


# Browsers -----------------------------------------------------------------------------------------------------------


def test_unused_and_in_all_a_session_ends(acme, bob, client_for, settings):
    client, now = client_for(bob), clock.now()
    assert client.get("/dashboard/leads/").status_code == 200
    with clock.frozen(now + settings.SESSION_IDLE - timedelta(minutes=5)):
        assert client.get("/dashboard/leads/").status_code == 200
    with clock.frozen(now + 2 * settings.SESSION_IDLE):
        assert client.get("/dashboard/leads/").status_code == 302
    assert SignIn.objects.get().ended_by == "idle"


def test_the_console_s_sessions_end_sooner(public, dana, client_for, settings):
    client, now = client_for(dana, None), clock.now()
    assert client.get("/admin/").status_code == 200
    with clock.frozen(now + settings.CONSOLE_IDLE + timedelta(minutes=1)):
        assert client.get("/admin/").status_code == 302


def browser_of(client_for, email="bob@example.com", device="Firefox"):
    client = client_for(None)
    answer = client.post("/accounts/login/", {"login": email, "password": PASSWORD}, headers={"user-agent": device})
    assert answer.status_code == 302
    return client


def test_signing_out_ends_one_s_own_and_no_other(acme, bob, client_for):
    mine, other = browser_of(client_for), browser_of(client_for)
    stolen = client_for(None)
    stolen.cookies["sessionid"] = mine.cookies["sessionid"].value
    mine.post("/accounts/logout/")
    assert stolen.get("/dashboard/leads/").status_code == 302
    assert other.get("/dashboard/leads/").status_code == 200
    assert sorted(SignIn.objects.values_list("ended_by", flat=True)) == ["", "signed_out"]


def test_a_new_password_ends_all_others(acme, bob, client_for, api_for):
    mine, other, pair = browser_of(client_for), browser_of(client_for), sign_in(api_for(None))
    new = "a new horse battery 9"
    mine.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert mine.get("/dashboard/leads/").status_code == 200
    assert other.get("/dashboard/leads/").status_code == 302
    assert bearer(api_for(None), pair["access"]).get("/api/leads/").status_code == 401


def test_a_second_factor_ends_all_others(acme, bob, client_for, django_capture_on_commit_callbacks):
    mine, other = browser_of(client_for), browser_of(client_for)
    page = mine.get("/accounts/2fa/totp/activate/", follow=True)
    assert page.redirect_chain, "first it asks who this is"
    mine.post("/accounts/reauthenticate/", {"password": PASSWORD})
    mine.get("/accounts/2fa/totp/activate/")
    secret = mine.session["mfa.totp.secret"]
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    with django_capture_on_commit_callbacks(execute=True):
        done = mine.post("/accounts/2fa/totp/activate/", {"code": code})
    assert done.headers["Location"] == "/accounts/2fa/recovery-codes/", done.headers
    assert mine.get("/dashboard/leads/").status_code == 200
    assert other.get("/dashboard/leads/").status_code == 302


# What is delicate ---------------------------------------------------------------------------------------------------


def test_what_is_delicate_asks_again_who_it_is(acme, alice, bob, client_for, api_for, settings):
    client, program = client_for(alice), api_for(alice)
    assert client.get("/dashboard/settings/keys/").status_code == 200
    Credential.objects.update(proven_at=clock.now() - timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1))
    form = {"name": "Shop", "role": "agent", "days": ""}
    asked = client.post(
        "/dashboard/settings/keys/", form, headers={"referer": "http://acme.localhost/dashboard/settings/keys/"}
    )
    assert asked.headers["Location"] == "/accounts/reauthenticate/?next=%2Fdashboard%2Fsettings%2Fkeys%2F"
    role = f"/dashboard/settings/team/{bob.pk}/role/"
    here = {"hx-request": "true", "hx-current-url": "http://acme.localhost/dashboard/settings/team/?a=b"}
    asked = client.post(role, {"role": "manager"}, headers=here)
    assert asked.headers["HX-Redirect"] == "/accounts/reauthenticate/?next=%2Fdashboard%2Fsettings%2Fteam%2F%3Fa%3Db"
    for answer in (
        program.post("/api/system/api-keys/", {"name": "x"}),
        program.patch(f"/api/users/{bob.pk}/", {"role": "manager"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")
    assert not ApiKey.objects.exists()
    back = client.post("/accounts/reauthenticate/?next=/dashboard/settings/keys/", {"password": PASSWORD})
    assert back.headers["Location"] == "/dashboard/settings/keys/"
    assert client.post("/dashboard/settings/keys/", form).status_code == 200
    assert ApiKey.objects.exists()
    fresh = bearer(api_for(None), sign_in(api_for(None), "alice@example.com")["access"])
    assert fresh.post("/api/system/api-keys/", {"name": "x"}).status_code == 201
