"""The agency's admin."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _link(title: object, icon: str, view: str, badge: str = "") -> dict[str, object]:
    link: dict[str, object] = {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{view}")}
    if badge:
        link["badge"] = f"apps.organizations.console.{badge}"
    return link


UNFOLD = {
    "SITE_TITLE": "Frontdesk",
    "SITE_HEADER": "Frontdesk",
    "SITE_SUBHEADER": _("Agency console"),
    "SITE_SYMBOL": "support_agent",
    "DASHBOARD_CALLBACK": "apps.organizations.console.landing",
    "SHOW_LANGUAGES": True,
    "STYLES": [lambda _request: static("organizations/console.css")],
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        "primary": {
            "50": "#eef2ff",
            "100": "#dfe6ff",
            "200": "#c5d0ff",
            "300": "#a1b2fb",
            "400": "#7b8ff0",
            "500": "#5a70e3",
            "600": "#3b5bdb",
            "700": "#3049b5",
            "800": "#2a3f93",
            "900": "#273873",
            "950": "#182146",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "items": [
                    _link(_("Overview"), "dashboard", "index"),
                    _link(_("Organizations"), "storefront", "organizations_organization_changelist", "trouble_badge"),
                    _link(_("People"), "group", "organizations_user_changelist"),
                    _link(_("Usage"), "monitoring", "organizations_usage_changelist"),
                ],
            },
            {
                "title": _("Operations"),
                "separator": True,
                "items": [
                    _link(_("Unrouted deliveries"), "call_split", "organizations_unrouteddelivery_changelist",
                          "unrouted_badge"),
                    _link(_("Jobs"), "pending_actions", "jobs_job_changelist", "failed_badge"),
                    _link(_("Schedules"), "schedule", "django_celery_beat_periodictask_changelist"),
                    _link(_("Staff entries"), "badge", "organizations_staffentry_changelist"),
                    _link(_("Activity log"), "history", "auditlog_logentry_changelist"),
                ],
            },
        ],
    },
}  # fmt: skip
