"""The agency's console as people see it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from auditlog.context import disable_auditlog

from apps.jobs import clock
from apps.jobs.models import Job
from apps.organizations import services
from apps.organizations.models import (
    AccountRoute,
    Domain,
    Organization,
    OrganizationHealth,
    UnroutedDelivery,
    User,
)
from tests.browser import LOOKED_AT as OURS
from tests.browser import Variant, visit

pytestmark = pytest.mark.browser

SHOPS = [
    # slug, name, in, out, spend, channels, trouble
    ("nile-tours", "Nile Tours", 1840, 1622, "12.40", ("whatsapp", "instagram", "webchat"), {}),
    ("bayt", "بيت الزيتون للأثاث", 960, 871, "48.10", ("whatsapp",), {"last_failure": "Meta refused the token.", "channels_attention": 1}),
    ("clinic", "Dr. Hoffmann's very long named dental clinic and laboratory", 312, 298, "3.02", ("facebook", "instagram"), {"failed_messages": 3}),
    ("fresh", "Fresh & Green", 0, 0, "0", (), {}),
]  # fmt: skip


@pytest.fixture
def agency(site):
    """An agency with organizations that do well, badly, and nothing yet."""
    with site.inside(None), disable_auditlog():
        now = clock.now()
        for slug, name, received, sent, spend, channels, trouble in SHOPS:
            row = Organization.objects.create(slug=slug, schema_name=slug.replace("-", "_"), name=name)
            Domain.objects.create(tenant=row, domain=f"{slug}.localhost", is_primary=True)
            services.meter(row, [("message_in", received, Decimal(0)), ("message_out", sent, Decimal(0)),
                                 ("ai_output_tokens", 9000, Decimal(spend))])  # fmt: skip
            for channel in channels:
                AccountRoute.objects.create(channel=channel, external_id=f"{slug}-1", organization=row)
            if received:
                facts = {"last_message_at": now - timedelta(minutes=received // 10), **trouble}
                if "last_failure" in trouble:
                    facts["last_failure_at"] = now - timedelta(hours=3)
                OrganizationHealth.objects.create(organization=row, **facts)
        Organization.objects.filter(slug="globex").update(is_active=False)
        Job.objects.create(schema="clinic", kind="conversations.reply", key="7", run_at=now, failed_at=now,
                           last_error="TimeoutError: the model did not answer")  # fmt: skip
        UnroutedDelivery.objects.create(
            channel="facebook", external_id="10077", why="unknown_account", body=b'{"object":"page"}', trace="0" * 32
        )
    return site


PAGES = {
    "console": "/admin/",
    "console-search": "/admin/?q=nothing+like+it",
    "console-organizations": "/admin/organizations/organization/",
    "console-organization": "/admin/organizations/organization/{acme}/change/",
    "console-new": "/admin/organizations/organization/add/",
    "console-enter": "/admin/organizations/organization/{acme}/enter/",
    "console-people": "/admin/organizations/user/",
    "console-person": "/admin/organizations/user/{bob}/change/",
    "console-unrouted": "/admin/organizations/unrouteddelivery/",
    "console-jobs": "/admin/jobs/job/",
}
# The console's framework draws these; what we draw has none of them.
THEIRS = {"landmark-unique", "region"}
THEIRS_ALONE = THEIRS | {
    "landmark-one-main", "target-size", "select-name", "label", "link-in-text-block", "empty-table-header",
    "color-contrast",
}  # fmt: skip
DRAWN_BY_US = {"console", "console-search", "console-new", "console-enter"}


FEW = [Variant("phone", "dark", "ar")]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_console(agency, browser):
    cookies = agency.cookies("dana", None)
    with agency.inside(None):
        ids = {"acme": Organization.objects.get(slug="acme").pk, "bob": User.objects.get(email="bob@example.com").pk}
    failures = []
    for name, path in PAGES.items():
        try:
            url = agency.url(path.format(**ids), None)
            allow = THEIRS if name in DRAWN_BY_US else THEIRS_ALONE
            visit(browser, url, name=name, cookies=cookies, allow=allow, variants=OURS if name == "console" else FEW)
        except AssertionError as problem:
            failures.append(str(problem))
    assert not failures, "\n\n".join(failures)
