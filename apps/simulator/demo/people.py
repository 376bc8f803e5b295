"""Who of the invented people may sign in, and with which password: the published one opens this machine's own demo only.

At another domain they are switched off. Where the demo listens to more than this machine, the password is a random one.
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

from apps.organizations.models import User

from . import tenants

PUBLISHED = "frontdesk-demo"


def password() -> str:
    """What the demo's people sign in with. A random one is made once, and kept where only we can read it."""
    if _is_loopback(settings.HOST):
        return PUBLISHED
    kept = Path(settings.DATA_DIR) / "demo.password"
    if not kept.is_file():
        write_private(kept, secrets.token_urlsafe(12))
    return kept.read_text(encoding="utf-8")


def with_published_password(among: Iterable[User] | None = None) -> list[User]:
    """Active people (all, if not told among whom) who would be let in with the published password: it is tried.

    Trying takes a third of a second; people of one hash are one try, and those who came with the demo share theirs.
    """
    rows = User.objects.filter(is_active=True).order_by("pk") if among is None else among
    tried: dict[str, bool] = {}
    found = []
    for user in rows:
        if user.password not in tried:
            tried[user.password] = user.has_usable_password() and check_password(PUBLISHED, user.password)
        if tried[user.password]:
            found.append(user)
    return found


def here() -> list[User]:
    """The invented people of this database who are not switched off."""
    return list(User.objects.filter(email__in=_addresses(), is_active=True).order_by("pk"))


def switch_off() -> int:
    """Let none of them in any more; how many there were."""
    people = here()
    for user in people:
        user.is_active = False
        user.set_unusable_password()
        user.save(update_fields=["is_active", "password"])
    (Path(settings.DATA_DIR) / "demo.json").unlink(missing_ok=True)
    return len(people)


def keep_to_ourselves(file: Path) -> None:
    """Where others could reach the demo by now, the published password gives way to a random one."""
    if password() == PUBLISHED:
        return
    exposed = with_published_password(here())
    for user in exposed:
        user.password = hashed()
        user.save(update_fields=["password"])
    if exposed:
        write_private(file, json.dumps(sign_ins(map(tenants.read, tenants.SLUGS)), indent=2, ensure_ascii=False))


def sign_ins(told: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Who may sign in where, for the last words of a start."""
    return {
        "agency": {"email": tenants.AGENCY[0], "password": password()},
        "organizations": [
            {"name": one["name"], "slug": one["slug"], "email": tenants.owner_of(one)["email"], "password": password()}
            for one in told
        ],
    }


@cache
def hashed() -> str:
    """One hash for all of them: each would take half a second, and they share the password anyhow."""
    return make_password(password())


def write_private(path: Path, text: str) -> None:
    """Complete or not at all, and readable for nobody else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


def _addresses() -> set[str]:
    told = [person["email"] for slug in tenants.SLUGS for person in tenants.read(slug)["people"]]
    return {tenants.AGENCY[0], *told}


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
