"""manage.py demo: three invented organizations with six weeks behind them, and who may sign in where.

What is there already is left as it is: an interrupted run goes on, a second one changes nothing.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django_tenants.utils import tenant_context

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.organizations.models import Organization

from ...demo import history, tenants


class Command(BaseCommand):
    help = "Make three demo organizations with catalogs, people and six weeks of conversations."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--talks", type=int, help="play only so many conversations per organization")
        parser.add_argument(
            "--processes", type=int, default=os.cpu_count() or 1, help="how many organizations play at the same time"
        )
        parser.add_argument("--only", choices=tenants.SLUGS, help="play this organization, which has been made before")

    def handle(self, *args: Any, **options: Any) -> None:
        finished = Path(settings.DATA_DIR) / "demo.json"
        if finished.exists():
            self.stdout.write(f"The demo is there already ({finished}).")
            return
        if options["only"]:
            self._play(tenants.read(options["only"]), options["talks"])
            return
        told = [tenants.read(slug) for slug in tenants.SLUGS]
        self._check_free(told)
        try:
            tenants.make_agency()
            for one in told:
                self._make(one)
        except ValidationError as error:
            raise CommandError("The demo cannot be made: " + " ".join(error.messages)) from error
        if options["processes"] > 1:
            self._play_beside_each_other(options["talks"])
        else:
            for one in told:
                self._play(one, options["talks"])
        _write_private(finished, _sign_ins(told))

    def _check_free(self, told: list[dict[str, Any]]) -> None:
        for one in told:
            there = Organization.objects.filter(slug=one["slug"]).first()
            if there is not None and not tenants.is_ours(there, one):
                raise CommandError(
                    f"The short name “{one['slug']}” belongs to another organization ({there.name}), so the demo cannot"
                    f" have it. The demo needs {', '.join(tenants.SLUGS)}; it is meant for an empty database."
                )

    def _make(self, told: dict[str, Any]) -> None:
        self.stdout.write(f"Making {told['name']} …")
        # As if it had been set up before the first customer wrote.
        with clock.frozen(clock.now() - tenants.AGE):
            organization = tenants.make(told)
            if not tenants.is_furnished(organization):
                tenants.furnish(organization, told)
        connection.set_schema_to_public()

    def _play(self, told: dict[str, Any], most: int | None) -> None:
        organization = Organization.objects.get(slug=told["slug"])
        self._name = told["name"]
        with tenant_context(organization):
            accounts = tenants.accounts(told)
            until = organization.created_at + tenants.AGE
            history.play(organization, accounts, until=until, most=most, tell=self._tell)
        # What is worked out of the history as a whole, at today's time.
        jobs.run_due(schema=organization.schema_name)

    def _play_beside_each_other(self, most: int | None) -> None:
        """One process for each organization: the work is Python's, and one process can use one core."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo"]
        more = ["--talks", str(most)] if most is not None else []
        running = [
            subprocess.Popen(
                [*command, "--only", slug, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            for slug in tenants.SLUGS
        ]
        try:
            with selectors.DefaultSelector() as ready:
                for child in running:
                    ready.register(child.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]
                while ready.get_map():
                    for key, _events in ready.select():
                        line = key.fileobj.readline()  # type: ignore[union-attr]
                        if line:
                            self.stdout.write(line.rstrip())
                        else:
                            ready.unregister(key.fileobj)
            failed = [slug for slug, child in zip(tenants.SLUGS, running, strict=True) if child.wait()]
        finally:
            for child in running:
                child.terminate()
        if failed:
            raise CommandError(f"The history of {', '.join(failed)} was not played to its end; start again to go on.")

    def _tell(self, done: int, talks: int) -> None:
        if done % 20 == 0 or done == talks:
            self.stdout.write(f"  {self._name}: {done} of {talks} conversations")
            self.stdout.flush()


def _sign_ins(told: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "agency": {"email": tenants.AGENCY[0], "password": tenants.PASSWORD},
        "organizations": [
            {
                "name": one["name"],
                "slug": one["slug"],
                "email": tenants.owner_of(one)["email"],
                "password": tenants.PASSWORD,
            }
            for one in told
        ],
    }


def _write_private(path: Path, value: dict[str, Any]) -> None:
    """Complete or not at all, and readable for nobody else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2, ensure_ascii=False)
    partial.replace(path)
