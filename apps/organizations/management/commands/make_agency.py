"""manage.py make_agency [EMAIL]: the first person of the agency, where there is none, with a password made by chance."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from apps.organizations.models import User


class Command(BaseCommand):
    help = (
        "Make the agency's first person, if nobody can open the console yet. The password lies in DATA_DIR/agency.json."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", nargs="?", default=f"agency@{settings.BASE_DOMAIN}")

    def handle(self, *args: Any, **options: Any) -> None:
        staff = User.objects.filter(is_staff=True, is_superuser=True, is_active=True)
        if any(user.has_usable_password() for user in staff):
            return
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is no e-mail address; name one: manage.py make_agency EMAIL") from error
        if User.objects.filter(email=email).exists():
            raise CommandError(f"{email} belongs to somebody already; name another: manage.py make_agency EMAIL")
        password = secrets.token_urlsafe(15)
        file = Path(settings.DATA_DIR) / "agency.json"
        # First the file: a password that nobody knows would lock everybody out.
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            json.dump({"email": email, "password": password, "told": False}, stream)
        User.objects.create_superuser(email, password)
        self.stdout.write(f"{email} opens the console; the first password is in {file}.")
