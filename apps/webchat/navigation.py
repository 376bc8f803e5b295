"""What Settings offers for the website chat."""

from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import Section, register_section

register_section(
    Section("chat", _("Website chat"), _("The line for your website, what the chat says first, and where it may stand."),
            "message-circle", "webchat:settings", order=39, role="manager")
)  # fmt: skip
