"""Walking the product by its links, as people do: whoever is shown a link can open it.

`walk(people)` asks for pages over HTTP and follows every link that leads on inside the product, every part that a page
loads by itself or on a click (`hx-get`), and every file that a page names. Addresses that differ only by an id or by the
value of a filter count once for each person. What was answered with 400 or more is collected, with where it was found;
so are the pages a browser should look at closely: one of each kind, for the first person who sees it (sight.py).
"""

from __future__ import annotations

import os
import re
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import httpx

HANDS = max(2, os.cpu_count() or 2)
PATIENCE = 120.0
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+|(?<=/)[\w-]{20,}(?=/)")
# What ends the visit, what is saved instead of shown, and what changes something when a person goes there.
NOT_OPENED = re.compile(r"/logout/|/leave/|/export|/i18n/|^/(?:metrics|health)")
HTMX = {"HX-Request": "true"}


@dataclass
class Person:
    """Somebody who walks: where they start, with which session."""

    name: str
    starts: list[str]  # whole addresses
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Walk:
    """What all of them saw: by person each kind of page with the address that stood for it; what to look at; what was wrong."""

    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    pages: dict[str, tuple[Person, str]] = field(default_factory=dict)  # kind → who saw it first, where
    files: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def complain(self, person: Person, address: str, what: str, source: str = "") -> None:
        line = f"{person.name} at {address}{f' (linked from {source})' if source else ''}: {what}"
        if line not in self.wrong:
            self.wrong.append(line)


def kind(address: str) -> str:
    """Pages of one kind differ by ids and by the values of filters only."""
    parts = urlsplit(address)
    names = sorted({name for name, _value in parse_qsl(parts.query, keep_blank_values=True)})
    where = "" if "." in (parts.hostname or "") else "agency:"
    return where + IDS.sub("1", parts.path) + ("?" + "&".join(names) if names else "")


def walk(people: list[Person]) -> Walk:
    """Everybody walks, one after the other."""
    done = Walk()
    for person in people:
        _Walker(person, done).go()
    return done


@dataclass(frozen=True)
class _Step:
    address: str
    source: str = ""
    is_part: bool = False
    is_file: bool = False


class _Walker:
    def __init__(self, person: Person, done: Walk) -> None:
        self.person, self.done = person, done
        self.hosts = {urlsplit(start).netloc for start in person.starts}
        self.seen = done.seen.setdefault(person.name, {})
        self.taken: set[str] = set()
        self.waiting: deque[_Step] = deque(_Step(start) for start in person.starts)
        self.busy = 0
        self.turn = threading.Condition()
        self.cookies = "; ".join(f"{name}={value}" for name, value in {"language": "en", **person.cookies}.items())

    def go(self) -> None:
        with ThreadPoolExecutor(HANDS) as hands:
            for hand in [hands.submit(self._work) for _number in range(HANDS)]:
                hand.result()

    def _work(self) -> None:
        with httpx.Client(timeout=PATIENCE) as client:
            while step := self._next():
                try:
                    found = self._take(client, step)
                except httpx.HTTPError as error:
                    self.done.complain(self.person, step.address, repr(error), step.source)
                    found = []
                with self.turn:
                    self.busy -= 1
                    self.waiting.extend(one for one in found if self._is_new(one))
                    self.turn.notify_all()

    def _next(self) -> _Step | None:
        with self.turn:
            self.turn.wait_for(lambda: self.waiting or not self.busy)
            if not self.waiting:
                return None
            self.busy += 1
            return self.waiting.popleft()

    def _is_new(self, step: _Step) -> bool:
        parts = urlsplit(step.address)
        if parts.netloc not in self.hosts or NOT_OPENED.search(parts.path):
            return False
        which = f"{'part ' if step.is_part else ''}{kind(step.address)}"
        taken = self.done.files if step.is_file else self.taken
        # One filter at a time, and one of each kind.
        if which in taken or (not step.is_part and not step.is_file and "&" in which):
            return False
        taken.add(which)
        return True

    def _take(self, client: httpx.Client, step: _Step) -> list[_Step]:
        """Open it; where it leads to."""
        parts = urlsplit(step.address)
        headers = {
            "Host": parts.netloc,
            "Cookie": self.cookies,
            "Accept": "text/html,*/*",
            **(HTMX if step.is_part else {}),
        }
        # Names below localhost are this machine in browsers only.
        answer = client.get(parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl(), headers=headers)
        if answer.status_code >= 400:
            self.done.complain(self.person, step.address, f"answered {answer.status_code}", step.source)
            return []
        if answer.has_redirect_location:
            return [_Step(urljoin(step.address, answer.headers["Location"]), step.source)]
        if step.is_file or "html" not in answer.headers.get("Content-Type", ""):
            return []
        if not step.is_part:
            which = kind(step.address)
            with self.turn:
                self.seen[which] = step.address
                if "?" not in which:
                    self.done.pages.setdefault(which, (self.person, step.address))
        return _Links(step.address).read(answer.text)


class _Links(HTMLParser):
    """Where a page leads to."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.found: dict[_Step, None] = {}

    def read(self, text: str) -> list[_Step]:
        self.feed(text)
        return list(self.found)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attributes if value}
        if tag == "a" and "download" not in dict(attributes):
            self._note(given.get("href"))
        elif tag == "iframe":
            self._note(given.get("src"))
        elif tag in {"script", "img", "source", "video", "audio"}:
            self._note(given.get("src"), is_file=True)
        elif tag == "link":
            self._note(given.get("href"), is_file=True)
        if "hx-get" in given and given.get("href") is None:
            self._note(given["hx-get"], is_part=True)

    def _note(self, to: str | None, **what: bool) -> None:
        if to and not to.startswith(("data:", "mailto:", "tel:", "javascript:", "#")):
            self.found.setdefault(_Step(urldefrag(urljoin(self.address, to)).url, self.address, **what))
