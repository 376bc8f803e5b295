"""Every fact goes to every endpoint that chose it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from apps.conversations.queries import Step, stations
from apps.events import Envelope, on_batch
from apps.organizations.models import Organization
from apps.organizations.services import on_new_organization

from . import queries, services


@on_batch
def create_deliveries(envelopes: Sequence[Envelope]) -> None:
    services.create_deliveries(envelopes)


@on_new_organization
def create_first_endpoint(_organization: Organization) -> None:
    services.create_first_endpoint()


@stations
def deliveries_in_a_journey(trace: uuid.UUID, _events: Sequence[uuid.UUID]) -> list[Step]:
    return queries.steps_of_trace(trace)
