"""The virtual environment: made once, brought up to date only when the requirements' hash changed."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from .console import Console
from .folder import fingerprint
from .problems import Problem, explain
from .programs import die_with_parent

OLDEST_PYTHON = (3, 11)
# What Python itself must bring; some distributions leave parts out.
FEATURES = {
    "venv": "apt install python3-venv",
    "ensurepip": "apt install python3-venv",
    "ssl": "a Python built with OpenSSL",
    "zlib": "a Python built with zlib",
    "ctypes": "a Python built with libffi",
    "fcntl": "Linux or macOS (on Windows: WSL)",
}


def check_python() -> None:
    """`Problem` if this Python is too old or lacks a part we need."""
    if sys.version_info < OLDEST_PYTHON:
        version = ".".join(map(str, sys.version_info[:3]))
        raise Problem(
            f"Python 3.11 or newer is needed, this is {version}; name another one with `make run PYTHON=...`."
        )
    for module, cure in FEATURES.items():
        try:
            __import__(module)
        except ImportError:
            raise Problem(f"This Python ({sys.executable}) lacks its `{module}` module; needed: {cure}.") from None


class Packages:
    def __init__(self, project: Path, console: Console, log: Path) -> None:
        self.project = project
        self.folder = Path(os.environ.get("VENV") or project / ".venv")
        self.console = console
        self.log = log

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def program(self, name: str) -> str:
        return str(self.folder / "bin" / name)

    def site_packages(self) -> Path:
        found = sorted(self.folder.glob("lib/python3.*/site-packages"))
        if not found:
            raise Problem(f"{self.folder} holds no Python packages; remove it and start again.")
        return found[-1]

    def install(self, requirements: str) -> None:
        """Make the environment hold what the file `requirements` (and what it includes) lists."""
        check_python()
        stamp = self.folder / f".{requirements}.installed"
        wanted = self._fingerprint(requirements)
        if self._is_current(stamp, wanted):
            return
        # Two starts in one clone must not install over each other; the lock is on the project folder itself.
        try:
            lock = os.open(self.project, os.O_RDONLY)
        except OSError as error:
            raise explain(error, self.project) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._is_current(stamp, wanted):
                self._create()
                self._pip(requirements)
                self._remember(requirements)
        except OSError as error:
            raise explain(error, self.folder) from None
        finally:
            os.close(lock)

    def _fingerprint(self, requirements: str) -> str:
        names = dict.fromkeys(["requirements.txt", requirements])
        return fingerprint(*(self.project / name for name in names))

    def _is_current(self, stamp: Path, wanted: str) -> bool:
        return self.python.exists() and stamp.is_file() and stamp.read_text() == wanted

    def _remember(self, requirements: str) -> None:
        """Note what is installed now; the development list includes the other one."""
        for name in dict.fromkeys(["requirements.txt", requirements]):
            (self.folder / f".{name}.installed").write_text(self._fingerprint(name))

    def _create(self) -> None:
        if (
            self.python.exists()
            and subprocess.run([self.python, "-m", "pip", "--version"], capture_output=True, check=False).returncode
            == 0
        ):
            return
        self.console.say("Making a virtual environment …")
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", self.folder], capture_output=True, text=True, check=False
        )
        if made.returncode:
            why = last_line(made.stdout + made.stderr)
            if shutil.disk_usage(self.project).free < 20 * 2**20 or "No space left" in why:
                raise Problem(f"There is no space left for {self.folder}; free some and start again.")
            raise Problem(f"The virtual environment {self.folder} could not be made: {why}.")

    def _pip(self, requirements: str) -> None:
        self.console.say("Installing Python packages (only when the list changed; a minute or two) …")
        started = time.monotonic()
        command: list[str | Path] = [
            self.python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off",
            # Modules are compiled when first used: compiling all of them would take longer than starting.
            "--no-compile", "-r", requirements,
        ]  # fmt: skip
        errors: list[str] = []
        collected = 0
        with (
            self.log.open("w", encoding="utf-8") as log,
            subprocess.Popen(
                command, cwd=self.project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, errors="replace",
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 (one thread)
            ) as pip,
        ):  # fmt: skip
            for line in pip.stdout or ():
                log.write(line)
                if line.startswith("ERROR:") or "No space left" in line:
                    errors.append(line.removeprefix("ERROR:").strip())
                elif package := re.match(r"Collecting ([\w.\[\]-]+)", line):
                    collected += 1
                    self.console.progress(f"  {collected} packages so far: {package[1]}")
                elif line.startswith("Installing collected packages"):
                    self.console.progress("  unpacking …")
        self.console.progress("")
        if pip.returncode:
            why = errors[-1] if errors else f"pip ended with status {pip.returncode}"
            if any("No space left" in line for line in errors):
                raise Problem(f"There is no space left for {self.folder}; free some and start again.")
            raise Problem(f"The Python packages could not be installed: {why.rstrip('.')} (all of it: {self.log}).")
        self.console.say(f"Packages installed in {time.monotonic() - started:.0f} s.")


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no reason given"
