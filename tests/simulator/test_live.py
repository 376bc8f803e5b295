"""Both sides of the phone in a real browser: they move together, and what was done last is what stands there."""

from __future__ import annotations

from typing import Any

import pytest

from apps.simulator import services
from apps.simulator.services import Customer
from apps.webhooks_outbox.models import Endpoint
from tests.browser import Variant, judge, look

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ANSWER = ".phone-row:not(.is-mine, #phone-typing) .phone-words"


@pytest.fixture
def talked(real: Any, worker: None) -> Any:
    """Somebody has written on WhatsApp."""
    with real.inside("acme"):
        services.say(services.connect("whatsapp"), Customer.new("whatsapp", name="Mona Saleh"), "Hello")
    return real


def test_the_business_sees_it_at_the_same_moment(browser: Any, talked: Any) -> None:
    url = talked.url("/dashboard/simulator/whatsapp/")
    with look(browser, url, Variant(), cookies=talked.cookies("alice")) as page:
        page.locator(ANSWER).first.wait_for(timeout=20_000)
        page.get_by_role("button", name="Catch events here").click()
        page.get_by_text("Waiting for events.").wait_for()
        page.locator(".phone-starters button", has_text="My email is").click()
        page.locator("#fact-email").wait_for(timeout=20_000)
        assert page.locator("#fact-email").inner_text().startswith("mona@example.com")
        page.wait_for_function("() => /^\\u2066\\+\\d+/.test(document.querySelector('[data-change]').textContent)")
        page.wait_for_function("() => document.querySelectorAll('.track-light.is-lit').length === 7", timeout=20_000)
        page.locator(".behind-caught > li").first.wait_for(timeout=20_000)
        details = page.locator(".behind-caught details").first
        details.locator("summary").click()
        page.locator(".phone-starters button", has_text="Do you have Steel toe boots?").click()
        page.wait_for_function("() => document.querySelectorAll('.phone-row.is-mine').length >= 3")
        assert page.locator(".behind-caught details[open]").count() == 1, "what was opened stays open"
        judge(page, "simulator-stage")
    with talked.inside("acme"):
        assert Endpoint.objects.get().catcher


HELD = """() => {
  const ask = window.fetch;
  window.held = 0;
  window.fetch = async (...question) => {
    const answer = await ask(...question);
    window.held += 1;
    if (!window.released) await new Promise((go) => { window.release = go; });
    return answer;
  };
}"""


def test_what_was_asked_before_an_act_is_not_painted_after_it(browser: Any, talked: Any) -> None:
    """The answer of a poll that is older than a reaction comes later than the reaction's own: it is thrown away."""
    url = talked.url("/dashboard/simulator/whatsapp/")
    with look(browser, url, Variant(), cookies=talked.cookies("bob")) as page:
        page.locator(ANSWER).first.wait_for(timeout=20_000)
        page.evaluate(HELD)
        page.wait_for_function("() => window.held === 1")  # rendered by now, and not here yet
        page.get_by_role("button", name="React with ❤️").first.click()
        page.wait_for_selector(".phone-react [aria-pressed=true]")
        page.evaluate(
            """() => { window.unpressed = 0; new MutationObserver(() => {
                 window.unpressed += !document.querySelector('.phone-react [aria-pressed=true]');
               }).observe(document.getElementById('sim'), {subtree: true, childList: true, attributes: true}); }"""
        )
        page.evaluate("() => { window.released = true; window.release(); }")
        page.wait_for_function("() => window.held > 2")  # one question at a time: that one was dealt with
        assert page.locator(".phone-react [aria-pressed=true]").count() == 1
        assert page.evaluate("() => window.unpressed") == 0


def test_on_a_phone_one_side_at_a_time_and_the_composer_in_reach(browser: Any, talked: Any) -> None:
    url = talked.url("/dashboard/simulator/whatsapp/")
    with look(browser, url, Variant("phone", "dark", "ar"), cookies=talked.cookies("alice")) as page:
        page.locator(ANSWER).first.wait_for(timeout=20_000)
        boxes = {name: page.locator(name).bounding_box() for name in (".phone-composer", ".bar", ".phone-thread")}
        assert boxes[".phone-composer"]["y"] + boxes[".phone-composer"]["height"] <= boxes[".bar"]["y"]
        assert boxes[".phone-thread"]["height"] > 200
        rest = page.evaluate("document.documentElement.scrollHeight - innerHeight")
        assert rest < 2, "nothing to scroll but the phone"
        page.locator("[data-view-as=behind]").click()
        assert not page.locator(".phone").is_visible()
        page.wait_for_function("() => document.querySelectorAll('.track-light.is-lit').length === 7", timeout=20_000)
        judge(page, "simulator-stage-phone")
        page.locator("[data-view-as=phone]").click()
        assert page.locator(".phone-composer").is_visible()
