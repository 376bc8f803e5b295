"""What an organization decides about its chat: on which sites it stands, where, and what it says first.

It lives in the settings of the organization's website-chat account.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.conversations.adapters.reading import mapping, sequence, text
from apps.integrations.models import ConnectedAccount

POSITIONS = ("end", "start")
MOST_SITES, MOST_STARTERS, LONGEST_STARTER = 50, 4, 80
_SITE = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(:\d{1,5})?")


@dataclass(frozen=True, kw_only=True)
class Widget:
    """`greeting`, `starters` (questions to tap): by language. `sites`: hosts that may embed it; none: all may."""

    title: str = ""
    greeting: dict[str, str] = field(default_factory=dict)
    starters: dict[str, list[str]] = field(default_factory=dict)
    sites: list[str] = field(default_factory=list)
    position: str = "end"

    @property
    def greeting_here(self) -> str:
        """In the active language, else as the product says it."""
        return self.greeting.get(_code()) or _("Hello. Ask us anything, we are glad to help.")

    @property
    def starters_here(self) -> list[str]:
        return self.starters.get(_code(), [])

    @property
    def frame_ancestors(self) -> list[str]:
        """Who may show the chat in a frame, as Content-Security-Policy says it."""
        if not self.sites:
            return ["*"]
        return ["'self'", *(f"{scheme}://{site}" for site in self.sites for scheme in ("https", "http"))]

    def as_settings(self) -> dict[str, Any]:
        return asdict(self)


def _code() -> str:
    return (get_language() or "en")[:2]


def widget_of(account: ConnectedAccount) -> Widget:
    """As stored; what cannot be read there falls back to what the product does by itself."""
    told = mapping(account.settings.get("widget"))
    languages = [code for code, _name in settings.LANGUAGES]
    position = text(told.get("position"), 10)
    return Widget(
        title=text(told.get("title"), 60),
        greeting={code: said for code in languages if (said := text(mapping(told.get("greeting")).get(code), 500))},
        starters={
            code: lines
            for code in languages
            if (lines := [text(one, LONGEST_STARTER) for one in sequence(mapping(told.get("starters")).get(code))])
        },
        sites=[text(one, 253) for one in sequence(told.get("sites"))],
        position=position if position in POSITIONS else "end",
    )


def read_site(given: str) -> str:
    """ "https://www.Example.com/shop" → "www.example.com"; ValidationError for what is no site."""
    site = re.sub(r"^[a-z]+://", "", given.strip().lower()).split("/")[0].rstrip(".")
    try:
        site = site if site.isascii() else site.encode("idna").decode()
    except UnicodeError:
        site = ""
    if not _SITE.fullmatch(site) or len(site) > 253:
        raise ValidationError(
            _("“%(site)s” is not a site. Write it like example.com or *.example.com."), params={"site": given[:80]}
        )
    return site
