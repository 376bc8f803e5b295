"""The menu entry, and what Settings is made of."""

from django.utils.translation import gettext_lazy as _

from apps.ui.navigation import FOOT, NavItem, Section, register, register_section

from .actors import Can
from .console import overview

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
# At the agency's console: the right for each instead of a role.
for item in (
    NavItem("console", _("Overview"), icon="gauge", url="admin:index", order=10, role=Can.BE_ONESELF),
    NavItem("console-organizations", _("Organizations"), icon="building-store",
            url="admin:organizations_organization_changelist", order=20, role=Can.SEE_ORGANIZATIONS,
            badge=overview.over_budget),
    NavItem("console-people", _("People"), icon="users", url="admin:organizations_user_changelist", order=30,
            role=Can.SEE_ACCOUNTS),
    NavItem("console-usage", _("Usage"), icon="chart-bar", url="admin:organizations_usage_changelist", order=40,
            role=Can.SEE_USAGE),
    NavItem("console-unrouted", _("Unrouted deliveries"), icon="route",
            url="admin:organizations_unrouteddelivery_changelist", order=50, role=Can.SEE_UNROUTED,
            badge=overview.unrouted),
    NavItem("console-jobs", _("Jobs"), icon="stack-2", url="admin:jobs_job_changelist", order=60, role=Can.SEE_JOBS,
            badge=overview.given_up),
    NavItem("console-schedules", _("Schedules"), icon="clock",
            url="admin:django_celery_beat_periodictask_changelist", order=70, role=Can.SEE_SCHEDULES),
    NavItem("console-entries", _("Staff entries"), icon="door-enter", url="admin:organizations_staffentry_changelist",
            order=80, role=Can.SEE_ENTRIES, group=FOOT),
    NavItem("console-log", _("Activity log"), icon="history", url="admin:auditlog_logentry_changelist", order=90,
            role=Can.SEE_LOG, group=FOOT),
):  # fmt: skip
    register(item)
