"""Words of customers and states of messages, as the inbox shows them."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.conversations.bubbles import PREVIEW, STATES
from apps.conversations.models import Message
from apps.ui import icons, phrases
from apps.ui.remembering import per_language

register = template.Library()

# What follows an address in a sentence is not part of it.
_ADDRESS = re.compile(r"https?://[^\s<>\"'`]+", re.IGNORECASE)
_TAIL = ".,;:!?)]}»”’"


@register.simple_tag
def words(text: Any, limit: int = PREVIEW) -> SafeString:
    """What somebody wrote: escaped, without direction overrides, its web addresses as links, at most `limit` long."""
    plain = phrases.without_bidi_controls(text)
    if limit and len(plain) > limit:
        plain = plain[:limit].rstrip() + "…"
    parts, at = [], 0
    for found in _ADDRESS.finditer(plain):
        address = found.group().rstrip(_TAIL)
        parts.append(format_html("{}", plain[at : found.start()]))
        parts.append(
            format_html('<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>', address, address)
        )
        at = found.start() + len(address)
    parts.append(format_html("{}", plain[at:]))
    return format_html('<bdi class="said" dir="auto">{}</bdi>', mark_safe("".join(parts)))  # each part is escaped


@register.filter
def is_long(text: str) -> bool:
    return len(text) > PREVIEW


@register.simple_tag
def state_mark(message: Message) -> SafeString:
    """How far a message of ours has come: an icon with its words."""
    return _state_mark(message.status) if message.direction == Message.Direction.OUT else mark_safe("")


@per_language
def _state_mark(status: str) -> SafeString:
    if status not in STATES:
        return mark_safe("")
    icon, words = STATES[status]
    return format_html('<span class="state state-{}" title="{}">{}</span>', status, words, icons.icon(icon, str(words)))


@register.simple_tag
def story_label(moment: Any) -> str:
    """What the link from a message to its story says."""
    return _story_label(phrases.time_of_day(timezone.localtime(moment)))


@per_language
def _story_label(time: str) -> str:
    return _("How this came about, %(time)s") % {"time": time}


@register.simple_tag
def clock_time(moment: Any) -> SafeString:
    """The time of day; the day stands above."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(), phrases.exact(moment), phrases.time_of_day(timezone.localtime(moment)),
    )  # fmt: skip


@register.filter
def quoted(text: str) -> str:
    """One line of something said before."""
    line = " ".join(phrases.without_bidi_controls(text).split())
    return line[:120] + ("…" if len(line) > 120 else "") or _("A message without text")
