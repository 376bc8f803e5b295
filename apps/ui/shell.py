"""What the app shell shows around every page, and the ports through which higher floors fill it.

`ui` knows no organizations, users' roles or budgets. Whoever does registers a function, in its AppConfig.ready():

    from apps.ui import shell
    shell.brand_from(lambda request: shell.Brand(name="Acme", accent="#0b6477", logo_url="/media/acme.svg"))
    shell.access_from(lambda request, role: ...)     # may this user, holding "at least" this role, see it?
    shell.banners_from(lambda request: [shell.Banner(_("You are inside Acme as agency staff."), tone="warn")])

The functions get the request, run at most once per page, and return quickly.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, get_language_bidi

from apps.ui import contrast

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"


@dataclass(frozen=True)
class Brand:
    name: str = "Frontdesk"
    accent: str = contrast.DEFAULT
    logo_url: str = ""

    @property
    def stylesheet(self) -> str:
        """Carries the color in its address, so that browsers may keep it for ever; none for our own color, which
        frontdesk.css has already."""
        color = contrast.parse_hex(self.accent) or contrast.DEFAULT
        return "" if color == contrast.DEFAULT else f"{_url('ui:brand')}?accent={color[1:]}"


@dataclass(frozen=True)
class Banner:
    text: str
    tone: str = "info"  # info, good, warn, bad
    action_label: str = ""
    action_url: str = ""
    action_method: str = "get"  # "post" renders a button inside a form
    key: str = ""


@dataclass
class _Ports:
    brand: Callable[[HttpRequest], Brand | None] = lambda _request: None
    access: Callable[[HttpRequest, str], bool] = lambda _request, _role: True
    navigation: Callable[[HttpRequest | None], Any] = lambda _request: None
    settings_menu: Callable[[HttpRequest | None], Any] = lambda _request: ()
    banners: list[Callable[[HttpRequest], Iterable[Banner]]] = field(default_factory=list)


ports = _Ports()


def brand_from(source: Callable[[HttpRequest], Brand | None]) -> None:
    ports.brand = source


def access_from(source: Callable[[HttpRequest, str], bool]) -> None:
    ports.access = source


def navigation_from(source: Callable[[HttpRequest | None], Any], settings: Callable[[HttpRequest | None], Any]) -> None:
    ports.navigation, ports.settings_menu = source, settings


def banners_from(source: Callable[[HttpRequest], Iterable[Banner]]) -> None:
    if source not in ports.banners:
        ports.banners.append(source)


class Shell:
    """What templates see as `ui`. Nothing is looked up until a template asks for it."""

    def __init__(self, request: HttpRequest | None):
        self.request = request

    @cached_property
    def brand(self) -> Brand:
        return (ports.brand(self.request) if self.request else None) or Brand()

    @cached_property
    def banners(self) -> list[Banner]:
        return [banner for source in ports.banners for banner in source(self.request)] if self.request else []

    @cached_property
    def navigation(self) -> Any:
        return ports.navigation(self.request)

    @cached_property
    def settings_menu(self) -> Any:
        return ports.settings_menu(self.request)

    @property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE

    @property
    def direction(self) -> str:
        return "rtl" if get_language_bidi() else "ltr"

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Each in its own words, so that a reader can find the way back."""
        own = {"en": "English", "ar": "العربية"}
        return [(code, own.get(code, str(name))) for code, name in settings.LANGUAGES]

    @property
    def theme(self) -> str:
        chosen = self.request.COOKIES.get(THEME_COOKIE, "") if self.request else ""
        return chosen if chosen in THEMES else "auto"

    @cached_property
    def search_url(self) -> str:
        return _first_url("dashboard:search", "search")

    @cached_property
    def profile_url(self) -> str:
        return _first_url("organizations:profile", "profile", "dashboard:profile")

    @cached_property
    def security_url(self) -> str:
        return _first_url("mfa_index")

    @cached_property
    def sign_out_url(self) -> str:
        return _first_url("account_logout", "logout")

    @cached_property
    def home_url(self) -> str:
        return _first_url("dashboard:home", "home") or "/"

    @cached_property
    def theme_url(self) -> str:
        return _url("ui:theme")

    @cached_property
    def language_url(self) -> str:
        return _url("ui:language")


class ErrorShell(Shell):
    """For error pages: asks nobody, so it works with no tenant, no session and no database."""

    brand = Brand()
    banners: list[Banner] = []
    navigation = None
    settings_menu = ()


def _first_url(*names: str) -> str:
    return next(filter(None, map(_url, names)), "")


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
