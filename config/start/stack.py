"""What Frontdesk consists of, in the order in which it starts: PostgreSQL, broker; preparation; web, worker (with beat)."""

import contextlib
import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import reach
from .broker import Broker
from .choices import PROJECT, Choices
from .console import Console
from .folder import DataFolder, fingerprint
from .packages import Packages
from .postgres import Postgres
from .problems import Problem
from .programs import Program, follow_parent
from .supervisor import Stopped, Supervisor, clear_leftovers

# Parts of addresses; nobody else has any use for them.
_LAUNCHERS_OWN = frozenset({"POSTGRES_PASSWORD", "DATABASE_PASSWORD", "BROKER_PASSWORD"})
# Names in apps.jobs.registry; one worker process serves them all, and JOBS_CONCURRENCY keeps them apart.
QUEUES = ("interactive", "ai", "integrations", "bulk")


@dataclass(frozen=True)
class Command:
    words: list[str]
    title: str = ""
    environment: dict[str, str] = field(default_factory=dict)


class Stack:
    def __init__(
        self, choices: Choices, console: Console, *, throwaway: bool = False, requirements: str = "requirements.txt"
    ) -> None:
        self.choices = choices
        self.console = console
        self.throwaway = throwaway
        self.requirements = requirements
        self.folder = DataFolder(choices.data_dir)
        self.supervisor = Supervisor(self.folder, console)
        self.packages = Packages(PROJECT, console, choices.data_dir / "logs" / "install.log")
        self.environment: dict[str, str] = {}

    # The three ways to use it

    def run(self) -> int:
        """`make run`: everything, until Ctrl-C."""
        started = time.monotonic()
        self._open()
        self.choices.check_port()
        return self._guarded(lambda: self._serve(started))

    def run_commands(self, *commands: Command) -> int:
        """Run these one after the other beside the two servers (tests, checks, benchmarks); the worst exit status."""
        self._open()
        return self._guarded(lambda: self._beside_servers(commands))

    def _open(self) -> None:
        self.folder.open()
        clear_leftovers(self.folder, self.console)
        # Before anything is installed: who mistyped an address need not wait for packages to hear of it.
        reach.ask("config.start.reach", sys.executable, PROJECT, self._foreign())

    def _foreign(self) -> dict[str, str]:
        """The servers that somebody else runs."""
        named = {"DATABASE_URL": self.choices.database_url, "CELERY_BROKER_URL": self.choices.broker_url}
        return {name: url for name, url in named.items() if url}

    def _guarded(self, work: Callable[[], int]) -> int:
        if "MAKELEVEL" in os.environ:
            follow_parent(signal.SIGTERM)
        self.packages.install(self.requirements)
        self.supervisor.listen()
        try:
            return work()
        except Stopped:
            return 130 if self.throwaway else 0
        finally:
            self._stop()

    def _serve(self, started: float) -> int:
        self.start_servers(workshop=False)
        self._prepare()
        # One after the other: the first page is there sooner, and the worker has nothing to do before it.
        self.supervisor.start(self.web())
        self.supervisor.start(self.worker())
        self._welcome(time.monotonic() - started)
        self.supervisor.run()
        return 0

    def _beside_servers(self, commands: tuple[Command, ...]) -> int:
        self.start_servers(workshop=True)
        worst = 0
        for command in commands:
            if command.title:
                self.console.say(f"--- {command.title}")
            status = self.supervisor.attend(command.words, self.environment | command.environment, PROJECT)
            if status and command.title:
                self.console.say(f"--- {command.title} failed (status {status})")
            worst = max(worst, abs(status))
        return worst

    def _stop(self) -> None:
        if self.supervisor.programs:
            say = (lambda _: None) if self.throwaway else self.console.say
            self.folder.say_stopping()
            say("Stopping …")
            self.supervisor.stop_together("web", "worker")
            self.supervisor.stop()
            self.folder.run_file.unlink(missing_ok=True)
            say("Everything has stopped.")

    # Servers

    def start_servers(self, *, workshop: bool) -> None:
        """PostgreSQL and broker, unless the environment names others; sets the environment for all programs."""
        reach.ask("config.reach", self.packages.python, PROJECT, self._foreign())
        secrets = self.folder.secrets()
        addresses = {
            "DATABASE_URL": self.choices.database_url,
            "CELERY_BROKER_URL": self.choices.broker_url,
            "HOST": self.choices.host,
            "PORT": str(self.choices.port),
            "BASE_DOMAIN": self.choices.base_domain,
        }
        site_packages = self.packages.site_packages()
        postgres = broker = None
        starting = []
        if not self.choices.database_url:
            postgres = Postgres(self.folder, site_packages, self.console, throwaway=self.throwaway)
            postgres.create()
            starting.append(postgres.program())
            addresses["DATABASE_URL"] = postgres.url
        if not self.choices.broker_url:
            broker = Broker(self.folder, site_packages)
            starting.append(broker.program())
            addresses["CELERY_BROKER_URL"] = broker.url
        if starting:
            self.supervisor.start(*starting)
        if postgres:
            postgres.create_database(workshop=workshop)
        self.folder.write_env(
            self.folder.run_file, addresses, "Written at every start; real environment variables win."
        )
        kept = {name: value for name, value in secrets.items() if name not in _LAUNCHERS_OWN}
        inherited = dict(os.environ)
        # Packages are installed uncompiled; without compiled modules every start would take seconds longer.
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)
        self.environment = {
            "PYTHONUNBUFFERED": "1",
            "LOG_FORMAT": "console",
            # Who starts all of this as root on one machine has decided so; Celery's reminder is for servers.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
            **kept,
            # The demo's console opens with a password alone, on one's own machine; `check --deploy` refuses this.
            **({} if self.throwaway or not self.choices.is_local else {"STAFF_SECOND_FACTOR": "0"}),
            **inherited,
            **addresses,
            "DATA_DIR": str(self.folder.path),
            "PATH": f"{self.packages.folder / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        }

    def _prepare(self) -> None:
        """Migrations, static files, demo tenants: skipped when nothing they depend on has changed."""
        stamp = self.folder.path / "prepared"
        sources = [
            *PROJECT.glob("apps/*/migrations/*.py"),
            *PROJECT.glob("static/**/*"),
            *PROJECT.glob("apps/*/static/**/*"),
            PROJECT / "config/static_files.py",
        ]
        wanted = fingerprint(
            PROJECT / "requirements.txt",
            self.environment["DATABASE_URL"].rpartition("@")[2].partition("/")[2],
            # Who may sign in depends on who can come here.
            f"{self.choices.base_domain} {self.choices.host}",
            *(path for source in sorted(sources) for path in (str(source.relative_to(PROJECT)), source)),
        )
        # Somebody else's database may have been changed by somebody else: there we look every time.
        embedded = not self.choices.database_url
        if embedded and stamp.is_file() and stamp.read_text() == wanted:
            return
        prepare = Program(
            "prepare",
            [str(self.packages.python), "manage.py", "prepare", "--demo"],
            self.environment,
            PROJECT,
            stop_within=3,
        )
        if self.supervisor.finish(prepare):
            raise Problem(
                f"The database could not be prepared: {self.supervisor.why(prepare)} (all of it: {self.supervisor.log_of(prepare)})."
            )
        self.folder.write_private(stamp, wanted)

    # Programs

    def web(self) -> Program:
        return self._program(
            "web", "python", "-m", "config.web",
            is_ready=self._answers,
        )  # fmt: skip

    def worker(self) -> Program:
        """One process for all queues and for beat: threads share what prefork would hold several times over."""
        return self._program(
            "worker", "celery", "-A", "config.celery", "--quiet", "worker", "--with-beat", "--pool", "threads",
            "--concurrency", "12", "--queues", ",".join(QUEUES), "--without-gossip", "--without-mingle",
            "--without-heartbeat", "--loglevel", "WARNING",
        )  # fmt: skip

    def _program(self, name: str, tool: str, *arguments: str, **options: object) -> Program:
        command = [self.packages.program(tool), *arguments]
        return Program(name, command, self.environment, PROJECT, **options)  # type: ignore[arg-type]

    def _answers(self) -> bool:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.choices.host, self.choices.host)  # noqa: S104
        connection = http.client.HTTPConnection(host, self.choices.port, timeout=10)
        try:
            connection.request("GET", "/health", headers={"Host": self.choices.base_domain})
            return connection.getresponse().status > 0  # an error page is an answer too, and says more than we can
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    # The last words of a start

    def _welcome(self, seconds: float) -> None:
        say = self.console.say
        say("")
        say(f"  Frontdesk is running ({seconds:.0f} s)          Ctrl-C stops all of it")
        say("")
        say(f"  Agency      {self.choices.address(path='/admin/')}")
        for line in sign_ins(self.folder.path / "demo.json", self.choices):
            say(f"  {line}")
        for line in first_sign_in(self.folder):
            say(f"  {line}")
        say("")
        say(f"  Health      {self.choices.address(path='/health/ready')}")
        say(f"  Data, logs  {self.folder.path}")
        say("")


def first_sign_in(folder: DataFolder) -> list[str]:
    """The agency's first password, told once; after that it is in its file only."""
    file = folder.path / "agency.json"
    try:
        made = json.loads(file.read_text(encoding="utf-8"))
        if made["told"]:
            return []
        lines = [f"            {made['email']}   {made['password']}", f"            (shown once; it is kept in {file})"]
    except (OSError, ValueError, TypeError, KeyError):
        return []
    folder.write_private(file, json.dumps(made | {"told": True}))
    return lines


def sign_ins(file: Path, choices: Choices) -> list[str]:
    """What the demo's own file says about who may sign in where; nothing if there is no demo."""
    try:
        demo = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    lines = []
    with contextlib.suppress(TypeError, KeyError, AttributeError):
        agency = demo.get("agency") or {}
        if agency:
            lines.append(f"            {agency['email']}   {agency['password']}")
        for tenant in demo.get("organizations", []):
            lines.append(f"{tenant['name']}")
            lines.append(f"            {choices.address(tenant['slug'])}")
            lines.append(f"            {tenant['email']}   {tenant['password']}")
    return lines
