"""The daily look at every connected account, and at what platforms delivered long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from apps.jobs import clock
from apps.jobs.registry import Claimed, handles

from . import proving
from .models import ConnectedAccount, Delivery
from .services import check_account, note_displaced


@handles("integrations.check", queue="bulk", words=_("Check every connected account"))
def check(_job: Claimed) -> None:
    """Check every account of a tenant, and subscribe those again that the platform let go of."""
    for account in ConnectedAccount.objects.exclude(state=ConnectedAccount.State.DISCONNECTED):
        check_account(account, subscribe=True)


@handles(proving.PROVE, queue="integrations", words=_("Ask again for an account’s proof"))
def prove(job: Claimed) -> None:
    """Ask again for the proof that an account still lacks; `note_health` promises the next time."""
    account = ConnectedAccount.objects.filter(pk=int(job.key), state=ConnectedAccount.State.WAITING).first()
    if account is not None:
        check_account(account, subscribe=True)


@handles(proving.DISPLACED, queue="integrations", words=_("Tell that an account was connected elsewhere"))
def displaced(job: Claimed) -> None:
    """Somebody else has proven an account whose messages came here."""
    channel, _colon, external_id = job.key.partition(":")
    note_displaced(channel, external_id)


KEEP_RAW = timedelta(days=30)
_PRUNE_AT_ONCE = 5000


@handles("integrations.prune", queue="bulk", words=_("Delete old raw deliveries"))
def prune(_job: Claimed) -> datetime | None:
    """Delete raw deliveries that were applied long ago, a bite at a time; what could not be read stays."""
    old = Delivery.objects.filter(state=Delivery.State.DONE, received_at__lt=clock.now() - KEEP_RAW).order_by("id")
    gone, _by_model = Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_PRUNE_AT_ONCE])).delete()
    return clock.now() if gone == _PRUNE_AT_ONCE else None
