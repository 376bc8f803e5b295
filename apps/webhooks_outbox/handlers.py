"""Every fact goes to every endpoint that chose it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext as _

from apps.conversations.queries import Step, stations
from apps.events import Envelope, on, on_batch
from apps.organizations.models import Organization
from apps.organizations.services import on_new_organization, report_failure

from . import queries, reasons, services
from .events import EndpointDisabled


@on_batch
def create_deliveries(envelopes: Sequence[Envelope]) -> None:
    services.create_deliveries(envelopes)


@on(EndpointDisabled)
def tell_the_agency(event: EndpointDisabled, _envelope: Envelope) -> None:
    words = {"host": reasons.host_of(event.url), "reason": reasons.of_endpoint(event.reason)}
    report_failure(_("The webhook endpoint at %(host)s was disabled. %(reason)s") % words, kind="endpoint")


@on_new_organization
def create_first_endpoint(_organization: Organization) -> None:
    services.create_first_endpoint()


@stations
def deliveries_in_a_journey(trace: uuid.UUID, _events: Sequence[uuid.UUID]) -> list[Step]:
    return queries.steps_of_trace(trace)
