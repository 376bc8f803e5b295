"""The persona's place in the menu."""

from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import NavItem, register

register(
    NavItem("ai", _("Assistant"), icon="robot", url="ai:persona", order=55, role="agent", also=("/dashboard/ai/",))
)
