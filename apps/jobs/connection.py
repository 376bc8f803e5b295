"""Django's database connection, typed as django-tenants extends it: it works in one tenant's schema at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db import connection as _connection

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
