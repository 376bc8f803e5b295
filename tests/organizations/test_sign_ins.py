"""Where somebody is signed in: listed for them alone, and out at the next step once ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django_tenants.utils import tenant_context

from apps.jobs import clock
from apps.organizations import services
from apps.organizations.devices import device
from apps.organizations.models import Role, SignIn
from tests.conftest import PASSWORD

PAGE = "/dashboard/settings/profile/sign-ins/"
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("agent", "words", "icon"),
    [
        (WINDOWS, "Chrome on Windows", "device-desktop"),
        (IPHONE, "Safari on iPhone", "device-mobile"),
        (WINDOWS + " Edg/142.0.0.0", "Edge on Windows", "device-desktop"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android", "device-mobile"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15",
            "Safari on macOS",
            "device-desktop",
        ),
        ("python-httpx/0.28.1", "python-httpx", "terminal"),
        ("Mozilla/5.0", "An unknown program", "help"),
        ("", "An unknown program", "help"),
        ("<script>alert(1)</script>/1 \u061c\u202e", "An unknown program", "help"),
    ],
)
def test_a_device_is_called_what_its_owner_calls_it(agent, words, icon):
    assert (device(agent).words, device(agent).icon) == (words, icon)


def signed_in(client_for, agent, email="bob@example.com", slug="acme"):
    client = client_for(None, slug)
    client.defaults["HTTP_USER_AGENT"] = agent
    assert client.post("/accounts/login/", {"login": email, "password": PASSWORD}).status_code == 302
    return client


def tokens(api_for, agent="python-httpx/0.28.1"):
    client = api_for(None)
    answer = client.post("/api/token/", {"email": "bob@example.com", "password": PASSWORD}, HTTP_USER_AGENT=agent)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    client.refresh = answer.json()["refresh"]
    return client


def test_browsers_and_programs_are_listed_and_this_one_is_marked(acme, bob, client_for, api_for):
    desk, phone = signed_in(client_for, WINDOWS), signed_in(client_for, IPHONE)
    tokens(api_for)
    page = phone.get(PAGE).content.decode()
    assert [words for words in ("Chrome on Windows", "Safari on iPhone", "python-httpx") if words in page] == [
        "Chrome on Windows", "Safari on iPhone", "python-httpx",
    ]  # fmt: skip
    assert page.count("this one") == 1
    assert page.index("Safari on iPhone") < page.index("this one") < page.index("Chrome on Windows"), "it comes first"
    assert "127.0.0.1" in page
    assert desk.get("/dashboard/").status_code == 200


def test_what_is_ended_is_out_at_its_next_step(acme, bob, client_for, api_for):
    desk, phone, program = signed_in(client_for, WINDOWS), signed_in(client_for, IPHONE), tokens(api_for)
    for row in SignIn.objects.filter(user=bob, device__contains="Windows"):
        assert phone.post(f"{PAGE}{row.pk}/end/").headers["Location"] == PAGE
        assert phone.post(f"{PAGE}{row.pk}/end/").status_code == 404, "it is over already"
    assert desk.get("/dashboard/").status_code == 302
    family = SignIn.objects.get(user=bob, kind="tokens")
    assert program.get("/api/users/me/").status_code == 200
    phone.post(f"{PAGE}{family.pk}/end/")
    assert program.get("/api/users/me/").status_code == 401
    assert api_for(None).post("/api/token/refresh/", {"refresh": program.refresh}).status_code == 401
    assert phone.get("/dashboard/").status_code == 200
    ended = LogEntry.objects.filter(additional_data__event="session_ended")
    assert {entry.actor_id for entry in ended} == {bob.pk}
    assert ended.count() == 2


def test_all_others_at_once(acme, bob, client_for, api_for):
    desk, phone, program = signed_in(client_for, WINDOWS), signed_in(client_for, IPHONE), tokens(api_for)
    assert phone.post(f"{PAGE}others/").status_code == 302
    assert [client.get("/dashboard/").status_code for client in (desk, phone)] == [302, 200]
    assert program.get("/api/users/me/").status_code == 401
    assert SignIn.objects.filter(user=bob, ended_at=None).count() == 1


def test_nobody_else_s_is_listed_or_ended(acme, globex, alice, bob, charlie, client_for):
    signed_in(client_for, IPHONE, "charlie@example.com", "globex")
    signed_in(client_for, WINDOWS, "alice@example.com")
    me = client_for(bob)
    assert "Windows" not in me.get(PAGE).content.decode()
    for person in (alice, charlie):
        row = SignIn.objects.filter(user=person).latest("pk")
        assert me.post(f"{PAGE}{row.pk}/end/").status_code == 404
        row.refresh_from_db()
        assert row.ended_at is None
    key, _secret = services.create_api_key(acme, name="Shop", role=Role.AGENT, by=bob)
    assert me.post(f"{PAGE}{key.pk}/end/").status_code == 404, "a key has a page of its own"
    for number in ("0", "99999999999999999999", "-1", "abc"):
        assert me.post(f"{PAGE}{number}/end/").status_code == 404


def test_one_s_sign_in_at_another_organization_is_one_s_own(acme, globex, bob, client_for):
    """It is ended from wherever one is, and told in the log of the place that it opened."""
    services.add_member(globex, bob, role=Role.VIEWER)
    elsewhere = signed_in(client_for, IPHONE, slug="globex")
    me = signed_in(client_for, WINDOWS)
    assert "Globex" in me.get(PAGE).content.decode()
    row = SignIn.objects.get(user=bob, organization=globex)
    me.post(f"{PAGE}{row.pk}/end/")
    assert elsewhere.get("/dashboard/").status_code == 302
    assert not LogEntry.objects.filter(additional_data__event="session_ended").exists()
    with tenant_context(globex):
        assert LogEntry.objects.filter(additional_data__event="session_ended").count() == 1


def test_what_is_worth_nothing_any_more_is_not_listed(acme, bob, client_for, settings):
    old = signed_in(client_for, IPHONE)
    SignIn.objects.filter(user=bob).update(last_used_at=clock.now() - settings.SESSION_IDLE - timedelta(minutes=1))
    assert "iPhone" not in signed_in(client_for, WINDOWS).get(PAGE).content.decode()
    assert old.get("/dashboard/").status_code == 302
