"""manage.py run_automations: do everything due, once, without Celery and safely beside it.

Exit status 0: all of it went well; 1: something failed (it is kept and tried again); 2: no such task or organization.
"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_tenants.utils import get_tenant_model

from apps.jobs import services
from apps.jobs.connection import connection
from apps.jobs.registry import groups, kinds_of


class Command(BaseCommand):
    help = "Do all due work once: of all kinds, or of one task; of all organizations, or of one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--task", default="all", help=f"which work: {', '.join(groups())} (default: all)", metavar="TASK"
        )
        parser.add_argument("--organization", default="", help="only this one", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            kinds = kinds_of(options["task"])
        except KeyError:
            known = ", ".join(groups())
            raise CommandError(f"There is no task {options['task']!r}. Known: {known}.", returncode=2) from None
        report = services.Report()
        services.run_due(
            kinds=() if options["task"] == "all" else kinds,
            schema=_schema_of(options["organization"]),
            report=report,
        )
        connection.set_schema_to_public()
        for kind, count in sorted(report.ran.items()):
            failed = report.failed[kind]
            self.stdout.write(f"{kind}: {count}" + (f", failed {failed}" if failed else ""))
        if not report.ran:
            self.stdout.write("Nothing was due.")
        if report.failed:
            self.stderr.write("Some of it failed; it is kept and will be tried again.")
            sys.exit(1)


def _schema_of(slug: str) -> str:
    if not slug:
        return ""
    connection.set_schema_to_public()
    schema = get_tenant_model().objects.filter(slug=slug).values_list("schema_name", flat=True).first()
    if schema is None:
        raise CommandError(f"There is no organization {slug!r}.", returncode=2)
    return str(schema)
