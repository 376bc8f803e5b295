"""manage.py demo: three invented organizations with six weeks behind them, and who may sign in where.

What is there already is left as it is: an interrupted run goes on, a second one changes nothing. At any other domain
than localhost there is no demo, and one that came along with the data is switched off.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_tenants.utils import tenant_context

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.connection import connection
from apps.organizations.models import Organization

from ...demo import history, people, tenants


class Command(BaseCommand):
    help = "Make three demo organizations with catalogs, people and six weeks of conversations."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--talks", type=int, help="play only so many conversations per organization")
        parser.add_argument(
            "--processes", type=int, default=os.cpu_count() or 1, help="how many organizations play at the same time"
        )
        parser.add_argument("--off", action="store_true", help="let nobody of the demo in any more, and make nothing")
        parser.add_argument("--only", choices=tenants.SLUGS, help="make this organization and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        finished = Path(settings.DATA_DIR) / "demo.json"
        if options["off"] or not settings.LOCAL:
            self.stdout.write(f"{people.switch_off()} people of the demo were switched off.")
            return
        if finished.exists():
            people.keep_to_ourselves(finished)
            self.stdout.write(f"The demo is there already ({finished}).")
            return
        slugs = [options["only"]] if options["only"] else tenants.SLUGS
        told = [tenants.read(slug) for slug in slugs]
        self._check_free(told)
        try:
            if not options["only"]:
                tenants.make_agency(people.hashed())
            if len(told) > 1 and options["processes"] > 1:
                self._all_at_once(options["talks"])
            else:
                for one in told:
                    self._make(one)
                    self._play(one, options["talks"])
        except ValidationError as error:
            raise CommandError("The demo cannot be made: " + " ".join(error.messages)) from error
        if not options["only"]:
            people.write_private(finished, json.dumps(people.sign_ins(told), indent=2, ensure_ascii=False))

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
            organization = tenants.make(told, people.hashed())
            if not tenants.is_furnished(organization):
                tenants.furnish(organization, told, people.hashed())
        connection.set_schema_to_public()

    def _play(self, told: dict[str, Any], most: int | None) -> None:
        organization = Organization.objects.get(slug=told["slug"])
        self._name, self._quarters = told["name"], 0
        with _unhurried_commits(), tenant_context(organization):
            accounts = tenants.accounts(told)
            until = organization.created_at + tenants.AGE
            history.play(organization, accounts, until=until, most=most, tell=self._tell)
            # What is worked out of the history as a whole, at today's time.
            jobs.run_due(schema=organization.schema_name)

    def _all_at_once(self, most: int | None) -> None:
        """One process for each organization: the work is Python's, and one process can use one core."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo"]
        more = ["--talks", str(most)] if most is not None else []
        # Nobody is to be told of work that these processes do themselves.
        environment = {**os.environ, "JOBS_NUDGE": "0"}
        running = [
            subprocess.Popen(
                [*command, "--only", slug, *more],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
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
            raise CommandError(f"{', '.join(failed)} could not be finished; start again to go on.")

    def _tell(self, done: int, steps: int) -> None:
        if done * 4 // steps > self._quarters:
            self._quarters = done * 4 // steps
            self.stdout.write(f"  {self._name}: {25 * self._quarters} % of its history")
            self.stdout.flush()


@contextmanager
def _unhurried_commits() -> Iterator[None]:
    """Commits that do not wait for the disk: what a power cut takes away is played again by the next start."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")
