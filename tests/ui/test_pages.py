"""Our own pages in a real browser: every variant, judged by axe-core."""

import json

import pytest

from tests.browser import Variant, judge, look, visit, weight

pytestmark = pytest.mark.browser
TWO = [Variant(), Variant("phone", "dark", "ar")]
BUDGET = 150_000
ASK = "path => { htmx.ajax('GET', path, {target: 'h1'}).catch(() => {}); }"


def test_style_page(browser, site):
    visit(browser, site.url("/dashboard/style/"), name="style", cookies=site.cookies("dana"), ready="h1")


@pytest.mark.parametrize(
    ("path", "name"),
    [("/accounts/login/", "sign-in"), ("/accounts/password/reset/", "password-reset")],
)
def test_entrance(browser, site, path, name):
    visit(browser, site.url(path), name=name, variants=TWO)
    visit(browser, site.url(path, None), name=f"{name}-public", variants=[Variant()])


@pytest.mark.parametrize("path", ["/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/password/change/"])
def test_account(browser, site, path):
    visit(browser, site.url(path), name=path.strip("/").replace("/", "-"), variants=TWO, cookies=site.cookies("alice"))


def test_not_found(browser, site):
    visit(browser, site.url("/no/such/page/"), name="not-found", variants=TWO, status=404)
    signed_in = site.cookies("victor")
    visit(browser, site.url("/no/such/page/"), name="not-found-inside", variants=TWO, status=404, cookies=signed_in)
    visit(
        browser, site.url("/dashboard/settings/usage/"), name="forbidden", variants=TWO, status=403, cookies=signed_in
    )
    visit(browser, site.url("/", "nobody"), name="no-organization", variants=[Variant()], status=404)


def test_signing_in_and_out(browser, site):
    with look(browser, site.url("/accounts/login/")) as page:
        page.get_by_label("Email").fill("alice@example.com")
        page.get_by_label("Password").fill("wrong horse")
        page.get_by_role("button", name="Sign in").click()
        judge(page, "sign-in-wrong")
        assert page.get_by_role("alert").is_visible()
        page.get_by_label("Password").fill("correct horse battery")
        page.get_by_role("button", name="Sign in").click()
        page.goto(site.url("/accounts/2fa/totp/activate/"))
        page.complaints.clear()  # the home page is another app's
        judge(page, "two-factor-set-up")


def test_page_weight(browser, site):
    with look(browser, site.url("/dashboard/style/"), cookies=site.cookies("dana")) as page:
        assert weight(page) < BUDGET  # not even compressed


def test_keyboard_theme_and_dialogs(browser, site):
    with look(browser, site.url("/dashboard/style/"), cookies=site.cookies("dana")) as page:
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert page.locator("[data-row][data-active]").inner_text().strip().startswith(("يوسف", "ي"))
        page.keyboard.press("x")
        assert page.locator("[data-bulk]").is_visible()
        assert page.locator("[data-bulk-count]").inner_text() == "1"

        page.keyboard.press("?")
        assert page.locator("#shortcuts").is_visible()
        judge(page, "shortcuts")
        page.keyboard.press("Escape")

        page.get_by_role("button", name="Delete").first.click()
        act = page.locator("#sample-confirm .btn-danger")
        assert act.is_disabled()
        page.locator("#sample-confirm-name").fill("Acme")
        assert act.is_enabled()
        judge(page, "confirm")
        page.keyboard.press("Escape")

        page.locator(".user-button").click()
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.get_by_role("button", name="Dark").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.reload()
        assert page.locator("html").get_attribute("data-theme") == "dark"


def test_failures_and_undo_are_said_aloud(browser, site):
    with look(browser, site.url("/dashboard/style/"), cookies=site.cookies("dana")) as page:
        page.evaluate(ASK, "/no/such/part/")
        page.get_by_text("That no longer exists.").wait_for()
        assert page.locator("h1").inner_text().startswith("Style")  # nothing was swapped

        page.route("**/part/", lambda route: route.abort())
        page.evaluate(ASK, "/part/")
        page.get_by_text("You seem to be offline.").wait_for()
        page.unroute("**/part/")

        told = json.dumps({"toast": {"toasts": [{"message": "Moved to Won", "tone": "good", "undo": "/undo/"}]}})
        page.route("**/part/", lambda route: route.fulfill(status=204, headers={"HX-Trigger": told}))
        page.evaluate(ASK, "/part/")
        page.get_by_role("region", name="Notices").get_by_text("Moved to Won").wait_for()
        page.get_by_text("You seem to be offline.").wait_for(state="hidden")
        page.complaints.clear()  # the browser logs each failed request
        judge(page, "toasts")

        page.route("**/undo/", lambda route: route.fulfill(status=204))
        page.evaluate(ASK, "/part/")  # anew: judging takes longer than some notices stay
        with page.expect_request("**/undo/") as asked:
            page.get_by_role("button", name="Undo").last.click()
        assert asked.value.headers["x-csrftoken"]


@pytest.mark.parametrize("variant", [Variant(), Variant("phone"), Variant("phone", "dark", "ar")], ids=str)
def test_menus_stay_in_the_window(browser, site, variant):
    with look(browser, site.url("/dashboard/style/"), variant, cookies=site.cookies("alice"), status=404):
        pass  # the style page is for agency staff
    with look(browser, site.url("/dashboard/style/"), variant, cookies=site.cookies("dana")) as page:
        for number, summary in enumerate(page.locator("details[data-menu] > summary").all()):
            if not summary.is_visible():
                continue
            summary.click()
            panel = summary.locator("xpath=../*[contains(@class, 'menu-panel')]")
            box, window = panel.bounding_box(), page.viewport_size
            assert box["x"] >= 0, number
            assert box["x"] + box["width"] <= window["width"], number
            if summary.locator("xpath=ancestor::*[contains(@class, 'side') or contains(@class, 'bar')]").count():
                assert box["y"] >= 0, number  # these stay on the screen, so what they open must be on it too
                assert box["y"] + box["height"] <= window["height"], number
            if number == 0:
                judge(page, f"user-menu-{variant}")
            page.keyboard.press("Escape")
            assert not panel.is_visible()
