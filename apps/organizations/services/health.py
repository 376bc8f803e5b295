"""Copy what the agency must see out of a tenant's schema into one public row.

Apps above say what they know, as `field: value` of OrganizationHealth, in their `health.py` (found by itself):

    @health_probe
    def channels() -> dict[str, Any]:
        return {"channels_attention": ConnectedAccount.objects.filter(state="attention").count()}

A probe runs with the tenant's schema active, about a minute after something happened there, and may be
slow-ish: nobody waits for it. What went wrong is told at once: `report_failure("…a sentence…", kind="send")`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.connection import connection

from ..models import Organization, OrganizationHealth
from ..queries import current_organization

log = structlog.get_logger(__name__)
Probe = Callable[[], dict[str, Any]]
WITHIN = timedelta(seconds=60)
_PROBES: list[Probe] = []
_asked: dict[str, datetime] = {}
_told: dict[tuple[str, str], datetime] = {}
_lock = threading.Lock()


def health_probe(probe: Probe) -> Probe:
    """Register a function that knows some of OrganizationHealth's fields."""
    _PROBES.append(probe)
    return probe


def refresh_health_soon() -> None:
    """Have the current tenant's row brought up to date within a minute; cheap enough to call for every event."""
    schema, now = connection.schema_name, clock.now()
    if schema == "public" or now < _asked.get(schema, now):
        return
    jobs.schedule("organizations.health", at=now + WITHIN, schema=schema)

    def remember() -> None:
        with _lock:
            _asked[schema] = now + WITHIN

    transaction.on_commit(remember)


def refresh_health(organization: Organization) -> OrganizationHealth:
    """Ask every probe, with the organization's schema active; one that fails keeps its old figures."""
    facts: dict[str, Any] = {"updated_at": clock.now()}
    for probe in _PROBES:
        try:
            with transaction.atomic():
                facts.update(probe())
        except Exception as error:
            log.exception("health.probe_failed", probe=f"{probe.__module__}.{probe.__qualname__}")
            facts.setdefault("last_failure", f"{type(error).__name__}: {error}"[:300])
            facts.setdefault("last_failure_at", clock.now())
    health, _created = OrganizationHealth.objects.update_or_create(organization=organization, defaults=facts)
    return health


def report_failure(sentence: str, *, kind: str = "", organization: Organization | None = None) -> None:
    """Something went wrong for this organization; the agency sees the newest such sentence.

    Cheap enough to call for every failure: of one kind, an organization's are written once a minute and process.
    """
    organization = organization or current_organization()
    key, now = (organization.schema_name, kind), clock.now()
    if now < _told.get(key, now):
        return
    OrganizationHealth.objects.update_or_create(
        organization=organization,
        defaults={"last_failure": sentence.replace("\x00", "")[:300], "last_failure_at": now},
    )
    refresh_health_soon()

    def remember() -> None:
        with _lock:
            _told[key] = now + WITHIN

    transaction.on_commit(remember)
