"""Canned replies and message templates."""

from __future__ import annotations

from typing import Any

from apps.jobs import clock
from apps.organizations.actors import Can
from apps.organizations.permissions import needs

from ..models import CannedReply, MessageTemplate
from .base import LONGEST_TEXT, clean_text


@needs(Can.KEEP_REPLIES)
def save_canned_reply(reply: CannedReply, **changes: Any) -> CannedReply:
    """Create or change a canned reply; ValidationError on a taken shortcut."""
    for name, value in changes.items():
        setattr(reply, name, value)
    reply.shortcut = reply.shortcut.strip().lstrip("/")
    reply.text = clean_text(reply.text)[:LONGEST_TEXT]
    reply.updated_at = clock.now()
    reply.full_clean()
    reply.save()
    return reply


@needs(Can.KEEP_REPLIES)
def delete_canned_reply(reply: CannedReply) -> None:
    reply.delete()


@needs(Can.KEEP_TEMPLATES)
def save_template(template: MessageTemplate, **changes: Any) -> MessageTemplate:
    """Register a template that the platform has approved."""
    for name, value in changes.items():
        setattr(template, name, value)
    template.body = clean_text(template.body)[:4096]
    template.full_clean()
    template.save()
    return template


@needs(Can.KEEP_TEMPLATES)
def delete_template(template: MessageTemplate) -> None:
    template.delete()
