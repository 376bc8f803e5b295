"""manage.py create_organization SLUG --name … --owner EMAIL [--password …]"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.organizations.services import create_organization


class Command(BaseCommand):
    help = "Create an organization: its schema, host name and owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", required=True)
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--password")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            organization = create_organization(
                slug=options["slug"],
                name=options["name"],
                owner_email=options["owner"],
                owner_password=options["password"],
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"{organization.name}: {organization.get_primary_domain().domain}")
