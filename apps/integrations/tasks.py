"""The daily look at every connected account, and at what platforms delivered long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.jobs import clock
from apps.jobs.registry import Claimed, handles

from .models import ConnectedAccount, Delivery
from .services import check_account


@handles("integrations.check", queue="bulk")
def check(_job: Claimed) -> None:
    """Check every account of a tenant, and subscribe those again that the platform let go of."""
    for account in ConnectedAccount.objects.exclude(state=ConnectedAccount.State.DISCONNECTED):
        check_account(account, subscribe=True)


KEEP_RAW = timedelta(days=30)
_PRUNE_AT_ONCE = 5000


@handles("integrations.prune", queue="bulk")
def prune(_job: Claimed) -> datetime | None:
    """Delete raw deliveries that were applied long ago, a bite at a time; what could not be read stays."""
    old = Delivery.objects.filter(state=Delivery.State.DONE, received_at__lt=clock.now() - KEEP_RAW).order_by("id")
    gone, _by_model = Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_PRUNE_AT_ONCE])).delete()
    return clock.now() if gone == _PRUNE_AT_ONCE else None
