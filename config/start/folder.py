"""The data folder: everything that must survive a restart, and the lock that keeps a second start out.

secrets.env   made once, mode 600: keys that must never change by themselves
run.env       this run's addresses, mode 600: how `manage.py` in a second terminal finds the database
ports.json    ports of the embedded servers, kept from start to start
logs/         what each program printed
run/          process ids, for clearing up after a killed supervisor
"""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .problems import Problem, explain

# An empty cluster with three tenants takes about 120 MB; PostgreSQL stops hard when its disk is full.
FIRST_START_NEEDS = 300 * 2**20
LATER_START_NEEDS = 48 * 2**20
STOPPING_TAKES = 60.0


class DataFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def open(self) -> None:
        """Create the folder, take its lock, check that there is room; `Problem` if any of it fails."""
        try:
            # As root, PostgreSQL's own user passes through to its cluster; everything else in here stays closed.
            for folder in (self.path.parent, self.path):
                folder.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            for name in ("logs", "run", "media", "mail"):
                (self.path / name).mkdir(exist_ok=True, mode=0o700)
            self._take_lock()
            probe = self.path / "run" / "probe"
            probe.write_bytes(b"x" * 65536)
            probe.unlink()
        except OSError as error:
            raise explain(error, self.path) from None
        needed = LATER_START_NEEDS if self.secrets_file.exists() else FIRST_START_NEEDS
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise Problem(
                f"There is no space left for {self.path}: {free // 2**20} MB free, {needed // 2**20} MB needed; "
                "free some, or set DATA_DIR to a folder on another disk."
            )

    def _take_lock(self) -> None:
        # The kernel lets go of it when this process dies, however it dies.
        self._lock = os.open(self.path / "run" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        started = time.monotonic()
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder, _, state = os.pread(self._lock, 64, 0).decode(errors="replace").strip().partition(" ")
            # Whoever lost its terminal or its `make` a moment ago is about to go: wait for that.
            if time.monotonic() - started > (STOPPING_TAKES if state == "stopping" else 1.0):
                by = f" (process {holder})" if holder else ""
                raise Problem(
                    f"Frontdesk is already running with the data folder {self.path}{by}; stop it there with Ctrl-C, "
                    "or set DATA_DIR to another folder."
                )
            time.sleep(0.05)
        self._write_lock(str(os.getpid()))

    def say_stopping(self) -> None:
        """Let a next start know that waiting is worth while."""
        with contextlib.suppress(OSError):
            self._write_lock(f"{os.getpid()} stopping")

    def _write_lock(self, text: str) -> None:
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, text.encode(), 0)

    @property
    def secrets_file(self) -> Path:
        return self.path / "secrets.env"

    @property
    def run_file(self) -> Path:
        return self.path / "run.env"

    def secrets(self) -> dict[str, str]:
        """The secrets of this installation; those that are missing are made now and kept."""
        known = read_env_file(self.secrets_file)
        missing = {name: make() for name, make in SECRETS.items() if name not in known}
        if missing:
            known |= missing
            self.write_env(
                self.secrets_file,
                known,
                "Made at the first start. Keep a copy beside your backups: without FIELD_ENCRYPTION_KEYS stored "
                "credentials cannot be read.",
            )
        return known

    def write_env(self, file: Path, values: Mapping[str, str], comment: str) -> None:
        lines = [f"# {comment}", *(f"{name}={value}" for name, value in values.items()), ""]
        self.write_private(file, "\n".join(lines))

    def write_private(self, file: Path, text: str) -> None:
        """Replace `file` at once, readable by its owner alone."""
        draft = file.with_name(file.name + ".new")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                os.fchmod(stream.fileno(), 0o600)
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(file)
        except OSError as error:
            raise explain(error, self.path) from None

    def port_for(self, name: str) -> int:
        """The port `name` used last time if it is free, else another one, remembered."""
        file = self.path / "ports.json"
        try:
            ports = json.loads(file.read_text())
        except (OSError, ValueError):
            ports = {}
        port = ports.get(name)
        if not isinstance(port, int) or not is_free("127.0.0.1", port):
            port = ports[name] = find_free_port(avoid=set(ports.values()))
            self.write_private(file, json.dumps(ports))
        return port


SECRETS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "FIELD_ENCRYPTION_KEYS": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    # The simulator signs with the app secret like the platform does, so there must be one.
    "FACEBOOK_APP_SECRET": lambda: secrets.token_hex(32),
    "FACEBOOK_VERIFY_TOKEN": lambda: secrets.token_urlsafe(24),
    "WHATSAPP_VERIFY_TOKEN": lambda: secrets.token_urlsafe(24),
    "METRICS_TOKEN": lambda: secrets.token_urlsafe(24),
    "POSTGRES_PASSWORD": lambda: secrets.token_hex(32),  # of the role that may do everything; the launcher's alone
    "DATABASE_PASSWORD": lambda: secrets.token_hex(32),
    "BROKER_PASSWORD": lambda: secrets.token_hex(32),
}


def read_env_file(file: Path) -> dict[str, str]:
    """KEY=VALUE lines; comments, `export` and surrounding quotes are understood."""
    values: dict[str, str] = {}
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return values
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}.") from None
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or name.startswith("#"):
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[name.strip()] = value
    return values


def is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def find_free_port(avoid: set[int]) -> int:
    # Below the range from which the kernel takes outgoing connections' ports (32768 and up on Linux).
    for _ in range(200):
        port = 20000 + secrets.randbelow(12000)
        if port not in avoid and is_free("127.0.0.1", port):
            return port
    raise Problem("No free port was found on 127.0.0.1 between 20000 and 32000.")


def fingerprint(*parts: bytes | str | Path) -> str:
    """A short hash over texts and files' contents; a missing file counts as empty."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = part.read_bytes() if part.is_file() else b""
        digest.update(hashlib.sha256(part.encode() if isinstance(part, str) else part).digest())
    return digest.hexdigest()[:32]
