"""Work about one organization that nobody waits for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.jobs.registry import Claimed, handles

from . import services
from .queries import current_organization
from .services.domains import PROVE


@handles("organizations.budgets", queue="bulk", words=_("Tell people about budgets that are being used up"))
def budgets(_job: Claimed) -> None:
    """Tell people about budgets that are being used up."""
    services.check_budgets(current_organization())


@handles("organizations.health", queue="bulk", words=_("Bring the figures of the overview up to date"))
def health(_job: Claimed) -> None:
    """Bring the agency's row about a tenant up to date."""
    services.refresh_health(current_organization())


@handles(PROVE, queue="integrations", words=_("Ask host names whether they lead here"))
def prove_domain(job: Claimed) -> None:
    """Ask a claimed host name again whether it leads here."""
    services.prove_again(job.key)
