"""A person plays a customer in a real browser, on every channel, and is answered through the whole real way."""

from __future__ import annotations

from typing import Any

import pytest

from apps.conversations.models import Message
from apps.simulator.models import PhoneMessage
from tests.browser import PAIRS, Variant, judge, look, visit
from tests.simulator.conftest import CHANNELS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("channel", CHANNELS)
def test_play_a_customer(browser: Any, real: Any, worker: None, channel: str) -> None:
    url = real.url(f"/dashboard/simulator/{channel}/")
    with look(browser, url, Variant(), cookies=real.cookies("bob")) as page:
        page.get_by_role("button", name="Make a simulated account").click()
        page.get_by_label("Name").fill("Mona Saleh")
        page.get_by_role("button", name="Take the phone").click()
        page.get_by_role("textbox", name="Write as the customer").fill("Hello, do you have boots?")
        page.keyboard.press("Enter")
        page.wait_for_selector(".phone-row.is-mine")
        answer = page.locator(".phone-row:not(.is-mine, #phone-typing) .phone-words").first
        answer.wait_for()
        page.wait_for_function("() => document.querySelectorAll('.phone-foot a').length >= 2")
        judge(page, f"simulator-{channel}-answered")
        if channel in {"facebook", "instagram", "whatsapp"}:
            page.get_by_role("button", name="React with ❤️").first.click()
            page.wait_for_selector(".phone-react [aria-pressed=true]")
        page.locator(".phone-foot a").first.click()
        page.locator("#story-technical > summary").click()
        page.locator(".story-stations").scroll_into_view_if_needed()  # they come when they are seen
        page.wait_for_selector(".trace-station")
        judge(page, f"trace-{channel}")
        kinds = set(page.eval_on_selector_all(".trace-station", "all => all.map(one => one.dataset.kind)"))
        assert {"delivery", "message", "lead", "generation", "decision", "send", "event"} <= kinds
    with real.inside("acme"):
        said = Message.objects.filter(direction="in").earliest("id")
        assert said.text == "Hello, do you have boots?"
        assert said.conversation.lead.name == "Mona Saleh"
    if channel != "webchat":
        with real.inside(None):
            assert PhoneMessage.objects.filter(sent=False).exists()


def test_the_page_looks_right(browser: Any, real: Any, worker: None) -> None:
    cookies = real.cookies("bob")
    url = real.url("/dashboard/simulator/whatsapp/")
    visit(browser, url, name="simulator-none", cookies=cookies, variants=PAIRS[:1])
    with look(browser, url, Variant(), cookies=cookies) as page:
        page.get_by_role("button", name="Make a simulated account").click()
        page.get_by_label("Name").fill("منى صالح")
        page.get_by_label("Language").select_option("ar")
        page.get_by_role("button", name="Take the phone").click()
        judge(page, "simulator-fresh")
        page.get_by_role("button", name="مرحبا، ماذا لديكم؟").click()
        page.locator(".phone-row:not(.is-mine, #phone-typing)").first.wait_for()
        page.wait_for_function("() => document.querySelectorAll('.phone-foot a').length >= 2")
        trace = page.locator(".phone-foot a").first.get_attribute("href")
    visit(browser, url, name="simulator", cookies=cookies)
    visit(browser, f"{url}?customer=new", name="simulator-new", cookies=cookies, variants=PAIRS[1:3])
    visit(browser, real.url(trace), name="trace", cookies=cookies)
