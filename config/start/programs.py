"""A child process: how it starts, when it is ready, how it stops, and who it was if we lose sight of it."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Account:
    """Another user to run as, when we are root."""

    name: str
    uid: int
    gid: int


@dataclass
class Program:
    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    is_ready: Callable[[], bool] = lambda: True
    ready_within: float = 60
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10
    # What the kernel sends when the supervisor dies without stopping us (Linux).
    orphan_signal: signal.Signals = signal.SIGTERM
    account: Account | None = None
    on_console: bool = True
    before_start: Callable[[], None] = lambda: None
    # Kept by the supervisor.
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    started_at: float = 0
    failures: int = 0

    def spawn(self) -> "subprocess.Popen[bytes]":
        self.before_start()
        account = self.account
        as_user: dict[str, Any] = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
        self.process = subprocess.Popen(
            list(self.command),
            cwd="/" if account else self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops all in order.
            start_new_session=True,
            preexec_fn=die_with_parent(self.orphan_signal),  # noqa: PLW1509 (the supervisor has one thread)
            **as_user,
        )
        return self.process

    def send(self, number: int) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def kill_group(self) -> None:
        """End what is left of the program's process group, its children included."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """A function for the child, run after the change of user (which would reset it): tie its life to ours."""
    parent = os.getpid()

    def tie() -> None:
        if _libc:
            _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
            if os.getppid() != parent:  # it died in between
                os._exit(1)

    return tie


def follow_parent(number: signal.Signals) -> None:
    """Receive `number` when our own parent dies: `make` killed with -9 must not leave us behind."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def identity(pid: int) -> str | None:
    """Something that tells this process from a later one with the same id; None if there is none."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return found.stdout.strip() or None
    return None if fields[0] == "Z" else f"{boot()}/{fields[19]}"


def boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"
