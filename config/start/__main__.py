"""`python -m config.start run`, `… test [pytest arguments]`, `… with COMMAND …`."""

import dataclasses
import os
import shutil
import sys

from .checks import checks, formatters
from .choices import PROJECT, Choices, read_choices
from .console import Console
from .packages import check_python
from .problems import Problem, explain
from .stack import Command, Stack

USAGE = "Usage: python -m config.start run | test [pytest arguments] | lint | fmt | bench [names] | with COMMAND"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main(arguments: list[str]) -> int:
    console = Console()
    try:
        check_python()
        choices = read_choices()
        match arguments:
            case ["run"]:
                return Stack(choices, console).run()
            case ["test", *rest]:
                return test(choices, console, rest)
            case ["lint"]:
                stack = with_servers(choices, console)
                return stack.run_commands(*checks(stack.packages))
            case ["fmt"]:
                stack = with_servers(choices, console)
                return stack.run_commands(*formatters(stack.packages))
            case ["bench", *names]:
                return bench(choices, console, names)
            case ["with", *command] if command:
                return with_servers(choices, console).run_commands(Command(command))
            case _:
                raise Problem(USAGE)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(explain(error, ""), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def with_servers(choices: Choices, console: Console, *, folder: str = "test", throwaway: bool = True) -> Stack:
    """Servers of their own, in a folder beside the real data."""
    choices = dataclasses.replace(choices, data_dir=choices.data_dir / folder)
    return Stack(choices, console, throwaway=throwaway, requirements="requirements-dev.txt")


def test(choices: Choices, console: Console, arguments: list[str]) -> int:
    """`make test`: the tests beside their own servers, two at a time."""
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        sentence = "Browser tests need Chromium (Debian, Ubuntu: apt install chromium; or CHROMIUM=/path/to/it)"
        console.say(f"{sentence}; they {'fail' if os.environ.get('CI') else 'are skipped'}.")
    stack = with_servers(choices, console)
    if not any(argument.startswith(("-n", "--numprocesses", "--pdb")) for argument in arguments):
        # Tests that share a running product (xdist_group) stay in one process.
        arguments = ["-n", "2", "--dist", "loadgroup", *arguments]
    command = [str(stack.packages.python), "-m", "pytest", *arguments]
    return stack.run_commands(
        Command(command, environment={"LOG_FORMAT": "json"} | ({"CHROMIUM": browser} if browser else {}))
    )


def bench(choices: Choices, console: Console, names: list[str]) -> int:
    """`make bench`: the scripts in bench/, all or some, each beside durable servers as in `make run`."""
    known = sorted(path.parent.name for path in (PROJECT / "bench").glob("*/__main__.py"))
    if unknown := set(names) - set(known):
        raise Problem(f"No such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(known) or 'none'}.")
    stack = with_servers(choices, console, folder="bench", throwaway=False)
    python = str(stack.packages.python)
    return stack.run_commands(*(Command([python, "-m", f"bench.{name}"], title=name) for name in names or known))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
