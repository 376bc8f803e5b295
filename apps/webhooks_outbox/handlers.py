"""Every fact goes to every endpoint that chose it."""

from __future__ import annotations

from collections.abc import Sequence

from apps.events import Envelope, on_batch
from apps.organizations.models import Organization
from apps.organizations.services import on_new_organization

from . import services


@on_batch
def create_deliveries(envelopes: Sequence[Envelope]) -> None:
    services.create_deliveries(envelopes)


@on_new_organization
def create_first_endpoint(_organization: Organization) -> None:
    services.create_first_endpoint()
