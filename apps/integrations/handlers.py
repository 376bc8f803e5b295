"""What happens when something has happened: the agency hears of accounts that stopped working."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.events import Envelope, on
from apps.organizations.services import report_failure

from .events import AccountTroubled


@on(AccountTroubled)
def tell_the_agency(event: AccountTroubled, _envelope: Envelope) -> None:
    words = {"channel": event.channel, "problem": _(event.problem) if event.problem else event.code}
    report_failure(_("%(channel)s: %(problem)s") % words, kind="account")
