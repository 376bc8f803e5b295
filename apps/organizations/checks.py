"""What `manage.py check` says about keys, hosts and people before anything breaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core import checks
from django.db import DatabaseError, ProgrammingError

from .models import Domain, User

_HINT = (
    'Make a key with: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
    " and put it first in FIELD_ENCRYPTION_KEYS, before the older ones."
)


def encryption_keys(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Credentials cannot be stored or read without a key; better to hear that now."""
    keys = settings.FIELD_ENCRYPTION_KEYS
    if not keys:
        return [checks.Error("FIELD_ENCRYPTION_KEYS is empty.", hint=_HINT, id="organizations.E001")]
    problems: list[checks.CheckMessage] = []
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except (ValueError, TypeError):
            problems.append(
                checks.Error(
                    f"Key {number} of FIELD_ENCRYPTION_KEYS is not 32 bytes in URL-safe base64.",
                    hint=_HINT,
                    id="organizations.E002",
                )
            )
    if len(set(keys)) < len(keys):
        problems.append(checks.Warning("FIELD_ENCRYPTION_KEYS holds a key twice.", id="organizations.W001"))
    return problems


def surroundings(**_kwargs: Any) -> list[checks.CheckMessage]:
    """What a server on the internet needs and a machine on a desk does not. Errors: `check --deploy` fails."""
    found: list[checks.CheckMessage] = []
    if settings.DEBUG:
        found.append(
            checks.Error("DEBUG is on: pages show code and settings.", hint="Set DEBUG=0.", id="organizations.E008")
        )
    if settings.LOCAL:
        hint = "Set BASE_DOMAIN to the domain below which organizations live."
        said = f"BASE_DOMAIN is {settings.BASE_DOMAIN}: organizations can only be reached on this machine."
        found.append(checks.Error(said, hint=hint, id="organizations.E003"))
    if not settings.STAFF_SECOND_FACTOR:
        hint = "Take STAFF_SECOND_FACTOR=0 away: it is for trying the product on one's own machine."
        said = "STAFF_SECOND_FACTOR is off: a password alone opens the console of all organizations."
        found.append(checks.Error(said, hint=hint, id="organizations.E009"))
    if not settings.HTTPS:
        hint = "Put a proxy that speaks https and sets X-Forwarded-Proto in front, and set HTTPS=1."
        found.append(
            checks.Error("HTTPS is off: passwords and sessions go in the clear.", hint=hint, id="organizations.E004")
        )
    elif settings.TRUSTED_PROXIES < 1:
        hint = "Set TRUSTED_PROXIES to the number of proxies of yours that write X-Forwarded-For."
        said = "TRUSTED_PROXIES is 0 behind HTTPS: everybody shares the proxy's address, and its limits."
        found.append(checks.Error(said, hint=hint, id="organizations.E005"))
    return found


def keys(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Without these some of the product stands still, and nobody would see why."""
    found: list[checks.CheckMessage] = []
    if not settings.POSTMARK_API_TOKEN:
        said = "No mail provider is set: invitations and forgotten passwords end in files."
        found.append(checks.Warning(said, hint="Set POSTMARK_API_TOKEN.", id="organizations.W003"))
    if settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">").endswith("localhost"):
        said = f"Mails come from {settings.DEFAULT_FROM_EMAIL}, which nobody can answer and most servers refuse."
        found.append(checks.Warning(said, hint="Set POSTMARK_FROM_EMAIL.", id="organizations.W004"))
    meta = {
        name: getattr(settings, name)
        for name in ("FACEBOOK_APP_SECRET", "FACEBOOK_VERIFY_TOKEN", "WHATSAPP_VERIFY_TOKEN")
    }
    if missing := [name for name, value in meta.items() if not value]:
        said = (
            f"Missing: {', '.join(missing)}. Without them no webhook of Messenger, Instagram or WhatsApp is accepted."
        )
        found.append(checks.Warning(said, hint="Set them as in the app's dashboard at Meta.", id="organizations.W005"))
    if settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
        said = "There is no shared cache: each process counts limits and failed sign-ins for itself."
        found.append(checks.Warning(said, hint="Set CACHE_URL.", id="organizations.W007"))
    return found


def stored(**_kwargs: Any) -> list[checks.CheckMessage]:
    """What the database and the data folder have kept from a start on a desk."""
    found: list[checks.CheckMessage] = []
    try:
        hosts = [host for host in Domain.objects.values_list("domain", flat=True) if host.endswith("localhost")]
        known = _first_password_works()
    except ProgrammingError:  # nothing was migrated yet
        return []
    except DatabaseError as error:
        hint = "Run this where the database can be reached."
        said = f"The database could not be asked for demo people and domains: {error}".strip()
        return [checks.Error(said, hint=hint, id="organizations.E009")]
    if hosts:
        hint = "Give these organizations a domain in the console, or pause them."
        found.append(
            checks.Error(f"Domains of this machine only: {', '.join(hosts[:5])}.", hint=hint, id="organizations.E006")
        )
    if known:
        hint = "Sign in, change it, and delete the file."
        found.append(checks.Error("The agency's first password still works.", hint=hint, id="organizations.E007"))
    return found


def _first_password_works() -> bool:
    """The one that `make_agency` left in the data folder."""
    try:
        made = json.loads((Path(settings.DATA_DIR) / "agency.json").read_text(encoding="utf-8"))
        email, password = str(made["email"]), str(made["password"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    user = User.objects.filter(email=email, is_active=True).first()
    return user is not None and user.has_usable_password() and check_password(password, user.password)


def register_all() -> None:
    checks.register(encryption_keys, checks.Tags.security)
    for check in (surroundings, keys, stored):
        checks.register(check, checks.Tags.security, deploy=True)
