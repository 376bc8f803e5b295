"""Words as a phone shows them."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from apps.conversations.templatetags.inbox import words

register = template.Library()
# WhatsApp's *bold*: the stars hug the words, and white space or a mark-up's edge stands outside of them.
_BOLD = re.compile(r"(^|(?<=[\s>]))\*(?=\S)([^*<>\n]{1,400}?)(?<=\S)\*(?=$|[\s<.,;:!?])", re.MULTILINE)


@register.simple_tag
def phone_words(text: Any, channel: str) -> SafeString:
    """What was said, its addresses as links, and on WhatsApp its *bold* words bold."""
    said = words(text, 4096)
    if channel != "whatsapp":
        return said
    return mark_safe(_BOLD.sub(r"\1<strong>\2</strong>", said))  # nothing but what `words` has escaped
