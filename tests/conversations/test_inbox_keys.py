"""The inbox by keyboard alone: after each act the focus is where one goes on, and never at the top of the page."""

from __future__ import annotations

import pytest

from apps.conversations.models import Conversation
from tests.browser import Variant, judge, look
from tests.conversations.test_inbox_looks import house  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

FOCUSED = """() => {
  const one = document.activeElement;
  return one.id || one.dataset.focus || one.dataset.key || one.className || one.nodeName;
}"""


def focused(page, wanted):
    """Wait until it has the focus: what the server answers comes when it comes."""
    page.wait_for_function(f"wanted => ({FOCUSED})() === wanted", arg=wanted)


def press(page, selector, key="Enter"):
    page.locator(selector).first.focus()
    page.keyboard.press(key)


def test_each_act_leaves_the_focus_where_one_goes_on(browser, site, house):
    address = site.url(f"/dashboard/inbox/{house['first']}/?status=open")
    with look(browser, address, cookies=site.cookies("bob"), ready="#thread .msg") as page:
        press(page, "#thread-state [data-key=t]")
        page.locator("#thread-state", has_text="The assistant answers here").wait_for()
        focused(page, "t")
        page.keyboard.press("Enter")
        page.locator("#thread-state", has_text="You answer here").wait_for()
        focused(page, "t")

        press(page, "#thread-head summary[data-key=a]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.locator("#thread-head summary[data-key=a]", has_text="Alice").wait_for()
        focused(page, "a")

        press(page, "#thread-head summary[data-key=s]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")  # the menu goes: what stands in its place is next
        page.locator("#thread-head [data-key=e]", has_text="Reopen").wait_for()
        focused(page, "e")
        page.keyboard.press("Enter")
        page.locator("#thread-head [data-key=e]", has_text="Done").wait_for()
        focused(page, "e")
        page.keyboard.press("Enter")
        page.locator("#thread-head [data-key=e]", has_text="Reopen").wait_for()
        focused(page, "e")
        page.locator(".toast", has_text="It opens again").locator("[data-undo]").last.focus()
        page.keyboard.press("Enter")
        page.locator("#thread-head [data-key=e]", has_text="Done").wait_for()
        focused(page, "e")

        press(page, "#person [data-focus=person-edit]")
        focused(page, "id_name")
        page.keyboard.press("Enter")
        page.locator("#person a[data-focus=person-edit]").wait_for()
        focused(page, "person-edit")
        page.keyboard.press("Enter")
        focused(page, "id_name")
        press(page, "#person [data-cancel-edit]")
        page.locator("#person a[data-focus=person-edit]").wait_for()
        focused(page, "person-edit")

        page.locator("#person-stage").focus()
        page.locator("#person-stage").select_option("qualified")
        page.wait_for_function("() => document.getElementById('announce').textContent.includes('Qualified')")
        focused(page, "person-stage")
        judge(page, "inbox-focus")


def test_the_story_opens_and_closes_by_key(browser, site, house):
    address = site.url(f"/dashboard/inbox/{house['first']}/?status=open")
    with look(browser, address, cookies=site.cookies("bob"), ready="#thread .msg") as page:
        answer = page.locator(".msg.by-bot [data-why]").last
        answer.focus()
        name = answer.get_attribute("data-focus")
        page.keyboard.press("y")
        page.wait_for_url("**/story/*/?status=open")
        focused(page, "story-title")
        panel = page.locator("#story")
        panel.locator(".story-part[data-kind=sent]").wait_for()
        assert not page.locator("#person").is_visible()
        assert page.locator(".msg.is-told").count() == 1
        judge(page, "inbox-story")
        page.keyboard.press("Escape")
        page.wait_for_url(f"**/dashboard/inbox/{house['first']}/?status=open")
        focused(page, name)
        assert page.locator("#person").is_visible()
        told = page.locator(".msg.by-bot [data-why]").last.get_attribute("href")
    with look(browser, site.url(told), Variant("phone", "dark", "ar"), cookies=site.cookies("victor")) as page:
        assert page.locator("#story-title").is_visible()
        assert not page.locator("#thread").is_visible()
        judge(page, "inbox-story-phone")
        page.locator("#story .thread-back").click()
        assert page.locator("#thread").is_visible()


def test_several_at_once_by_keyboard(browser, site, house):
    with look(
        browser, site.url("/dashboard/inbox/?status=open"), cookies=site.cookies("bob"), ready=".inbox-row"
    ) as page:
        rows = page.locator(".inbox-row").count()
        for key in "jxjx":
            page.keyboard.press(key)
        bar = page.locator("[data-bulk]")
        assert page.locator("[data-bulk-count]").inner_text() == "2"
        judge(page, "inbox-bulk")
        page.keyboard.press("a")  # opens the menu at its first item
        page.keyboard.press("Enter")
        bar.wait_for(state="hidden")
        with site.inside("acme"):
            assert Conversation.objects.filter(assignee__email="alice@example.com").count() == 2
        for key in "kxjx":
            page.keyboard.press(key)
        page.keyboard.press("e")
        page.wait_for_function("n => document.querySelectorAll('.inbox-row').length === n", arg=rows - 2)
        assert page.evaluate("() => document.activeElement.closest('#inbox-list') !== null"), (
            "on a row that is still there"
        )
        page.locator(".toast [data-undo]").last.click()
        page.wait_for_function("n => document.querySelectorAll('.inbox-row').length === n", arg=rows)
        page.keyboard.press("?")
        assert "How it was answered" in page.locator("#shortcuts").inner_text()
