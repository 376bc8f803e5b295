"""The menu entry."""

from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import NavItem, register

register(NavItem("leads", _("Leads"), icon="users", url="leads:list", order=30))
