"""An address is proven by a link that only its mailbox was sent; one that is merely claimed opens nothing else."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django_tenants.utils import tenant_context

from apps.jobs import clock
from apps.jobs.models import Job
from apps.organizations import services
from apps.organizations.models import Domain, Invitation, Membership, Role, User
from apps.organizations.proof import ProvenBy
from apps.organizations.services import domains
from tests.conftest import PASSWORD, TenantClient

NEW = "a long enough phrase"
LINK = re.compile(r"/(?:invitation|address)/[\w:-]+/")


@pytest.fixture
def no_mail(settings: Any) -> Callable[[], None]:
    def switch() -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    return switch


def joined(organization, email="zoe@example.com", *, by=None) -> User:
    """Zoe joins by the newest link, wherever it went."""
    invitation, link = services.invite(organization, email=email, role=Role.AGENT, by=by)
    token = link.rstrip("/").rsplit("/", 1)[1]
    client = TenantClient(headers={"host": f"{organization.slug}.localhost"})
    client.post(f"/invitation/{token}/", {"name": "Zoe", "password": NEW})
    invitation.refresh_from_db()
    return User.objects.get(email=email)


def test_a_link_that_went_by_mail_proves_the_address(acme, alice):
    assert joined(acme, by=alice).proof.by == ProvenBy.MAIL


@pytest.mark.parametrize("backend", ["dummy", "filebased", "console"])
def test_a_link_that_the_inviter_was_shown_proves_nothing(
    acme, alice, client_for, api_for, settings, tmp_path, backend
):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    page = client_for(alice).post("/dashboard/settings/team/invite/", {"email": "zoe@example.com", "role": "agent"})
    link = LINK.search(page.content.decode())[0]
    assert "confirm it by mail" in page.content.decode()
    assert "/invitation/" in api_for(alice).post("/api/invitations/", {"email": "x@example.com"}).json()["link"]
    client_for(None).post(link, {"name": "Zoe", "password": NEW})
    zoe = User.objects.get(email="zoe@example.com")
    assert zoe.proof is None
    assert Membership.objects.get(user=zoe).organization == acme


def test_who_was_made_with_a_password_by_an_organization_has_claimed_the_address(acme, alice, api_for):
    made = api_for(alice).post("/api/users/", {"email": "zoe@example.com", "password": NEW, "role": "agent"})
    assert made.status_code == 201
    assert User.objects.get(email="zoe@example.com").proof is None


def test_no_password_of_a_claimed_address_is_reset_by_mail(acme, alice, client_for, no_mail, settings):
    before = settings.EMAIL_BACKEND
    no_mail()
    zoe = joined(acme, by=alice)
    settings.EMAIL_BACKEND = before
    for email, mails in (("zoe@example.com", 0), ("bob@example.com", 1)):
        answer = client_for(None).post("/accounts/password/reset/", {"email": email})
        assert (answer.status_code, len(mail.outbox)) == (302, mails)
    User.objects.filter(pk=zoe.pk).update(proven_by="mail", proven_at=zoe.created_at)
    client_for(None).post("/accounts/password/reset/", {"email": "zoe@example.com"})
    assert mail.outbox[-1].to == ["zoe@example.com"]


def test_a_claimed_address_opens_no_other_organizations_invitation(
    acme, globex, alice, charlie, no_mail, settings, client_for
):
    before = settings.EMAIL_BACKEND
    no_mail()
    zoe = joined(acme, by=alice)
    settings.EMAIL_BACKEND = before
    invitation, link = services.invite(globex, email="zoe@example.com", role=Role.MANAGER, by=charlie)
    with pytest.raises(ValidationError):
        services.accept_invitation(invitation, zoe)
    page = client_for(zoe, "globex").post(LINK.search(link)[0])
    assert "Confirm your e-mail address first" in page.content.decode()
    assert not Membership.objects.filter(user=zoe, organization=globex).exists()


def test_whoever_proves_an_address_takes_it_from_who_claimed_it(
    acme, globex, alice, charlie, no_mail, settings, client_for
):
    before = settings.EMAIL_BACKEND
    no_mail()
    squatter = joined(acme, by=alice)
    session = client_for(squatter)
    assert session.get("/dashboard/").status_code == 200
    settings.EMAIL_BACKEND = before
    with tenant_context(globex):
        owner = joined(globex, by=charlie)
    assert owner.pk != squatter.pk
    assert owner.proof.by == ProvenBy.MAIL
    squatter.refresh_from_db()
    assert (squatter.is_active, squatter.email.endswith(".invalid"), squatter.has_usable_password()) == (
        False,
        True,
        False,
    )
    assert session.get("/dashboard/").status_code != 200
    assert set(Membership.objects.filter(user=owner).values_list("organization__slug", flat=True)) == {"globex"}


def test_a_claimed_link_takes_nothing_from_anybody(acme, globex, alice, charlie, no_mail, client_for):
    """The inviter is shown a link for somebody's address: it opens neither their account nor a second one."""
    no_mail()
    for email in ("bob@example.com",):
        _invitation, link = services.invite(globex, email=email, role=Role.OWNER, by=charlie)
        page = client_for(None, "globex").post(LINK.search(link)[0], {"name": "Eve", "password": NEW})
        assert "Sign in" in page.content.decode()
    assert User.objects.get(email="bob@example.com").check_password(PASSWORD)
    assert not Membership.objects.filter(organization=globex, user__email="bob@example.com").exists()


def test_an_address_is_confirmed_by_the_person_it_was_mailed_to(acme, alice, bob, no_mail, settings, client_for):
    before = settings.EMAIL_BACKEND
    no_mail()
    zoe = joined(acme, by=alice)
    client = client_for(zoe)
    assert "Send me a link" in client.get("/dashboard/settings/profile/").content.decode()
    assert client.post("/address/confirm/").status_code == 409, "no mail leaves this server"
    settings.EMAIL_BACKEND = before
    assert client.post("/address/confirm/").status_code == 200
    link = LINK.search(mail.outbox[-1].body)[0]
    assert mail.outbox[-1].to == ["zoe@example.com"]
    assert client_for(bob).post(link).status_code == 410
    assert client_for(None).post(link).status_code == 302
    assert client.post("/address/nonsense/").status_code == 410
    assert client.get(link).status_code == 200
    zoe.refresh_from_db()
    assert zoe.proof is None, "looking changes nothing"
    assert client.post(link).status_code == 302
    zoe.refresh_from_db()
    assert zoe.proof.by == ProvenBy.MAIL
    User.objects.filter(pk=zoe.pk).update(email="zoe2@example.com")
    assert client.post(link).status_code == 410, "for one address"


def test_a_new_organization_does_not_take_a_claimed_address_for_its_owner(acme, alice, no_mail):
    no_mail()
    zoe = joined(acme, by=alice)
    connection.set_schema_to_public()
    made = services.create_organization(slug="initech", name="Initech", owner_email=zoe.email, owner_password=NEW)
    assert not Membership.objects.filter(organization=made).exists()
    assert Invitation.objects.get(organization=made).email == zoe.email


# Host names -------------------------------------------------------------------------------------------------------


def test_a_host_name_is_served_once_it_is_proven(acme, client_for):
    domain = Domain.objects.create(tenant=acme, domain="shop.example.com", is_primary=True)
    visitor = TenantClient(headers={"host": "shop.example.com"})
    assert visitor.get("/accounts/login/").status_code == 404
    assert acme.get_primary_domain().domain == "acme.localhost", "no link leads to a name that is only claimed"
    Domain.objects.filter(pk=domain.pk).update(proven_by="host", proven_at=acme.created_at)
    assert visitor.get("/accounts/login/").status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:9", "nowhere.invalid", "a b", "[::1", "example.com/path"])
def test_a_name_that_does_not_answer_proves_nothing(acme, host):
    domain = Domain.objects.create(tenant=acme, domain=host)
    assert not services.prove_domain(domain)
    assert not Domain.objects.get(pk=domain.pk).is_proven


@pytest.fixture
def arriving() -> Iterator[tuple[str, Callable[[], None]]]:
    """A host name that leads elsewhere until its DNS has got around; called, it has."""
    there = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = self.headers["Host"]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(domains.answer(host, self.path).content if there.is_set() else b"for sale")

        def log_message(self, *_said: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", there.set
        server.shutdown()


def test_a_claimed_name_is_asked_again_until_it_leads_here(acme, arriving, run_due_jobs):
    host, arrive = arriving
    domain = Domain.objects.create(tenant=acme, domain=host)
    with clock.frozen(clock.now()):
        assert not services.claim_domain(domain)
        clock.advance(domains.PAUSES[0])
        assert run_due_jobs(kinds=[domains.PROVE]) == 1
        assert not Domain.objects.get(pk=domain.pk).is_proven
        arrive()
        assert run_due_jobs(kinds=[domains.PROVE]) == 0, "not before its time"
        clock.advance(domains.PAUSES[1])
        assert run_due_jobs(kinds=[domains.PROVE]) == 1
    assert Domain.objects.get(pk=domain.pk).proof.by == ProvenBy.HOST
    assert not Job.objects.filter(kind=domains.PROVE).exists()


def test_a_name_that_never_leads_here_is_not_asked_for_ever(acme, arriving, run_due_jobs):
    host, _arrive = arriving
    domain = Domain.objects.create(tenant=acme, domain=host)
    with clock.frozen(clock.now()):
        services.claim_domain(domain)
        for pause in domains.PAUSES:
            clock.advance(pause)
            assert run_due_jobs(kinds=[domains.PROVE]) == 1
    assert not Job.objects.filter(kind=domains.PROVE).exists()


def test_only_this_server_solves_the_riddle(acme, client_for):
    client = TenantClient(headers={"host": "shop.example.com"})
    said = client.get("/.well-known/frontdesk/abc123")
    assert said.content.decode() == domains._solve("shop.example.com", "abc123")
    other = TenantClient(headers={"host": "other.example.com"})
    assert other.get("/.well-known/frontdesk/abc123").content != said.content
    for path in ("", "../x", "a/b", "a" * 65, "%00"):
        assert client.get(f"/.well-known/frontdesk/{path}").status_code == 404


def test_names_of_new_organizations_are_ours(acme):
    assert acme.get_primary_domain().proof.by == ProvenBy.OURS
