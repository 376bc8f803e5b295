"""`/health` (this process lives) and `/health/ready` (it can serve), answered before anything else happens.

They come first in the chain: a load balancer asks by address, not by a tenant's name, over plain http, and
must get its answer when the database is away. Ready means the database and its migrations are right; a broker
or worker that is away degrades the answer but does not take the web server out of service, because webhooks
are stored without them and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from psycopg_pool import PoolTimeout

from apps.organizations.schemas import migration_state

from . import heartbeat
from .celery import app

log = structlog.get_logger(__name__)
OK = "ok"
STALE_AT_MOST = 5


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info.rstrip("/")
        if path not in {"/health", "/health/ready"}:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        # No request came before us here that could have cleared what this thread's last one had bound.
        structlog.contextvars.clear_contextvars()
        response = live() if path == "/health" else ready()
        response.headers["Cache-Control"] = "no-store"
        return response


def live() -> HttpResponse:
    return JsonResponse({"status": OK})


def ready() -> HttpResponse:
    database = _database()
    checks = {
        "database": database,
        "migrations": _migrations() if database == OK else "unknown: the database is away",
        "broker": _broker(),
        "worker": _worker(),
    }
    if checks["database"] != OK or checks["migrations"] != OK:
        return JsonResponse({"status": "failing", "checks": checks}, status=503)
    status = OK if all(state == OK for state in checks.values()) else "degraded"
    return JsonResponse({"status": status, "checks": checks})


def _database() -> str:
    # After a restart of the server the pool still holds connections to the old one; each shows it once.
    for _ in range(STALE_AT_MOST):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return OK
        except (InterfaceError, OperationalError) as error:
            reason = error
            connection.close()
        if isinstance(reason.__cause__, PoolTimeout):
            break
    log.warning("health.database", error=str(reason))
    return "cannot be reached"


def _migrations() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT obj_description('public'::regnamespace, 'pg_namespace')")
            (state,) = cursor.fetchone()
    except DatabaseError:
        return "cannot be read"
    return OK if state == f"migrations {_known()}" else "not applied: run manage.py prepare"


@cache
def _known() -> str:
    return migration_state()


def _broker() -> str:
    try:
        with app.connection_for_write(transport_options={"socket_connect_timeout": 1, "socket_timeout": 1}) as broker:
            broker.ensure_connection(max_retries=0, timeout=1)
    except Exception as error:  # noqa: BLE001 (each transport raises its own)
        log.warning("health.broker", error=type(error).__name__)
        return "cannot be reached"
    return OK


def _worker() -> str:
    age = heartbeat.age()
    if age is None:
        return "no sign of life"
    return OK if age < heartbeat.LATE_AFTER else f"no sign of life for {age:.0f} s"
