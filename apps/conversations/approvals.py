"""What the platform thinks of message templates: only an approved one is offered and sent."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from apps.integrations.models import ConnectedAccount
from apps.jobs import clock

from .models import Conversation, Message, MessageTemplate

State = MessageTemplate.State
# Refusals on sending that say the same as a notice would: paused for its quality, disabled for good.
_REFUSALS = {"132015": State.PAUSED, "132016": State.DISABLED}


def note_state(account: ConnectedAccount, name: str, language: str, *, state: str, why: str = "", at: datetime) -> None:
    """Write down what was decided; all numbers of one business account share its templates. Late news change nothing."""
    rows = MessageTemplate.objects.filter(account__in=sharing(account), name=name)
    for template in rows.filter(Q(state_at=None) | Q(state_at__lte=at)).select_for_update().order_by("pk"):
        if _plain(template.language) == _plain(language):
            template.state, template.state_reason, template.state_at = state, why[:1000], at
            template.save(update_fields=["state", "state_reason", "state_at"])


def note_refusal(conversation: Conversation, message: Message, code: str) -> None:
    """The platform would not send a template: nobody need try again."""
    template = message.payload.get("template")
    if code in _REFUSALS and template:
        note_state(conversation.account, template["name"], template["language"], state=_REFUSALS[code], at=clock.now())


def state_of(conversation: Conversation, name: str, language: str) -> MessageTemplate | None:
    """The template under which a message is sent; None for one that is not registered here."""
    return MessageTemplate.objects.filter(account_id=conversation.account_id, name=name, language=language).first()


def sharing(account: ConnectedAccount) -> list[ConnectedAccount]:
    """The accounts of the same business account at the platform, this one included."""
    owner = account.settings.get("waba_id")
    if not owner:
        return [account]
    others = ConnectedAccount.objects.filter(channel=account.channel, settings__waba_id=owner).exclude(pk=account.pk)
    return [account, *others]


def _plain(language: str) -> str:
    return language.replace("-", "_").lower()
