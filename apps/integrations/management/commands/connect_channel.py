"""manage.py connect_channel SLUG CHANNEL --external-id … --token …"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_tenants.utils import tenant_context

from apps.integrations.services import connect_account
from apps.integrations.surfaces import SURFACES
from apps.organizations.given import secret
from apps.organizations.models import Organization


class Command(BaseCommand):
    help = "Connect a page, Instagram account or WhatsApp number of an organization."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("channel", choices=sorted(SURFACES))
        parser.add_argument("--external-id", required=True)
        parser.add_argument(
            "--token", help="'-' reads it from standard input or asks; without it: CHANNEL_TOKEN, if set"
        )
        parser.add_argument("--name", default="")
        parser.add_argument("--page-id", default="", help="Instagram: the page it is linked to")
        parser.add_argument("--waba-id", default="", help="WhatsApp: the business account, which holds the templates")
        parser.add_argument(
            "--no-check", action="store_true", help="ask the platform later; until then nothing is routed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(slug=options["slug"]).first()
        if organization is None:
            raise CommandError(f"There is no organization {options['slug']!r}.")
        token = secret(options["token"], flag="--token", variable="CHANNEL_TOKEN", stderr=self.stderr).strip()
        with tenant_context(organization):
            try:
                account = connect_account(
                    channel=options["channel"],
                    external_id=options["external_id"],
                    token=token,
                    name=options["name"],
                    settings={key: options[key] for key in SURFACES[options["channel"]].extra if options[key]},
                    actor="command",
                    ask_now=not options["no_check"],
                )
            except ValidationError as error:
                raise CommandError("; ".join(error.messages)) from error
        said = f"{account}: {account.get_state_display()} {account.problem}".rstrip()
        if account.problem and not options["no_check"]:
            raise CommandError(said)
        self.stdout.write(said)
