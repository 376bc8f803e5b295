"""The menu entry."""

from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import NavItem, register

register(NavItem("channels", _("Channels"), icon="plug", url="integrations:list", order=50, role="manager"))
