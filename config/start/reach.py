"""Servers that somebody else runs (DATABASE_URL, CELERY_BROKER_URL): are they there? Asked before anything is installed.

Whether they let us in is asked right after the packages are there, by `config.reach`, with the vendors' own clients.
Both run as children with a deadline: neither a resolver nor a silent server can keep a start waiting.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from .problems import Problem

SECONDS = 4.5
PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}


@dataclass(frozen=True)
class Server:
    """One address from the environment, in parts; `variable` is what a sentence about it calls it."""

    variable: str
    what: str
    parts: SplitResult
    port: int

    @property
    def host(self) -> str:
        """A name, an address, or the folder of a socket; "" for what the client library chooses."""
        asked = parse_qs(self.parts.query).get("host", [""])[0]
        return unquote(self.parts.hostname or "") or asked

    @property
    def where(self) -> str:
        if not self.host:
            return f"the {self.what} of {self.variable}"
        port = "" if self.host.startswith("/") else f":{self.port}"
        return f"the {self.what} at {self.host}{port} ({self.variable})"

    def hidden(self, text: str) -> str:
        """`text` on one line and without the password, however it is written there."""
        for secret in (self.parts.password or "", unquote(self.parts.password or "")):
            if len(secret) > 3:  # shorter ones are parts of words
                text = text.replace(secret, "***")
        return " ".join(text.split())


def database(url: str) -> Server:
    return _read("DATABASE_URL", "PostgreSQL server", url, "postgres://user:password@host:5432/name", 5432)


def broker(url: str) -> Server:
    return _read("CELERY_BROKER_URL", "broker", url, "redis://:password@host:6379/0", 0)


def _read(variable: str, what: str, url: str, example: str, default: int) -> Server:
    try:
        parts = urlsplit(url)
        port = parts.port or default or PORTS.get(parts.scheme.partition("+")[0], 0)
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), 0
    if not parts.scheme or not (parts.netloc or parts.query or parts.path.strip("/")):
        raise Problem(f"{variable} is no address such as {example}.")
    return Server(variable, what, parts, port)


def servers(environment: Mapping[str, str]) -> list[Server]:
    """Those that the environment names."""
    named = ((database, "DATABASE_URL"), (broker, "CELERY_BROKER_URL"))
    return [read(environment[name]) for read, name in named if environment.get(name)]


def ask(module: str, python: str | Path, project: Path, addresses: Mapping[str, str]) -> None:
    """Run `module` (this one, or `config.reach`) over these addresses; `Problem` with the sentence that it prints."""
    known = servers(addresses)
    if not known:
        return
    try:
        ran = subprocess.run(
            [python, "-m", module], cwd=project, env={**os.environ, **addresses}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        # It says whom it asks before it asks.
        said = late.stdout.decode(errors="replace") if isinstance(late.stdout, bytes) else late.stdout or ""
        asked = next((one for one in known if said.strip().endswith(one.variable)), known[0])
        raise Problem(f"{_capital(asked.where)} does not answer: nothing came within {SECONDS:g} s.") from None
    if ran.returncode:
        lines = (ran.stdout + ran.stderr).strip().splitlines()
        raise Problem(lines[-1] if lines else "The servers of DATABASE_URL and CELERY_BROKER_URL could not be asked.")


def knock(server: Server) -> None:
    """`Problem` if nobody listens there. Sockets in folders are left to the client library."""
    if not server.host or server.host.startswith("/") or not server.port:
        return
    try:
        socket.create_connection((server.host, server.port), timeout=SECONDS - 1).close()
    except socket.gaierror:
        raise Problem(f"{_capital(server.where)} cannot be reached: no such host name is known.") from None
    except TimeoutError:
        raise Problem(f"{_capital(server.where)} cannot be reached: it does not answer.") from None
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "that is no host name"
        raise Problem(f"{_capital(server.where)} cannot be reached: {reason.lower()}.") from None


def _capital(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def main() -> int:
    try:
        for server in servers(os.environ):
            print(server.variable, flush=True)
            knock(server)
    except Problem as problem:
        print(problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
