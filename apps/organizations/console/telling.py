"""What the agency does to an organization from its console stands in the organization's own log as well.

One place for all of it: whatever writes a line into the agency's log while staff acts at the console, a changed field
or a noted act, is written again into the log of every organization that it concerns, signed as the agency's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from auditlog.models import LogEntry
from auditlog.signals import post_log
from django.db import models
from django_tenants.utils import get_public_schema_name, schema_exists, tenant_context

from apps.jobs.connection import connection
from apps.jobs.models import Job

from .. import audit
from ..access import actor_of
from ..actors import Actor, Kind
from ..models import Domain, Invitation, Membership, Organization, UnroutedDelivery, User

# What of an account is the agency's own affair.
_AGENCY_S = {"is_staff", "is_superuser", "epoch"}
_UNTOLD = {"rights_given"}


def _of_person(user: Any) -> Iterable[Organization]:
    return Organization.objects.filter(memberships__user=user, memberships__is_active=True).distinct()


def _of_account(delivery: Any) -> Iterable[Organization]:
    return Organization.objects.filter(routes__channel=delivery.channel, routes__external_id=delivery.external_id)


# Whom a row concerns.
_CONCERNS: dict[type[models.Model], Callable[[Any], Iterable[Organization]]] = {
    Organization: lambda row: [row],
    Domain: lambda row: [row.tenant],
    Membership: lambda row: [row.organization],
    Invitation: lambda row: [row.organization],
    User: _of_person,
    Job: lambda row: Organization.objects.filter(schema_name=row.schema),
    UnroutedDelivery: _of_account,
}


def listen() -> None:
    post_log.connect(_tell, dispatch_uid="organizations.console.telling")
    audit.told.connect(_tell, dispatch_uid="organizations.console.telling")


def _tell(sender: Any, instance: models.Model, log_entry: LogEntry | None = None, **_more: Any) -> None:
    actor = _at_the_console()
    if actor is None or log_entry is None or instance == actor.user:
        return
    changes = {name: both for name, both in (log_entry.changes or {}).items() if name not in _AGENCY_S}
    if log_entry.action == LogEntry.Action.UPDATE and log_entry.changes and not changes:
        return
    if (log_entry.additional_data or {}).get("event") in _UNTOLD:
        return
    for organization in _CONCERNS.get(sender, lambda _row: ())(instance):
        # Its first rows are written before it has a place of its own; its making is no news there.
        if schema_exists(organization.schema_name):
            _copy(log_entry, changes, organization, actor)


def _copy(entry: LogEntry, changes: dict[str, Any], organization: Organization, actor: Actor) -> None:
    kept = {field.attname: getattr(entry, field.attname) for field in LogEntry._meta.fields if not field.primary_key}
    signed = {"actor": actor.replace("user:", "staff:"), "name": str(actor.user)}
    with tenant_context(organization):
        LogEntry.objects.create(
            **{**kept, "changes": changes or None, "additional_data": {**(entry.additional_data or {}), **signed}}
        )


def _at_the_console() -> Actor | None:
    """Staff acting at the agency's console; None for everybody else, everywhere else."""
    request = audit.request_of_now()
    if request is None or connection.schema_name != get_public_schema_name():
        return None
    actor = actor_of(request)
    return actor if actor.kind is Kind.CONSOLE else None
