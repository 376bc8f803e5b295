"""Do the servers of DATABASE_URL and CELERY_BROKER_URL let us in, and are they what we need?

`python -m config.reach` prints one sentence and ends with status 1 if not. Run by the launcher before anything is
started, without Django; passwords never reach its output.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any
from urllib.parse import parse_qsl, unquote

from config.start.problems import Problem
from config.start.reach import Server, servers

OLDEST = 15
EXTENSIONS = ("pg_trgm",)
# What of an address's query is libpq's; the rest is Django's.
_OPTIONS = {"host", "sslmode", "sslrootcert", "sslcert", "sslkey", "options", "target_session_attrs"}
_PATIENCE = 3


def check_database(server: Server) -> None:
    """Sign in, and ask for everything that the first migration is going to need."""
    import psycopg

    try:
        link = psycopg.connect(**_parameters(server), connect_timeout=_PATIENCE, autocommit=True)
    except psycopg.Error as error:
        raise _refused(server, str(error)) from None
    with link:
        try:
            _check_server(server, link)
        except psycopg.Error as error:
            raise Problem(f"{server.where} cannot be used: {server.hidden(str(error))}.") from None


def _parameters(server: Server) -> dict[str, Any]:
    parts = server.parts
    known: dict[str, Any] = {key: value for key, value in parse_qsl(parts.query) if key in _OPTIONS}
    given = {
        "host": unquote(parts.hostname or ""),
        "port": parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "dbname": unquote(parts.path.lstrip("/")),
    }
    return known | {key: value for key, value in given.items() if value}


def _refused(server: Server, said: str) -> Problem:
    """The server's own last sentence, and what to do about the usual ones."""
    if "invalid response to SSL" in said or "expected authentication request" in said:
        return Problem(f"{server.where} is no PostgreSQL: it answers in another language.")
    if "timeout expired" in said:
        return Problem(f"{server.where} is no PostgreSQL, or does not answer: nothing came back.")
    words = server.hidden(re.split(r"(?:FATAL|ERROR):\s+", said)[-1]).rstrip(".")
    hint = ""
    if "password" in words or "role " in words:
        hint = "; check user and password"
    elif re.search(r"database .* does not exist", words):
        name = unquote(server.parts.path.lstrip("/"))
        hint = f"; make it with: createdb --owner={unquote(server.parts.username or 'USER')} {name}"
    return Problem(f"{server.where} does not let us in: {words}{hint}.")


def _check_server(server: Server, link: Any) -> None:
    version = link.info.server_version // 10000
    if version < OLDEST:
        raise Problem(f"{server.where} is too old: it is PostgreSQL {version}, and {OLDEST} or newer is needed.")
    (encoding, replica, may_create, may_use, database, user) = link.execute(
        "SELECT current_setting('server_encoding'), pg_is_in_recovery(),"
        " has_database_privilege(current_database(), 'CREATE'), has_schema_privilege('public', 'CREATE'),"
        " current_database(), current_user"
    ).fetchone()
    if replica:
        raise Problem(f"{server.where} is a replica that only reads; name the primary.")
    if encoding != "UTF8":
        raise Problem(f"{server.where} keeps the database {database} in {encoding}, and UTF8 is needed.")
    if not may_create:
        raise Problem(
            f"{server.where} lets {user} make no schemas in {database}, and every organization is one; as its owner: "
            f'GRANT CREATE ON DATABASE "{database}" TO "{user}".'
        )
    if not may_use:
        raise Problem(
            f"{server.where} lets {user} make no tables in the schema public of {database}; as its owner: "
            f'GRANT CREATE ON SCHEMA public TO "{user}".'
        )
    _check_extensions(server, link)


def _check_extensions(server: Server, link: Any) -> None:
    """Trying is the only way to know: managed servers keep lists of their own."""
    import psycopg

    for name in EXTENSIONS:
        try:
            with link.transaction(force_rollback=True):
                link.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        except psycopg.Error as error:
            reason = server.hidden(error.diag.message_primary or str(error)).rstrip(".")
            raise Problem(
                f"{server.where} lacks the extension {name} and cannot add it: {reason}; install it (PostgreSQL's "
                f"contrib package) or let an administrator run CREATE EXTENSION {name}."
            ) from None


def check_broker(server: Server) -> None:
    if server.parts.scheme in {"redis", "rediss"}:
        _check_redis(server)
    else:
        _check_other(server)


def _check_redis(server: Server) -> None:
    import redis

    client = redis.Redis.from_url(
        server.parts.geturl(), socket_connect_timeout=_PATIENCE, socket_timeout=_PATIENCE, protocol=2
    )
    try:
        client.ping()
    except (redis.AuthenticationError, redis.exceptions.NoPermissionError) as error:
        words = server.hidden(str(error)).rstrip(".")
        raise Problem(f"{server.where} does not let us in: {words}; check its password.") from None
    except redis.exceptions.BusyLoadingError:
        return  # it is reading its file, and will be there
    except redis.exceptions.TimeoutError:
        raise Problem(f"{server.where} is no Redis, or does not answer: nothing came back.") from None
    except redis.ConnectionError as error:
        raise Problem(f"{server.where} cannot be used: {server.hidden(str(error)).rstrip('.')}.") from None
    except (redis.RedisError, ValueError, UnicodeError):
        raise Problem(f"{server.where} is no Redis: it answers in another language.") from None


def _check_other(server: Server) -> None:
    """What kombu speaks beside Redis: RabbitMQ."""
    from kombu import Connection

    try:
        with Connection(server.parts.geturl(), connect_timeout=_PATIENCE) as link:
            link.ensure_connection(max_retries=0, timeout=_PATIENCE)
    except Exception as error:  # noqa: BLE001  each transport raises its own
        raise Problem(f"{server.where} cannot be used: {server.hidden(str(error)).rstrip('.')[:200]}.") from None


def main() -> int:
    try:
        for server in servers(os.environ):
            print(server.variable, flush=True)
            (check_database if server.variable == "DATABASE_URL" else check_broker)(server)
    except Problem as problem:
        words = str(problem)
        print(f"{words[:1].upper()}{words[1:]}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
