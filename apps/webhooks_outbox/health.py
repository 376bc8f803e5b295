"""What the agency sees of a tenant's outbox."""

from __future__ import annotations

from typing import Any

from apps.organizations.services.health import health_probe

from .models import Delivery


@health_probe
def outbox() -> dict[str, Any]:
    return {"failed_deliveries": Delivery.objects.filter(state=Delivery.State.DEAD).count()}
