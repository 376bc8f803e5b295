"""Tabler's outline icons as inline SVG: no font, no extra request, colored by the text around them."""

import json
from functools import cache
from pathlib import Path

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

# Icons that point along the line of text; frontdesk.css mirrors them when the page runs right to left.
DIRECTIONAL = frozenset(
    "arrow-right arrow-left arrow-back-up arrow-forward-up chevron-right chevron-left send logout login external-link "
    "corner-down-right layout-sidebar list sort-ascending sort-descending door-enter reload player-play "
    "player-skip-forward article forms".split()
)


class UnknownIcon(LookupError):
    """No such icon is shipped. Add its Tabler name to ICONS in apps/ui/vendoring.py and run that module."""


@cache
def shapes() -> dict[str, str]:
    known: dict[str, str] = json.loads((Path(__file__).parent / "icons.json").read_text())
    return known


@cache
def icon(name: str, label: str = "", classes: str = "") -> SafeString:
    """With a label the icon speaks for itself; without one it is decoration beside words."""
    try:
        body = shapes()[name]
    except KeyError:
        raise UnknownIcon(f"{UnknownIcon.__doc__} (asked for {name!r})") from None
    css = " ".join(filter(None, ["icon", "icon-flip" if name in DIRECTIONAL else "", classes]))
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="{}" viewBox="0 0 24 24" {} focusable="false">{}</svg>', css, role, mark_safe(body))
