"""manage.py create_organization SLUG --name … --owner EMAIL [--password …]"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from apps.organizations.given import secret
from apps.organizations.hosts import address_of
from apps.organizations.models import Membership
from apps.organizations.services import create_organization


class Command(BaseCommand):
    help = "Create an organization: its schema, host name and owner (invited by mail unless a password is given)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", required=True)
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument(
            "--password", help="'-' reads it from standard input or asks; without it: OWNER_PASSWORD, if set"
        )
        for field in ("trade", "language", "timezone", "currency", "country"):
            parser.add_argument(f"--{field}")

    def handle(self, *args: Any, **options: Any) -> None:
        password = secret(options["password"], flag="--password", variable="OWNER_PASSWORD", stderr=self.stderr)
        given = ("trade", "language", "timezone", "currency", "country")
        try:
            validate_email(options["owner"])
            organization = create_organization(
                slug=options["slug"],
                name=options["name"],
                owner_email=options["owner"],
                owner_password=password or None,
                **{field: options[field] for field in given if options[field]},
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        host = organization.host
        self.stdout.write(f"{organization.name}: {address_of(host)}/")
        if not Membership.objects.filter(organization=organization).exists():
            invitation = organization.invitations.latest("id")
            if invitation.mail_problem:
                self.stdout.write(
                    f"The invitation could not be mailed to {options['owner']}: {invitation.mail_problem}"
                )
                self.stdout.write("Send it again in the admin, or give the owner a password here.")
            else:
                self.stdout.write(f"{options['owner']} was invited by mail.")
