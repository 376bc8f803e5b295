"""A real browser for tests: pages opened as people see them, judged by axe-core, kept as pictures.

In a test (`browser` and `site` are fixtures known everywhere; the test itself asks for no database fixture):

    import pytest
    from tests.browser import Variant, judge, look, visit

    pytestmark = pytest.mark.browser

    def test_lead_list_looks_right(browser, site):
        with site.inside("acme"):                      # committed rows in that organization's schema
            services.capture_lead(...)
        visit(browser, site.url("/dashboard/leads/"), name="lead-list", cookies=site.cookies("alice"))

`site` is the whole product on a real port over a database of its own (a copy of the template with the cast in it), in
this process: what the test writes the pages show, and `site.url(path, "globex")` or `site.url(path, None)` are other hosts.
It is what `make run` serves, except for what tests/deviations.py names.

`visit` opens the page on a dark phone (360 px) in Arabic, where most goes wrong, or, with LOOK=all in the environment, in
all eight combinations of viewport, theme and language; saves each picture to
test-results/<name>-<viewport>-<theme>-<language>.png; and fails when axe-core finds a violation, when the
page is wider than its window, when the console reports an error (a broken CSP rule among them) or the status is 4xx/5xx.

To act on a page, open one variant and look again when it matters:

    with look(browser, site.url("/dashboard/inbox/"), Variant("phone", "dark", "ar"), cookies=site.cookies("bob")) as page:
        page.get_by_role("button", name="…").click()
        judge(page, "inbox-after-click")          # picture + axe + overflow + console

`Variant()` is desktop, light, English. Options: `variants=[...]` to look at fewer, `allow={"axe-rule-id"}` for a violation
that a vendor's part causes (say why beside it), `status=404` for error pages, `ready="css selector"` to wait for.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.test.testcases import LiveServerThread

if TYPE_CHECKING:  # most test runs never open a browser
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "test-results"
AXE = ROOT / "tests/ui/vendor/axe-core/axe.min.js"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-quic", "--host-resolver-rules=MAP *.localhost 127.0.0.1",
]  # fmt: skip
SIZES = {"phone": (360, 740), "desktop": (1280, 800)}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Variant(NamedTuple):
    viewport: str = "desktop"
    theme: str = "light"
    language: str = "en"

    def __str__(self) -> str:
        return "-".join(self)


ALL = [Variant(*parts) for parts in itertools.product(SIZES, ("light", "dark"), ("en", "ar"))]
# Each pair of values once.
PAIRS = [
    Variant("phone", "light", "en"),
    Variant("phone", "dark", "ar"),
    Variant("desktop", "light", "ar"),
    Variant("desktop", "dark", "en"),
]
# Narrow, dark, from right to left and in words that were not written first: what breaks breaks here. Tests that act on
# a page judge it on a light desktop in English.
HARDEST = [Variant("phone", "dark", "ar")]
LOOKED_AT = ALL if os.environ.get("LOOK") == "all" else HARDEST


# What takes longer never happens: it costs nothing on a slow machine, and only a failing test waits for it.
PATIENCE = 45_000
# SLOW=6: a browser that many times slower, on a far network, to find the tests that look before a page has settled.
SLOWER = float(os.environ.get("SLOW", "1"))
FAR = {"offline": False, "latency": 250, "downloadThroughput": -1, "uploadThroughput": -1}  # milliseconds


@contextmanager
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield running
        finally:
            running.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"Chromium is not installed at {CHROMIUM}; set CHROMIUM to where it is.")
    # Playwright's event loop runs in this thread; Django would take that for an async context.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with chromium() as running:
        yield running


class Site:
    """The product on a real port. Made by the `site` fixture."""

    def __init__(self, port: int):
        self.port = port

    def url(self, path: str = "/", slug: str | None = "acme") -> str:
        """An address at an organization's host; slug None: the public host."""
        return f"http://{slug + '.' if slug else ''}localhost:{self.port}{path}"

    def cookies(self, name: str, slug: str | None = "acme") -> dict[str, str]:
        """The session of one of the cast ("alice"), signed in."""
        from apps.organizations.models import User

        with self.inside(None):
            client = Client(headers={"host": f"{slug}.localhost" if slug else "localhost"})
            client.force_login(
                User.objects.get(email=f"{name}@example.com"), backend="django.contrib.auth.backends.ModelBackend"
            )
        return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}

    @contextmanager
    def inside(self, slug: str | None = "acme") -> Iterator[Any]:
        """Work in an organization's schema (None: public), as the server sees it: what is written is committed."""
        from apps.organizations.models import Organization

        connection.set_schema_to_public()
        organization = Organization.objects.get(slug=slug) if slug else None
        if organization:
            connection.set_tenant(organization)
        try:
            yield organization
        finally:
            connection.set_schema_to_public()


@pytest.fixture
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    """The product served from a fresh database; all of this process works on that database until the test is over."""
    from tests import conftest as house

    before = connections["default"].settings_dict["NAME"]
    base = before.removeprefix("test_").rsplit("_", 2)[0]  # test_<base>_<worker>_<pid>
    name = f"{before}_site"
    with django_db_blocker.unblock():
        house._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        house._admin(f'CREATE DATABASE "{name}" TEMPLATE "{house._template(base)}"')
        house._use(name)
        from config.wsgi import application

        server = LiveServerThread("localhost", lambda _theirs: application, port=0)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        try:
            if server.error:
                raise server.error
            yield Site(server.port)
        finally:
            server.terminate()
            house._use(before)
            house._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def look(
    browser: Browser,
    url: str,
    variant: Variant = Variant(),  # noqa: B008  an immutable default
    *,
    cookies: Mapping[str, str] | None = None,
    status: int = 200,
    ready: str = "",
) -> Iterator[Page]:
    """One page in one variant, loaded and quiet. Console errors are collected in `page.complaints`."""
    width, height = SIZES[variant.viewport]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=variant.theme,  # type: ignore[arg-type]
        locale={"en": "en-US", "ar": "ar-AE"}[variant.language],
        has_touch=variant.viewport == "phone",
        reduced_motion="reduce",
        bypass_csp=False,
    )
    parts = urlsplit(url)
    given = {"theme": variant.theme, "language": variant.language, **(cookies or {})}
    context.add_cookies([{"name": k, "value": v, "url": f"{parts.scheme}://{parts.netloc}"} for k, v in given.items()])
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    if SLOWER > 1:
        _slow_down(page)
    page.complaints = []  # type: ignore[attr-defined]
    page.on("console", lambda message: _note(page, message, status))
    page.on("pageerror", lambda error: page.complaints.append(f"script: {error}"))  # type: ignore[attr-defined]
    try:
        answer = page.goto(url, wait_until="load")
        assert answer is not None
        assert answer.status == status, f"{url} answered {answer.status}, expected {status}"
        if ready:
            page.wait_for_selector(ready)
        yield page
    finally:
        context.close()


def _slow_down(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", FAR)


def _note(page: Page, message: Any, status: int) -> None:
    expected = status >= 400 and f"status of {status}" in message.text
    if message.type == "error" and not expected and "favicon" not in message.text:
        page.complaints.append(f"console: {message.text}")  # type: ignore[attr-defined]


def judge(page: Page, name: str = "", *, allow: set[str] | frozenset[str] = frozenset()) -> None:
    """Take the picture (when named) and fail on anything a person or a screen reader would trip over."""
    if name:
        picture(page, name)
    problems = [*page.complaints, *overflow(page), *violations(page, allow=allow)]  # type: ignore[attr-defined]
    assert not problems, f"{name or page.url}:\n" + "\n".join(problems)


def picture(page: Page, name: str, *, whole: bool = True) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.png"
    page.screenshot(path=path, full_page=whole, animations="disabled")
    return path


def violations(page: Page, *, allow: set[str] | frozenset[str] = frozenset()) -> list[str]:
    """What axe-core objects to, as sentences naming rule and element."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text())  # through the debugger, so the page's CSP stays as it is
    # As tall as its content: otherwise a bar at the bottom covers whatever happens to be scrolled below it.
    window = page.viewport_size or {"width": 1280, "height": 800}
    tall = min(10_000, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": window["width"], "height": max(window["height"], tall)})
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"
        ".then(result => result.violations)",
        RULES,
    )
    page.set_viewport_size(window)
    return [
        f"axe {one['id']} ({one['impact']}): {one['help']}: {node['target']} {node['html'][:160]}"
        f" {' '.join(check['message'] for check in node['any'])[:240]}"
        for one in found
        if one["id"] not in allow
        for node in one["nodes"][:5]
    ]


def overflow(page: Page) -> list[str]:
    """A page may scroll down, never sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide <= 0:
        return []
    culprit = page.evaluate(
        """() => [...document.body.querySelectorAll('*')].filter(e => {
             const box = e.getBoundingClientRect();
             return box.width && (box.right > innerWidth + 1 || box.left < -1) && getComputedStyle(e).position !== 'fixed';
           }).slice(0, 3).map(e => e.outerHTML.slice(0, 140)).join(' | ')"""
    )
    return [f"wider than the window by {wide} px: {culprit}"]


def weight(page: Page) -> int:
    """Bytes of script and style as they travel (compressed where the server compresses)."""
    return page.evaluate(
        "performance.getEntriesByType('resource').filter(r => /\\.(js|css)(\\?|$)/.test(r.name))"
        ".reduce((sum, r) => sum + r.encodedBodySize, 0)"
    )


def visit(
    browser: Browser,
    url: str,
    *,
    name: str,
    variants: Sequence[Variant] = LOOKED_AT,
    cookies: Mapping[str, str] | None = None,
    allow: set[str] | frozenset[str] = frozenset(),
    status: int = 200,
    ready: str = "",
) -> None:
    """Look at a page in every variant; all failures are reported together."""
    failures = []
    for variant in variants:
        with look(browser, url, variant, cookies=cookies, status=status, ready=ready) as page:
            try:
                judge(page, f"{name}-{variant}", allow=allow)
            except AssertionError as problem:
                failures.append(str(problem))
    assert not failures, "\n\n".join(failures)
