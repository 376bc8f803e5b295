"""The pages as people see them."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apps.jobs import clock
from apps.leads import services, submissions
from apps.leads.models import Lead
from apps.leads.queries import COLUMN
from apps.organizations.models import User
from tests.browser import Variant, judge, look, picture, visit
from tests.leads.test_forms import FIELDS

pytestmark = pytest.mark.browser
NAMES = [
    "Sara Haddad",
    "يوسف الخطيب",
    "Tom Becker",
    "Mariam Al Suwaidi",
    "Chen Wei",
    "Fatima Zahra",
    "Omar",
    "لمى حسن",
    "Ines Moreau",
    "Ali",
]


@pytest.fixture
def people(site):
    with site.inside("acme"):
        bob = User.objects.get(email="bob@example.com")
        by = f"user:{bob.pk}"
        for n, name in enumerate(NAMES * 2):
            lead, _i, _c = services.find_or_create_by_identity(
                ["whatsapp", "instagram", "facebook", "webchat"][n % 4], "account", f"id-{n}", name=name if n != 6 else "",
                source=["ad", "direct", "post"][n % 3], username=f"user{n}" if n % 4 == 1 else "", language="ar" if n % 3 else "en",
            )  # fmt: skip
            for _m in range(n % 5):
                services.note_message(lead, text="how much is it?")
            if n % 2:
                services.capture_details(lead, phone=f"+97150123{4500 + n}", email=f"person{n}@example.com", by="bot")
            if n % 3 == 0:
                services.set_owner(lead, bob, by=by)
            services.move_to_stage(lead, ["new", "contacted", "qualified", "converted", "won", "lost"][n % 6], by=by)
            services.add_tag(lead, ["wholesale", "vip", "جملة"][n % 3], by=by)
        services.log_activity(lead, "call", "Agreed to send samples of the S3 boots on Sunday.", by=by)
        services.add_note(lead, "يفضل التواصل عبر واتساب", by=by)
        form = submissions.save_form(
            None, name="Quote request", title="Ask for a quote", fields=FIELDS, thanks="See you soon"
        )
        yield {"lead": Lead.objects.get(pk=lead.pk), "form": form}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("leads-list", "/dashboard/leads/"), ("leads-board", "/dashboard/leads/board/"), ("leads-person", "/dashboard/leads/{lead}/"),
        ("leads-new", "/dashboard/leads/new/"), ("leads-forms", "/dashboard/leads/forms/"),
        ("leads-form", "/dashboard/leads/forms/{form}/"), ("leads-none", "/dashboard/leads/?q=zzzz"), ("form-hosted", "/forms/{key}/"),
    ],
)  # fmt: skip
def test_pages_look_right(browser, site, people, name, path):
    path = path.format(lead=people["lead"].pk, form=people["form"].pk, key=people["form"].key)
    visit(browser, site.url(path), name=name, cookies=site.cookies("alice"))


def test_cards_move_by_key_menu_and_drag(browser, site, people):
    with look(browser, site.url("/dashboard/leads/board/"), Variant(), cookies=site.cookies("bob")) as page:
        card = page.locator("[data-stage=new] [data-card]").first
        name = card.get_attribute("data-name")
        card.locator("[data-card-link]").focus()
        with page.expect_response("**/stage/**"):
            page.keyboard.press("Shift+ArrowRight")
        moved = page.locator(f"[data-stage=contacted] [data-card][data-name='{name}']").first
        assert moved.count() == 1
        page.wait_for_function("() => document.getElementById('announce').textContent.length > 0")
        with page.expect_response("**/stage/**"):
            moved.locator("summary").click()
            moved.locator("[data-to=won]").click()
        assert page.locator(f"[data-stage=won] [data-card][data-name='{name}']").count() >= 1
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("m")  # opens the menu of stages, on its first entry
        with page.expect_response("**/stage/**"):
            page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.matches('[data-card-link]')")
        source = page.locator("[data-stage=new] [data-card]").first
        dragged = source.get_attribute("data-move")
        with page.expect_response("**/stage/**"):
            source.drag_to(page.locator("[data-stage=contacted] [data-cards]"))
        assert page.locator(f"[data-stage=contacted] [data-move='{dragged}']").count() == 1
        judge(page, "leads-board-moved")
    with site.inside("acme"):
        assert Lead.objects.filter(stage="won", stage_changed_at__gte=clock.now().replace(hour=0)).exists()


def test_the_board_shows_whole_cards_folds_what_is_empty_and_opens_where_somebody_is(browser, site, people):
    with site.inside("acme"):
        Lead.objects.filter(stage__in=["new", "contacted"]).update(
            stage="won", wants="Safety boots", last_said="بكم الحذاء؟"
        )
    for variant in (Variant("phone"), Variant("phone", "dark", "ar")):
        with look(browser, site.url("/dashboard/leads/board/"), variant, cookies=site.cookies("bob")) as page:
            board, first = (
                page.locator("[data-board]").bounding_box(),
                page.locator("[data-stage=qualified]").bounding_box(),
            )
            assert board["x"] <= first["x"] and first["x"] + first["width"] <= board["x"] + board["width"] + 1
            assert page.locator("[data-stage=new]").bounding_box()["width"] < 60
            judge(page, f"leads-board-first-{variant}")
    with look(browser, site.url("/dashboard/leads/board/"), Variant(), cookies=site.cookies("bob")) as page:
        won = page.locator("[data-stage=won]")
        assert won.locator("[data-card]").count() == COLUMN
        assert "Safety boots" in won.inner_text()
        assert "بكم الحذاء؟" in won.inner_text()
        cut = page.evaluate(
            """() => [...document.querySelectorAll("[data-card]")].filter((card) => {
                 const list = card.parentElement;
                 return list.scrollHeight > list.clientHeight + 1 || card.getBoundingClientRect().bottom > list.getBoundingClientRect().bottom + 1;
               }).length"""
        )
        assert cut == 0
        won.get_by_text("Show more").click()
        won.locator("[data-card]").nth(COLUMN).wait_for()
        judge(page, "leads-board-more")


def test_bulk_and_inline_edit(browser, site, people):
    with look(browser, site.url("/dashboard/leads/"), Variant(), cookies=site.cookies("alice")) as page:
        page.locator("[data-select]").nth(0).check()
        page.locator("[data-select]").nth(1).check()
        picture(page, "leads-bulk-bar")
        page.locator("[data-bulk] summary", has_text="Move to stage").click()
        page.locator("[data-bulk] .menu-item", has_text="Won").click()
        page.get_by_role("button", name="Undo").wait_for()
        page.locator("[data-select]").nth(2).check()
        page.locator("[data-bulk]").get_by_role("button", name="Delete").click()
        page.get_by_text("1 lead was changed.").wait_for()
        with page.expect_navigation():
            page.get_by_role("button", name="Undo").click()
        assert page.locator("[data-row]").count() == 20
        judge(page, "leads-bulk-done")
    lead = people["lead"]
    with look(browser, site.url(f"/dashboard/leads/{lead.pk}/"), Variant(), cookies=site.cookies("bob")) as page:
        page.locator("a[hx-get$='/edit/']").click()
        page.locator("#details input[name=company]").fill("Haddad & Sons")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Haddad & Sons").first.wait_for()
        page.locator("#add-tag").fill("new tag")
        page.locator(".leads-addtag button").click()
        page.locator(".leads-tag-l", has_text="new tag").wait_for()
        page.locator(".step", has_text="Won").click()
        page.locator(".step-on", has_text="Won").wait_for()
        page.locator("#id_text").fill("Called, no answer")
        page.locator(".leads-log button").click()
        page.get_by_text("Called, no answer").wait_for()
        judge(page, "leads-person-after")


@pytest.fixture
def shop():
    """Somebody else's website: `shop.body` is its one page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(self.server.body.encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_form_inside_a_foreign_page(browser, site, people, shop):
    form = people["form"]
    script = site.url(f"/forms/{form.key}/embed.js")
    shop.body = f'<!doctype html><title>Shop</title><h1>Shop</h1><script src="{script}" async></script>'
    address = f"http://shop.localhost:{shop.server_port}/boots?utm_source=news"
    with look(browser, address, Variant()) as page:
        inside = page.frame_locator("iframe")
        inside.locator("[name=name]").fill("Layla")
        inside.locator("[name=phone]").fill("+971501112223")
        picture(page, "form-embedded")
        inside.locator("button[type=submit]").dblclick()
        inside.get_by_text("See you soon").wait_for()
        assert page.locator("iframe").bounding_box()["height"] < 400  # it took the height of its content
        assert not page.complaints
    with site.inside("acme"):
        lead = Lead.objects.get(name="Layla")
        assert lead.origin["utm_source"] == "news"
        assert lead.origin["page"] == address
