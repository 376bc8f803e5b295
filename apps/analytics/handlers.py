"""Which facts are counted, under which name."""

from __future__ import annotations

from apps.conversations import figures as conversations
from apps.conversations.events import (
    ConversationHandedOff,
    ConversationStarted,
    MessageFailed,
    MessageReceived,
    MessageSent,
)
from apps.events import Envelope, on
from apps.leads.events import (
    LeadCreated,
    LeadDeleted,
    LeadMerged,
    LeadRestored,
    LeadStageChanged,
    LeadUnmerged,
)

from .services import follow_lead, tally


@on(LeadCreated)
def count_lead(event: LeadCreated, envelope: Envelope) -> None:
    tally(envelope.occurred_at, [("lead.created", event.channel or event.source, 0), ("lead.source", event.source, 0)])
    follow_lead(event.lead_id)


@on(LeadStageChanged)
def count_stage(event: LeadStageChanged, _envelope: Envelope) -> None:
    follow_lead(event.lead_id)


@on(LeadMerged)
def count_merged(event: LeadMerged, _envelope: Envelope) -> None:
    for lead_id in (event.lead_id, event.merged_id):
        follow_lead(lead_id)


@on(LeadUnmerged)
def count_unmerged(event: LeadUnmerged, _envelope: Envelope) -> None:
    for lead_id in (event.lead_id, event.merged_id):
        follow_lead(lead_id)


@on(LeadDeleted)
def count_deleted(event: LeadDeleted, _envelope: Envelope) -> None:
    follow_lead(event.lead_id)


@on(LeadRestored)
def count_restored(event: LeadRestored, _envelope: Envelope) -> None:
    follow_lead(event.lead_id)


@on(ConversationStarted)
def count_conversation(event: ConversationStarted, envelope: Envelope) -> None:
    tally(envelope.occurred_at, [("conversation.started", event.channel, 0)])


@on(ConversationHandedOff)
def count_hand_off(event: ConversationHandedOff, envelope: Envelope) -> None:
    tally(envelope.occurred_at, [("conversation.handed_off", event.channel, 0)])


@on(MessageReceived)
def count_received(event: MessageReceived, envelope: Envelope) -> None:
    tally(envelope.occurred_at, [("message.received", event.channel, 0)])


@on(MessageSent)
def count_sent(event: MessageSent, envelope: Envelope) -> None:
    counts = [("message.sent", event.sender, 0)]
    if (waited := conversations.seconds_waited(event.message_id)) is not None:
        counts.append(("reply.time", event.sender, waited))
    tally(envelope.occurred_at, counts)


@on(MessageFailed)
def count_failed(event: MessageFailed, envelope: Envelope) -> None:
    tally(envelope.occurred_at, [("message.failed", event.channel, 0)])
