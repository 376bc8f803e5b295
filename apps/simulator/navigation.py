"""The menu entry, unless the simulator is switched off."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import NavItem, register

if settings.SIMULATOR:
    register(NavItem("simulator", _("Simulator"), icon="device-mobile", url="simulator:entry", order=80, role="agent"))
