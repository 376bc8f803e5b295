"""What the agency does from its console stands in the organization's own log, signed as the agency's."""

from __future__ import annotations

from typing import Any

import pytest
from auditlog.models import LogEntry
from django_tenants.utils import tenant_context

from apps.integrations.models import Delivery
from apps.jobs import clock
from apps.jobs.models import Job
from apps.organizations import log, services
from apps.organizations.models import AccountRoute, Domain, Membership, Organization, Role, UnroutedDelivery, User
from apps.organizations.proof import Proof, ProvenBy, columns
from tests.organizations.test_console_rights import PEOPLE, World, filled, world  # noqa: F401  a fixture

LOG = "/dashboard/settings/activity/"


def lines(slug: str = "acme") -> list[tuple[str, str, dict[str, tuple[str, str]]]]:
    """(who, what happened, changes) in an organization's log by the agency, newest first."""
    with tenant_context(Organization.objects.get(slug=slug)):
        told = log.told(LogEntry.objects.order_by("-id"))
    return [
        (row["actor"][0], row["happened"], {one.field: (one.before, one.after) for one in row["changes"]})
        for row in told
        if row["actor"][0] == "staff"
    ]


def test_pausing_and_resuming(world):
    paths = "/admin/organizations/organization/"
    world.act(world.dana, paths, "pause", world.acme)
    assert lines()[0] == ("staff", "Organization changed", {"Active": ("Yes", "No")})
    world.act(world.dana, paths, "resume", world.acme)
    assert lines()[0] == ("staff", "Organization changed", {"Active": ("No", "Yes")})
    assert not lines("globex")


def test_renaming_and_budgets_as_the_owner_sees_them(world, alice, client_for):
    world.save(world.dana, world.of_acme(), name="Acme Trading", ai_budget_usd="80")
    assert lines()[0][2] == {"Name": ("Acme", "Acme Trading"), "Monthly AI budget (USD)": ("50.00", "80")}
    page = client_for(alice).get(LOG).content.decode()
    for words in ("Acme Trading", "Agency", "Dana", "Organization changed"):
        assert words in page


def test_host_names(world):
    world.save(world.dana, world.of_acme(), **{"domains-1-domain": "acme.example"})
    assert lines()[0][:2] == ("staff", "Host name created")
    page = world.dana.get(world.of_acme())
    row = next(
        n
        for n, form in enumerate(page.context["inline_admin_formsets"][0].formset.forms)
        if form.instance.domain == "acme.example"
    )
    world.dana.post(world.of_acme(), {**filled(page), f"domains-{row}-DELETE": "on"})
    assert not Domain.objects.filter(domain="acme.example").exists()
    assert lines()[0][:2] == ("staff", "Host name deleted")


def test_people_switched_off_are_told_wherever_they_work(world, bob):
    services.add_member(Organization.objects.get(slug="globex"), bob, role=Role.VIEWER)
    world.act(world.dana, PEOPLE, "deactivate", bob)
    for slug in ("acme", "globex"):
        assert lines(slug)[0] == ("staff", "Person changed", {"Active": ("Yes", "No")})


def test_roles(world, bob):
    world.save(world.dana, world.of_acme(), **{"memberships-1-role": "manager"})
    assert Membership.objects.get(user=bob).role == "manager"
    assert lines()[0][:2] == ("staff", "Membership changed")
    assert lines()[0][2]["Role"] == ("Agent", "Manager")


def test_a_new_password_is_told_and_not_shown(world, bob):
    new = {"new_password1": "a long enough phrase", "new_password2": "a long enough phrase"}
    world.dana.post(f"{PEOPLE}{bob.pk}/password/", new)
    assert lines()[0][:2] == ("staff", "Person changed")
    assert "phrase" not in str(lines())
    assert "pbkdf2" not in str(lines())
    assert "md5$" not in str(lines())


def test_jobs_done_again(world):
    world.act(world.dana, "/admin/jobs/job/", "again", world.job)
    assert lines()[0][:2] == ("staff", "A job was done again")
    assert not lines("globex")


def test_what_waited_is_routed_once_its_account_is_connected(world):
    """Kept for nobody, then handed in by the same door; twice is once."""
    row = UnroutedDelivery.objects.create(
        channel="facebook",
        external_id="77",
        why="unknown_account",
        body=b'{"object":"page","entry":[]}',
        trace="1" * 32,
    )
    unrouted = "/admin/organizations/unrouteddelivery/"
    page = world.dana.post(unrouted, {"action": "retry", "_selected_action": [row.pk]}, follow=True)
    assert "still belongs to no connected account" in page.content.decode()
    proof = columns(Proof.now(ProvenBy.PLATFORM))
    AccountRoute.objects.create(channel="facebook", external_id="77", organization=world.acme, **proof)
    for _again in range(2):
        world.act(world.dana, unrouted, "retry", row)
    row.refresh_from_db()
    assert row.resolved_at is not None
    with tenant_context(world.acme):
        assert bytes(Delivery.objects.get().body) == bytes(row.body)
    assert lines()[0][:2] == ("staff", "A kept delivery was handed to its organization")
    assert Job.objects.filter(schema="acme", kind="conversations.receive").exists()


def test_what_is_the_agency_s_own_affair_is_not_told(world, bob):
    world.save(world.dana, world.of_bob(), is_staff="on", rights=["see_jobs"])
    assert User.objects.get(pk=bob.pk).is_staff
    assert not lines()
    with tenant_context(world.acme):
        world.acme.name = "Acme II"
    world.acme.save()  # by the product itself, outside of any request
    assert not lines()


def test_a_new_organization_begins_with_an_empty_log_of_the_agency_s(world):
    answer = world.dana.post(
        "/admin/organizations/organization/add/",
        {"name": "Nile", "slug": "nile", "owner_email": "amal@example.com", "language": "en", "timezone": "UTC",
         "currency": "EGP"},
    )  # fmt: skip
    assert answer.status_code == 302
    assert ("staff", "Invitation created") in [line[:2] for line in lines("nile")]


@pytest.fixture(autouse=True)
def _frozen() -> Any:
    with clock.frozen(clock.now()):
        yield
