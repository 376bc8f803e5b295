"""What happens when something has happened: the agency hears of accounts that stopped working, and routes what waited."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.events import Envelope, on
from apps.organizations import unrouted
from apps.organizations.models import UnroutedDelivery
from apps.organizations.services import report_failure

from . import door
from .events import AccountTroubled


@on(AccountTroubled)
def tell_the_agency(event: AccountTroubled, _envelope: Envelope) -> None:
    words = {"channel": event.channel, "problem": _(event.problem) if event.problem else event.code}
    report_failure(_("%(channel)s: %(problem)s") % words, kind="account")


@unrouted.taken_by
def take(delivery: UnroutedDelivery) -> bool:
    """A delivery that belonged to nobody goes in by the door once its account is connected."""
    kept = door.Part(None, delivery.channel, delivery.external_id, bytes(delivery.body), delivery.trace)
    part = door.routed(kept)
    return part.schema is not None and not door.store_here([part])
