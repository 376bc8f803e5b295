"""What happens when something has happened: messages are counted for the bill, conversations follow their person."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from apps.events import Envelope, on
from apps.leads.events import LeadMerged, LeadUnmerged
from apps.organizations.queries import current_organization
from apps.organizations.services import meter, refresh_health_soon, report_failure

from . import services
from .events import MessageFailed, MessageReceived, MessageSent


@on(MessageReceived)
def count_received(_event: MessageReceived, _envelope: Envelope) -> None:
    meter(current_organization(), [("message_in", 1, Decimal(0))])
    refresh_health_soon()


@on(MessageSent)
def count_sent(_event: MessageSent, _envelope: Envelope) -> None:
    meter(current_organization(), [("message_out", 1, Decimal(0))])


@on(LeadMerged)
def follow_merged(event: LeadMerged, _envelope: Envelope) -> None:
    services.follow_person(event.lead_id, event.merged_id)


@on(LeadUnmerged)
def follow_unmerged(event: LeadUnmerged, _envelope: Envelope) -> None:
    services.follow_person(event.merged_id, event.lead_id)


@on(MessageFailed)
def tell_the_agency(event: MessageFailed, _envelope: Envelope) -> None:
    words = {"channel": event.channel, "reason": _(event.reason) if event.reason else event.code}
    report_failure(_("A message on %(channel)s could not be sent. %(reason)s") % words, kind="send")
