"""A real browser for tests: pages opened as people see them, judged by axe-core, kept as pictures.

In a test (the `browser` fixture is session-wide; `visit` looks at a page in every variant):

    import pytest
    from tests.browser import browser, look, visit   # noqa: F401  `browser` is a fixture

    pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

    def test_lead_list_looks_right(browser, live_server):
        visit(browser, f"{live_server.url}/dashboard/leads/", name="lead-list", cookies={"sessionid": key})

`visit` opens the page on a phone (360 px) and a desktop (1280 px), light and dark, English and Arabic; saves each
picture to test-results/<name>-<viewport>-<theme>-<language>.png; and fails when axe-core finds a violation, when the
page is wider than its window, when the console reports an error (a broken CSP rule among them) or the status is 4xx/5xx.

To act on a page, open one variant and look again when it matters:

    with look(browser, f"{live_server.url}/dashboard/inbox/", Variant("phone", "dark", "ar"), cookies={...}) as page:
        page.get_by_role("button", name="…").click()
        judge(page, "inbox-after-click")          # picture + axe + overflow + console

`Variant()` is desktop, light, English. `cookies` are set for the page's host: the session of a Django client is
`client.cookies["sessionid"].value`. Options: `variants=[...]` to look at fewer, `allow={"axe-rule-id"}` for a violation
that a vendor's part causes (say why beside it), `status=404` for error pages, `ready="css selector"` to wait for.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield running
        finally:
            running.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"Chromium is not installed at {CHROMIUM}; set CHROMIUM to where it is.")
    # Playwright's event loop runs in this thread; Django would take that for an async context.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with chromium() as running:
        yield running


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
    context.set_default_timeout(10_000)
    page = context.new_page()
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
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"
        ".then(result => result.violations)",
        RULES,
    )
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
    variants: Sequence[Variant] = ALL,
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
