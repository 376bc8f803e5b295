"""Keeps programs running: starts them in order, passes on what they print, restarts, stops in reverse order.

One thread and one selector: a child's death signal hangs on the thread that made the child, and forking
beside other threads is a trap.
"""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .console import Console
from .folder import DataFolder
from .problems import Problem
from .programs import Program, boot, die_with_parent, identity

LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0
LOG_LIMIT = 10 * 2**20


class Stopped(Exception):
    """Somebody asked us to stop (Ctrl-C, SIGTERM, a closed terminal)."""


class Supervisor:
    def __init__(self, folder: DataFolder, console: Console) -> None:
        self.folder = folder
        self.console = console
        self.programs: list[Program] = []
        self.wanted_to_stop = False
        self.stop_reason = 0
        self.asked_at = 0.0
        self.impatient = False
        self._selector = selectors.DefaultSelector()
        self._again: dict[str, float] = {}
        self._tails: dict[str, list[str]] = {}
        self._partial: dict[str, bytes] = {}
        self._bell, ring = socket.socketpair()
        for end in (self._bell, ring):
            end.setblocking(False)
        self._ring = ring
        self._selector.register(self._bell, selectors.EVENT_READ, None)

    # Signals

    def listen(self) -> None:
        signal.set_wakeup_fd(self._ring.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number: int, _frame: object) -> None:
        # One Ctrl-C can arrive twice (from the terminal and from make); only a later one means impatience.
        self.impatient = self.wanted_to_stop and time.monotonic() - self.asked_at > 1
        if not self.wanted_to_stop:
            self.wanted_to_stop, self.stop_reason, self.asked_at = True, number, time.monotonic()

    def check(self) -> None:
        if self.wanted_to_stop:
            raise Stopped

    # Starting

    def start(self, *programs: Program) -> None:
        """Start these together and return when all are ready; `Problem` with the last lines if one fails."""
        for program in programs:
            self.programs.append(program)
            self._spawn(program)
        deadline = time.monotonic() + max(program.ready_within for program in programs)
        waiting = list(programs)
        while waiting:
            self.check()
            self.pump(0.05)
            for program in list(waiting):
                if program.process is None or program.process.poll() is not None:
                    self.pump(0)
                    raise Problem(
                        f"{program.name} did not start: {self.why(program)} (all of it: {self.log_of(program)})."
                    )
                if program.is_ready():
                    waiting.remove(program)
            if waiting and time.monotonic() > deadline:
                names = " and ".join(program.name for program in waiting)
                raise Problem(f"{names} did not get ready in time; what was printed is in {self.folder.path / 'logs'}.")

    def finish(self, program: Program) -> int:
        """Run a program to its end, passing on what it prints; its exit status."""
        self._spawn(program)
        assert program.process
        while program.process.poll() is None:
            if self.wanted_to_stop:
                self._end([program])
                raise Stopped
            self.pump(0.2)
        self.pump(0)
        self._forget(program)
        return program.process.returncode

    def attend(self, command: list[str], environment: Mapping[str, str], folder: Path) -> int:
        """Run a command in the terminal's foreground, looking after the programs meanwhile; its exit status."""
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 (the supervisor has one thread)
        )
        told = None
        while process.poll() is None:
            self.pump(0.2)
            if self.wanted_to_stop and told is None:
                # Ctrl-C has reached it too; a SIGTERM has only reached us.
                told = time.monotonic()
                process.send_signal(signal.SIGTERM if self.stop_reason != signal.SIGINT else 0)
            elif told and time.monotonic() - told > 10:
                process.kill()
        self.check()
        return process.returncode

    def why(self, program: Program) -> str:
        lines = self._tails.get(program.name) or ["it said nothing"]
        errors = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "Error", "error:", "rror"))]
        return (errors or lines)[-1].strip().rstrip(".")

    def log_of(self, program: Program) -> Path:
        return self.folder.path / "logs" / f"{program.name}.log"

    def _spawn(self, program: Program) -> None:
        log = self.log_of(program)
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        process = program.spawn()
        program.started_at = time.monotonic()
        self._tails[program.name] = []
        self._partial[program.name] = b""
        record = self.folder.path / "run" / f"{program.name}.pid"
        record.write_text(f"{process.pid}\n{identity(process.pid)}\n{boot()}\n")
        assert process.stdout
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, program)

    # Running

    def run(self, every: Callable[[], None] = lambda: None) -> None:
        """Until somebody asks to stop: pass on output, restart what died."""
        while True:
            self.check()
            self.pump(min([1.0, *(max(0.0, at - time.monotonic()) for at in self._again.values())]))
            every()
            for program in self.programs:
                self._look_after(program)

    def _look_after(self, program: Program) -> None:
        now = time.monotonic()
        if program.name in self._again:
            if now >= self._again[program.name]:
                del self._again[program.name]
                try:
                    self._spawn(program)
                except (OSError, Problem) as error:
                    self._plan_restart(program, f"could not be started: {error}")
        elif program.process and program.process.poll() is not None:
            status = program.process.returncode
            self._forget(program)
            if now - program.started_at > STEADY_AFTER:
                program.failures = -1  # it ran well: it starts again at once
            ended = f"killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
            self._plan_restart(program, ended)

    def _plan_restart(self, program: Program, ended: str) -> None:
        pause = 0 if program.failures < 0 else min(LONGEST_PAUSE, 0.5 * 2**program.failures)
        program.failures += 1
        self._again[program.name] = time.monotonic() + pause
        self._print(program, f"*** {program.name} {ended}; starting it again in {pause:g} s", show=True)

    def _forget(self, program: Program) -> None:
        """After a program's end: its last words, its orphans, its record."""
        self.pump(0)
        program.kill_group()
        if program.process and program.process.stdout:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(program.process.stdout)
            program.process.stdout.close()
        (self.folder.path / "run" / f"{program.name}.pid").unlink(missing_ok=True)

    def pump(self, timeout: float) -> None:
        """Wait up to `timeout` for output or a signal, and pass the output on."""
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self._bell.recv(4096)
                continue
            try:
                data = os.read(key.fd, 65536)
            except BlockingIOError:
                continue
            if data:
                self._take(key.data, data)
            else:
                self._selector.unregister(key.fileobj)

    def _take(self, program: Program, data: bytes) -> None:
        *lines, rest = (self._partial[program.name] + data).split(b"\n")
        if len(rest) > 65536:
            lines, rest = [*lines, rest], b""
        self._partial[program.name] = rest
        for line in lines:
            self._print(program, line.decode(errors="replace").rstrip(), show=program.on_console)

    def _print(self, program: Program, line: str, *, show: bool) -> None:
        tail = self._tails.setdefault(program.name, [])
        tail.append(line)
        del tail[:-20]
        # A full disk must not stop the programs that still run.
        with contextlib.suppress(OSError), self.log_of(program).open("a", encoding="utf-8") as log:
            log.write(line + "\n")
        if show:
            self.console.line(program.name, line)

    # Stopping

    def stop(self) -> None:
        """Stop everything, last started first: whoever uses a server goes before the server."""
        self._again.clear()
        for program in reversed(self.programs):
            if program.process and program.process.poll() is None:
                self._end([program])
            self._forget(program)
        self.programs.clear()

    def stop_together(self, *names: str) -> None:
        """Stop several programs at the same time: they do not need each other."""
        self._end([program for program in self.programs if program.name in names])

    def _end(self, programs: list[Program]) -> None:
        alive = [program for program in programs if program.process and program.process.poll() is None]
        for program in alive:
            program.send(program.stop_signal)
        started = time.monotonic()
        while alive:
            self.pump(0.05)
            waited = time.monotonic() - started
            for program in list(alive):
                assert program.process
                if program.process.poll() is not None:
                    alive.remove(program)
                elif waited > program.stop_within or self.impatient:
                    self._print(program, f"*** {program.name} did not stop in time and is killed", show=True)
                    program.kill_group()
                    program.process.wait()
                    alive.remove(program)


def clear_leftovers(folder: DataFolder, console: Console, patience: float = 6.0) -> None:
    """End what a killed supervisor left behind (we hold the lock, so nothing recorded here is in use)."""
    records = sorted((folder.path / "run").glob("*.pid"))
    groups = [group for group in map(_living_group, records) if group]
    if groups:
        console.say("The last run was cut off; waiting for what it left behind …")
        # Linux has already told them to stop; elsewhere they learn it now.
        _signal_groups(groups, signal.SIGTERM)
        deadline = time.monotonic() + patience
        while any(_exists(group) for group in groups) and time.monotonic() < deadline:
            time.sleep(0.05)
        _signal_groups(groups, signal.SIGKILL)
    for record in records:
        record.unlink(missing_ok=True)


def _living_group(record: Path) -> int | None:
    try:
        pid_text, then, then_boot = record.read_text().splitlines()
        pid = int(pid_text)
    except (OSError, ValueError):
        return None
    if then_boot != boot() or record.name == "postgres.pid":
        return None  # before a reboot; PostgreSQL clears up by its own rules
    now = identity(pid)
    # The leader itself, or children of it that outlived it: a group's number is not reused while it has members.
    return pid if (now == then if now else _exists(pid)) else None


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _signal_groups(groups: list[int], number: signal.Signals) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
