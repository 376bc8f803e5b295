"""The menu entry, and what Settings is made of."""

from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import FOOT, NavItem, Section, register, register_section

register(
    NavItem(
        "settings", _("Settings"), icon="settings", url="organizations:settings", order=90, role="viewer", group=FOOT
    )
)
for section in (
    Section("organization", _("Organization"), _("Name, logo, color, language and time zone."), "building",
            "organizations:organization", order=10),
    Section("team", _("Team"), _("Who works here, and what they may do."), "users",
            "organizations:team", order=20, role="viewer"),
    Section("profile", _("Your profile"), _("Your name, language, password and second factor."), "user",
            "organizations:profile", order=30, role="viewer"),
    Section("sign-ins", _("Where you are signed in"), _("Browsers and programs that work in your name."), "device-desktop",
            "organizations:sign-ins", order=35, role="viewer"),
    Section("keys", _("API keys"), _("Let other programs work with this organization's data."), "key",
            "organizations:keys", order=70),
    Section("usage", _("Usage and budget"), _("Messages, AI and what they cost, day by day."), "chart-bar",
            "organizations:usage", order=80),
    Section("audit", _("Activity log"), _("Who changed what, when and from where."), "history",
            "organizations:audit", order=90),
):  # fmt: skip
    register_section(section)
