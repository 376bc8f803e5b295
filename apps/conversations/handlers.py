"""What happens when something has happened: messages are counted for the bill."""

from __future__ import annotations

from decimal import Decimal

from apps.events import Envelope, on
from apps.organizations.queries import current_organization
from apps.organizations.services import meter, refresh_health_soon

from .events import MessageFailed, MessageReceived, MessageSent


@on(MessageReceived)
def count_received(_event: MessageReceived, _envelope: Envelope) -> None:
    meter(current_organization(), [("message_in", 1, Decimal(0))])
    refresh_health_soon()


@on(MessageSent)
def count_sent(_event: MessageSent, _envelope: Envelope) -> None:
    meter(current_organization(), [("message_out", 1, Decimal(0))])


@on(MessageFailed)
def look_again(_event: MessageFailed, _envelope: Envelope) -> None:
    refresh_health_soon()
