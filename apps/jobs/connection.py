"""Django's database connection, typed as django-tenants extends it: it works in one tenant's schema at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from django.db import connection as _connection
from django.utils import timezone

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    class TenantConnection(BaseDatabaseWrapper):
        """`schema_name` is where statements go; `tenant` its organization, or a stand-in with only that name."""

        schema_name: str
        tenant: Any
        _connection_pools: dict[str, Any]

        def set_tenant(self, tenant: Any) -> None: ...
        def set_schema_to_public(self) -> None: ...


connection = cast("TenantConnection", _connection)


def follow_zone(_connection: TenantConnection, tenant: Any) -> None:
    """It is the time that it is where the active tenant is; in public it is UTC.

    Called by django-tenants at every change of tenant (EXTRA_SET_TENANT_METHOD_PATH), so requests, jobs, commands and
    whatever comes later need not think of it. A stand-in that only names a schema has no zone.
    """
    name = getattr(tenant, "timezone", "")
    if name:
        timezone.activate(ZoneInfo(name))
    else:
        timezone.deactivate()
