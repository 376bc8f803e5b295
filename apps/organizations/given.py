"""Secrets that commands take. A command line is read by everybody on the machine and kept in the shell's history."""

from __future__ import annotations

import getpass
import os
import sys

from django.core.management.base import OutputWrapper


def secret(given: str | None, *, flag: str, variable: str, stderr: OutputWrapper) -> str:
    """The secret of `flag`: `-` reads it from standard input (a person is asked), nothing from the environment.

    Written out it works as well, and the person is told what that means; "" where there is none.
    """
    if given == "-":
        return getpass.getpass(f"{flag}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if given:
        stderr.write(f"{flag} on the command line can be read by others on this machine: use `{flag} -` or {variable}.")
        return given
    return os.environ.get(variable, "")
