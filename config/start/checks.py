"""`make lint` and `make fmt`: the tools, and in which surroundings each of them looks at the project."""

from .choices import PROJECT
from .packages import Packages
from .stack import Command

# A deployment as docs/operations.md describes it: `check --deploy` must find nothing to say about it.
PRODUCTION = {
    "HTTPS": "1", "TRUSTED_PROXIES": "1", "BASE_DOMAIN": "frontdesk.example", "PORT": "443", "DEBUG": "0",
    "SIMULATOR": "0", "POSTMARK_API_TOKEN": "checked-nowhere", "POSTMARK_FROM_EMAIL": "desk@frontdesk.example",
    "LOG_FORMAT": "json",
}  # fmt: skip


def checks(packages: Packages) -> list[Command]:
    python, tool = str(packages.python), packages.program
    manage = [python, "manage.py"]
    return [
        Command([tool("ruff"), "check", "--quiet", "."], "ruff check"),
        Command([tool("ruff"), "format", "--check", "--quiet", "."], "ruff format"),
        Command([tool("lint-imports")], "import-linter"),
        Command([tool("mypy")], "mypy"),
        *_templates([tool("djlint"), "--quiet", "--lint"]),
        Command([*manage, "makemigrations", "--check", "--dry-run"], "migrations"),
        Command([*manage, "check", "--deploy", "--fail-level", "WARNING"], "check --deploy", PRODUCTION),
    ]


def formatters(packages: Packages) -> list[Command]:
    ruff = packages.program("ruff")
    return [Command([ruff, "check", "--fix-only", "--quiet", "."]), Command([ruff, "format", "--quiet", "."])]


def _templates(djlint: list[str]) -> list[Command]:
    return [Command([*djlint, "templates"], "djlint")] if any((PROJECT / "templates").rglob("*.html")) else []
