"""`check --deploy` fails for each thing that belongs on a desk, and only the desk's own machine has a demo."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core import checks
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db.models import Value
from django.db.models.functions import Replace

from apps.organizations import services
from apps.organizations.models import Domain, Organization, Role, User
from apps.simulator.demo import people, tenants
from config.start.folder import DataFolder
from config.start.stack import first_sign_in
from tests.conftest import PASSWORD

# A server as docs/operations.md describes it.
GOOD = {
    "DEBUG": False, "HTTPS": True, "LOCAL": False, "BASE_DOMAIN": "desk.example", "TRUSTED_PROXIES": 1,
    "SIMULATOR": False, "POSTMARK_API_TOKEN": "t", "DEFAULT_FROM_EMAIL": "desk@desk.example",
    "FACEBOOK_APP_SECRET": ["s"], "FACEBOOK_VERIFY_TOKEN": "v", "WHATSAPP_VERIFY_TOKEN": "w",
    "CACHES": {"default": {"BACKEND": "django_redis.cache.RedisCache"}},
    "SECURE_SSL_REDIRECT": True, "SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 31_536_000, "SECURE_HSTS_INCLUDE_SUBDOMAINS": True, "SECURE_HSTS_PRELOAD": True,
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
}  # fmt: skip


@pytest.fixture
def server(public, settings, tmp_path):
    """Good surroundings, and nobody and nothing left of a desk."""
    for name, value in GOOD.items():
        setattr(settings, name, value)
    settings.DATA_DIR = tmp_path
    Domain.objects.update(domain=Replace("domain", Value("localhost"), Value("desk.example")))
    return settings


def said() -> dict[str, int]:
    """What `check --deploy` finds, by id, with its level."""
    return {one.id: one.level for one in checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)}


def test_a_server_as_described_has_nothing_to_hear(server):
    assert said() == {}
    call_command("check", "--deploy", "--fail-level", "WARNING")
    server.SIMULATOR = True
    with pytest.raises(SystemCheckError):
        call_command("check", "--deploy")


@pytest.mark.parametrize(
    ("setting", "value", "found"),
    [
        ("SIMULATOR", True, "simulator.E001"),
        ("TRUSTED_PROXIES", 0, "organizations.E005"),
        ("LOCAL", True, "organizations.E003"),
        ("HTTPS", False, "organizations.E004"),
        ("DEBUG", True, "organizations.E008"),
        ("STAFF_SECOND_FACTOR", False, "organizations.E009"),
        ("FIELD_ENCRYPTION_KEYS", [], "organizations.E001"),
        ("FIELD_ENCRYPTION_KEYS", ["short"], "organizations.E002"),
        ("POSTMARK_API_TOKEN", "", "organizations.W003"),
        ("DEFAULT_FROM_EMAIL", "frontdesk@localhost", "organizations.W004"),
        ("FACEBOOK_APP_SECRET", [], "organizations.W005"),
        ("WHATSAPP_VERIFY_TOKEN", "", "organizations.W005"),
        ("CACHES", {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}, "organizations.W007"),
        ("SECRET_KEY", "short", "security.W009"),
    ],
)
def test_each_gap_fails_the_check(server, setting, value, found):
    setattr(server, setting, value)
    # Errors fail `check --deploy` as it is, warnings with `--fail-level WARNING`, as the documentation has it.
    assert said()[found] == (checks.WARNING if ".W" in found else checks.ERROR)


def test_people_and_domains_of_the_demo_fail_it(server, bob):
    acme = Organization.objects.get(slug="acme")
    Domain.objects.create(tenant=acme, domain="acme.localhost", is_primary=False)
    assert set(said()) == {"organizations.E006"}
    Domain.objects.filter(domain="acme.localhost").delete()
    tenants.make_agency(people.hashed())
    assert set(said()) == {"simulator.E002", "simulator.E003"}
    people.switch_off()
    assert said() == {}
    # Anybody at all who can be let in with it, whatever their address.
    bob.set_password(people.PUBLISHED)
    bob.save()
    assert set(said()) == {"simulator.E003"}
    bob.is_active = False
    bob.save()
    assert said() == {}


def test_nobody_can_choose_the_published_password():
    with pytest.raises(ValidationError, match="password of the demo"):
        validate_password(people.PUBLISHED)


def test_elsewhere_the_demo_is_switched_off_and_makes_nothing(server, tmp_path):
    agency = tenants.make_agency(people.hashed())
    services.add_member(Organization.objects.get(slug="acme"), agency, role=Role.OWNER)
    (tmp_path / "demo.json").write_text("{}")
    call_command("demo")
    agency.refresh_from_db()
    assert (agency.is_active, agency.has_usable_password()) == (False, False)
    assert not (tmp_path / "demo.json").exists()
    assert set(Organization.objects.values_list("slug", flat=True)) == {"acme", "globex"}


def test_a_demo_that_others_can_reach_has_a_password_of_its_own(public, settings, tmp_path):
    settings.DATA_DIR, file = tmp_path, tmp_path / "demo.json"
    agency = tenants.make_agency(people.hashed())
    assert agency.check_password(people.PUBLISHED)
    settings.HOST = "0.0.0.0"
    people.hashed.cache_clear()
    try:
        people.keep_to_ourselves(file)
        told = json.loads(file.read_text())["agency"]["password"]
    finally:
        people.hashed.cache_clear()
    agency.refresh_from_db()
    assert told != people.PUBLISHED
    assert agency.check_password(told)
    assert file.stat().st_mode & 0o777 == (tmp_path / "demo.password").stat().st_mode & 0o777 == 0o600


def test_the_agencys_first_person(server, dana, tmp_path, capsys):
    call_command("make_agency")
    assert not (tmp_path / "agency.json").exists()  # dana is there
    User.objects.filter(is_staff=True).update(is_active=False)
    call_command("make_agency")
    made = json.loads((tmp_path / "agency.json").read_text())
    person = User.objects.get(email="agency@desk.example")
    assert person.is_superuser
    assert person.check_password(made["password"])
    assert (tmp_path / "agency.json").stat().st_mode & 0o777 == 0o600
    assert made["password"] not in capsys.readouterr().out
    assert set(said()) == {"organizations.E007"}
    person.set_password(PASSWORD)
    person.save()
    assert said() == {}
    call_command("make_agency")
    assert json.loads((tmp_path / "agency.json").read_text()) == made  # once


@pytest.mark.parametrize("email", ["bob@example.com", "nonsense", "\x00@x"])
def test_the_agencys_first_person_has_an_address_of_their_own(server, email):
    User.objects.filter(is_staff=True).update(is_active=False)
    with pytest.raises(CommandError, match="make_agency EMAIL"):
        call_command("make_agency", email)


def test_the_launcher_shows_the_first_password_once(tmp_path):
    folder = DataFolder(tmp_path)
    assert first_sign_in(folder) == []
    (tmp_path / "agency.json").write_text(json.dumps({"email": "a@b.example", "password": "once", "told": False}))
    assert "a@b.example   once" in first_sign_in(folder)[0]
    assert first_sign_in(folder) == []
    assert json.loads((tmp_path / "agency.json").read_text())["password"] == "once"


@pytest.mark.parametrize(
    ("host", "whole"),
    [("desk.example", True), ("acme.desk.example", True), ("desk.customer.example", False),
     ("notdesk.example", False)],
)  # fmt: skip
def test_https_is_promised_for_our_own_domain_only(server, client_for, host, whole):
    acme = Organization.objects.get(slug="acme")
    Domain.objects.get_or_create(domain=host, defaults={"tenant": acme, "is_primary": False})
    answer = client_for(None, None).get(
        "/accounts/login/", headers={"host": host, "x-forwarded-proto": "https"}, secure=True
    )
    promised = answer.headers["Strict-Transport-Security"]
    assert promised.startswith("max-age=31536000")
    assert ("includeSubDomains" in promised, "preload" in promised) == (whole, whole)
