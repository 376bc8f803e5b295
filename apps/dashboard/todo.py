"""What to do now: who waits for an answer, and what else wants a person. A handful of bounded queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.catalog import queries as catalog
from apps.conversations import figures as conversations
from apps.integrations import queries as integrations
from apps.jobs import clock
from apps.leads import queries as leads
from apps.organizations.models import Role, User
from apps.ui import phrases

SHOWN = 6  # people who wait; the rest is one click away
QUIET = timedelta(days=3)


@dataclass(frozen=True)
class Task:
    """Something a person can do now, with the page where it is done."""

    words: str
    help: str
    url: str
    icon: str
    tone: str = "info"


def waiting() -> dict[str, Any]:
    """Whom a person owes an answer, who has waited longest first."""
    rows = conversations.longest_waiting(SHOWN)
    count = conversations.waiting_count() if len(rows) == SHOWN else len(rows)
    return {"rows": rows, "count": count, "shown": phrases.up_to(count, conversations.MANY), "more": count > len(rows)}


def greeting(user: User) -> str:
    """As people greet at this time of day where the organization is."""
    name = user.get_short_name()
    hour = timezone.localtime(clock.now()).hour
    if hour < 12:
        return _("Good morning, %(name)s") % {"name": name}
    return (_("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")) % {"name": name}


def tasks(role: Role, *, now: datetime) -> list[Task]:
    """What this person can do about it; viewers look on."""
    found = list(_of_agents(now)) if role.includes(Role.AGENT) else []
    return [*_of_managers(), *found] if role.includes(Role.MANAGER) else found


def _of_managers() -> Iterator[Task]:
    accounts = list(integrations.accounts())  # with their credentials: one that cannot be read wants attention
    if not accounts:
        yield Task(
            _("Connect a channel"),
            _("Then customers' messages arrive here and are answered."),
            reverse("integrations:list"),
            "plug",
        )
    for account in accounts[:20]:
        if account.state == account.State.ATTENTION:
            yield Task(
                _("%(account)s needs attention") % {"account": account},
                account.problem or _("Messages may not arrive or leave until it is mended."),
                reverse("integrations:detail", args=[account.pk]),
                "alert-triangle",
                "bad",
            )
    if not catalog.has_items():
        yield Task(
            _("Add what you sell"),
            _("The assistant answers from the catalog."),
            reverse("catalog:list"),
            "package",
        )


def _of_agents(now: datetime) -> Iterator[Task]:
    if count := leads.unattended().order_by()[: leads.COUNTED].count():
        yield Task(
            ngettext("%(count)s hot lead has no owner", "%(count)s hot leads have no owner", count)
            % {"count": phrases.up_to(count, leads.COUNTED)},
            _("They are close to buying: take one, or give them to somebody."),
            f"{reverse('leads:list')}?{urlencode(leads.UNATTENDED, doseq=True)}",
            "flame",
            "warn",
        )
    since = timezone.localtime(now - QUIET).date()
    if count := leads.gone_quiet(since).order_by()[: leads.COUNTED].count():
        query = urlencode({**leads.GONE_QUIET, "active_before": since.isoformat()}, doseq=True)
        yield Task(
            ngettext("%(count)s lead has gone quiet", "%(count)s leads have gone quiet", count)
            % {"count": phrases.up_to(count, leads.COUNTED)},
            _("Qualified or converted, and nothing happened for three days: ask how it stands."),
            f"{reverse('leads:list')}?{query}",
            "clock-pause",
        )
