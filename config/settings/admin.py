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
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("ui/icon.svg")},
    ],
    "DASHBOARD_CALLBACK": "apps.organizations.console.landing",
    "SHOW_LANGUAGES": True,
    "STYLES": [lambda _request: static("organizations/console.css")],
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        "primary": {
            "50": "#eef9fb",
            "100": "#d6f0f5",
            "200": "#b0e0ea",
            "300": "#7fcadb",
            "400": "#41a9c0",
            "500": "#1a829a",
            "600": "#0b6477",
            "700": "#0b5263",
            "800": "#0d4553",
            "900": "#0f3945",
            "950": "#06242d",
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
