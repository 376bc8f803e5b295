"""The chat as visitors meet it: on somebody else's website in a real browser, and on its own page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from apps.conversations import services as conversations
from apps.conversations.models import Conversation, Message
from apps.organizations.models import User
from apps.webchat import queries, services
from apps.webchat.widget import Widget
from tests.browser import SLOWER, Variant, judge, look, picture, visit
from tests.simulator.conftest import PNG

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = """<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><title>Boots of the world</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>Boots of the world</h1><p>All the boots there are.</p><a href="/other">Another page</a></main>
<script src="{script}" async></script></body></html>"""


@contextmanager
def website(script: str, *, language: str = "en") -> Iterator[str]:
    """Somebody else's website, with a strict policy of its own that allows our script and our frame."""
    origin = script.rsplit("/", 1)[0]
    body = PAGE.format(script=script, language=language, direction="rtl" if language == "ar" else "ltr").encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path != "/favicon.ico" else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", f"default-src 'none'; script-src {origin}; frame-src {origin}")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://shop.localhost:{server.server_port}"
    finally:
        server.shutdown()


@pytest.fixture
def shop(real: Any) -> Iterator[str]:
    with website(real.url("/widget.js")) as address:
        yield address


def says(frame: Any, text: str) -> Any:
    found = frame.locator(".chat-bubble", has_text=text).first
    found.wait_for()
    return found


def test_on_a_foreign_page(browser: Any, real: Any, worker: None, shop: str) -> None:
    with look(browser, f"{shop}/boots?utm_source=news&utm_campaign=autumn", Variant()) as page:
        button = page.get_by_role("button", name="Chat with us")
        button.focus()
        page.keyboard.press("Enter")
        frame = page.frame_locator("#frontdesk-chat iframe")
        words = frame.get_by_role("textbox", name="Your message")
        words.wait_for()
        page.wait_for_function("() => document.activeElement.id === 'frontdesk-chat'")
        words.fill("Do you have boots?")
        page.keyboard.press("Enter")
        says(frame, "Do you have boots?")
        says(frame, "Steel toe boots")
        frame.locator(".chat-card").first.wait_for()
        frame.locator("#file").set_input_files({"name": "my boot.png", "mimeType": "image/png", "buffer": PNG})
        frame.locator(".chat-files li").wait_for()
        frame.locator('.chat-send[aria-disabled="false"]').click()
        frame.locator(".chat-mine .chat-picture").wait_for()
        picture(page, "webchat-on-a-page", whole=False)
        assert not page.complaints

        page.goto(f"{shop}/other")  # the same person on another page, after everything was loaded anew
        page.get_by_role("button", name="Chat with us").click()
        frame = page.frame_locator("#frontdesk-chat iframe")
        says(frame, "Do you have boots?")
        frame.get_by_role("textbox", name="Your message").press("Escape")
        page.get_by_role("button", name="Chat with us").wait_for()
        assert page.evaluate("document.activeElement.id") == "frontdesk-chat"  # where the button is

        with real.inside("acme"):
            conversation = Conversation.objects.get()
            assert conversation.origin["ref"] == "autumn"
            assert conversation.origin["source"] == "news"
            assert Message.objects.filter(direction="in").count() == 2
            bob = User.objects.get(email="bob@example.com")
            conversations.take_over(conversation, by=bob)
            conversations.send_message(conversation, by=bob, text="Bob here, may I help?")
        page.get_by_role("button", name="New messages").click()
        says(frame, "Bob here, may I help?")
        frame.get_by_text("Somebody from the team is answering").wait_for()


@pytest.mark.skipif(SLOWER > 1, reason="a far network takes the place of none")
def test_what_is_written_without_a_connection_is_sent_later(browser: Any, real: Any, worker: None) -> None:
    with look(browser, real.url("/chat/"), Variant("phone")) as page:
        page.context.set_offline(True)
        page.get_by_role("textbox", name="Your message").fill("Is anybody there?")
        page.get_by_role("button", name="Send").click()
        page.get_by_text("Waits for a connection").wait_for()
        page.get_by_text("No connection.").wait_for()
        page.get_by_role("textbox", name="Your message").fill("And this is half a sen")
        page.context.set_offline(False)
        page.reload()  # even now
        says(page, "Is anybody there?")
        page.locator(".chat-line:not(.chat-mine)").first.wait_for()
        assert page.get_by_role("textbox", name="Your message").input_value() == "And this is half a sen"
    with real.inside("acme"):
        assert Message.objects.filter(direction="in", text="Is anybody there?").count() == 1


def test_only_on_the_sites_that_were_named(browser: Any, real: Any, shop: str) -> None:
    with real.inside("acme"):
        services.save_widget(queries.chat_account(), Widget(sites=["elsewhere.example"]))
    refused = lambda message: "frame-ancestors" in message.text  # noqa: E731
    with look(browser, shop, Variant()) as page, page.expect_console_message(refused):
        page.get_by_role("button", name="Chat with us").click()
    with real.inside("acme"):
        services.save_widget(queries.chat_account(), Widget(sites=[shop.removeprefix("http://")]))
    with look(browser, shop, Variant()) as page:
        page.get_by_role("button", name="Chat with us").click()
        page.frame_locator("#frontdesk-chat iframe").get_by_role("textbox", name="Your message").wait_for()
        assert not page.complaints


def test_switched_off_there_is_no_button(browser: Any, real: Any, shop: str) -> None:
    with real.inside("acme"):
        services.switch(queries.chat_account(), on=False, user=None, actor="user:1")
    with look(browser, shop, Variant()) as page:
        assert page.locator("#frontdesk-chat").count() == 0
        assert not page.complaints


def test_it_looks_right(browser: Any, real: Any, worker: None) -> None:
    greeting = {"en": "Hello, ask us about boots.", "ar": "أهلا بك، اسألنا عن الأحذية."}
    starters = {"en": ["What boots do you have?", "Do you deliver?"], "ar": ["ما الأحذية المتوفرة؟", "هل توصلون؟"]}
    with real.inside("acme"):
        services.save_widget(queries.chat_account(), Widget(greeting=greeting, starters=starters))
    visit(browser, real.url("/chat/"), name="webchat-new")
    visit(browser, real.url("/dashboard/settings/chat/"), name="settings-chat", cookies=real.cookies("alice"))
    for variant in (Variant("phone", "dark", "ar"), Variant("desktop", "light", "en")):
        question = starters[variant.language][0]
        with look(browser, real.url("/chat/"), variant) as page:
            page.get_by_role("button", name=question).click()
            page.locator(".chat-line:not(.chat-mine)").first.wait_for()
            judge(page, f"webchat-{variant}")
    with website(real.url("/widget.js"), language="ar") as address, look(browser, address, Variant("phone")) as page:
        page.locator("#frontdesk-chat button").click()
        frame = page.frame_locator("#frontdesk-chat iframe")
        frame.get_by_role("button", name=starters["ar"][0]).wait_for()
        picture(page, "webchat-widget-phone-ar", whole=False)
        assert not page.complaints
