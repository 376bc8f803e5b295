"""The pages in a real browser: phone and desktop, light and dark, English and Arabic."""

from __future__ import annotations

import pytest

from apps.jobs import services as jobs
from apps.webhooks_outbox import services
from tests.browser import Variant, judge, look, visit
from tests.vendors.receiver import Receiver
from tests.webhooks_outbox.conftest import SECRET

pytestmark = pytest.mark.browser


@pytest.fixture
def furnished(site, settings):
    """Three endpoints: one that works, one that fails, one that was disabled."""
    with Receiver([SECRET]) as receiver, site.inside("acme"):
        settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = [receiver.place]
        good = services.create_endpoint(url=receiver.url, description="Our CRM", secret=SECRET)
        gone = services.create_endpoint(
            url=f"{receiver.url}/n8n", description="نظام الطلبات", secret=SECRET, types=["endpoint.disabled"]
        )
        for _n in range(30):
            services.send_test(good)
        jobs.run_due(schema="acme", kinds=["events.relay", services.DELIVER])
        receiver.will(410)
        services.send_test(gone)
        jobs.run_due(schema="acme", kinds=["events.relay", services.DELIVER])
        receiver.will(500, "drop")
        bad = services.create_endpoint(url=f"{receiver.url}/a/rather/long/path/that/somebody/chose", secret=SECRET)
        failed = services.send_test(bad)
        services.send_test(bad)
        jobs.run_due(schema="acme", kinds=["events.relay", services.DELIVER])
    return {"good": good, "gone": gone, "bad": bad, "failed": failed}


def test_pages_look_right(browser, site, furnished):
    root, cookies = "/dashboard/webhooks/", site.cookies("alice")
    visit(browser, site.url(root), name="webhooks", cookies=cookies)
    for name in ("good", "gone", "bad"):
        visit(browser, site.url(f"{root}{furnished[name].uuid}/"), name=f"webhook-{name}", cookies=cookies)
    visit(browser, site.url(f"{root}deliveries/{furnished['failed'].uuid}/"), name="webhook-delivery", cookies=cookies)
    visit(browser, site.url(f"{root}new/"), name="webhook-new", cookies=cookies)
    visit(browser, site.url(f"{root}events/"), name="webhook-events", cookies=cookies)


def test_choosing_events_by_searching(browser, site):
    with look(browser, site.url("/dashboard/webhooks/new/"), Variant(), cookies=site.cookies("alice")) as page:
        assert not page.get_by_label("endpoint.disabled").is_visible()
        page.get_by_label("Only these:").check()
        page.get_by_label("Search events").fill("endpoint.dis")
        assert not page.get_by_label("account.connected").is_visible()
        page.get_by_label("endpoint.disabled").check()
        page.get_by_label("Address").fill("https://example.com/hooks")
        judge(page, "webhook-new-chosen")
        page.get_by_role("button", name="Create endpoint").click()
        page.get_by_text("The endpoint is ready").wait_for()
        page.get_by_role("button", name="Show once").click()
        page.get_by_text("whsec_").first.wait_for()
        judge(page, "webhook-secret")


def test_replay_dialog_and_deleting_by_name(browser, site, furnished):
    url = site.url(f"/dashboard/webhooks/{furnished['good'].uuid}/")
    with look(browser, url, Variant("phone"), cookies=site.cookies("alice")) as page:
        page.locator("summary[aria-label=More]").last.click()
        page.get_by_role("button", name="Replay deliveries").click()
        judge(page, "webhook-replay-dialog")
        page.keyboard.press("Escape")
        page.locator("summary[aria-label=More]").last.click()
        page.get_by_role("button", name="Delete").first.click()
        page.get_by_label("Type Our CRM to go on").fill("Our CRM")
        page.locator("#delete").get_by_role("button", name="Delete").click()
        page.get_by_text("The endpoint and its deliveries are gone").wait_for()
