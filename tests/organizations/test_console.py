"""The agency's console: every organization at a glance, people who come and go, and who is let in."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from decimal import Decimal

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from apps.jobs import clock
from apps.jobs.models import Job
from apps.organizations import services
from apps.organizations.console.overview import overview
from apps.organizations.console.words import crontab
from apps.organizations.models import (
    AccountRoute,
    Domain,
    Membership,
    Organization,
    OrganizationHealth,
    Role,
    UnroutedDelivery,
    User,
)
from apps.organizations.services import health
from tests.conftest import PASSWORD
from tests.organizations.test_console_rights import filled

USERS = "/admin/organizations/user/"
CONSOLE_LISTS = [
    USERS, "/admin/organizations/organization/", "/admin/organizations/usage/",
    "/admin/organizations/unrouteddelivery/", "/admin/organizations/staffentry/", "/admin/jobs/job/",
    "/admin/auditlog/logentry/", "/admin/django_celery_beat/periodictask/",
]  # fmt: skip


@pytest.fixture
def console(public, dana, client_for):
    return client_for(dana, None)


def busy(organization: Organization, *, spend: str = "12.5") -> None:
    """A month of messages, a channel, and a failure."""
    services.meter(
        organization,
        [("message_in", 240, Decimal(0)), ("message_out", 180, Decimal(0)), ("ai_tokens", 9, Decimal(spend))],
    )
    AccountRoute.objects.create(channel="whatsapp", external_id=f"wa-{organization.pk}", organization=organization)
    OrganizationHealth.objects.update_or_create(
        organization=organization,
        defaults={"last_failure": "The page token has expired.", "last_failure_at": clock.now(), "channels_attention": 1,
                  "last_message_at": clock.now()},
    )  # fmt: skip


def another(number: int) -> Organization:
    """An organization without a schema: the overview reads none."""
    organization = Organization(slug=f"shop-{number}", schema_name=f"shop_{number}", name=f"Shop {number}")
    organization.save()
    Domain.objects.create(tenant=organization, domain=f"shop-{number}.localhost", is_primary=True)
    return organization


def test_every_organization_is_there_with_its_figures(console):
    acme = Organization.objects.get(slug="acme")
    busy(acme, spend="41")
    page = console.get("/admin/").content.decode()
    for words in (
        "Acme",
        "Globex",
        "240 / 180",
        "82% of",
        "WhatsApp",
        "The page token has expired.",
        "Needs attention",
    ):
        assert words in page
    row = next(row for row in overview() if row.organization == acme)
    assert (row.received, row.sent, row.spend, row.channels) == (240, 180, Decimal(41), {"whatsapp": 1})
    assert row.troubles == 2  # the channel and the budget


def test_trouble_comes_first(console):
    busy(Organization.objects.get(slug="globex"))
    page = console.get("/admin/").content.decode()
    assert page.index("Globex") < page.index("Acme")
    page = console.get("/admin/?sort=name").content.decode()
    assert page.index(">Acme<") < page.index(">Globex<")


def test_it_costs_the_same_for_two_organizations_and_for_thirty(console, django_assert_num_queries):
    console.get("/admin/")
    busy(Organization.objects.get(slug="acme"))
    with CaptureQueriesContext(connection) as few:
        assert console.get("/admin/").status_code == 200
    for number in range(28):
        busy(another(number))
        Job.objects.create(schema=f"shop_{number}", kind="x", key="", run_at=clock.now(), failed_at=clock.now(),
                           last_error="Boom")  # fmt: skip
    with django_assert_num_queries(len(few)):
        page = console.get("/admin/").content.decode()
    assert "Shop 27" in page
    assert len(few) <= 20


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%25", "q=" + "x" * 5000, "sort=nonsense", "sort=spend&q=acme", "q=\ud83d"]
)
def test_searching_never_breaks(console, query):
    assert console.get(f"/admin/?{query.encode('utf-8', 'replace').decode()}").status_code == 200


@pytest.mark.parametrize("words", ["glob", "GLOBEX", "globex.local", "shop.globex", "charlie@exam", "new-owner@"])
def test_organizations_are_found_by_name_host_name_and_owner(console, words):
    globex = Organization.objects.get(slug="globex")
    Domain.objects.create(tenant=globex, domain="shop.globex.example", is_primary=False)
    globex.invitations.create(email="new-owner@globex.example", role="owner", token_hash="x", expires_at=clock.now())
    for path in ("/admin/", "/admin/organizations/organization/"):
        page = console.get(path, {"q": words}).content.decode()
        assert "Globex" in page
        assert "Acme" not in page


@pytest.mark.parametrize("words", ["bob@example.com", "nobody at all"])
def test_nobody_else_s_address_finds_an_organization(console, words):
    for path in ("/admin/", "/admin/organizations/organization/"):
        page = console.get(path, {"q": words}).content.decode()
        assert "Acme" not in page
        assert "fits" in page


def test_what_belongs_to_nobody_is_counted(console):
    UnroutedDelivery.objects.create(channel="facebook", why="unknown_account", body=b"{}", trace="0" * 32)
    page = console.get("/admin/").content.decode()
    assert "Unrouted deliveries" in page
    opened = console.get("/admin/organizations/unrouteddelivery/")
    assert opened.status_code == 200


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_owners_of_organizations_are_not_the_agency(public, who, client_for, request):
    client = client_for(request.getfixturevalue(who), None)
    for path in ("/admin/", USERS, "/admin/organizations/organization/", "/admin/organizations/organization/add/"):
        assert client.get(path).status_code in {302, 403}


def test_staff_without_rights_sees_no_organization(public, client_for):
    """Agency staff who are no superusers have what was given to them, and nothing else."""
    client = client_for(helper_with(), None)
    acme = Organization.objects.get(slug="acme")
    assert client.get(f"/admin/organizations/organization/{acme.pk}/enter/").status_code == 403
    assert client.get(USERS).status_code == 403
    assert client.post(f"/admin/organizations/organization/{acme.pk}/enter/", {"reason": "x"}).status_code == 403
    assert "Acme" not in client.get("/admin/").content.decode()


def test_every_list_and_form_opens(console):
    acme = Organization.objects.get(slug="acme")
    busy(acme)
    pages = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist", urlconf="config.urls_public")
        for model in admin.site._registry
    ]
    pages += [f"/admin/organizations/organization/{acme.pk}/change/", "/admin/organizations/organization/add/"]
    pages += [f"/admin/organizations/organization/{acme.pk}/enter/"]
    pages += [f"{USERS}{User.objects.get(email='bob@example.com').pk}/change/", f"{USERS}add/"]
    for path in pages:
        page = console.get(path)
        assert page.status_code == 200, path
        policy = page.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, path
        assert "nonce" in policy or "'self'" in policy
        assert "object (" not in page.content.decode()


def test_a_new_organization_in_one_form(console):
    answer = console.post(
        "/admin/organizations/organization/add/",
        {"name": "Nile Tours", "slug": "nile-tours", "owner_email": "amal@example.com", "language": "ar",
         "timezone": "Africa/Cairo", "currency": "EGP"},
    )  # fmt: skip
    assert answer.status_code == 302
    made = Organization.objects.get(slug="nile-tours")
    assert (made.schema_name, made.language, made.accent) == ("nile_tours", "ar", "#0b6477")
    assert made.invitations.get().email == "amal@example.com"
    again = console.post(
        "/admin/organizations/organization/add/",
        {"name": "N", "slug": "nile-tours", "owner_email": "x@example.com", "language": "ar", "timezone": "UTC",
         "currency": "EGP"},
    )  # fmt: skip
    assert again.status_code == 422


def test_the_console_is_no_django_admin(console):
    """None of its scripts, styles, words or pop-ups; pages of libraries do not come in by themselves."""
    assert {model._meta.label for model in admin.site._registry} == {
        "organizations.Organization", "organizations.User", "organizations.Usage", "organizations.UnroutedDelivery",
        "organizations.StaffEntry", "jobs.Job", "django_celery_beat.PeriodicTask", "auditlog.LogEntry",
    }  # fmt: skip
    for path in ("/admin/", *CONSOLE_LISTS, "/admin/organizations/organization/add/"):
        page = console.get(path).content.decode()
        assert "/static/admin/" not in page
        assert " style=" not in page
        assert "<script>" not in page
    for path in ("jsi18n/", "autocomplete/", "password_change/", "organizations/", "auth/group/"):
        assert console.get(f"/admin/{path}").status_code == 404


def test_schedules_are_sentences_and_stay_what_they_are(console):
    page = console.get("/admin/django_celery_beat/periodictask/").content.decode()
    for words in ("every 2 seconds", "each night at 03:00 (UTC)", "Check every connected account"):
        assert words in page
    assert "celery." not in page
    task = PeriodicTask.objects.get(name="Find due work")
    path = f"/admin/django_celery_beat/periodictask/{task.pk}/change/"
    assert console.post(path, {"every": "0", "period": "seconds", "enabled": "on"}).status_code == 422
    assert console.post(path, {"every": "5", "period": "minutes", "enabled": "on"}).status_code == 302
    assert "every 5 minutes" in console.get(path).content.decode()
    assert console.post(path, {"every": "5", "period": "minutes"}).status_code == 302
    task.refresh_from_db()
    assert (task.enabled, task.crontab) == (False, None)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (("10", "3", "*", "*", "*"), "each night at 03:10 (UTC)"),
        (("5", "14", "*", "*", "*"), "each day at 14:05 (UTC)"),
        (("0", "9", "1", "*", "*"), "each Monday at 09:00 (UTC)"),
        (("0", "9", "0", "*", "*"), "each Sunday at 09:00 (UTC)"),
        (("30", "6", "*", "1", "*"), "on day 1 of each month at 06:30 (UTC)"),
        (("*/5", "*", "*", "*", "*"), "every 5 minutes"),
        (("20", "*", "*", "*", "*"), "each hour, 20 minutes past"),
        (("0", "*/2", "1-5", "*", "*"), "0 */2 * * 1-5 (UTC)"),
    ],
)
def test_times_of_the_clock_in_words(fields, words):
    names = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
    assert crontab(CrontabSchedule(**dict(zip(names, fields, strict=True)), timezone="UTC")) == words


# The last owner --------------------------------------------------------------------------------------------------------


def test_an_organization_s_only_owner_is_not_switched_off(console, alice, bob):
    page = act(console, "deactivate", alice, bob).content.decode()
    assert "Alice is the only owner of Acme. Make somebody else an owner there first." in page
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert (alice.is_active, bob.is_active) == (True, False)
    services.change_role(Membership.objects.get(user__email="victor@example.com"), Role.OWNER)
    act(console, "deactivate", alice)
    alice.refresh_from_db()
    assert not alice.is_active


@pytest.mark.parametrize("change", [{"memberships-0-role": "agent"}, {"memberships-0-is_active": ""}])
def test_nor_taken_out_or_demoted(console, alice, change):
    acme = Organization.objects.get(slug="acme")
    for path in (f"/admin/organizations/organization/{acme.pk}/change/", f"{USERS}{alice.pk}/change/"):
        answer = console.post(path, {**filled(console.get(path)), **change})
        assert answer.status_code == 422
        assert "An organization needs an owner. Make somebody else an owner first." in answer.content.decode()
    member = Membership.objects.get(user=alice)
    assert (member.role, member.is_active) == ("owner", True)


def test_owners_change_places_in_one_go(console, alice, bob):
    path = f"/admin/organizations/organization/{Organization.objects.get(slug='acme').pk}/change/"
    changes = {"memberships-0-role": "agent", "memberships-1-role": "owner"}
    assert console.post(path, {**filled(console.get(path)), **changes}).status_code == 302
    assert Membership.objects.get(user=alice).role == "agent"
    assert Membership.objects.get(user=bob).role == "owner"


def test_two_owners_are_not_switched_off_at_once(site):
    """Each waits for the other, whichever way it is tried: one of them stays."""
    with site.inside(None):
        alice, bob = (User.objects.get(email=f"{name}@example.com") for name in ("alice", "bob"))
        services.change_role(Membership.objects.get(user=bob), Role.OWNER)
    ways = {
        "both at the console": lambda: (lambda: services.switch_off(alice), lambda: services.switch_off(bob)),
        "one inside": lambda: (
            lambda: services.switch_off(alice),
            lambda: services.deactivate_member(Membership.objects.get(user=bob)),
        ),
    }
    for way, pair in ways.items():
        together = threading.Barrier(2)

        def try_it(do, together=together):
            try:
                with closing(connection):
                    connection.set_schema_to_public()
                    together.wait(timeout=30)
                    do()
            except ValidationError as refused:
                return refused.messages[0]
            return ""

        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(try_it, pair()))
        with site.inside(None):
            owners = Membership.objects.filter(
                organization__slug="acme", role=Role.OWNER, is_active=True, user__is_active=True
            )
            assert owners.count() == 1, way
            assert sorted(map(bool, said)) == [False, True], way
            User.objects.filter(pk__in=[alice.pk, bob.pk]).update(is_active=True)
            Membership.objects.filter(user=bob).update(is_active=True)


# People ----------------------------------------------------------------------------------------------------------------


def act(console, action: str, *people: User):
    return console.post(USERS, {"action": action, "_selected_action": [person.pk for person in people]}, follow=True)


def test_whoever_is_deactivated_is_out_at_once(console, bob, client_for, api_for):
    """In the session, with a token, with a refresh token, and at the sign-in page; in every organization."""
    services.add_member(Organization.objects.get(slug="globex"), bob, role=Role.VIEWER)
    browsers = [client_for(bob, "acme"), client_for(bob, "globex")]
    programs = [api_for(bob, "acme"), api_for(bob, "globex")]
    pair = api_for(None, "acme").post("/api/token/", {"email": bob.email, "password": PASSWORD}).json()
    assert all(browser.get("/dashboard/").status_code == 200 for browser in browsers)
    act(console, "deactivate", bob)
    bob.refresh_from_db()
    assert not bob.is_active
    assert all(browser.get("/dashboard/").status_code == 302 for browser in browsers)
    assert all(program.get("/api/users/me/").status_code == 401 for program in programs)
    renewed = api_for(None, "acme").post("/api/token/refresh/", {"refresh": pair["refresh"]})
    assert renewed.status_code == 401
    assert api_for(None, "acme").post("/api/token/", {"email": bob.email, "password": PASSWORD}).status_code == 401


def test_deactivating_keeps_what_they_did_and_can_be_undone(console, bob):
    act(console, "deactivate", bob)
    assert Membership.objects.filter(user=bob, organization__slug="acme", role="agent").exists()
    line = ContentType.objects.get_for_model(User)
    entry = LogEntry.objects.filter(content_type=line, object_pk=str(bob.pk)).latest("id")
    assert entry.changes["is_active"] == ["True", "False"]
    assert entry.actor_email == "dana@example.com"
    act(console, "reactivate", bob)
    bob.refresh_from_db()
    assert bob.is_active


def test_nobody_is_deleted(console, bob, acme):
    connection.set_schema_to_public()
    assert console.post(f"{USERS}{bob.pk}/delete/", {"post": "yes"}).status_code == 403
    act(console, "delete_selected", bob)
    assert console.post(f"/admin/organizations/organization/{acme.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=bob.pk, is_active=True).exists()
    assert Organization.objects.filter(pk=acme.pk).exists()
    assert 'value="delete_selected"' not in console.get(USERS).content.decode()


def test_nobody_locks_themselves_out(console, dana):
    page = act(console, "deactivate", dana)
    assert "cannot deactivate yourself" in page.content.decode()
    form = {"email": dana.email, "name": "Dana", "language": "", "memberships-TOTAL_FORMS": 0,
            "memberships-INITIAL_FORMS": 0}  # fmt: skip
    console.post(f"{USERS}{dana.pk}/change/", form)  # without is_active, is_staff and is_superuser
    dana.refresh_from_db()
    assert dana.is_active
    assert dana.is_superuser


def helper_with(*permissions: str) -> User:
    """Agency staff with a few permissions."""
    helper = User.objects.create_user("helper@example.com", PASSWORD, is_staff=True)
    TOTP.activate(helper, generate_totp_secret())
    helper.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return helper


def test_staff_who_look_after_people_do_not_become_superusers(public, bob, dana, client_for):
    client = client_for(helper_with("view_user", "change_user", "rescue_user", "switch_user"), None)
    new = {"password1": "a long enough phrase", "password2": "a long enough phrase"}
    assert client.post(f"{USERS}{dana.pk}/password/", new).status_code == 403
    assert client.post(f"{USERS}{dana.pk}/change/", {"email": "mine@example.com"}).status_code == 403
    act(client, "deactivate", dana, bob)
    dana.refresh_from_db()
    bob.refresh_from_db()
    assert dana.check_password(PASSWORD)
    assert (dana.email, dana.is_active) == ("dana@example.com", True)
    assert not bob.is_active
    form = {"email": bob.email, "name": "Robert", "language": "", "is_active": "on", "is_staff": "on",
            "is_superuser": "on", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}  # fmt: skip
    client.post(f"{USERS}{bob.pk}/change/", form)
    bob.refresh_from_db()
    assert (bob.name, bob.is_active, bob.is_staff, bob.is_superuser) == ("Robert", False, False, False)


def test_names_and_failures_are_text(console):
    row = another(1)
    row.name = "<script>alert(1)</script>"
    row.save()
    services.report_failure("<img src=x onerror=alert(2)>", organization=row)
    page = console.get("/admin/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page


def test_of_very_many_the_first_are_shown(console):
    Organization.objects.bulk_create(
        Organization(slug=f"shop-{number}", schema_name=f"shop_{number}", name=f"Shop {number:03}")
        for number in range(205)
    )
    page = console.get("/admin/?sort=name").content.decode()
    assert "Shop 197" in page
    assert "Shop 198" not in page
    assert "7 more organizations are not shown" in page


def test_a_paused_organization_is_shown_as_such(console):
    acme = Organization.objects.get(slug="acme")
    console.post("/admin/organizations/organization/", {"action": "pause", "_selected_action": [acme.pk]})
    assert not Organization.objects.get(pk=acme.pk).is_active
    assert "Paused" in console.get("/admin/").content.decode()
    console.post("/admin/organizations/organization/", {"action": "resume", "_selected_action": [acme.pk]})
    assert Organization.objects.get(pk=acme.pk).is_active


def test_an_old_failure_is_still_told(console):
    acme = Organization.objects.get(slug="acme")
    services.report_failure("Meta refused the token.", organization=acme)
    OrganizationHealth.objects.update(last_failure_at=clock.now() - timedelta(days=40))
    assert "Meta refused the token." in console.get("/admin/").content.decode()


def test_the_newest_failure_is_told(console):
    """A job that failed last week does not hide the token that expired today, and the other way round."""
    acme = Organization.objects.get(slug="acme")
    now = clock.now()
    Job.objects.create(schema="acme", kind="x.y", queue="bulk", last_error="Old job", failed_at=now - timedelta(days=7))
    services.report_failure("Meta refused the token.", organization=acme)
    assert "Meta refused the token." in console.get("/admin/").content.decode()
    OrganizationHealth.objects.update(last_failure_at=now - timedelta(days=8))
    assert "Old job" in console.get("/admin/").content.decode()


@pytest.fixture
def forgetful():
    """What one process remembers of failures, it forgets."""
    yield
    health._told.clear()
    health._asked.clear()


def test_failures_of_one_kind_are_written_once_a_minute(
    acme, forgetful, django_assert_num_queries, django_capture_on_commit_callbacks
):
    with clock.frozen(clock.now()):
        with django_capture_on_commit_callbacks(execute=True):
            services.report_failure("One", kind="send")
        with django_assert_num_queries(0):
            services.report_failure("Two", kind="send", organization=acme)
        services.report_failure("Three", kind="account")
        assert OrganizationHealth.objects.get(organization=acme).last_failure == "Three"
        clock.advance(timedelta(seconds=61))
        services.report_failure("Four", kind="send")
        assert OrganizationHealth.objects.get(organization=acme).last_failure == "Four"


@pytest.mark.parametrize("value", ["%00", "9" * 40, "9999-99-99"])
def test_odd_addresses_break_no_list(console, value):
    console.raise_request_exception = False
    for path in CONSOLE_LISTS:
        for name in ("q", "p", "o", "is_active__exact", "day__year", "resolved_at__isempty"):
            assert console.get(f"{path}?{name}={value}").status_code < 500, f"{path}?{name}={value}"
        assert console.get(f"{path}{value}/change/").status_code < 500
