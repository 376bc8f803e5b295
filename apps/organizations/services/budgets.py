"""What an organization uses, what it may use, and what happens as it gets near."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.jobs import clock
from apps.jobs import services as jobs

from .. import queries
from ..models import BudgetAlert, Membership, Organization, Role, User

log = structlog.get_logger(__name__)
AiLevel = Literal["full", "cheap", "draft", "offline", "none"]
ALERTS = (50, 80, 100)
CHECK_WITHIN = timedelta(seconds=30)
_asked: dict[str, datetime] = {}  # schema -> until when a check is certain to come
_lock = threading.Lock()


def meter(organization: Organization, uses: Iterable[tuple[str, int, Decimal]]) -> None:
    """Add to today's usage: (kind, quantity, USD) each. Kinds: message_in, message_out, ai_input_tokens …"""
    rows = sorted(uses)
    if not rows:
        return
    day = queries.calendar_day(organization)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO public.organizations_usage AS u (organization_id, day, kind, quantity, cost_usd)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (organization_id, day, kind) DO UPDATE"
            " SET quantity = u.quantity + excluded.quantity, cost_usd = u.cost_usd + excluded.cost_usd",
            [(organization.pk, day, kind, quantity, cost) for kind, quantity, cost in rows],
        )
    _check_soon(organization)


def _check_soon(organization: Organization) -> None:
    """One look at the budgets per half minute, however much is used in it."""
    now = clock.now()
    schema = organization.schema_name
    if now < _asked.get(schema, now):
        return
    jobs.schedule("organizations.budgets", at=now + CHECK_WITHIN, schema=schema)

    def remember() -> None:
        with _lock:
            _asked[schema] = now + CHECK_WITHIN

    transaction.on_commit(remember)


def ai_level(organization: Organization) -> AiLevel:
    """How much AI the month's budget still allows.

    full: the configured model; cheap (from 80 %): the provider's cheaper one; draft (from 100 %): the built-in
    one, which costs nothing, writes drafts and people send them; none: the organization is paused, people answer.
    offline: there is no budget for AI at all, the built-in one answers.
    """
    if not organization.is_active:
        return "none"
    if organization.ai_budget_usd <= 0:
        return "offline"
    share = queries.spent_this_month(organization) / organization.ai_budget_usd
    return "draft" if share >= 1 else "cheap" if share >= Decimal("0.8") else "full"


def check_budgets(organization: Organization) -> list[BudgetAlert]:
    """Tell owners and staff, once a month for each share of each budget that has been passed."""
    new = []
    for budget, percent in queries.budget_shares(organization).items():
        for step in (step for step in ALERTS if percent >= step):
            row, created = BudgetAlert.objects.get_or_create(
                organization=organization,
                month=queries.month_of(queries.calendar_day(organization)),
                budget=budget,
                percent=step,
            )
            if created:
                new.append(row)
    if new:
        highest = {alert.budget: alert for alert in new}  # one mail says the most; ALERTS go upwards
        for alert in highest.values():
            transaction.on_commit(lambda alert=alert: _tell(organization, alert))  # type: ignore[misc]
    return new


def _tell(organization: Organization, alert: BudgetAlert) -> None:
    owners = Membership.objects.filter(
        organization=organization, role=Role.OWNER, is_active=True, user__is_active=True
    ).values_list("user__email", flat=True)
    staff = User.objects.filter(is_staff=True, is_active=True).values_list("email", flat=True)
    with translation.override(organization.language), timezone.override(organization.zone):
        mail = EmailMessage(
            subject=_("%(organization)s has used %(percent)s%% of a monthly budget")
            % {"organization": organization.name, "percent": alert.percent},
            body=render_to_string("organizations/mail/budget.txt", {"organization": organization, "alert": alert}),
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=sorted(set(owners)),
            bcc=sorted(set(staff) - set(owners)),
        )
    try:
        mail.send()
    except Exception as error:  # noqa: BLE001  the banner and the console still tell
        log.warning("budget.not_mailed", error=f"{type(error).__name__}: {error}"[:300])
