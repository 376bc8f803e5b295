"""Agency staff inside a tenant: let in once, for a while, visibly, and written down."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from auditlog.models import LogEntry
from django.conf import settings
from django.db import connection

from apps.jobs import clock
from apps.organizations.models import Credential, Organization, StaffEntry
from apps.webhooks_outbox import services as webhooks

REASON = "A customer cannot connect WhatsApp"


@pytest.fixture
def knock(public, dana, client_for):
    """Ask the console for a way into an organization: the link it gives."""

    def ask(slug: str = "acme", reason: str = REASON) -> str:
        organization = Organization.objects.get(slug=slug)
        page = client_for(dana, None).post(
            f"/admin/organizations/organization/{organization.pk}/enter/", {"reason": reason}
        )
        assert page.status_code == 200
        return re.search(rf"http://{slug}\.localhost:{settings.PORT}(/staff/enter/[^\"/]+/)", page.content.decode())[1]

    return ask


@pytest.fixture
def inside(knock, client_for):
    """Dana's browser inside Acme."""
    client = client_for(None, "acme")
    assert client.get(knock()).headers["Location"] == "/dashboard/"
    return client


def test_staff_sees_what_a_manager_sees_under_a_banner(inside, acme):
    for path in ("/dashboard/", "/dashboard/leads/", "/dashboard/settings/team/", "/dashboard/settings/usage/"):
        page = inside.get(path)
        assert page.status_code == 200
        assert "You are inside Acme as agency staff. What you do here is recorded." in page.content.decode()
    assert inside.get("/api/users/me/").json()["kind"] == "staff"


def test_nobody_else_sees_the_banner(acme, alice, client_for):
    assert "agency staff" not in client_for(alice).get("/dashboard/").content.decode()


def test_coming_in_is_in_the_tenants_own_log(inside, acme, alice, client_for):
    entry = LogEntry.objects.get(content_type__model="staffentry")
    assert entry.additional_data["actor"].startswith("staff:")
    assert entry.changes == {"reason": REASON}
    page = client_for(alice).get("/dashboard/settings/activity/?act=access").content.decode()
    assert REASON in page
    row = StaffEntry.objects.get()
    assert row.redeemed_at is not None
    assert row.address == "127.0.0.1"


def test_what_staff_changes_is_signed_as_staff(inside, acme, dana):
    inside.post("/dashboard/settings/replies/new/", {"shortcut": "hours", "text": "At nine.", "language": ""})
    made = LogEntry.objects.filter(content_type__model="cannedreply").latest("id")
    assert made.additional_data == {"actor": f"staff:{dana.pk}", "name": "Dana"}


def test_staff_touches_no_owner_no_key_and_no_secret(inside, acme, alice, bob):
    users = "/api/users/"
    refused = [
        inside.get("/dashboard/settings/keys/"),
        inside.post("/dashboard/settings/keys/", {"name": "Shop", "role": "agent", "days": ""}),
        inside.post("/dashboard/settings/team/invite/", {"email": "new@example.com", "role": "owner"}),
        inside.post(f"/dashboard/settings/team/{bob.pk}/role/", {"role": "owner"}),
        inside.post(f"/dashboard/settings/team/{alice.pk}/deactivate/"),
        inside.patch(f"{users}{bob.pk}/", {"role": "owner"}, content_type="application/json"),
        inside.post(users, {"email": "x@example.com", "role": "owner"}, content_type="application/json"),
        inside.post("/api/system/api-keys/", {"name": "x"}, content_type="application/json"),
    ]
    assert [answer.status_code for answer in refused] == [403, 403, 422, 403, 403, 403, 403, 403]
    assert not Credential.objects.filter(kind="api_key").exists()
    assert {str(m.user): m.role for m in acme.memberships.all()} == {
        "Alice": "owner",
        "Bob": "agent",
        "Victor": "viewer",
    }


def test_staff_moves_no_webhook_and_reads_no_secret(inside, acme):
    """What an endpoint is called and which events it gets are theirs to change; where they go is not."""
    endpoint = webhooks.create_endpoint(url="https://hooks.example.com/a", description="Shop")
    path = f"/api/webhooks/endpoints/{endpoint.uuid}/"
    moved = inside.patch(path, {"url": "https://attacker.example/x"}, content_type="application/json")
    assert moved.status_code == 403
    assert inside.patch(path, {"description": "The shop"}, content_type="application/json").status_code == 200
    page = f"/dashboard/webhooks/{endpoint.uuid}/edit/"
    form = {"url": "https://attacker.example/x", "description": "Shop", "everything": "1"}
    assert inside.post(page, form).status_code == 403
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.description) == ("https://hooks.example.com/a", "The shop")
    assert inside.post(f"/dashboard/webhooks/{endpoint.uuid}/rotate/").status_code == 403
    assert inside.post(f"/dashboard/webhooks/{endpoint.uuid}/secret/").status_code == 403
    secret = endpoint.secrets[0]["secret"]
    for place in (path, f"/dashboard/webhooks/{endpoint.uuid}/", "/api/webhooks/endpoints/"):
        assert secret not in inside.get(place).content.decode()


def test_a_link_opens_once_within_a_minute_and_only_its_own_house(knock, client_for):
    link = knock()
    assert client_for(None, "globex").get(link).status_code == 410
    assert client_for(None, "acme").get(link).status_code == 302
    assert client_for(None, "acme").get(link).status_code == 410
    late = knock()
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        assert client_for(None, "acme").get(late).status_code == 410


@pytest.mark.parametrize("token", ["x", "eyJlbnRyeSI6MX0:1:x", "%00", "a" * 3000])
def test_made_up_links_open_nothing(acme, client_for, token):
    assert client_for(None, "acme").get(f"/staff/enter/{token}/").status_code in {404, 410}


def test_the_stay_ends_after_four_hours(inside):
    with clock.frozen(clock.now() + timedelta(hours=4, seconds=1)):
        assert inside.get("/dashboard/").status_code == 302
    assert inside.get("/dashboard/").status_code == 302  # signed out, not only shut out


def test_leaving_ends_it(inside):
    page = inside.post("/staff/leave/")
    assert "/admin/" in page.content.decode()
    assert inside.get("/dashboard/").status_code == 302
    connection.set_schema_to_public()
    assert StaffEntry.objects.get().ended_at is not None


@pytest.mark.parametrize("gone", [{"is_active": False}, {"is_staff": False}])
def test_who_is_staff_no_longer_is_out_at_once(inside, dana, gone):
    for name, value in gone.items():
        setattr(dana, name, value)
    dana.save()
    assert inside.get("/dashboard/").status_code == 302
    assert inside.get("/api/leads/").status_code == 401


def test_the_session_is_worth_nothing_elsewhere_and_ends_there(inside, client_for):
    elsewhere = client_for(None, "globex")
    elsewhere.cookies["sessionid"] = inside.cookies["sessionid"].value
    assert elsewhere.get("/dashboard/").status_code == 302
    assert inside.get("/dashboard/").status_code == 302


def test_the_session_does_not_open_the_console(inside, client_for):
    console = client_for(None, None)
    console.cookies["sessionid"] = inside.cookies["sessionid"].value
    assert console.get("/admin/").status_code in {302, 403}


def test_staff_without_an_entry_is_a_stranger(acme, dana, client_for, api_for):
    """Being staff opens the console; a tenant opens only through its door."""
    assert client_for(dana, "acme").get("/dashboard/").status_code == 403
    assert client_for(dana, "acme").get("/api/leads/").status_code == 401
    Authenticator.objects.filter(user=dana).delete()
    answer = api_for(None, "acme").post("/api/token/", {"email": dana.email, "password": "correct horse battery"})
    assert answer.json()["code"] == "not_a_member"


def test_a_reason_is_needed(public, dana, client_for):
    acme = Organization.objects.get(slug="acme")
    path = f"/admin/organizations/organization/{acme.pk}/enter/"
    assert client_for(dana, None).post(path, {"reason": " "}).status_code == 422
    assert not StaffEntry.objects.exists()


def test_leaving_is_in_the_tenants_own_log(inside, acme):
    assert inside.post("/staff/leave/").status_code == 200
    entry = LogEntry.objects.get(additional_data__event="staff_left")
    assert entry.content_type.model == "staffentry"
    assert entry.additional_data["actor"].startswith("staff:")
