"""Deliveries that belonged to nobody: give them to the tenant who has connected the account since.

How a delivery is stored is the webhook door's business, one floor up; it registers itself here.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from apps.jobs import clock

from . import audit
from .actors import Can
from .models import UnroutedDelivery
from .permissions import needs

# (channel, external_id, body) -> whether a tenant took it
Take = Callable[[UnroutedDelivery], bool]
_takers: list[Take] = []


def taken_by(take: Take) -> Take:
    """Register what tries to give a delivery to its tenant."""
    _takers.append(take)
    return take


@needs(Can.ROUTE_AGAIN)
@transaction.atomic
def route_again(delivery: UnroutedDelivery) -> bool:
    """True once a tenant has it; it is then put aside, and asking again does nothing."""
    if delivery.resolved_at is not None:
        return True
    if not any(take(delivery) for take in _takers):
        return False
    UnroutedDelivery.objects.filter(pk=delivery.pk).update(resolved_at=clock.now())
    audit.note(delivery, event="delivery_routed")
    return True


@needs(Can.ROUTE_AGAIN)
def put_aside(delivery: UnroutedDelivery) -> None:
    """It belongs to nobody, and somebody has looked at it."""
    if UnroutedDelivery.objects.filter(pk=delivery.pk, resolved_at=None).update(resolved_at=clock.now()):
        audit.note(delivery, event="delivery_put_aside")
