"""How much is mailed: to one address, and by one organization, whoever asks for it and at whichever host.

What we send to people who have not asked for it (invitations, links, notices) must not become somebody's flood.
"""

from __future__ import annotations

from django.conf import settings

from .models import Organization
from .throttling import count, whose

HOUR = 3600
TO_ONE_BY_ONE = 5  # an hour, to one address by one organization
TO_ONE = 10  # … by all of them together
BY_ONE = 100  # … by one organization to anybody


def admit_mail(to: str, organization: Organization | None) -> bool:
    """Count a mail; whether it may still leave."""
    by = organization.pk if organization else "agency"
    counts = (
        (f"mail:{by}:{whose(to)}", TO_ONE_BY_ONE),
        (f"mail:to:{whose(to)}", TO_ONE),
        (f"mail:by:{by}", BY_ONE if organization else BY_ONE * 10),
    )
    return all(count(key, HOUR)[0] <= most for key, most in counts)


def travels() -> bool:
    """Whether mail leaves this server. Files and a console are read by whoever runs it: they show nobody's mailbox."""
    return not settings.EMAIL_BACKEND.startswith(
        tuple(f"django.core.mail.backends.{kind}." for kind in ("filebased", "console", "dummy"))
    )
