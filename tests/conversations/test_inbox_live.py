"""A customer on the simulator, an agent in the inbox, each in a real browser's page, the whole way between them."""

from __future__ import annotations

from typing import Any

import pytest

from apps.conversations.models import Conversation
from apps.simulator import services as simulator
from apps.simulator.services import Customer
from tests.browser import Variant, judge, look
from tests.simulator.conftest import PNG, real, worker  # noqa: F401  fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.timeout(180)
def test_a_customer_and_an_agent(browser: Any, real: Any, worker: None) -> None:
    with real.inside("acme"):
        account = simulator.connect("whatsapp")
        mona = Customer.new("whatsapp", name="Mona Saleh")
    with look(browser, real.url("/dashboard/inbox/?status=open"), Variant(), cookies=real.cookies("bob")) as page:

        def says(words: str) -> None:
            with real.inside("acme"):
                simulator.say(account, mona, words)

        says("Hello, do you have boots?")
        row = page.locator(".inbox-row", has_text="Mona Saleh")
        row.wait_for()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        thread = page.locator("#thread-messages")
        thread.locator(".by-bot", has_text="149").first.wait_for()
        thread.locator(".item-card", has_text="Steel toe boots").wait_for()

        page.keyboard.press("t")
        page.locator("#thread-state", has_text="You answer here").wait_for()
        page.keyboard.press("r")
        page.keyboard.type("Hello Mona, this is Bob.")
        page.keyboard.press("Enter")
        mine = thread.locator(".by-user:not(.is-pending)", has_text="this is Bob")
        mine.wait_for()
        with look(browser, page.url, Variant(), cookies=real.cookies("alice"), ready="#thread"):
            page.locator("#thread-here", has_text="Alice is here too").wait_for()
        says("Do you deliver to Dubai?")
        thread.locator(".msg-in", has_text="Dubai").wait_for()
        page.locator("[data-nav=inbox] .nav-badge", has_text="1").first.wait_for()
        assert page.title().startswith("(1) Mona Saleh")
        assert thread.locator(".by-bot", has_text="Dubai").count() == 0
        mine.locator("[title='Delivered'], [aria-label='Delivered'], [title='Sent']").first.wait_for()

        page.locator(".thread-title").click()  # out of the composer
        page.keyboard.press("Escape")
        page.keyboard.press("n")
        page.keyboard.type("Wants delivery")
        page.keyboard.press("Enter")
        thread.locator(".msg-note", has_text="Wants delivery").wait_for()
        page.keyboard.press("Escape")

        page.keyboard.press("r")
        page.locator("[data-file]").set_input_files({"name": "map.png", "mimeType": "image/png", "buffer": PNG})
        page.locator(".composer-file", has_text="map.png").wait_for()
        page.keyboard.type("This is where we are.")
        page.keyboard.press("Enter")
        sent = thread.locator(".by-user:not(.is-pending)", has_text="where we are")
        sent.locator("img").wait_for()
        assert sent.locator("img").evaluate("one => one.decode().then(() => one.naturalWidth)") == 8
        page.keyboard.press("Escape")

        says("How much are the boots again?")
        thread.locator(".msg-in", has_text="boots again").wait_for()
        page.keyboard.press("w")
        page.locator("#composer-draft", has_text="149").wait_for()
        page.get_by_role("button", name="Put into the reply").click()
        assert "149" in page.locator("[data-draft-text]").input_value()
        page.locator("[data-draft-text]").fill("")
        page.keyboard.press("Escape")

        answers = thread.locator(".by-bot").count()
        page.keyboard.press("t")
        page.locator("#thread-state", has_text="The assistant answers here").wait_for()
        says("And do you have gloves?")
        thread.locator(".by-bot").nth(answers).wait_for()

        page.keyboard.press("?")
        page.locator("#shortcuts", has_text="Take over, or give back to the assistant").wait_for()
        judge(page, "inbox-keys")
        page.keyboard.press("Escape")
        page.keyboard.press("e")
        page.locator("#thread-head .btn", has_text="Reopen").wait_for()
        page.get_by_role("button", name="Undo").click()
        page.locator("#thread-head .btn", has_text="Done").wait_for()
        thread.locator(".msg-line", has_text="Bob opened this again.").wait_for()
    with real.inside("acme"):
        assert Conversation.objects.get().status == "open"
