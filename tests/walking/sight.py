"""Pages of a walk as a browser shows them: its console, its requests, what axe-core objects to, and sideways scrolling.

Each page is opened once per language and width; the theme is switched in place. `AT_A_GLANCE` is for every run: English
on a light desktop, and Arabic on a dark phone, where most goes wrong. `CLOSELY` is every combination (WALK=all).
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.browser import ARGUMENTS, AXE, CHROMIUM, RULES
from tests.walking.links import HANDS, PATIENCE, Person, Walk, kind

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

WIDTHS = {"desktop": 1280, "phone": 360}
HEIGHT = 1500


class Look(NamedTuple):
    """One opening of a page, and the themes in which it is judged."""

    language: str
    width: str
    themes: tuple[str, ...]


AT_A_GLANCE = [Look("en", "desktop", ("light",)), Look("ar", "phone", ("dark",))]
CLOSELY = [Look(language, width, ("light", "dark")) for language in ("en", "ar") for width in WIDTHS]

# What comes by itself has come, fonts are there, two frames have been drawn.
SETTLED = """() => new Promise((done) => {
  const drawn = () => requestAnimationFrame(() => requestAnimationFrame(done));
  const look = (left) => left && document.querySelector(".htmx-request")
    ? setTimeout(look, 30, left - 1) : document.fonts.ready.then(drawn);
  look(100);
})"""
THEME = """(theme) => {
  document.documentElement.dataset.theme = theme;
  document.documentElement.classList.toggle("dark", theme === "dark"); // the console's way
  const meta = document.querySelector("meta[name=color-scheme]");
  if (meta) meta.content = theme;
  document.getAnimations().forEach((one) => { try { one.finish(); } catch { one.cancel(); } });
}"""
JUDGE = """(tags) => axe.run(document, {
  runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], preload: false,
}).then((result) => result.violations.map((one) => [one.id, `${one.help}: ` + one.nodes.slice(0, 3).map((node) =>
  `${node.target} ${node.html.slice(0, 140)} ${node.any.map((check) => check.message).join(" ").slice(0, 200)}`).join(" | ")]))"""
SIDEWAYS = """() => {
  const page = document.documentElement, over = page.scrollWidth - page.clientWidth;
  if (over <= 0) return "";
  const wide = [...document.body.querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || box.left < -1) && getComputedStyle(one).position !== "fixed";
  });
  return `wider than the window by ${over} px: ` + wide.slice(0, 3).map((one) => one.outerHTML.slice(0, 140)).join(" | ");
}"""

Allowed = Callable[[str, str], bool]
# Pages that a script makes after they have loaded: kind → what is there once it has.
READY = {"/api/docs/": ".opblock"}


def see(walked: Walk, looks: list[Look], *, allowed: Allowed = lambda _kind, _rule: False) -> None:
    """Look at one page of each kind; what is wrong is added. Playwright's other loop runs in this thread: another one."""
    trouble: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(_everything(walked, looks, allowed))
        except BaseException as error:
            trouble.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if trouble:
        raise trouble[0]


async def _everything(walked: Walk, looks: list[Look], allowed: Allowed) -> None:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            for person in {id(person): person for person, _address in walked.pages.values()}.values():
                addresses = [address for who, address in walked.pages.values() if who is person]
                for look in looks:
                    await _Eyes(walked, person, look, allowed).see(browser, addresses)
        finally:
            await browser.close()


class _Eyes:
    """One person's pages in one language and width."""

    def __init__(self, walked: Walk, person: Person, look: Look, allowed: Allowed) -> None:
        self.walked, self.person, self.how, self.allowed = walked, person, look, allowed

    async def see(self, browser: Browser, addresses: list[str]) -> None:
        context = await browser.new_context(
            viewport={"width": WIDTHS[self.how.width], "height": HEIGHT},
            color_scheme=self.how.themes[0],  # type: ignore[arg-type]
            locale={"en": "en-US", "ar": "ar-AE"}[self.how.language],
            has_touch=self.how.width == "phone",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE * 1000)
        given = {"theme": self.how.themes[0], "language": self.how.language, **self.person.cookies}
        hosts = {address.split("/")[2] for address in addresses}
        await context.add_cookies(
            [{"name": name, "value": value, "url": f"http://{host}"} for name, value in given.items() for host in hosts]
        )
        waiting = deque(addresses)
        try:
            await asyncio.gather(*(self._tab(context, waiting) for _number in range(HANDS)))
        finally:
            await context.close()

    async def _tab(self, context: BrowserContext, waiting: deque[str]) -> None:
        page = await context.new_page()
        page.on("console", lambda said: said.type == "error" and self._complain(page.url, f"console: {said.text}"))
        page.on("pageerror", lambda error: self._complain(page.url, f"script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", lambda r: r.status >= 400 and self._complain(page.url, f"{r.url} answered {r.status}"))
        while waiting:
            await self._one(page, waiting.popleft())

    async def _one(self, page: Page, address: str) -> None:
        from playwright.async_api import Error

        try:
            await page.goto(address, wait_until="load")
            if made := READY.get(kind(page.url)):
                await page.wait_for_selector(made)
            await page.evaluate(SETTLED)
            await page.evaluate(AXE.read_text())  # through the debugger, so the page's CSP stays as it is
            # As tall as its content: otherwise a bar at the bottom covers whatever happens to be scrolled below it.
            tall = await page.evaluate("() => Math.min(10_000, document.documentElement.scrollHeight)")
            await page.set_viewport_size({"width": WIDTHS[self.how.width], "height": max(HEIGHT, tall)})
            if sideways := await page.evaluate(SIDEWAYS):
                self._complain(address, sideways)
            for number, theme in enumerate(self.how.themes):
                if number:
                    await page.evaluate(THEME, theme)
                for rule, what in await page.evaluate(JUDGE, RULES):
                    if not self.allowed(kind(page.url), rule):
                        self._complain(address, f"axe {rule} ({self.how.language}, {self.how.width}, {theme}): {what}")
        except Error as error:
            self._complain(address, error.message.splitlines()[0])

    def _failed(self, request: Any) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # somebody went on before it was answered
            self._complain(request.frame.url, f"{request.url} failed: {request.failure}")

    def _complain(self, address: str, what: str) -> None:
        self.walked.complain(self.person, address, what)
