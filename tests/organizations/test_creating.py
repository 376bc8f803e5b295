"""A new organization: its name, its schema, its owner."""

from __future__ import annotations

import io

import pytest
from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django_tenants.utils import tenant_context

from apps.leads.models import Lead
from apps.organizations import services
from apps.organizations.models import Domain, Membership, Organization, User
from apps.organizations.schemas import prepare_dump
from tests.conftest import PASSWORD


def make(slug="dunes", **more):
    return services.create_organization(slug=slug, name="Dunes", owner_email="owner@example.com", **more)


def test_schema_host_and_owner_are_there(public):
    organization = make(owner_password="correct horse battery")
    with tenant_context(organization):
        assert Lead.objects.count() == 0
    assert Domain.objects.get(tenant=organization).domain == "dunes.localhost"
    assert Membership.objects.get(organization=organization).user.email == "owner@example.com"
    assert Membership.objects.get(organization=organization).role == "owner"


def test_it_is_quick(public, django_assert_max_num_queries):
    """Written down at once, not migrated to: 0.2 s on a quiet machine, which bench/tenant measures."""
    prepare_dump()
    with django_assert_max_num_queries(80):
        make()


def test_an_unknown_owner_is_invited(public):
    organization = make()
    assert not Membership.objects.filter(organization=organization).exists()
    assert mail.outbox[0].to == ["owner@example.com"]
    assert f"http://dunes.localhost:{settings.PORT}/invitation/" in mail.outbox[0].body


def test_somebody_we_know_becomes_owner_at_once_with_their_password(public, alice, dana):
    known = {"name": "Dunes", "owner_email": "ALICE@example.com", "owner_password": PASSWORD}
    organization = services.create_organization(slug="dunes", **known)
    assert Membership.objects.get(organization=organization).user == alice
    organization = services.create_organization(slug="house", name="House", owner_email=dana.email)
    assert Membership.objects.get(organization=organization).user == dana
    assert not mail.outbox


@pytest.mark.parametrize("password", [None, "", "another password"])
def test_an_account_that_somebody_made_for_an_address_owns_nothing(acme, globex, alice, api_for, password):
    """Acme's owner made it, knows its password, and would wait for the agency to let its address in."""
    made = {"email": "chief@rival.example", "password": "known to alice 1", "role": "viewer"}
    assert api_for(alice).post("/api/users/", made).status_code == 201
    organization = services.create_organization(
        slug="rival", name="Rival", owner_email="chief@rival.example", owner_password=password
    )
    assert not Membership.objects.filter(organization=organization).exists()
    assert mail.outbox[-1].to == ["chief@rival.example"]


@pytest.mark.parametrize(
    "slug",
    [
        "www", "admin", "api", "public", "pristine", "pg-catalog", "information-schema", "localhost",
        "Acme", "a", "-dunes", "dunes-", "du nes", "dünes", "dunes\n", "dunes.example", "1dunes", "x" * 41, "",
        'd"; drop schema acme; --', "d_unes", "\x00dunes",
    ],
)  # fmt: skip
def test_bad_short_names_are_refused(public, slug):
    with pytest.raises(ValidationError) as refused:
        make(slug)
    assert "slug" in refused.value.message_dict
    assert Organization.objects.count() == 2


def test_a_taken_name_is_refused_clearly(public):
    with pytest.raises(ValidationError) as refused:
        make("acme")
    assert "already exists" in " ".join(refused.value.messages)


def test_a_left_over_schema_is_not_touched(public):
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA dunes")
    with pytest.raises(ValidationError) as refused:
        make()
    assert "slug" in refused.value.message_dict
    assert not Organization.objects.filter(slug="dunes").exists()


def test_a_failing_first_row_leaves_nothing(public):
    from apps.organizations.services import organizations as module

    def broken(_organization):
        raise RuntimeError("no")

    module._PREPARE.append(broken)
    try:
        with pytest.raises(RuntimeError):
            make()
    finally:
        module._PREPARE.remove(broken)
    assert not Organization.objects.filter(slug="dunes").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'dunes'")
        assert cursor.fetchone() == (0,)


def test_the_command_says_where_it_is(public, capsys):
    call_command("create_organization", "dunes", name="Dunes", owner="o@example.com", timezone="Asia/Dubai")
    said = capsys.readouterr().out
    assert f"http://dunes.localhost:{settings.PORT}/" in said
    assert "invited by mail" in said
    assert Organization.objects.get(slug="dunes").timezone == "Asia/Dubai"


@pytest.mark.parametrize("wrong", [{"owner": "nobody"}, {"timezone": "Mars/Base"}, {"currency": "dollars"}])
def test_the_command_refuses_in_a_sentence(public, wrong):
    with pytest.raises(CommandError):
        call_command("create_organization", "dunes", **{"name": "Dunes", "owner": "o@example.com", **wrong})
    assert not User.objects.filter(email="o@example.com").exists()


def test_by_command_with_a_password_that_is_on_no_command_line(public, monkeypatch, capsys):
    given = {"--password -": io.StringIO("correct horse one\n"), "": io.StringIO()}
    monkeypatch.setenv("OWNER_PASSWORD", "correct horse two")
    for number, (flag, stdin) in enumerate(given.items(), 1):
        monkeypatch.setattr("sys.stdin", stdin)
        call_command(
            "create_organization",
            f"shop-{number}",
            "--name",
            "Shop",
            "--owner",
            f"o{number}@shop.example",
            *flag.split(),
        )
    assert User.objects.get(email="o1@shop.example").check_password("correct horse one")
    assert User.objects.get(email="o2@shop.example").check_password("correct horse two")
    assert capsys.readouterr().err == ""
    call_command(
        "create_organization",
        "shop-3",
        "--name",
        "Shop",
        "--owner",
        "o3@shop.example",
        "--password",
        "correct horse three",
    )
    assert User.objects.get(email="o3@shop.example").check_password("correct horse three")
    assert "can be read by others on this machine: use `--password -` or OWNER_PASSWORD." in capsys.readouterr().err
