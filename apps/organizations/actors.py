"""Who acts, and what they may do: the one table of capabilities.

Each verb of a service names the capability it needs, once (permissions.py); pages, API, console, commands and
automations inherit it. To give a role more or less, change GIVEN; tests/organizations/test_permissions.py has the
table that comes of it, for every verb and every kind of actor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from apps.jobs import clock

from .roles import Role

if TYPE_CHECKING:
    from .models import User


class Can(StrEnum):
    """Everything there is to be allowed, named for what somebody wants to do."""

    LOOK = "look"
    BE_ONESELF = "be_oneself"  # one's own name, language, sign-ins
    WORK_LEADS = "work_leads"
    REMOVE_LEADS = "remove_leads"  # and bring them back
    KEEP_FORMS = "keep_forms"
    CONVERSE = "converse"  # read and answer, take over, give back, hand out
    KEEP_REPLIES = "keep_replies"
    KEEP_TEMPLATES = "keep_templates"
    WORK_CATALOG = "work_catalog"
    KEEP_CATALOG = "keep_catalog"  # what is offered at all: archive, categories
    TEACH = "teach"  # the assistant
    SEE_LOG = "see_log"  # activity, usage
    SEE_RAW = "see_raw"  # bodies as platforms sent them
    CARE_FOR_CHANNELS = "care_for_channels"
    CARE_FOR_WEBHOOKS = "care_for_webhooks"
    HOLD_SECRETS = "hold_secrets"  # channels' tokens, webhooks' signing secrets
    CHANGE_ORGANIZATION = "change_organization"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_KEYS = "manage_keys"
    PLAY = "play"  # the customer, in the simulator
    # At the agency's console: each is given to staff by itself, see CONSOLE.
    SEE_ORGANIZATIONS = "see_organizations"
    MAKE_ORGANIZATIONS = "make_organizations"
    PAUSE_ORGANIZATIONS = "pause_organizations"  # and switch them on again
    KEEP_DOMAINS = "keep_domains"
    ENTER_ORGANIZATIONS = "enter_organizations"
    SEE_ACCOUNTS = "see_accounts"  # people, wherever they work
    KEEP_ACCOUNTS = "keep_accounts"
    RESCUE_ACCOUNTS = "rescue_accounts"  # give another address or password: whoever may can be anybody
    SWITCH_ACCOUNTS = "switch_accounts"  # off, and on again
    MAKE_STAFF = "make_staff"
    SEE_USAGE = "see_usage"
    SEE_UNROUTED = "see_unrouted"
    ROUTE_AGAIN = "route_again"  # or put aside
    SEE_JOBS = "see_jobs"
    RUN_JOBS = "run_jobs"
    SEE_SCHEDULES = "see_schedules"
    KEEP_SCHEDULES = "keep_schedules"
    SEE_ENTRIES = "see_entries"  # of staff into organizations


class Kind(StrEnum):
    """What kind of somebody acts."""

    MEMBER = "member"
    KEY = "key"
    STAFF = "staff"  # agency staff inside a tenant
    CONSOLE = "console"  # agency staff at the agency's own console
    STRANGER = "stranger"  # signed in, but nobody here
    VISITOR = "visitor"
    INNER = "inner"  # the product itself: a job, a rule, the bot, a command, what a customer's message brings about


# The least role for each; what stands in CONSOLE alone is no role's.
GIVEN: dict[Can, Role | None] = {
    Can.LOOK: Role.VIEWER,
    Can.BE_ONESELF: Role.VIEWER,
    Can.PLAY: Role.AGENT,
    Can.WORK_LEADS: Role.AGENT,
    Can.CONVERSE: Role.AGENT,
    Can.KEEP_REPLIES: Role.AGENT,
    Can.WORK_CATALOG: Role.AGENT,
    Can.REMOVE_LEADS: Role.MANAGER,
    Can.KEEP_FORMS: Role.MANAGER,
    Can.KEEP_TEMPLATES: Role.MANAGER,
    Can.KEEP_CATALOG: Role.MANAGER,
    Can.TEACH: Role.MANAGER,
    Can.SEE_LOG: Role.MANAGER,
    Can.SEE_RAW: Role.MANAGER,
    Can.CARE_FOR_CHANNELS: Role.MANAGER,
    Can.CARE_FOR_WEBHOOKS: Role.MANAGER,
    Can.HOLD_SECRETS: Role.MANAGER,
    Can.CHANGE_ORGANIZATION: Role.MANAGER,
    Can.MANAGE_PEOPLE: Role.MANAGER,
    Can.MANAGE_KEYS: Role.MANAGER,
}
# A program is nobody who could answer for people or for other programs.
NOT_FOR_KEYS = frozenset({Can.BE_ONESELF, Can.MANAGE_PEOPLE, Can.MANAGE_KEYS})
# What agency staff inside a tenant may do, all of it. They never touch owners (services/people.py), keys or secrets.
STAFF = frozenset({
    Can.LOOK, Can.BE_ONESELF, Can.PLAY, Can.WORK_LEADS, Can.CONVERSE, Can.KEEP_REPLIES, Can.WORK_CATALOG,
    Can.REMOVE_LEADS, Can.KEEP_FORMS, Can.KEEP_TEMPLATES, Can.KEEP_CATALOG, Can.TEACH, Can.SEE_LOG, Can.SEE_RAW,
    Can.CARE_FOR_CHANNELS, Can.CARE_FOR_WEBHOOKS, Can.CHANGE_ORGANIZATION, Can.MANAGE_PEOPLE,
})  # fmt: skip
# What agency staff may do at the console, each by the permission that they were given for it; "": superusers alone.
CONSOLE: dict[Can, str] = {
    Can.SEE_ORGANIZATIONS: "organizations.view_organization",
    Can.MAKE_ORGANIZATIONS: "organizations.add_organization",
    Can.CHANGE_ORGANIZATION: "organizations.change_organization",
    Can.KEEP_DOMAINS: "organizations.change_domain",
    Can.MANAGE_PEOPLE: "organizations.change_membership",
    Can.PAUSE_ORGANIZATIONS: "organizations.pause_organization",
    Can.ENTER_ORGANIZATIONS: "organizations.enter_organization",
    Can.SEE_ACCOUNTS: "organizations.view_user",
    Can.KEEP_ACCOUNTS: "organizations.change_user",
    Can.RESCUE_ACCOUNTS: "organizations.rescue_user",
    Can.SWITCH_ACCOUNTS: "organizations.switch_user",
    Can.MAKE_STAFF: "",
    Can.SEE_USAGE: "organizations.view_usage",
    Can.SEE_UNROUTED: "organizations.view_unrouteddelivery",
    Can.ROUTE_AGAIN: "organizations.route_unrouteddelivery",
    Can.SEE_JOBS: "jobs.view_job",
    Can.RUN_JOBS: "jobs.run_job",
    Can.SEE_SCHEDULES: "django_celery_beat.view_periodictask",
    Can.KEEP_SCHEDULES: "django_celery_beat.change_periodictask",
    Can.SEE_ENTRIES: "organizations.view_staffentry",
    Can.SEE_LOG: "auditlog.view_logentry",
}
GIVEN.update(dict.fromkeys(CONSOLE.keys() - GIVEN.keys()))


@dataclass(eq=False)  # not frozen: Python writes an exception's traceback into it
class NotAllowed(PermissionDenied):
    """The one refusal of a service: `code` for machines; the sentence is made where it is shown."""

    code: (
        str  # signed_out, not_a_member, role_too_low, not_for_keys, not_for_staff, not_given, reauthentication_required
    )
    can: Can | None = None

    def __str__(self) -> str:
        return {
            "signed_out": _("Sign in first."),
            "not_a_member": _("You do not work in this organization."),
            "not_for_keys": _("An API key may not do this. It takes a person who is signed in."),
            "not_for_staff": _("Agency staff may not do this inside an organization. Ask one of its owners."),
            "not_given": _("You were not given this right at the console. Ask somebody who makes staff."),
            "reauthentication_required": _("Confirm that it is you: give your password or a code again."),
        }.get(self.code, _("Your role does not include this."))


class Actor(str):  # noqa: SLOT000  carries attributes of its own
    """Who acts, by the name that journals use ("user:7", "api_key:2", "staff:3", "bot" …), with what they may do."""

    kind: Kind
    role: Role | None
    user: User | None
    proven_at: datetime | None

    def __new__(
        cls,
        name: str,
        kind: Kind,
        *,
        role: Role | None = None,
        user: User | None = None,
        proven_at: datetime | None = None,
    ) -> Self:
        actor = super().__new__(cls, name)
        actor.kind, actor.role, actor.user, actor.proven_at = kind, role, user, proven_at
        return actor

    def __reduce__(self) -> Any:  # copied or kept, it is a name and no right
        return str, (str(self),)

    def refusal(self, can: Can) -> str:
        """The code with which this is refused; "" where it is allowed."""
        if self.kind is Kind.INNER:
            return ""
        if self.kind in (Kind.VISITOR, Kind.STRANGER):
            return "signed_out" if self.kind is Kind.VISITOR else "not_a_member"
        if self.kind is Kind.CONSOLE:
            return "" if can is Can.BE_ONESELF or self._was_given(can) else "not_given"
        if self.kind is Kind.KEY and can in NOT_FOR_KEYS:
            return "not_for_keys"
        least = GIVEN[can]
        if self.kind is Kind.STAFF and can not in STAFF:
            return "not_for_staff"
        return "" if self.role is not None and least is not None and self.role.includes(least) else "role_too_low"

    def _was_given(self, can: Can) -> bool:
        permission = CONSOLE.get(can)
        if permission is None or self.user is None:
            return False
        return self.user.has_perm(permission) if permission else self.user.is_active and self.user.is_superuser

    def may(self, can: Can) -> bool:
        return not self.refusal(can)

    def must(self, can: Can, *, fresh: bool = False) -> None:
        """NotAllowed unless this is allowed; `fresh`: and the person has proven themselves a moment ago."""
        if code := self.refusal(can):
            raise NotAllowed(code, can)
        if fresh and self.kind in (Kind.MEMBER, Kind.STAFF) and not is_fresh(self.proven_at):
            raise NotAllowed("reauthentication_required", can)


def is_fresh(proven_at: datetime | None) -> bool:
    """Whether a password or a code was given recently enough for what is delicate."""
    limit = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    return proven_at is not None and clock.now() - proven_at <= limit


def inner(name: str) -> Actor:
    """The product itself, under the name that journals use: "bot", "automation:…", "customer", "command:…"."""
    return Actor(name, Kind.INNER)
