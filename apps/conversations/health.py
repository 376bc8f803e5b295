"""What the agency sees of an organization's conversations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apps.integrations.models import Delivery
from apps.jobs import clock
from apps.organizations.services import health_probe

from .models import Conversation, Message


@health_probe
def conversations() -> dict[str, Any]:
    """Open conversations, the last message, what failed lately and what could not be read."""
    week = clock.now() - timedelta(days=7)
    return {
        "open_conversations": Conversation.objects.filter(status=Conversation.Status.OPEN).count(),
        "last_message_at": Conversation.objects.order_by("-last_message_at", "-id")
        .values_list("last_message_at", flat=True)
        .first(),
        "failed_messages": Message.objects.filter(
            conversation__last_message_at__gt=week, at__gt=week, status=Message.Status.FAILED
        ).count(),
        "kept_deliveries": Delivery.objects.filter(state__in=[Delivery.State.MALFORMED, Delivery.State.FAILED]).count(),
    }
