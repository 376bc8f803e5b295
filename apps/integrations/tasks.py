"""The daily look at every connected account."""

from __future__ import annotations

from apps.jobs.registry import Claimed, handles

from .models import ConnectedAccount
from .services import check_account


@handles("integrations.check", queue="bulk")
def check(_job: Claimed) -> None:
    """Check every account of a tenant, and subscribe those again that the platform let go of."""
    for account in ConnectedAccount.objects.exclude(state=ConnectedAccount.State.DISCONNECTED):
        check_account(account, subscribe=True)
