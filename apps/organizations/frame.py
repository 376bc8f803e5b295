"""What an organization puts around every page: its name and color, who sees which menu entry, who is inside."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from apps.ui import shell

from .access import role_of
from .models import Role


def brand(request: HttpRequest) -> shell.Brand | None:
    organization = getattr(request, "tenant", None)
    if organization is None:
        return None
    logo = _url("organizations:logo") if organization.logo else ""
    return shell.Brand(name=organization.name, accent=organization.accent, logo_url=logo)


def access(request: HttpRequest, role: str) -> bool:
    held = role_of(request)
    return held is not None and held.includes(Role(role))


def banners(request: HttpRequest) -> Iterator[shell.Banner]:
    if getattr(request, "staff_entry", None):
        yield shell.Banner(
            _("You are inside %(organization)s as agency staff. What you do here is recorded.")
            % {"organization": request.tenant.name},
            tone="warn",
            action_label=_("Leave"),
            action_url=_url("organizations:leave"),
            action_method="post",
            key="staff",
        )


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
