"""Every page of every role, found by its links, in what `make run` starts: see tests/walking.

`WALK=all make test ARGS="tests/test_walk.py"` looks at each kind of page in every language, theme and width.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.leads.models import Form
from apps.organizations.models import Membership, Organization, Role, User
from apps.organizations.services import add_member
from config.static_files import collect
from tests.reliability.product import Product
from tests.walking.links import Person, walk
from tests.walking.sight import AT_A_GLANCE, CLOSELY, see

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
LOOKS = CLOSELY if os.environ.get("WALK") == "all" else AT_A_GLANCE
SLUG = "saddle"

# What axe finds and we cannot mend: how the kind of page begins → the rules.
ALLOWED = {
    # Swagger UI's own: its title stands outside of its main part and skips a level, its rows are buttons that hold links.
    "/api/docs/": {"heading-order", "nested-interactive", "region"},
}


@pytest.fixture
def product(site: Any) -> Iterator[Product]:
    """`make run` on the servers of these tests: the cast, and a demo organization with people of every role."""
    with site.inside(None):
        call_command("demo", only=SLUG, talks=4, processes=1)
    folder = Path(tempfile.mkdtemp(prefix="walk-"))
    (folder / "data").mkdir(mode=0o711)
    (folder / "data/schemas").symlink_to(Path(settings.DATA_DIR).resolve() / "schemas")
    collect()
    database, broker = settings.DATABASES["default"], urlsplit(settings.CELERY_BROKER_URL)
    try:
        with Product(
            folder / "data",
            DATABASE_URL=f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/"
            + database["NAME"],
            CELERY_BROKER_URL=urlunsplit(broker._replace(path="/15")),
            CACHE_URL=settings.CACHES["default"]["LOCATION"],
            STATIC_ROOT=str(settings.STATIC_ROOT),
            SECRET_KEY=settings.SECRET_KEY,
            FIELD_ENCRYPTION_KEYS=",".join(settings.FIELD_ENCRYPTION_KEYS),
        ) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def people(site: Any, port: int) -> list[Person]:
    home, agency = f"http://{SLUG}.localhost:{port}", f"http://localhost:{port}"
    everybody = []
    with site.inside(None):
        saddle = Organization.objects.get(slug=SLUG)
        for role in Role:
            member = Membership.objects.filter(organization=saddle, role=role, is_active=True).order_by("pk").first()
            if member is None:
                member = add_member(
                    saddle, User.objects.create(email=f"{role}@saddle.example", name=str(role)), role=role
                )
            starts = [home + "/", *([home + "/dashboard/simulator/"] if role == Role.OWNER else [])]
            everybody.append(Person(str(role), starts, session(member.user, f"{SLUG}.localhost")))
        everybody.append(
            Person("staff", [agency + "/"], session(User.objects.get(email="dana@example.com"), "localhost"))
        )
    with site.inside(SLUG):
        form = reverse("leads:hosted", args=[Form.objects.order_by("pk")[0].key])
    visited = [home + path for path in ("/", "/accounts/login/", "/chat/", form)]
    return [*everybody, Person("visitor", [*visited, agency + "/"])]


def session(user: User, host: str) -> dict[str, str]:
    client = Client(headers={"host": host})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


def allowed(kind: str, rule: str) -> bool:
    return any(kind.startswith(begins) and rule in rules for begins, rules in ALLOWED.items())


def test_every_page_of_every_role_is_whole(browser: Any, site: Any, product: Product) -> None:
    """`browser` is asked for only to be skipped with it, where there is none."""
    walked = walk(people(site, product.port))
    see(walked, LOOKS, allowed=allowed)
    assert not walked.wrong, "\n".join(walked.wrong)
    assert len(walked.seen["owner"]) > len(walked.seen["viewer"]) > 10
    assert len(walked.seen["staff"]) > 10
