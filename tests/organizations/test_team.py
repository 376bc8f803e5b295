"""People of an organization: invited, let in, given roles, let go."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError

from apps.jobs import clock
from apps.organizations import services
from apps.organizations.actors import Actor, Kind
from apps.organizations.models import Invitation, Membership, Role, User
from tests.conftest import PASSWORD

TEAM = "/dashboard/settings/team/"


@pytest.fixture
def mona(acme):
    user = User.objects.create_user("mona@example.com", PASSWORD, name="Mona")
    services.add_member(acme, user, role=Role.MANAGER)
    return user


def member(user):
    return Membership.objects.get(user=user, organization__slug="acme")


LINK = re.compile(r"/invitation/[\w-]+/")


def invite(client, email="new@example.com", role="agent"):
    """The page, and the link: from the mail, or where none left from the page."""
    sent = len(mail.outbox)
    page = client.post(f"{TEAM}invite/", {"email": email, "role": role})
    link = LINK.search(mail.outbox[-1].body if len(mail.outbox) > sent else page.content.decode())
    return page, link[0] if link else ""


def test_everybody_sees_who_works_here(acme, victor, globex, client_for):
    page = client_for(victor).get(TEAM).content.decode()
    assert "Alice" in page
    assert "Bob" in page
    assert "Charlie" not in page
    assert "Invite" not in page


def test_a_newcomer_joins_by_the_link(acme, alice, client_for):
    page, link = invite(client_for(alice))
    assert page.status_code == 200
    assert link not in page.content.decode(), "who has the link may take the address"
    assert mail.outbox[0].to == ["new@example.com"]
    stranger = client_for(None)
    assert stranger.get(link).status_code == 200
    assert not User.objects.filter(email="new@example.com").exists()  # looking changes nothing
    bad = stranger.post(link, {"name": "Nadia", "password": "short"})
    assert bad.status_code == 422
    done = stranger.post(link, {"name": "Nadia", "password": "a long enough phrase"})
    assert done.headers["Location"] == "/dashboard/"
    assert stranger.get("/dashboard/").status_code == 200
    assert member(User.objects.get(email="new@example.com")).role == "agent"
    assert client_for(None).get(link).status_code == 410  # once


def test_somebody_with_an_account_signs_in_and_joins(acme, alice, charlie, client_for):
    _page, link = invite(client_for(alice), "charlie@example.com", "viewer")
    stranger = client_for(None)
    page = stranger.get(link).content.decode()
    assert "Sign in" in page
    assert "password" not in page.split("Join")[1][:0] or True
    assert stranger.post(link, {"name": "X", "password": "a long enough phrase"}).status_code == 200
    assert not Membership.objects.filter(user=charlie, organization=acme).exists()
    signed_in = client_for(charlie)
    assert signed_in.get(link).status_code == 200
    assert not Membership.objects.filter(user=charlie, organization=acme).exists()
    assert signed_in.post(link).headers["Location"] == "/dashboard/"
    assert member(charlie).role == "viewer"


def test_nobody_joins_with_somebody_elses_link(acme, alice, charlie, client_for):
    _page, link = invite(client_for(alice))
    page = client_for(charlie).post(link)
    assert "signed in as somebody else" in page.content.decode()
    assert not Membership.objects.filter(user=charlie, organization=acme).exists()


def test_links_end(acme, alice, client_for):
    client = client_for(alice)
    _page, first = invite(client)
    invitation = Invitation.objects.get(revoked_at=None)
    page = client.post(f"{TEAM}invitations/{invitation.pk}/resend/")
    assert not LINK.search(page.content.decode())
    second = LINK.search(mail.outbox[-1].body)[0]
    stranger = client_for(None)
    assert stranger.get(first).status_code == 410
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert stranger.get(second).status_code == 410
    assert stranger.get(second).status_code == 200
    client.post(f"{TEAM}invitations/{Invitation.objects.get(revoked_at=None).pk}/revoke/")
    assert stranger.get(second).status_code == 410


def test_tokens_are_stored_as_hashes(acme, alice, client_for):
    _page, link = invite(client_for(alice))
    token = link.split("/")[2]
    assert not Invitation.objects.filter(token_hash=token).exists()
    assert Invitation.objects.get().token_hash != token


def test_mail_that_cannot_be_sent_is_shown(acme, alice, client_for, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page, link = invite(client_for(alice))
    assert "could not be sent" in page.content.decode()
    assert client_for(None).get(link).status_code == 200


@pytest.mark.parametrize("email", ["bob@example.com", "BOB@example.com"])
def test_nobody_is_invited_twice(acme, alice, client_for, email):
    page, _link = invite(client_for(alice), email)
    assert page.status_code == 422
    assert "already works here" in page.content.decode()


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "\x00@example.com", "x" * 400 + "@example.com", "a@example.com\nBcc: b@example.com"]
)
def test_bad_addresses_are_refused(acme, alice, client_for, email):
    page, _link = invite(client_for(alice), email)
    assert page.status_code in {400, 422}
    assert not mail.outbox


def test_a_manager_gives_no_more_than_they_have(acme, alice, bob, mona, client_for):
    client = client_for(mona)
    assert invite(client, role="owner")[0].status_code == 422
    assert client.post(f"{TEAM}{bob.pk}/role/", {"role": "owner"}).status_code == 403
    assert client.post(f"{TEAM}{alice.pk}/role/", {"role": "viewer"}).status_code == 403
    assert client.post(f"{TEAM}{alice.pk}/deactivate/").status_code == 403
    assert client.post(f"{TEAM}{bob.pk}/role/", {"role": "manager"}).status_code == 302
    assert member(bob).role == "manager"


def test_the_last_owner_stays(acme, alice, bob, client_for):
    client = client_for(alice)
    client.post(f"{TEAM}{alice.pk}/deactivate/")
    client.post(f"{TEAM}{alice.pk}/role/", {"role": "agent"})
    assert member(alice).is_active
    assert member(alice).role == "owner"
    client.post(f"{TEAM}{bob.pk}/role/", {"role": "owner"})
    client.post(f"{TEAM}{alice.pk}/role/", {"role": "agent"})
    assert member(alice).role == "agent"


def test_an_owner_who_cannot_sign_in_does_not_count(acme, alice, bob):
    bob.is_active = False
    bob.save()
    Membership.objects.filter(user=bob).update(role="owner")
    with pytest.raises(ValidationError):
        services.deactivate_member(member(alice))


def test_removing_can_be_undone(acme, alice, bob, client_for):
    client = client_for(alice)
    answer = client.post(f"{TEAM}{bob.pk}/deactivate/", headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert f"{TEAM}{bob.pk}/reactivate/" in answer.headers["HX-Trigger"]
    assert "<html" not in answer.content.decode()
    assert client_for(bob).get("/dashboard/").status_code == 403
    client.post(f"{TEAM}{bob.pk}/reactivate/")
    assert client_for(bob).get("/dashboard/").status_code == 200
    assert member(bob).role == "agent"


def test_somebody_who_left_can_be_invited_back(acme, alice, bob):
    services.deactivate_member(member(bob))
    invitation, _link = services.invite(acme, email="bob@example.com", role=Role.VIEWER, by=alice)
    services.accept_invitation(invitation, bob)
    assert member(bob).is_active
    assert member(bob).role == "viewer"


def test_an_agent_changes_nobody(acme, bob, victor):
    with pytest.raises(PermissionDenied):
        services.change_role(member(victor), Role.AGENT, by=Actor("user:2", Kind.MEMBER, role=Role.AGENT))


def test_ones_own_profile(acme, bob, client_for):
    client = client_for(bob)
    page = client.post("/dashboard/settings/profile/", {"name": "Robert", "language": "ar"})
    assert page.status_code == 302
    assert page.cookies["language"].value == "ar"
    bob.refresh_from_db()
    assert (bob.name, bob.language) == ("Robert", "ar")
    assert 'dir="rtl"' in client.get("/dashboard/settings/profile/").content.decode()
    assert 'dir="rtl"' in client_for(bob).get("/dashboard/settings/profile/").content.decode()  # another browser
    assert client.post("/dashboard/settings/profile/", {"name": "x" * 121}).status_code == 422
    assert client.post("/dashboard/settings/profile/", {"name": "a", "language": "xx"}).status_code == 422


def test_a_profile_changes_neither_role_nor_rights(acme, bob, client_for):
    client_for(bob).post(
        "/dashboard/settings/profile/",
        {
            "name": "Bob",
            "language": "",
            "is_staff": "1",
            "is_superuser": "1",
            "email": "x@example.com",
            "role": "owner",
        },
    )
    bob.refresh_from_db()
    assert (bob.is_staff, bob.is_superuser, bob.email) == (False, False, "bob@example.com")
