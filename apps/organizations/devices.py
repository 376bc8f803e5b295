"""What a browser or program calls itself, in words that its owner recognizes: "Chrome on Windows"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

# In the order in which they must be looked for: nearly every browser also names the ones it is built like.
_BROWSERS = (
    ("Edg", "Edge"), ("EdgA", "Edge"), ("EdgiOS", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("YaBrowser", "Yandex Browser"), ("Vivaldi", "Vivaldi"), ("FxiOS", "Firefox"), ("Firefox", "Firefox"),
    ("CriOS", "Chrome"), ("HeadlessChrome", "Chrome"), ("Chromium", "Chromium"), ("Chrome", "Chrome"), ("Version", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"), ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
_PROGRAM = re.compile(r"[A-Za-z][\w .-]{0,38}(?=/)")


@dataclass(frozen=True)
class Device:
    """`words` for people; `icon` one of apps/ui/icons.json."""

    words: str
    icon: str


def device(agent: str, *, is_program: bool = False) -> Device:
    """What a User-Agent says, which may be anything at all: nothing of it is believed beyond its name."""
    browser = next((name for mark, name in _BROWSERS if f"{mark}/" in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if is_program or not browser:
        found = _PROGRAM.match(agent)
        name = browser or (found.group() if found and found.group() != "Mozilla" else "")
        return Device(name or _("An unknown program"), "terminal" if is_program or name else "help")
    icon = "device-mobile" if system in ("iPhone", "iPad", "Android") else "device-desktop"
    if not system:
        return Device(browser, icon)
    return Device(_("%(browser)s on %(system)s") % {"browser": browser, "system": system}, icon)
