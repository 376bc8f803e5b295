"""What `make run` says when it cannot start: one sentence, no traceback."""

import dataclasses
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.start.broker import Broker
from config.start.choices import read_choices
from config.start.console import Console
from config.start.postgres import Postgres
from config.start.stack import Stack

PROJECT = Path(__file__).resolve().parent.parent.parent


def launch(*arguments, data_dir, timeout=60, **environment):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "config.start", *arguments],
        cwd=PROJECT,
        env=kept | {"DATA_DIR": str(data_dir), "VENV": sys.prefix} | environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def assert_one_sentence(result, *words):
    assert result.returncode == 1, result.stdout + result.stderr
    lines = [line for line in result.stderr.splitlines() if line]
    assert len(lines) == 1, result.stderr
    for word in words:
        assert word in lines[0]
    assert "Traceback" not in result.stdout + result.stderr


def test_taken_port(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        result = launch("run", data_dir=tmp_path / "data", PORT=str(port))
    assert_one_sentence(result, f"Port {port} on 127.0.0.1 is already in use", f"make run PORT={port + 1}")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "eighty"}, "PORT=eighty is not a number"),
        ({"PORT": "70000"}, "PORT=70000 is not a number from 1 to 65535"),
        ({"HOST": "203.0.113.7"}, "HOST=203.0.113.7 is not an address of this machine"),
    ],
)
def test_nonsense_addresses(tmp_path, environment, words):
    assert_one_sentence(launch("run", data_dir=tmp_path / "data", **environment), words)


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "data").write_text("")
    assert_one_sentence(launch("run", data_dir=tmp_path / "data", PORT="1"), str(tmp_path / "data"), "folder is needed")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize(("options", "words"), [("size=512k", "no space left"), ("ro", "not writable")])
def test_full_and_unwritable_folders(tmp_path, options, words):
    """A file system of half a megabyte, and one mounted read-only (root writes past mode bits)."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        assert_one_sentence(launch("run", data_dir=tmp_path / "data"), words, str(tmp_path / "data"))
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes past mode bits")
def test_unwritable_folder(tmp_path):
    tmp_path.chmod(0o500)
    assert_one_sentence(launch("run", data_dir=tmp_path / "data"), "not writable", str(tmp_path / "data"))


def test_python_without_venv(tmp_path):
    """Debian leaves `ensurepip` out of its Python."""
    (tmp_path / "ensurepip.py").write_text("raise ImportError('left out')")
    result = launch("run", data_dir=tmp_path / "data", PYTHONPATH=str(tmp_path))
    assert_one_sentence(result, "lacks its `ensurepip` module", "apt install python3-venv")


def test_old_python(tmp_path):
    """The Makefile looks for a Python itself, so that not even a syntax error can come first."""
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for name in ("python", "python3.11", "python3.12", "python3.13", "python3.14"):
        (tmp_path / name).symlink_to(old)
    result = subprocess.run(
        ["make", "run"],
        cwd=PROJECT,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode != 0
    assert result.stderr.startswith("Python 3.11 or newer is needed and none was found")


def test_unknown_words(tmp_path):
    assert_one_sentence(launch("walk", data_dir=tmp_path / "data"), "Usage:")


def test_the_launcher_needs_only_the_standard_library():
    """It runs before anything is installed: without site-packages, all of it must import."""
    modules = sorted(path.stem for path in (PROJECT / "config" / "start").glob("*.py") if path.stem != "__main__")
    imports = "; ".join(f"import config.start.{name}" for name in modules)
    done = subprocess.run(
        [sys.executable, "-S", "-c", imports],
        cwd=PROJECT,
        env={"PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_secret_is_on_a_command_line(tmp_path):
    """Everybody on a machine can read what its programs were started with."""
    stack = Stack(dataclasses.replace(read_choices(), data_dir=tmp_path), Console())
    stack.folder.open()
    secrets = stack.folder.secrets()
    site_packages = stack.packages.site_packages()
    postgres, broker = Postgres(stack.folder, site_packages, stack.console), Broker(stack.folder, site_packages)
    programs = [postgres.program(), broker.program(), stack.web(), stack.worker()]
    words = " ".join(word for program in programs for word in program.command)
    assert not [name for name, secret in secrets.items() if secret in words]
