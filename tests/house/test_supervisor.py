"""The supervisor with small programs of our own: restart, back-off, order, leftovers."""

import io
import os
import signal
import subprocess
import sys
import time

import pytest

from config.start.console import Console
from config.start.folder import DataFolder, read_env_file
from config.start.problems import Problem
from config.start.programs import Program
from config.start.supervisor import Supervisor, clear_leftovers


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.open()
    return folder


@pytest.fixture
def supervisor(folder):
    supervisor = Supervisor(folder, Console(io.StringIO()))
    yield supervisor
    supervisor.stop()


def program(name, code, **options):
    return Program(name, [sys.executable, "-c", code], dict(os.environ), folder=os.getcwd(), **options)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition, supervisor, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        supervisor.pump(0.05)
        for each in supervisor.programs:
            supervisor._look_after(each)


def test_a_program_that_dies_is_started_again_with_growing_pauses(supervisor):
    dies = program("dies", "import os; print('born', os.getpid(), flush=True); os.kill(os.getpid(), 9)")
    supervisor.programs.append(dies)
    supervisor._spawn(dies)
    until(lambda: dies.failures == 2, supervisor)
    log = supervisor.log_of(dies).read_text()
    assert log.count("born") == 2
    assert "killed by SIGKILL; starting it again in 0.5 s" in log
    assert "starting it again in 1 s" in log


def test_a_program_that_does_not_start_says_why(supervisor):
    broken = program("broken", "import sys; sys.exit('FATAL: no such thing')", is_ready=lambda: False)
    with pytest.raises(Problem, match=r"broken did not start: FATAL: no such thing \(all of it: .*broken\.log\)\."):
        supervisor.start(broken)


def test_stopping_kills_what_does_not_listen(supervisor):
    deaf = program(
        "deaf",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
        stop_within=0.3,
    )
    supervisor.start(deaf)
    until(lambda: supervisor._tails["deaf"], supervisor)
    pid = deaf.process.pid
    supervisor.stop()
    assert not alive(pid)


def test_the_children_of_a_dead_program_go_with_it(supervisor):
    parent = program(
        "parent",
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True); time.sleep(60)",
    )
    supervisor.start(parent)
    until(lambda: supervisor._tails["parent"], supervisor)
    child = int(supervisor._tails["parent"][0])
    parent.process.kill()
    until(lambda: parent.failures == 1, supervisor)
    until(lambda: not alive(child), supervisor)


def test_leftovers_of_a_killed_supervisor_are_ended(folder):
    leftover = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    from config.start.programs import boot, identity

    record = folder.path / "run" / "web.pid"
    record.write_text(f"{leftover.pid}\n{identity(leftover.pid)}\n{boot()}\n")
    clear_leftovers(folder, Console(io.StringIO()), patience=0.5)
    assert leftover.wait(5) in {-signal.SIGTERM, -signal.SIGKILL}
    assert not record.exists()


def test_a_strangers_process_with_an_old_number_is_left_alone(folder):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    from config.start.programs import boot

    (folder.path / "run" / "web.pid").write_text(f"{stranger.pid}\n{boot()}/1\n{boot()}\n")
    clear_leftovers(folder, Console(io.StringIO()), patience=0.5)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_env_files_are_understood(tmp_path):
    file = tmp_path / ".env"
    file.write_text("# comment\nA=1\nexport B='two words'\nC=\"=3\"\n\nnothing\n")
    assert read_env_file(file) == {"A": "1", "B": "two words", "C": "=3"}


def test_secrets_are_made_once(folder):
    first = folder.secrets()
    assert folder.secrets() == first
    assert folder.secrets_file.stat().st_mode & 0o777 == 0o600
    assert len(set(first.values())) == len(first)
