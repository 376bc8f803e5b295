"""Home, catalog, channels and settings as people see them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.analytics.services import tally
from apps.catalog import services as catalog
from apps.integrations import services as integrations
from apps.integrations.models import Delivery
from apps.jobs import clock, trace
from apps.organizations import services as organizations
from apps.organizations.models import Role, User
from tests.browser import visit
from tests.vendors.graph import Graph

pytestmark = pytest.mark.browser

BOOT = {
    "description": "Steel toe, oil-resistant sole. Certified S3.",
    "texts": {"ar": {"name": "حذاء سلامة", "description": "مقدمة فولاذية ونعل مقاوم للزيوت."}},
    "attributes": {"color": "black", "sizes": [41, 42, 43], "standard": "EN ISO 20345"},
}


@pytest.fixture
def furnished(site, settings):
    """An organization that has been busy for four weeks."""
    with Graph() as graph, site.inside("acme") as acme:
        graph.add_page("1001", token="good-token", name="Acme page")
        settings.META_GRAPH_URL = graph.url
        for day in range(28):
            at = clock.now() - timedelta(days=day)
            for channel in ("facebook", "instagram", "whatsapp", "webchat"):
                for _time in range(1 + (day * 7 + len(channel)) % 4):
                    tally(at, [("message.received", channel, 0), ("lead.created", channel, 0)])
        boots, helmets = catalog.save_category(name="Boots"), catalog.save_category(name="Helmets", names={"ar": "خوذ"})
        for n in range(32):
            item = catalog.create_item(
                by="user:1", sku=f"B-{n}", name=f"Safety boot {n}", category=(boots, helmets)[n % 2],
                price=f"{40 + n}.50" if n % 5 else None, stock=n if n % 3 else None, **BOOT,
            )  # fmt: skip
        good = integrations.connect_account(channel="facebook", external_id="1001", token="good-token")
        integrations.connect_account(channel="facebook", external_id="1002", token="stale-token")
        Delivery.objects.create(
            channel="facebook", account="1001", body=b"{", trace=trace.current(), state="malformed", error="not JSON"
        )
        alice = User.objects.get(email="alice@example.com")
        organizations.create_api_key(acme, name="Warehouse", role=Role.AGENT, by=alice, by_role=Role.OWNER)
        organizations.invite(acme, email="new@example.com", role=Role.MANAGER, by=alice, by_role=Role.OWNER)
        yield {"item": item.pk, "account": good.pk}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("home", "/dashboard/"), ("catalog", "/dashboard/catalog/"), ("catalog-none", "/dashboard/catalog/?q=zzzz"),
        ("catalog-item", "/dashboard/catalog/{item}/"), ("catalog-new", "/dashboard/catalog/new/"),
        ("catalog-categories", "/dashboard/catalog/categories/"),
        ("channels", "/dashboard/channels/"), ("channel", "/dashboard/channels/{account}/"),
        ("channel-connect", "/dashboard/channels/connect/whatsapp/"), ("channel-kept", "/dashboard/channels/kept/"),
        ("settings", "/dashboard/settings/"), ("settings-organization", "/dashboard/settings/organization/"),
        ("settings-team", "/dashboard/settings/team/"), ("settings-profile", "/dashboard/settings/profile/"),
        ("settings-sign-ins", "/dashboard/settings/profile/sign-ins/"),
        ("settings-keys", "/dashboard/settings/keys/"), ("settings-usage", "/dashboard/settings/usage/"),
        ("settings-activity", "/dashboard/settings/activity/"),
    ],
)  # fmt: skip
def test_busy_pages_look_right(browser, site, furnished, name, path):
    visit(browser, site.url(path.format(**furnished)), name=name, cookies=site.cookies("alice"))


@pytest.mark.parametrize(
    ("name", "path"),
    [("home", "/dashboard/"), ("catalog", "/dashboard/catalog/"), ("channels", "/dashboard/channels/")],
)
def test_empty_pages_say_what_to_do(browser, site, name, path):
    visit(browser, site.url(path), name=f"{name}-empty", cookies=site.cookies("alice"))
