"""Walking the product by its links, as people do: whoever is shown a link can open it, and what opens is whole.

`walk(people)` opens pages in tabs of one browser and follows every link that leads on inside the product; links that
differ only by an id or by the value of a filter count once. What goes wrong on the way is collected: an error in the
console, a request that failed or was answered with 400 or more, and what axe-core objects to, in English and Arabic,
light and dark. A kind of page is judged for the first person who sees it; the theme is switched in place, and what does
not depend on colors is judged once per language.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.browser import ARGUMENTS, AXE, CHROMIUM, RULES

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

TABS = max(2, os.cpu_count() or 2)
PATIENCE = 60_000
NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+|(?<=/)[\w-]{20,}(?=/)")
COLORS = ["color-contrast", "link-in-text-block"]
# What ends the visit, what is saved instead of shown, and what machines read.
NOT_OPENED = re.compile(r"/logout/|/leave/|/export|/i18n/|^/(?:metrics|health|media|static|api/schema)|\.\w{2,4}$")
LINKS = """() => {
  const shown = (one) => one.getClientRects().length || one.closest("dialog, details");
  const pages = [...document.querySelectorAll("a[href]:not([download]), iframe[src]")].filter(shown);
  const parts = [...document.querySelectorAll("[hx-get]:not([href])")];
  return {
    pages: [...new Set(pages.map((one) => one.href || one.src))].filter((to) => typeof to === "string"),
    parts: [...new Set(parts.map((one) => new URL(one.getAttribute("hx-get"), location).href))],
  };
}"""
# What comes by itself has come, fonts are there, two frames have been drawn.
SETTLED = """() => new Promise((done) => {
  const drawn = () => requestAnimationFrame(() => requestAnimationFrame(done));
  const look = (left) => left && document.querySelector(".htmx-request") ? setTimeout(look, 30, left - 1) : document.fonts.ready.then(drawn);
  look(100);
})"""
DARK = """(dark) => {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.classList.toggle("dark", dark); // the console's way
  const meta = document.querySelector("meta[name=color-scheme]");
  if (meta) meta.content = dark ? "dark" : "light";
  document.getAnimations().forEach((one) => { try { one.finish(); } catch { one.cancel(); } });
}"""
JUDGE = """([tags, rules]) => axe.run(document, {
  runOnly: rules.length ? {type: "rule", values: rules} : {type: "tag", values: tags}, resultTypes: ["violations"],
}).then((result) => result.violations.map((one) => [one.id, `${one.help}: ` + one.nodes.slice(0, 3).map((node) =>
  `${node.target} ${node.html.slice(0, 140)} ${node.any.map((check) => check.message).join(" ").slice(0, 200)}`).join(" | ")]))"""


@dataclass
class Person:
    """Somebody who walks: where they start, with which session."""

    name: str
    starts: list[str]  # whole addresses
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Walk:
    """What all of them saw: by person each kind of page with the address that stood for it; and what was wrong."""

    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


Allowed = Callable[[str, str], bool]


def walk(people: list[Person], *, allowed: Allowed = lambda _path, _rule: False) -> Walk:
    """Everybody walks, one after the other. Playwright's other loop runs in this thread, so this one gets its own."""
    done = Walk()
    trouble: list[BaseException] = []

    async def everybody() -> None:
        from playwright.async_api import async_playwright

        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            try:
                for person in people:
                    await _Walker(browser, person, done, allowed).go()
            finally:
                await browser.close()

    def work() -> None:
        try:
            asyncio.run(everybody())
        except BaseException as error:
            trouble.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if trouble:
        raise trouble[0]
    return done


def kind(address: str) -> str:
    """Pages of one kind differ by ids and by the values of filters only."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    names = sorted({name for name, _value in parse_qsl(parts.query, keep_blank_values=True)})
    return ("" if "." in host else "agency:") + NUMBERS.sub("1", parts.path) + ("?" + "&".join(names) if names else "")


class _Walker:
    def __init__(self, browser: Browser, person: Person, done: Walk, allowed: Allowed) -> None:
        self.browser, self.person, self.done, self.allowed = browser, person, done, allowed
        self.hosts = {urlsplit(start).netloc for start in person.starts}
        self.seen: dict[str, str] = done.seen.setdefault(person.name, {})
        self.parts: set[str] = set()
        self.waiting: deque[tuple[str, str]] = deque()  # address, where it was found

    async def go(self) -> None:
        for start in self.person.starts:
            self._note(start, "")
        # The whole walk in English; then, in Arabic, the pages that were judged for this person.
        judged = await self._tour("en", self._walk_on)
        self.waiting.extend((address, "") for address in judged)
        await self._tour("ar", self._judge_again)

    async def _tour(self, language: str, visit: Callable[[Page, str, str], Any]) -> list[str]:
        context = await self.browser.new_context(
            viewport={"width": 1280, "height": 1600},
            color_scheme="light",
            locale={"en": "en-US", "ar": "ar-AE"}[language],
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        given = {"theme": "light", "language": language, **self.person.cookies}
        await context.add_cookies(
            [
                {"name": name, "value": value, "url": f"http://{host}"}
                for name, value in given.items()
                for host in self.hosts
            ]
        )
        judged: list[str] = []
        busy = 0

        async def tab() -> None:
            nonlocal busy
            page = await context.new_page()
            self._listen(page)
            while self.waiting or busy:
                if not self.waiting:
                    await asyncio.sleep(0.02)
                    continue
                address, source = self.waiting.popleft()
                busy += 1
                try:
                    if await visit(page, address, source):
                        judged.append(address)
                finally:
                    busy -= 1

        try:
            await asyncio.gather(*(tab() for _number in range(TABS)))
        finally:
            await context.close()
        return judged

    # One page

    async def _walk_on(self, page: Page, address: str, source: str) -> bool:
        if not await self._open(page, address, source):
            return False
        links = await page.evaluate(LINKS)
        for one in links["pages"]:
            self._note(one, address)
        for one in links["parts"]:
            await self._ask(page, one)
        if kind(address) in self.done.judged:
            return False
        self.done.judged[kind(address)] = address
        await self._judge(page, address, "en")
        return "?" not in kind(address)

    async def _judge_again(self, page: Page, address: str, source: str) -> None:
        if await self._open(page, address, source):
            await self._judge(page, address, "ar")

    async def _open(self, page: Page, address: str, source: str) -> bool:
        from playwright.async_api import Error

        try:
            answer = await page.goto(address, wait_until="load")
        except Error as error:
            if "Download is starting" not in error.message:
                self._complain(address, error.message.splitlines()[0], source)
            return False
        if answer is None or answer.status >= 400:
            self._complain(address, f"answered {answer and answer.status}", source)
            return False
        if "html" not in answer.headers.get("content-type", ""):
            return False
        await page.evaluate(SETTLED)
        return True

    async def _ask(self, page: Page, address: str) -> None:
        """Load a part that comes when somebody does something; a bad answer is heard by `_listen`."""
        if kind(address) in self.parts or urlsplit(address).netloc not in self.hosts:
            return
        self.parts.add(kind(address))
        await page.evaluate(
            "to => fetch(to, {headers: {'HX-Request': 'true'}}).then((answer) => answer.text())", address
        )

    async def _judge(self, page: Page, address: str, language: str) -> None:
        await page.evaluate(AXE.read_text())  # through the debugger, so the page's CSP stays as it is
        for dark in (False, True):
            await page.evaluate(DARK, dark)
            for rule, what in await page.evaluate(JUDGE, [RULES, COLORS if dark else []]):
                if not self.allowed(kind(page.url), rule):
                    self._complain(address, f"axe {rule} ({language}, {'dark' if dark else 'light'}): {what}")

    def _note(self, address: str, source: str) -> None:
        address = address.partition("#")[0]
        parts = urlsplit(address)
        which = kind(address)
        if parts.netloc not in self.hosts or NOT_OPENED.search(parts.path) or which in self.seen:
            return
        # One filter at a time; and a list that is filtered is the same list for whoever comes later.
        if "&" in which or ("?" in which and which in self.done.judged):
            return
        self.seen[which] = address
        self.waiting.append((address, source))

    def _listen(self, page: Page) -> None:
        page.on("console", lambda said: said.type == "error" and self._complain(page.url, f"console: {said.text}"))
        page.on("pageerror", lambda error: self._complain(page.url, f"script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", lambda r: r.status >= 400 and self._complain(page.url, f"{r.url} answered {r.status}"))

    def _failed(self, request: Any) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # somebody went on before it was answered
            self._complain(request.frame.url, f"{request.url} failed: {request.failure}")

    def _complain(self, address: str, what: str, source: str = "") -> None:
        line = f"{self.person.name} at {address}{f' (linked from {source})' if source else ''}: {what}"
        if line not in self.done.wrong:
            self.done.wrong.append(line)
