"""Signing in, out and back in, on a tenant's host and on the agency's."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core import mail

from apps.organizations import services
from apps.organizations.hosts import address_of
from apps.organizations.models import Membership, Organization, Role
from tests.conftest import PASSWORD

ACME, GLOBEX = (f"{address_of(host)}/" for host in ("acme.localhost", "globex.localhost"))


def sign_in(client, email="alice@example.com", password=PASSWORD, path="/accounts/login/", **more):
    return client.post(path, {"login": email, "password": password, **more})


def code_of(user):
    """Turn two-factor sign-in on, and say what the app on the phone shows now."""
    Authenticator.objects.filter(user=user).delete()
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


def test_in_and_out(acme, client_for):
    client = client_for(None)
    assert client.get("/dashboard/").headers["Location"] == "/accounts/login/?next=/dashboard/"
    assert client.get("/accounts/login/").status_code == 200
    assert sign_in(client).headers["Location"] == "/dashboard/"
    assert client.get("/dashboard/").status_code == 200
    assert client.get("/accounts/logout/").status_code == 200  # asks
    assert client.get("/dashboard/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/dashboard/").status_code == 302


def test_upper_case_addresses_are_the_same(acme, client_for):
    assert sign_in(client_for(None), "Alice@Example.COM").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http:///evil", "\\\\evil"]
)
def test_next_never_leads_away(acme, client_for, target):
    answer = sign_in(client_for(None), next=target)
    assert answer.headers["Location"] == "/dashboard/"


def test_next_leads_back(acme, client_for):
    assert sign_in(client_for(None), next="/dashboard/leads/").headers["Location"] == "/dashboard/leads/"


def test_a_wrong_password_tells_nothing(acme, client_for):
    known = sign_in(client_for(None), password="wrong").content.decode()
    unknown = sign_in(client_for(None), email="nobody@example.com", password="wrong").content.decode()
    strip = re.compile(r'value="[^"]*"|nonce="[^"]*"|"X-CSRFToken": "[^"]*"')
    assert strip.sub("", known) == strip.sub("", unknown)


def test_five_wrong_passwords_lock_the_door(acme, client_for):
    client = client_for(None)
    for _n in range(5):
        sign_in(client, password="wrong")
    page = sign_in(client)
    assert page.status_code == 200
    assert "Too many failed" in page.content.decode()
    assert sign_in(client_for(None), "bob@example.com").status_code == 302  # nobody else is locked


def test_a_session_is_worth_nothing_elsewhere(acme, globex, charlie, client_for):
    client = client_for(None)
    assert sign_in(client, "charlie@example.com").status_code == 302
    page = client.get("/dashboard/")
    assert page.status_code == 403
    assert "You do not work here" in page.content.decode()
    assert "Sign out" in page.content.decode()
    stolen = client_for(None, "globex")
    stolen.cookies["sessionid"] = client.cookies["sessionid"].value
    assert stolen.get("/dashboard/").status_code == 302  # his own place, but not where he signed in
    assert client.get("/dashboard/").status_code == 302, "and it ends there"
    assert client_for(None, "acme").get("/dashboard/").status_code == 302


def test_a_deactivated_member_is_out_at_once(acme, bob, client_for, api_for):
    client, api = client_for(bob), api_for(bob)
    assert client.get("/dashboard/").status_code == 200
    assert api.get("/api/users/me/").status_code == 200
    Membership.objects.filter(user=bob).update(is_active=False)
    assert client.get("/dashboard/").status_code == 302
    assert api.get("/api/users/me/").status_code == 401


def test_another_organizations_door_gives_no_more_tries(acme, globex, bob, client_for, api_for):
    for port, spelling in enumerate(["alice", "ALICE", "alıce", "alice", "Alıce"]):  # the database finds her by each
        client = client_for(None)
        host = {"HTTP_HOST": f"acme.localhost:{port + 1}"}
        wrong = {"login": f"{spelling}@example.com", "password": "wrong"}
        assert client.post("/accounts/login/", wrong, **host).status_code == 200
        api_for(None).post("/api/token/", {"email": "bob@example.com", "password": "wrong"})
    assert sign_in(client_for(None, "globex")).status_code == 200  # the right password, and yet not in
    tried = api_for(None, "globex").post("/api/token/", {"email": "bob@example.com", "password": PASSWORD})
    assert tried.json()["code"] == "locked"


def test_a_forgotten_password(acme, bob, client_for):
    client = client_for(None)
    assert client.post("/accounts/password/reset/", {"email": "bob@example.com"}).status_code == 302
    sent = mail.outbox[0]
    assert sent.from_email.startswith("Acme <")
    link = re.search(r"http://acme\.localhost\S*(/accounts/password/reset/key/\S+)", sent.body)
    page = client.get(link[1], follow=True)
    new = "a new horse battery 9"
    done = client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert done.status_code == 302
    assert sign_in(client_for(None), "bob@example.com", new).headers["Location"] == "/dashboard/"
    assert "This link" in client.get(link[1], follow=True).content.decode() or client.get(link[1]).status_code != 500


@pytest.mark.parametrize(("host", "slug", "start"), [
    ("acme.localhost:6666", "acme", "http://acme.localhost:8000/"),
    ("ACME.localhost.", "acme", "http://acme.localhost:8000/"),
    ("127.0.0.1:6666", None, "http://localhost:8000/"),
])  # fmt: skip
def test_the_host_header_does_not_lead_the_link_away(acme, bob, client_for, settings, host, slug, start):
    settings.BASE_DOMAIN, settings.PORT = "localhost", 8000
    client = client_for(None, slug)
    assert client.post("/accounts/password/reset/", {"email": bob.email}, headers={"host": host}).status_code == 302
    assert [link.startswith(start) for link in re.findall(r"http\S+", mail.outbox[0].body)] == [True]


def test_a_forgotten_password_tells_nothing_about_others(acme, client_for):
    known = client_for(None).post("/accounts/password/reset/", {"email": "bob@example.com"})
    unknown = client_for(None).post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert known.headers["Location"] == unknown.headers["Location"]
    assert len(mail.outbox) == 1


def test_mail_that_cannot_be_sent_does_not_break_the_page(acme, client_for, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answer = client_for(None).post("/accounts/password/reset/", {"email": "bob@example.com"})
    assert answer.status_code == 302


def test_a_second_factor(acme, bob, client_for):
    code = code_of(bob)
    client = client_for(None)
    assert sign_in(client, "bob@example.com").headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/dashboard/").status_code == 302  # not in yet
    assert client.get("/accounts/2fa/authenticate/").status_code == 200
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/accounts/2fa/authenticate/", {"code": code}).headers["Location"] == "/dashboard/"
    assert client.get("/dashboard/").status_code == 200


def test_seeds_of_second_factors_are_ciphertext(acme, bob):
    code_of(bob)
    row = bob.authenticator_set.get(type="totp")
    assert row.data["secret"].startswith("gAAAA")


def test_changing_the_password(acme, bob, client_for):
    client = client_for(None)
    sign_in(client, "bob@example.com")
    assert client.get("/accounts/password/change/").status_code == 200
    new = "a new horse battery 9"
    answer = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert answer.headers["Location"] == "/dashboard/settings/profile/"
    assert client.get("/dashboard/").status_code == 200


@pytest.mark.parametrize("path", ["signup/", "email/", "confirm-email/", "confirm-email/x/", "password/set/"])
def test_what_we_do_not_offer_is_not_there(acme, bob, client_for, path):
    for client in (client_for(bob), client_for(None)):
        assert client.get(f"/accounts/{path}").status_code == 404
        assert client.post(f"/accounts/{path}", {"email": "x@example.com"}).status_code == 404


def test_the_agency_signs_in_on_the_public_host(public, dana, client_for):
    client = client_for(None, None)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    code = code_of(dana)
    assert sign_in(client, "dana@example.com").headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.post("/accounts/2fa/authenticate/", {"code": code}).headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_the_console_opens_only_with_a_second_factor(public, dana, client_for, settings):
    Authenticator.objects.filter(user=dana).delete()
    client = client_for(dana, None)
    assert client.get("/admin/").headers["Location"] == "/accounts/2fa/totp/activate/"
    assert client.get("/admin/organizations/user/").headers["Location"] == "/accounts/2fa/totp/activate/"
    settings.STAFF_SECOND_FACTOR = False
    assert client.get("/admin/").status_code == 200


def test_others_on_the_public_host_learn_where_they_work(public, bob, client_for):
    client = client_for(None, None)
    assert sign_in(client, "bob@example.com").headers["Location"] == "/"
    page = client.get("/organizations/").content.decode()
    assert ACME in page
    assert "globex" not in page
    assert client.get("/admin/").status_code in {302, 403}


def test_the_bare_address_leads_on(public, bob, dana, client_for):
    here = lambda user: client_for(user, None).get("/")  # noqa: E731
    assert here(None).headers["Location"] == "/accounts/login/"
    assert here(dana).headers["Location"] == "/admin/"
    # Straight in where there is one, by a page: browsers hold redirects after a form to the form's own host.
    one = here(bob)
    assert (one.status_code, one.headers["Refresh"]) == (200, f"0; url={ACME}")
    assert f'href="{ACME}"' in one.content.decode()
    services.add_member(Organization.objects.get(slug="globex"), bob, role=Role.AGENT)
    assert here(bob).headers["Location"] == "/organizations/"
    page = client_for(bob, None).get("/organizations/").content.decode()
    assert ACME in page
    assert GLOBEX in page
    Membership.objects.filter(user=bob).update(is_active=False)
    assert here(bob).headers["Location"] == "/organizations/"
    assert client_for(bob, None).post("/").status_code == 405


@pytest.mark.parametrize("value", ["\x00", "a" * 100_000, "\ud800", "<script>", "' OR 1=1 --", "\u202e"])
def test_hostile_sign_ins_are_only_wrong(acme, client_for, value):
    for email, password in ((value, "x"), ("alice@example.com", value)):
        data = {"login": email, "password": password}
        body = "&".join(
            f"{k}={v.encode('utf-8', 'surrogatepass').hex(' ').replace(' ', '%').join(['%', '']) if v else ''}"
            for k, v in data.items()
        )
        answer = client_for(None).post("/accounts/login/", body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in {200, 400, 429}
