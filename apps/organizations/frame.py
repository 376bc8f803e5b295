"""What an organization puts around every page: its name and color, who sees which menu entry, who is inside."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from apps.ui import shell

from . import queries
from .access import actor_of, role_of
from .actors import Can
from .models import Role


def brand(request: HttpRequest) -> shell.Brand | None:
    organization = getattr(request, "tenant", None)
    if organization is None:
        return None
    logo = _url("organizations:logo") if organization.logo else ""
    return shell.Brand(name=organization.name, accent=organization.accent, logo_url=logo)


def access(request: HttpRequest, wanted: str) -> bool:
    """Whether they hold at least a role, or may do what a capability names."""
    if wanted not in Role.values:
        return actor_of(request).may(Can(wanted))
    held = role_of(request)
    return held is not None and held.includes(Role(wanted))


def banners(request: HttpRequest) -> Iterator[shell.Banner]:
    entry = getattr(request, "staff_entry", None)
    if entry is not None:
        yield shell.Banner(
            _("You are inside %(organization)s as agency staff. What you do here is recorded.")
            % {"organization": entry.organization.name},
            tone="warn",
            action_label=_("Leave"),
            action_url=_url("organizations:leave"),
            action_method="post",
            key="staff",
        )
    held = role_of(request)
    if getattr(request, "tenant", None) and held is not None and held.includes(Role.MANAGER):
        yield from _budget_banners()


def _budget_banners() -> Iterator[shell.Banner]:
    for budget, percent in queries.budget_alerts(queries.current_organization()).items():
        yield shell.Banner(
            _budget_sentence(budget, percent),
            tone="bad" if percent >= 100 else "warn",
            action_label=_("See usage"),
            action_url=_url("organizations:usage"),
            key=f"budget-{budget}-{percent}",
        )


def _budget_sentence(budget: str, percent: int) -> str:
    if budget == "ai" and percent >= 100:
        return _("The AI budget of this month is used up. The built-in assistant answers until it is raised.")
    if budget == "ai":
        return _("80% of this month's AI budget is used. Answers now come from a cheaper model.")
    if percent >= 100:
        return _("The message budget of this month is used up.")
    return _("80% of this month's message budget is used.")


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
