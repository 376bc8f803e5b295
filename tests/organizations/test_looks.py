"""The agency's console as people see it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from auditlog.context import disable_auditlog
from auditlog.models import LogEntry
from django.utils.html import escape
from django_celery_beat.models import PeriodicTask

from apps.jobs import clock
from apps.jobs.models import Job
from apps.organizations import services, staff
from apps.organizations.models import (
    AccountRoute,
    Domain,
    Organization,
    OrganizationHealth,
    UnroutedDelivery,
    Usage,
    User,
)
from tests.browser import HARDEST, LOOKED_AT, Variant, judge, look
from tests.house.test_translations import english

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


ORGANIZATION, PERSON = "/admin/organizations/organization/{acme}/", "/admin/organizations/user/{bob}/"
NAMED = re.compile("|".join(re.escape(word) for slug, name, *_rest in SHOPS for word in (escape(name), name, slug)))
PAGES = {
    "console": "/admin/",
    "console-search": "/admin/?q=nothing+like+it",
    "console-organizations": "/admin/organizations/organization/?state=active",
    "console-organization": ORGANIZATION + "change/",
    "console-history": ORGANIZATION + "history/",
    "console-new": "/admin/organizations/organization/add/",
    "console-enter": ORGANIZATION + "enter/",
    "console-people": "/admin/organizations/user/",
    "console-person": PERSON + "change/",
    "console-new-person": "/admin/organizations/user/add/",
    "console-password": PERSON + "password/",
    "console-usage": "/admin/organizations/usage/",
    "console-use": "/admin/organizations/usage/{usage}/change/",
    "console-unrouted": "/admin/organizations/unrouteddelivery/",
    "console-delivery": "/admin/organizations/unrouteddelivery/{delivery}/change/",
    "console-jobs": "/admin/jobs/job/",
    "console-job": "/admin/jobs/job/{job}/change/",
    "console-schedules": "/admin/django_celery_beat/periodictask/",
    "console-schedule": "/admin/django_celery_beat/periodictask/{task}/change/",
    "console-entries": "/admin/organizations/staffentry/",
    "console-entry": "/admin/organizations/staffentry/{entry}/change/",
    "console-log": "/admin/auditlog/logentry/",
    "console-line": "/admin/auditlog/logentry/{line}/change/",
}
# Django's own words, names of code, and values that nobody has put into words.
RAW = re.compile(
    r"\bobject \(|\bNone\b|\bTrue\b|\bFalse\b|---------|leave the others null|Select \w+ to (?:change|view)"
    r"|\b(?:message_(?:in|out)|ai_(?:in|out)put_tokens|unknown_account|webchat|auditlog|logentry|periodictask)\b"
    r"|\b(?:conversations|integrations|events|jobs|leads|webhooks_outbox|organizations|celery|django_\w+)\.\w+"
)
LOADED = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, one) => sum + one.transferSize, 0)"""
# What is evidence (bodies, errors, keys) is shown as it came.
SAID = """() => {
  const page = document.body.cloneNode(true);
  page.querySelectorAll("pre, code, script, template").forEach((one) => one.remove());
  return page.textContent;
}"""
MOST = 200_000  # bytes of one page with all it loads, nothing of it known to the browser


@pytest.fixture
def rows(agency):
    """Ids for the addresses above."""
    with agency.inside(None):
        acme, dana = Organization.objects.get(slug="acme"), User.objects.get(email="dana@example.com")
        entry = staff.begin(dana, acme, reason="They asked", address="127.0.0.1")
        return {
            "acme": acme.pk, "bob": User.objects.get(email="bob@example.com").pk, "entry": entry.pk,
            "usage": Usage.objects.latest("id").pk, "delivery": UnroutedDelivery.objects.latest("id").pk,
            "job": Job.objects.filter(schema="clinic").latest("id").pk, "line": LogEntry.objects.latest("id").pk,
            "task": PeriodicTask.objects.get(name="Check every connected account").pk,
        }  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_console(agency, browser, rows):
    """Every kind of page, on a dark phone in Arabic and on a light desktop in English: in words, whole, and light.

    A page that grows past its weight, runs something of its own or says a name of the code fails here.
    """
    cookies = agency.cookies("dana", None)
    failures = []
    for variant in LOOKED_AT if LOOKED_AT != HARDEST else (*HARDEST, Variant()):
        with look(browser, agency.url("/admin/", None), variant, cookies=cookies) as page:
            debugger = page.context.new_cdp_session(page)
            debugger.send("Network.setCacheDisabled", {"cacheDisabled": True})
            for name, path in PAGES.items():
                answer = page.goto(agency.url(path.format(**rows), None), wait_until="load")
                assert answer.status == 200, path
                failures += [f"{name}-{variant}: {fault}" for fault in faults(page, f"{name}-{variant}", variant)]
                page.complaints.clear()
    assert not failures, "\n".join(failures)


def faults(page, name: str, variant: Variant) -> list[str]:
    found = []
    if (bytes_loaded := page.evaluate(LOADED)) > MOST:
        found.append(f"{bytes_loaded} bytes")
    try:
        judge(page, name)
    except AssertionError as problem:
        found.append(str(problem))
    said = page.evaluate(SAID)
    found += [f"raw: {one.group()}" for one in RAW.finditer(said)]
    if variant.language == "ar":
        found += [f"English: {one}" for one in english(NAMED.sub("", page.content()))]
    return found
