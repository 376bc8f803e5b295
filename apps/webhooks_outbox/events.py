"""Facts about endpoints, and the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class EndpointDisabled(Event):
    type: ClassVar[str] = "endpoint.disabled"
    description: ClassVar[str] = (
        "A webhook endpoint was disabled, because it answered 410 or failed for days. Other endpoints learn of it."
    )
    example: ClassVar[dict[str, Any]] = {
        "endpoint_id": "8a1f6a2e-0d0e-4f4e-9d2b-5f5d3d1f9a10",
        "url": "https://example.com/hooks",
        "reason": "failing",
    }

    endpoint_id: str
    url: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class WebhookTest(Event):
    """Sent to one endpoint on request; never recorded, and no endpoint needs to choose it."""

    type: ClassVar[str] = "webhook.test"
    description: ClassVar[str] = "Somebody asked for a test delivery. Goes to the one endpoint it was asked for."
    example: ClassVar[dict[str, Any]] = {"message": "This is a test. If you can read it, deliveries arrive."}

    message: str
