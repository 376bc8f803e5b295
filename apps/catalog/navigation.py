"""The menu entry."""

from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import NavItem, register

register(NavItem("catalog", _("Catalog"), icon="package", url="catalog:list", order=40))
