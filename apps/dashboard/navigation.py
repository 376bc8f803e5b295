"""The menu entry."""

from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import NavItem, register

register(NavItem("home", _("Home"), icon="home", url="dashboard:home", order=10))
