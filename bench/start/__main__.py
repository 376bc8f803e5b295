"""python -m bench.start: from a bare clone to the first page, again, and what the idle stack takes of the memory.

Clones the project into an empty folder and does there what a newcomer does: `make run`. Packages are downloaded as that
machine's pip does it, so the first figure depends on the network; what pip alone took is printed beside it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench import stage

PROJECT = Path(__file__).resolve().parent.parent.parent
SETTLED = 30.0  # seconds after the last start in which nothing is asked
GOALS = {"first": 180, "later": 5, "memory": 600}
_pause = threading.Event()  # never set


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-start-"))
    clone = folder / "clone"
    try:
        subprocess.run(["git", "clone", "-q", str(PROJECT), str(clone)], check=True)
        print(stage.machine())
        with _running(clone) as (seconds, said):
            pip = re.search(r"Packages installed in (\d+) s", said())
            print(
                f"bare clone to the first page: {seconds:.0f} s, of which pip {pip[1] if pip else '?'} s (goal: at most {GOALS['first']})"
            )
        with _running(clone) as (seconds, _said):
            print(f"a later start to the first page: {seconds:.1f} s (goal: at most {GOALS['later']})")
            _memory()
    finally:
        if (pointer := clone / ".data" / "postgres.home").exists():
            shutil.rmtree(pointer.read_text().strip(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(clone: Path) -> Iterator[tuple[float, object]]:
    """`make run`; seconds until a tenant's first page was answered, and what the console says."""
    port = stage.free_port()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "PYTHON") if name in os.environ}
    console = clone.parent / "console.log"
    begun = time.monotonic()
    with console.open("w") as out:
        process = subprocess.Popen(
            ["make", "run"], cwd=clone, env=kept | {"PORT": str(port)}, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    try:
        while not _answers(clone, port):
            if process.poll() is not None:
                raise SystemExit(console.read_text())
            _pause.wait(0.05)
        seconds = time.monotonic() - begun
        while "Frontdesk is running" not in console.read_text():
            _pause.wait(0.2)
        yield seconds, console.read_text
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.wait(60)


def _answers(clone: Path, port: int) -> bool:
    """Whether a demo organization's page is there; before there is one, the agency's."""
    host = "localhost"
    with contextlib.suppress(OSError, ValueError, KeyError, IndexError):
        host = json.loads((clone / ".data/demo.json").read_text())["organizations"][0]["slug"] + ".localhost"
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        link.request("GET", "/accounts/login/" if host != "localhost" else "/admin/login/", headers={"Host": host})
        return link.getresponse().status == 200
    except OSError:
        return False
    finally:
        link.close()


def _memory() -> None:
    _pause.wait(SETTLED)
    mine = _family(os.getpid()) - {os.getpid()}
    by_name: dict[str, float] = defaultdict(float)
    for pid in mine:
        with contextlib.suppress(OSError, AttributeError):
            pss = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            by_name[_name(pid)] += int(pss[1]) / 1024  # type: ignore[index]
    for name, megabytes in sorted(by_name.items(), key=lambda pair: -pair[1]):
        print(f"  {name:12} {megabytes:6.0f} MB")
    print(f"idle memory, proportional (PSS): {sum(by_name.values()):.0f} MB (goal: at most {GOALS['memory']})")


def _family(root: int) -> set[int]:
    """A process and everything below it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, before = {root}, 0
    while len(found) > before:
        before = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found


def _name(pid: int) -> str:
    line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    for word in ("granian", "celery", "valkey", "redis", "postgres", "config.start"):
        if word in line:
            return {
                "granian": "web",
                "celery": "worker",
                "valkey": "broker",
                "redis": "broker",
                "config.start": "launcher",
            }.get(word, word)
    return line.split()[0] if line.split() else str(pid)


if __name__ == "__main__":
    main()
