"""Who answers a conversation: take over, give back, assign."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from apps.events import record
from apps.organizations.actors import Can
from apps.organizations.models import User
from apps.organizations.permissions import needs
from apps.organizations.queries import current_organization, membership_of

from ..events import ConversationAssigned
from ..models import Conversation, Suppression
from ..ownership import about, claim_for_human, hand_over, return_to_bot, unanswered, write_notice
from ..replies import schedule_answer
from .base import actor_name, lock, real_user, withdraw_drafts


@needs(Can.CONVERSE)
@transaction.atomic
def take_over(conversation: Conversation, *, by: User | None, actor: str = "") -> Conversation:
    """A person answers from now on: the assistant is silent, and what it had not yet sent stays unsent."""
    locked = lock(conversation)
    claim_for_human(locked, user=real_user(by), actor=actor_name(by, actor))
    withdraw_drafts(locked)
    if locked.assignee_id is None and real_user(by) is not None:
        locked.change(assignee=real_user(by))
    return locked


@needs(Can.CONVERSE)
@transaction.atomic
def give_back(conversation: Conversation, *, by: User | None, actor: str = "") -> Conversation:
    """The assistant answers again, starting with whatever nobody has answered."""
    locked = lock(conversation)
    return_to_bot(locked, user=real_user(by), actor=actor_name(by, actor))
    if locked.draft:
        locked.change(draft={})
    if unanswered(locked):
        schedule_answer(locked)
    elif locked.waiting_since is not None:
        locked.change(waiting_since=None)
    return locked


@needs(Can.CONVERSE)
@transaction.atomic
def hand_off(conversation: Conversation, *, reason: str, note: str = "", actor: str = "system") -> Conversation:
    """Give a conversation to people without naming one, from an automation or the API. `reason`: an Escalation."""
    locked = lock(conversation)
    hand_over(locked, reason=reason, note=note[:500], actor=actor)
    withdraw_drafts(locked)
    return locked


@needs(Can.CONVERSE)
@transaction.atomic
def assign(conversation: Conversation, *, to: User | None, by: User | None, actor: str = "") -> Conversation:
    """Give the conversation to a member, or to nobody; ValidationError for somebody who cannot see it."""
    locked = lock(conversation)
    if to is not None and membership_of(to, current_organization()) is None:
        raise ValidationError({"assignee": _("This person does not work here.")})
    if locked.assignee_id == (to.pk if to else None):
        return locked
    locked.change(assignee=to)
    write_notice(locked, "assigned" if to else "unassigned", by=real_user(by), name=str(to) if to else "")
    record(ConversationAssigned(**about(locked), assignee_id=to.pk if to else None), actor=actor_name(by, actor))
    return locked


@transaction.atomic
def follow_person(lead_id: int, other_id: int) -> None:
    """People were merged or taken apart: a conversation belongs to whoever has its identity now.

    Whoever did not want messages as the one does not want them as the other; that is not undone.
    """
    both = [lead_id, other_id]
    astray = Conversation.objects.filter(Q(lead__in=both) | Q(identity__lead__in=both)).exclude(
        lead=F("identity__lead")
    )
    for key in astray.order_by("pk").values_list("pk", flat=True):
        if conversation := Conversation.locked(key):
            conversation.change(lead_id=conversation.identity.lead_id)
    wishes = Suppression.objects.filter(lead=other_id).values_list("channel", "scope", "reason", "at")
    Suppression.objects.bulk_create(
        [Suppression(lead_id=lead_id, channel=c, scope=s, reason=r, at=at) for c, s, r, at in wishes],
        ignore_conflicts=True,
    )
