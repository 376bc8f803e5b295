"""The menu entry, and what Settings offers for conversations."""

from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import NavItem, Section, register, register_section

from .figures import waiting_count

register(
    NavItem(
        "inbox", _("Inbox"), icon="inbox", url="conversations:inbox", order=20, badge=lambda _request: waiting_count()
    )
)
register_section(
    Section("replies", _("Saved replies"), _("Answers that are typed often, found with a slash in the inbox."), "bolt",
            "conversations:replies", order=40, role="agent")
)  # fmt: skip
register_section(
    Section("templates", _("Message templates"), _("Approved messages for when the reply window is shut."), "template",
            "conversations:templates", order=41)
)  # fmt: skip
