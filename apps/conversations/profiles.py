"""What a platform tells about a person: fetched once, beside the conversation, never in its way."""

from __future__ import annotations

from apps.integrations.queries import find_account
from apps.leads import services as leads
from apps.leads.models import Identity

from .adapters import Person
from .adapters.registry import adapter
from .models import Conversation
from .surfaces import plain


def fetch(identity_id: int) -> None:
    """Fill in what we do not know yet of the person behind an identity."""
    identity = Identity.objects.select_related("lead").filter(pk=identity_id).first()
    account = find_account(identity.kind, identity.account) if identity else None
    if identity is None or account is None:
        return
    found = adapter(account.channel).profile(plain(account), Person(id=identity.value))
    if not (found.name or found.username or found.avatar_url):
        return
    leads.complete_profile(
        identity.lead,
        identity=identity,
        name=found.name,
        username=found.username,
        avatar_url=found.avatar_url,
        language=found.locale[:2].lower(),
    )
    for conversation in Conversation.objects.filter(identity=identity):
        conversation.change()
