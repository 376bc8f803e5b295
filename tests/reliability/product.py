"""The whole product as `make run` starts it, in a folder of its own, with people who write to it and hands that kill.

    with Product(folder, META_GRAPH_URL=graph.url) as product:
        product.manage("create_organization", "acme", …)
        product.post("facebook", body)                   # signed, and again until it is answered with 200, as Meta does
        product.kill("worker")                           # SIGKILL; the supervisor starts another one
        product.rows("SELECT … FROM acme.conversations_message")

PostgreSQL, broker, web and worker are started, watched and restarted by `python -m config.start run`; only the demo
organizations are left out. Nothing in here waits for a time: everything waits for a condition.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import redis

from config.start.folder import find_free_port, read_env_file
from tests.vendors.graph_webhooks import signed

PROJECT = Path(__file__).resolve().parent.parent.parent
SECRET = "the-app-secret-of-these-tests"
# Only a broken product takes this long, on whatever machine.
PATIENCE = 300.0
_pause = threading.Event()  # never set


def until(check: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """What `check` says, once it says something true. Servers that are away while they restart are no failure."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(psycopg.OperationalError, redis.RedisError, httpx.TransportError, OSError):
            if found := check():
                return found
        if time.monotonic() > deadline:
            raise AssertionError(f"It never happened: {what}.")
        _pause.wait(0.1)


class Product:
    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = find_free_port(avoid=set())
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self.environment = kept | {
            "DATA_DIR": str(folder),
            "VENV": sys.prefix,
            "PORT": str(self.port),
            "FACEBOOK_APP_SECRET": SECRET,
            "LOG_FORMAT": "json",
            **environment,
        }
        self.turned_away = 0
        self.poster = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def __enter__(self) -> Self:
        self.folder.mkdir(mode=0o711, exist_ok=True)
        (self.folder / "demo.json").write_text("{}")  # as if the demo organizations had been made
        with (self.folder / "console.log").open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.start", "run"],
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        try:
            until(lambda: "Frontdesk is running" in self.said() or self.process.poll() is not None, "the first start")
            assert self.process.poll() is None, self.said()
        except BaseException:
            self.__exit__()
            raise
        self.run = self.environment | read_env_file(self.folder / "run.env")
        return self

    def __exit__(self, *_: object) -> None:
        self.poster.close()
        self.process.terminate()
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            if (pointer := self.folder / "postgres.home").exists():
                shutil.rmtree(pointer.read_text().strip(), ignore_errors=True)

    def said(self) -> str:
        return (self.folder / "console.log").read_text(errors="replace")

    # Using it

    def manage(self, *arguments: str, given: str = "") -> str:
        """`manage.py …` in a second terminal; what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def post(self, channel: str, body: dict[str, Any]) -> None:
        """Deliver a webhook, again and again until the door says that it is stored."""
        raw, headers = signed(SECRET, body)

        def deliver() -> bool:
            if self.poster.post(f"/webhook/{channel}/", content=raw, headers=headers).status_code == 200:
                return True
            self.turned_away += 1
            return False

        until(deliver, f"a delivery of {channel} was stored")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database says, from outside."""
        with psycopg.connect(self.run["DATABASE_URL"], autocommit=True, connect_timeout=5) as link:
            cursor = link.execute(sql)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def one(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    @contextlib.contextmanager
    def broker(self) -> Iterator[redis.Redis]:
        link = redis.Redis.from_url(self.run["CELERY_BROKER_URL"])
        try:
            yield link
        finally:
            link.close()

    # Killing it

    def pid(self, name: str) -> int:
        """The program's process id, or 0 while it is away."""
        try:
            return int((self.folder / "run" / f"{name}.pid").read_text().split()[0])
        except (OSError, IndexError, ValueError):
            return 0

    def strike(self, name: str, number: signal.Signals) -> int:
        """Hit one program; its process id."""
        old = self.pid(name)
        assert old, f"{name} does not run"
        os.kill(old, number)
        return old

    @contextlib.contextmanager
    def unattended(self) -> Iterator[None]:
        """The supervisor sleeps meanwhile: what is struck down stays down."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until the supervisor has started it anew."""
        old = self.strike(name, signal.SIGKILL)
        until(lambda: self.pid(name) not in {0, old}, f"{name} was started again")
