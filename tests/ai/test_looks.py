"""The persona's pages in a real browser: every size, theme and language."""

from __future__ import annotations

from typing import Any

import pytest

from apps.ai.models import Generation, Intent, Note
from tests.browser import Variant, look, visit

pytestmark = pytest.mark.browser
# The bar at the foot of a phone covers whatever lies under it until one scrolls; axe measures before scrolling.
COVERED = {"target-size"}


@pytest.fixture
def taught(site: Any) -> Any:
    with site.inside("acme"):
        Intent.objects.get_or_create(
            name="Wholesale",
            defaults={"phrases": ["bulk orders", "هل تبيعون بالجملة"], "responses": {"en": "From 20 pieces."}},
        )
        Note.objects.get_or_create(title="Delivery", defaults={"text": "We deliver in two days."})
        turns = [{"role": "customer", "text": "بكم القفازات؟"}]
        one, _ = Generation.objects.get_or_create(
            provider="offline",
            model="offline",
            outcome="answered",
            text="Nitrile gloves — 35 SAR",
            defaults={
                "turns": turns,
                "system": "Be kind.",
                "calls": [{"name": "hand_off", "arguments": {"reason": "asked"}}],
            },
        )
    return one


@pytest.mark.parametrize("page", ["", "knowledge/", "knowledge/new/", "intents/", "intents/new/", "generations/"])
def test_pages(browser: Any, site: Any, taught: Any, page: str) -> None:
    name = f"ai-{page.strip('/').replace('/', '-') or 'persona'}"
    visit(browser, site.url(f"/dashboard/ai/{page}"), name=name, cookies=site.cookies("alice"), allow=COVERED)


def test_one_answer(browser: Any, site: Any, taught: Any) -> None:
    visit(
        browser,
        site.url(f"/dashboard/ai/generations/{taught.pk}/"),
        name="ai-answer",
        cookies=site.cookies("bob"),
        allow=COVERED,
    )


def test_trying_an_intent(browser: Any, site: Any, taught: Any) -> None:
    with look(browser, site.url("/dashboard/ai/intents/"), Variant(), cookies=site.cookies("bob")) as page:
        page.get_by_label("Try it").fill("do you do bulk ordrs")
        page.get_by_role("button", name="See what it understands").click()
        page.get_by_text("It would answer with").wait_for()
