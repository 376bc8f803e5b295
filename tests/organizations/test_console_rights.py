"""The console asks for a right per act: who was not given it neither sees it nor can do it, whatever else they may."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Permission
from django_celery_beat.models import PeriodicTask

from apps.jobs import clock
from apps.jobs.models import Job
from apps.organizations.actors import CONSOLE, Can
from apps.organizations.console.words import RIGHTS
from apps.organizations.models import Domain, Membership, Organization, StaffEntry, UnroutedDelivery, User
from tests.conftest import PASSWORD

HOME = "/admin/"
ORGANIZATIONS = "/admin/organizations/organization/"
PEOPLE = "/admin/organizations/user/"
UNROUTED = "/admin/organizations/unrouteddelivery/"
JOBS = "/admin/jobs/job/"
SCHEDULES = "/admin/django_celery_beat/periodictask/"


def helper(*permissions: str) -> User:
    """Agency staff who was given just these rights."""
    found = User.objects.create_user("helper@example.com", PASSWORD, is_staff=True)
    TOTP.activate(found, generate_totp_secret())
    give(found, *permissions)
    return found


def give(found: User, *permissions: str) -> None:
    rows = Permission.objects.select_related("content_type")
    found.user_permissions.set([one for one in rows if f"{one.content_type.app_label}.{one.codename}" in permissions])
    assert found.user_permissions.count() == len(permissions), "every right is a permission that exists"


def filled(page: Any) -> dict[str, Any]:
    """A page's form as it stands, ready to be sent."""
    sets = [one.formset for one in page.context["inline_admin_formsets"]]
    forms = [page.context["adminform"].form, *(form for one in sets for form in [one.management_form, *one.forms])]
    found = {bound.html_name: bound.value() for form in forms for bound in form if not bound.field.disabled}
    return {name: value for name, value in found.items() if value not in (None, False)}


def objections(page: Any) -> list[str]:
    """What a form that came back says is wrong."""
    return re.findall(r'class="errorlist.*?</ul>', page.content.decode(), re.DOTALL)


@dataclass
class World:
    """What the acts below work with."""

    acme: Organization
    bob: User
    job: Job
    delivery: UnroutedDelivery
    task: PeriodicTask
    dana: Any  # her browser, for whom everything is there

    def of_acme(self) -> str:
        return f"{ORGANIZATIONS}{self.acme.pk}/change/"

    def of_bob(self) -> str:
        return f"{PEOPLE}{self.bob.pk}/change/"

    def of_task(self) -> str:
        return f"{SCHEDULES}{self.task.pk}/change/"

    def act(self, client: Any, path: str, name: str, row: Any) -> Any:
        return client.post(path, {"action": name, "_selected_action": [row.pk]})

    def save(self, client: Any, path: str, **changes: Any) -> Any:
        return client.post(path, {**filled(self.dana.get(path)), **changes})


@pytest.fixture
def world(public: None, bob: User, dana: User, client_for: Any) -> World:
    return World(
        acme=Organization.objects.get(slug="acme"),
        bob=bob,
        job=Job.objects.create(schema="acme", kind="integrations.check", queue="bulk", failed_at=clock.now()),
        delivery=UnroutedDelivery.objects.create(channel="facebook", why="malformed", body=b"{}", trace="0" * 32),
        task=PeriodicTask.objects.get(name="Check every connected account"),
        dana=client_for(dana, None),
    )


@dataclass
class Try:
    """`at`: the page where it is offered, by `mark`; `do`: somebody tries; `done`: whether it happened."""

    at: Callable[[World], str]
    mark: str
    do: Callable[[World, Any], Any]
    done: Callable[[World], bool] | None = None  # of pages: they open


def opens(path: str) -> Try:
    return Try(lambda _w: HOME, f'href="{path}"', lambda _w, client: client.get(path))


NEW = {
    "name": "Nile",
    "slug": "nile",
    "owner_email": "amal@example.com",
    "language": "ar",
    "timezone": "UTC",
    "currency": "EGP",
}
NEW_PERSON = {"email": "zoe@example.com", "name": "Zoe", "password": "a long enough phrase"}
NEW_PASSWORD = {"new_password1": "a long enough phrase", "new_password2": "a long enough phrase"}
TRIES: dict[Can, Try] = {
    Can.SEE_ORGANIZATIONS: opens(ORGANIZATIONS),
    Can.MAKE_ORGANIZATIONS: Try(
        lambda w: ORGANIZATIONS, f"{ORGANIZATIONS}add/", lambda w, client: client.post(f"{ORGANIZATIONS}add/", NEW),
        lambda w: Organization.objects.filter(slug="nile").exists(),
    ),
    Can.CHANGE_ORGANIZATION: Try(
        World.of_acme, 'name="ai_budget_usd"', lambda w, client: w.save(client, w.of_acme(), ai_budget_usd="7"),
        lambda w: Organization.objects.get(slug="acme").ai_budget_usd == 7,
    ),
    Can.KEEP_DOMAINS: Try(
        World.of_acme, 'name="domains-1-domain"',
        lambda w, client: w.save(client, w.of_acme(), **{"domains-1-domain": "acme.example"}),
        lambda w: Domain.objects.filter(domain="acme.example", proven_at=None).exists(),
    ),
    Can.MANAGE_PEOPLE: Try(
        World.of_acme, 'name="memberships-1-role"',
        lambda w, client: w.save(client, w.of_acme(), **{"memberships-1-role": "viewer"}),
        lambda w: not Membership.objects.filter(user=w.bob, role="agent").exists(),
    ),
    Can.PAUSE_ORGANIZATIONS: Try(
        World.of_acme, 'value="pause"', lambda w, client: w.act(client, ORGANIZATIONS, "pause", w.acme),
        lambda w: not Organization.objects.get(slug="acme").is_active,
    ),
    Can.ENTER_ORGANIZATIONS: Try(
        World.of_acme, "/enter/",
        lambda w, client: client.post(f"{ORGANIZATIONS}{w.acme.pk}/enter/", {"reason": "They asked"}),
        lambda w: StaffEntry.objects.exists(),
    ),
    Can.SEE_ACCOUNTS: opens(PEOPLE),
    Can.KEEP_ACCOUNTS: Try(
        lambda w: PEOPLE, f"{PEOPLE}add/", lambda w, client: client.post(f"{PEOPLE}add/", NEW_PERSON),
        lambda w: User.objects.filter(email="zoe@example.com").exists(),
    ),
    Can.RESCUE_ACCOUNTS: Try(
        World.of_bob, "/password/", lambda w, client: client.post(f"{PEOPLE}{w.bob.pk}/password/", NEW_PASSWORD),
        lambda w: User.objects.get(pk=w.bob.pk).check_password("a long enough phrase"),
    ),
    Can.SWITCH_ACCOUNTS: Try(
        World.of_bob, 'value="deactivate"', lambda w, client: w.act(client, PEOPLE, "deactivate", w.bob),
        lambda w: not User.objects.get(pk=w.bob.pk).is_active,
    ),
    Can.SEE_USAGE: opens("/admin/organizations/usage/"),
    Can.SEE_UNROUTED: opens(UNROUTED),
    Can.ROUTE_AGAIN: Try(
        lambda w: UNROUTED, 'value="dismiss"', lambda w, client: w.act(client, UNROUTED, "dismiss", w.delivery),
        lambda w: UnroutedDelivery.objects.filter(resolved_at__isnull=False).exists(),
    ),
    Can.SEE_JOBS: opens(JOBS),
    Can.RUN_JOBS: Try(
        lambda w: f"{JOBS}{w.job.pk}/change/", 'value="again"', lambda w, client: w.act(client, JOBS, "again", w.job),
        lambda w: Job.objects.filter(pk=w.job.pk, failed_at=None).exists(),
    ),
    Can.SEE_SCHEDULES: opens(SCHEDULES),
    Can.KEEP_SCHEDULES: Try(
        World.of_task, 'name="at"', lambda w, client: w.save(client, w.of_task(), at="04:30"),
        lambda w: PeriodicTask.objects.get(pk=w.task.pk).crontab.hour == "4",
    ),
    Can.SEE_ENTRIES: opens("/admin/organizations/staffentry/"),
    Can.SEE_LOG: opens("/admin/auditlog/logentry/"),
}  # fmt: skip
GIVEN = {permission for permission in CONSOLE.values() if permission}


def test_every_right_of_the_console_is_tried_and_can_be_given():
    assert set(TRIES) | {Can.MAKE_STAFF} == set(CONSOLE)
    assert set(RIGHTS) == set(TRIES)


@pytest.mark.parametrize("can", TRIES)
def test_an_act_takes_its_own_right_and_no_other(world, client_for, can):
    one = TRIES[can]
    somebody = helper(*(GIVEN - {CONSOLE[can]}))
    client = client_for(somebody, None)
    assert one.mark not in client.get(one.at(world)).content.decode(), "offered to somebody who may not"
    refused = one.do(world, client)
    assert refused.status_code == 403 if one.done is None else not one.done(world)
    give(somebody, *GIVEN)
    assert one.mark in client.get(one.at(world)).content.decode(), "not offered to somebody who may"
    answer = one.do(world, client)
    assert answer.status_code == 200 if one.done is None else one.done(world), objections(answer)


def test_with_no_right_at_all_every_page_but_the_first_is_shut(world, client_for):
    client = client_for(helper(), None)
    assert client.get(HOME).status_code == 200
    for can, one in TRIES.items():
        one.do(world, client)
        assert one.done is None or not one.done(world), can
    for path in (ORGANIZATIONS, PEOPLE, UNROUTED, JOBS, SCHEDULES, world.of_acme(), world.of_bob(), world.of_task()):
        assert client.get(path).status_code == 403, path


def test_only_superusers_make_staff(world, client_for):
    client = client_for(helper(*GIVEN), None)
    assert 'name="is_staff"' not in client.get(world.of_bob()).content.decode()
    for who, made in ((client, False), (world.dana, True)):
        world.save(who, world.of_bob(), is_staff="on", rights=["see_jobs"])
        world.bob.refresh_from_db()
        assert world.bob.is_staff is made
        assert world.bob.user_permissions.filter(codename="view_job").exists() is made


def test_rights_are_given_in_words(world):
    page = world.dana.get(world.of_bob()).content.decode()
    for words in RIGHTS.values():
        assert str(words).replace("'", "&#x27;") in page


def test_whoever_may_not_rescue_changes_names_but_no_addresses(world, client_for):
    client = client_for(helper(*(GIVEN - {"organizations.rescue_user"})), None)
    world.save(client, world.of_bob(), name="Robert", email="mine@example.com")
    world.bob.refresh_from_db()
    assert (world.bob.name, world.bob.email) == ("Robert", "bob@example.com")
