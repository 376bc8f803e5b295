"""The agency's admin."""

from django.utils.translation import gettext_lazy as _

UNFOLD = {
    "SITE_TITLE": "Frontdesk",
    "SITE_HEADER": "Frontdesk",
    "SITE_SUBHEADER": _("Agency console"),
    "DASHBOARD_CALLBACK": "apps.organizations.console.landing",
    "SHOW_LANGUAGES": True,
}
