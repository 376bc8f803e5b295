"""The menu. Each app adds its entries in its own `navigation.py`, which is found by itself:

    from django.utils.translation import gettext_lazy as _
    from apps.ui.navigation import NavItem, register

    register(NavItem("leads", _("Leads"), icon="users", url="leads:list", order=30))

`role` is the least role that sees the entry; `badge` is a function of the request giving a count or None.
An entry whose URL does not exist in the current URL configuration is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from apps.ui import shell

MAIN, FOOT = "main", "foot"
COMPACT = 4  # entries that fit in the bottom bar of a phone beside "More"


@dataclass(frozen=True)
class NavItem:
    key: str
    label: Any  # one word, lazily translated
    icon: str
    url: str  # name of a URL without arguments
    order: int = 50  # Home 10, Inbox 20, Leads 30, Catalog 40, Channels 50, Webhooks 60, …; Settings 90
    role: str = "viewer"
    group: str = MAIN
    badge: Callable[[HttpRequest], int | None] | None = None
    also: tuple[str, ...] = ()  # further path prefixes under which this entry is the current one


@dataclass
class Link:
    item: NavItem
    href: str
    current: bool = False
    badge: int | None = None


@dataclass
class Menu:
    main: list[Link] = dataclass_field(default_factory=list)
    foot: list[Link] = dataclass_field(default_factory=list)

    @property
    def all(self) -> list[Link]:
        return self.main + self.foot

    @property
    def compact(self) -> list[Link]:
        return self.all if len(self.all) <= COMPACT + 1 else self.all[:COMPACT]

    @property
    def more(self) -> list[Link]:
        return self.all[len(self.compact) :]


@dataclass(frozen=True)
class Section:
    """An entry of the Settings page, registered like the menu's: `register_section(Section("team", _("Team"), …))`."""

    key: str
    label: Any
    text: Any  # one sentence: what is set there
    icon: str
    url: str
    order: int = 50
    role: str = "manager"


_items: dict[str, NavItem] = {}
_sections: dict[str, Section] = {}


def register(item: NavItem) -> None:
    _items[item.key] = item


def register_section(section: Section) -> None:
    _sections[section.key] = section


def settings_sections(request: HttpRequest) -> list[tuple[Section, str]]:
    """What this person may set here, each with its address."""
    found = []
    for section in sorted(_sections.values(), key=lambda s: (s.order, s.key)):
        try:
            href = reverse(section.url, urlconf=getattr(request, "urlconf", None))
        except NoReverseMatch:
            continue
        if shell.ports.access(request, section.role):
            found.append((section, href))
    return found


def settings_menu(request: HttpRequest | None) -> list[Link]:
    """What stands beside a page of Settings: every section, with the one that the page belongs to as the current one."""
    path = getattr(request, "path", "")
    if request is None or "/settings/" not in path:
        return []
    links = [Link(NavItem(one.key, one.label, one.icon, one.url), href) for one, href in settings_sections(request)]
    here = [link for link in links if path.startswith(link.href)]
    if not here:
        return []
    max(here, key=lambda link: len(link.href)).current = True
    return links


def build(request: HttpRequest | None) -> Menu | None:
    user = getattr(request, "user", None)
    if request is None or user is None or not user.is_authenticated:
        return None
    links = [link for item in sorted(_items.values(), key=lambda i: (i.order, i.key)) if (link := _link(item, request))]
    _mark_current(links, request.path)
    return Menu(
        main=[link for link in links if link.item.group == MAIN],
        foot=[link for link in links if link.item.group == FOOT],
    )


def _link(item: NavItem, request: HttpRequest) -> Link | None:
    try:
        href = reverse(item.url, urlconf=getattr(request, "urlconf", None))
    except NoReverseMatch:
        return None
    if not shell.ports.access(request, item.role):
        return None
    return Link(item, href, badge=item.badge(request) if item.badge else None)


def _mark_current(links: list[Link], path: str) -> None:
    """The entry with the longest matching prefix, so that Home at /dashboard/ does not claim every page."""

    def reach(link: Link) -> int:
        return max((len(p) for p in (link.href, *link.item.also) if path.startswith(p)), default=0)

    best = max(links, key=reach, default=None)
    if best and reach(best):
        shorter_than_path = reach(best) < len(path)
        if not (best.item.order <= 10 and shorter_than_path):  # Home is current only on its own page
            best.current = True
