"""What `manage.py check --deploy` says about toys in earnest surroundings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError

from .demo import people


def simulator(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Whoever may open it plays customers and platforms."""
    if not settings.SIMULATOR:
        return []
    return [checks.Error("The simulator is switched on.", hint="Set SIMULATOR=0.", id="simulator.E001")]


def demo_people(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Nobody invented may sign in, and nobody at all with the password that the documentation prints."""
    try:
        invented, exposed = people.here(), people.with_published_password()
    except DatabaseError:
        return []  # organizations.E009 says so
    found: list[checks.CheckMessage] = []
    if invented:
        names = ", ".join(user.email for user in invented[:3])
        hint = "manage.py demo --off switches them off; their organizations can be paused in the console."
        found.append(checks.Error(f"People of the demo may sign in: {names} …", hint=hint, id="simulator.E002"))
    if exposed:
        names = ", ".join(user.email for user in exposed[:5])
        hint = "Give each a password of their own, or switch them off."
        found.append(checks.Error(f"The demo's published password opens: {names}.", hint=hint, id="simulator.E003"))
    return found


def register_all() -> None:
    checks.register(simulator, checks.Tags.security, deploy=True)
    checks.register(demo_people, checks.Tags.security, deploy=True)
