"""The cast, their organizations, and a database that is ready in a blink.

A template database is built once per migration state; every test process gets a copy of it, and every
test a transaction that is rolled back. `acme` and `globex` exist in it as real tenants.

Cast: alice (owner), bob (agent) and victor (viewer) at Acme; charlie (owner) at Globex; dana, agency staff.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
import structlog
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.http import HttpRequest
from django.test import Client
from django.test.client import ClientHandler
from django.test.signals import setting_changed
from django.utils import timezone, translation
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from apps.events.models import JournalEntry
from apps.integrations.door import routes
from apps.integrations.models import ConnectedAccount
from apps.jobs import services as jobs_services
from apps.jobs.models import Job
from apps.organizations import credentials, services
from apps.organizations.models import AccountRoute, Organization, Role, User
from apps.organizations.proof import Proof, ProvenBy, columns
from apps.organizations.schemas import migration_state
from apps.organizations.services import budgets, health
from apps.organizations.services.organizations import preparations
from config import static_files
from tests import deviations
from tests.browser import browser, site  # noqa: F401  fixtures

# The same examples in each run, so that none fails by chance; HUNT=1 looks for others.
hypothesis.settings.register_profile("house", derandomize=True, database=None, deadline=None)
if not os.environ.get("HUNT"):
    hypothesis.settings.load_profile("house")
PASSWORD = "correct horse battery"
HOSTS = {"acme": "acme.localhost", "globex": "globex.localhost"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shuffle", type=int, metavar="SEED", help="another order of the tests; one number, one order")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What a test leaves behind must matter to no other, whichever comes next: `make test ARGS="--shuffle 7"`."""
    if (seed := config.getoption("--shuffle")) is not None:
        random.Random(seed).shuffle(items)


def pytest_configure(config: pytest.Config) -> None:
    deviations.deviate(settings)


@pytest.fixture(scope="session", autouse=True)
def _collected() -> None:
    """Static files as they are served; collected by the first process that needs them, when something changed."""
    static_files.collect()


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What earlier tests counted, chose or looked up is forgotten: as if this process had just started."""
    cache.clear()
    translation.deactivate()
    timezone.deactivate()
    structlog.contextvars.clear_contextvars()
    for memory in (budgets._asked, health._asked, health._told):
        memory.clear()
    routes.forget()


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Point Django at a fresh copy of the template database."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    base = connections["default"].settings_dict["NAME"]
    name = f"test_{base}_{worker}_{os.getpid()}"
    with django_db_blocker.unblock():
        template = _template(base)
        _admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        _use(name)
        yield
        connection.close()
        connection.close_pool()
        _use(base)
        _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _template(base: str) -> str:
    """The name of a migrated database with the cast in it; built under a lock, so once per machine."""
    source = Path(__file__).read_text()
    first_rows = [f"{prepare.__module__}.{prepare.__qualname__}" for prepare in preparations()]
    state = hashlib.sha256(f"{migration_state()}{source}{first_rows}".encode()).hexdigest()[:12]
    name = f"template_{base}_{state}"
    with (Path(tempfile.gettempdir()) / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _admin("SELECT 1 FROM pg_database WHERE datname = %s", name):
            return name
        building = f"{name}_building"
        _admin(f'DROP DATABASE IF EXISTS "{building}" WITH (FORCE)')
        _admin(f'CREATE DATABASE "{building}"')
        _use(building)
        call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
        _make_cast()
        connection.close()
        connection.close_pool()
        _admin(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    return name


def _make_cast() -> None:
    for slug, owner in (("acme", "alice"), ("globex", "charlie")):
        services.create_organization(
            slug=slug, name=slug.title(), owner_email=f"{owner}@example.com", owner_password=PASSWORD
        )
        User.objects.filter(email=f"{owner}@example.com").update(name=owner.title())
    acme = Organization.objects.get(slug="acme")
    for name, role in (("bob", Role.AGENT), ("victor", Role.VIEWER)):
        proof = columns(Proof.now(ProvenBy.MAIL))
        user = User.objects.create_user(f"{name}@example.com", PASSWORD, name=name.title(), **proof)
        services.add_member(acme, user, role=role)
    dana = User.objects.create_superuser("dana@example.com", PASSWORD, name="Dana")
    TOTP.activate(dana, generate_totp_secret())  # the console opens for nobody without
    _forget_the_chats()


def _forget_the_chats() -> None:
    """An organization begins with a website chat; those of the cast begin with no channel at all (`tests/webchat`)."""
    AccountRoute.objects.all().delete()
    Job.objects.filter(kind="events.relay").delete()
    for organization in Organization.objects.all():
        with tenant_context(organization):
            ConnectedAccount.objects.all().delete()
            JournalEntry.objects.all().delete()


def _use(name: str) -> None:
    connection.close()
    connection.close_pool()
    connections["default"].settings_dict["NAME"] = name
    connections.settings["default"]["NAME"] = name


def _admin(sql: str, *parameters: str) -> Any:
    """One statement on the maintenance database."""
    config = connections["default"].settings_dict
    with psycopg.connect(
        host=config["HOST"],
        port=config["PORT"] or 5432,
        user=config["USER"],
        password=config["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as link:
        cursor = link.execute(sql, parameters or None)
        return cursor.fetchone() if cursor.description else None


@pytest.fixture
def public(db: None) -> Iterator[None]:
    """The public schema is active."""
    connection.set_schema_to_public()
    yield
    connection.set_schema_to_public()


@pytest.fixture
def acme(db: None) -> Iterator[Organization]:
    """Acme's schema is active."""
    yield from _active("acme")


@pytest.fixture
def globex(db: None) -> Organization:
    """The other organization; its schema is not active (use `with tenant_context(globex)`)."""
    return Organization.objects.get(slug="globex")


def _active(slug: str) -> Iterator[Organization]:
    connection.set_schema_to_public()
    organization = Organization.objects.get(slug=slug)
    connection.set_tenant(organization)
    yield organization
    connection.set_schema_to_public()


def _person(name: str) -> Any:
    @pytest.fixture(name=name)
    def person(db: None) -> User:
        return User.objects.get(email=f"{name}@example.com")

    return person


alice, bob, victor, charlie, dana = (_person(name) for name in ("alice", "bob", "victor", "charlie", "dana"))


@functools.cache
def handler() -> ClientHandler:
    """What all clients speak with: middleware is made once per process, as in the web server."""
    made = ClientHandler(enforce_csrf_checks=False)
    made.load_middleware()
    return made


def _remake(*, setting: str, **_: Any) -> None:
    """Some middleware reads its settings when it is made."""
    if setting.startswith(("MIDDLEWARE", "SECURE_", "WHITENOISE_", "STATIC_")):
        handler.cache_clear()


setting_changed.connect(_remake)


class TenantClient(Client):
    """A browser at one host. The active schema is the same after a request as before it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.handler = handler()

    def request(self, **environ: Any) -> Any:
        tenant = connection.tenant
        try:
            return super().request(**environ)
        finally:
            connection.set_tenant(tenant)


class TenantAPIClient(APIClient):
    """A REST client at one host. The active schema is the same after a request as before it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.handler = handler()

    def request(self, **environ: Any) -> Any:
        tenant = connection.tenant
        try:
            return super().request(**environ)
        finally:
            connection.set_tenant(tenant)


@pytest.fixture
def client_for(db: None) -> Callable[..., Client]:
    """`client_for(user, "acme")`: a signed-in browser at that organization; user None: signed out; slug None: public."""

    def make(user: User | None = None, slug: str | None = "acme") -> Client:
        client = TenantClient(headers={"host": HOSTS[slug] if slug else "localhost"})
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            signing_in = HttpRequest()  # as a sign-in at that host would have
            signing_in.session = client.session
            signing_in.tenant = Organization.objects.get(slug=slug) if slug else None
            credentials.open_session(signing_in, user)
            # The session store goes by the real time, also where a test has stopped the clock.
            signing_in.session.set_expiry(settings.SESSION_COOKIE_AGE)
            signing_in.session.save()
        return client

    return make


@pytest.fixture
def api_for(db: None) -> Callable[..., APIClient]:
    """`api_for(user, "acme")`: a REST client with a JWT of that organization; user None: no credentials."""

    def make(user: User | None = None, slug: str = "acme") -> APIClient:
        client = TenantAPIClient(headers={"host": HOSTS[slug]})
        if user is not None:
            from apps.organizations.tokens import token_for

            client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(user, Organization.objects.get(slug=slug))}")
        return client

    return make


@pytest.fixture
def run_due_jobs(db: None) -> Callable[..., int]:
    """Do everything due now, inline."""

    def run(**only: Any) -> int:
        return jobs_services.run_due(**only)

    return run
