"""What the other files of this folder build on: whose act it is, and the lock."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.organizations.models import User

from .. import gate
from ..dispatch import cancel
from ..models import Conversation, Message

LONGEST_TEXT = 20_000


def actor_name(by: User | None, actor: str) -> str:
    return actor or (f"user:{by.pk}" if by is not None and by.pk else "system")


def real_user(by: User | None) -> User | None:
    return by if isinstance(by, User) and by.pk else None


def lock(conversation: Conversation) -> Conversation:
    found = Conversation.locked(conversation.pk)
    if found is None:
        raise ValidationError(_("This conversation is gone."))
    return found


def withdraw_drafts(conversation: Conversation) -> None:
    """Cancel what the bot has queued; what is already on its way cannot be called back."""
    queued = Message.objects.filter(
        conversation=conversation, status=Message.Status.QUEUED, sender="bot"
    ).select_for_update()
    for message in queued:
        if message.owner_version == conversation.owner_version:
            continue
        proposal = gate.Proposal(conversation=conversation, sender="bot", owner_version=message.owner_version or 0)
        gate.record_decision(gate.decide(proposal), proposal, cause={"check": "taken over"}, message=message)
        cancel(conversation, message, "owner_changed")


def clean_text(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode().strip()
