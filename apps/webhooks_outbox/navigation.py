"""The menu entry."""

from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import NavItem, register

register(NavItem("webhooks", _("Webhooks"), icon="webhook", url="webhooks_outbox:list", order=60, role="manager"))
