"""Connect, check and disconnect the accounts through which a tenant speaks."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.events import record
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.organizations.models import AccountRoute, User
from apps.organizations.queries import current_organization

from .door import WAKES
from .events import AccountConnected, AccountDisconnected, AccountRecovered, AccountTroubled
from .models import ConnectedAccount, Delivery, Notice
from .surfaces import SURFACES, Checkup

# Of each account so many notices are kept, and so much of what the platform wrote in one.
NOTICES, NOTICE_CHARACTERS = 100, 10_000

_ELSEWHERE = gettext_noop("This account is connected elsewhere. Disconnect it there first, or ask the agency.")


def connect_account(
    *,
    channel: str,
    external_id: str,
    token: str = "",
    name: str = "",
    settings: dict[str, Any] | None = None,
    user: User | None = None,
    actor: str = "",
    ask_platform: bool = True,
) -> ConnectedAccount:
    """Connect an account, or give a connected one a new token; ValidationError says what to do.

    With `ask_platform` the credentials are tried and our webhook subscribed before anything is stored as
    working; a platform that cannot be reached leaves the account "needs attention", and is asked again.
    Where the platform refuses the credentials, webhooks are not routed here: knowing an account's id is not having it.
    """
    external_id = external_id.strip()
    if channel not in SURFACES:
        raise ValidationError({"channel": _("There is no such channel.")})
    if not external_id or len(external_id) > 120 or not external_id.isprintable():
        raise ValidationError({"external_id": _("Give the account's id, as the platform shows it.")})
    if SURFACES[channel].signed and not token.strip():
        raise ValidationError({"token": _("Give an access token for this account.")})
    with transaction.atomic():
        for routed in [external_id, *_also_routed(channel, settings or {})]:
            _must_not_be_elsewhere(channel, routed)
        account, _created = ConnectedAccount.objects.select_for_update().get_or_create(
            channel=channel, external_id=external_id
        )
        account.credentials = {"token": token.strip()}
        account.name = name.strip()[:160] or account.name
        account.settings = {**account.settings, **(settings or {})}
        account.connected_by = user
        account.state = ConnectedAccount.State.CONNECTED
        account.problem = account.problem_code = ""
        account.save()
        if not ask_platform:
            _take_routes(account)
        record(
            AccountConnected(account_id=account.pk, channel=channel, external_id=external_id, name=account.name),
            actor=actor,
        )
    if ask_platform:
        check_account(account, subscribe=True)
    return account


def _also_routed(channel: str, settings: dict[str, Any]) -> list[str]:
    return [str(settings[key]) for key in SURFACES[channel].also_routed if settings.get(key)]


def _ids(account: ConnectedAccount) -> list[str]:
    return [account.external_id, *_also_routed(account.channel, account.settings)]


def _must_not_be_elsewhere(channel: str, external_id: str) -> None:
    held = AccountRoute.objects.filter(channel=channel, external_id=external_id)
    if held.exclude(organization=current_organization()).exists():
        raise ValidationError({"external_id": _(_ELSEWHERE)})


def _take_routes(account: ConnectedAccount) -> None:
    """Make webhooks for this account come here."""
    for external_id in _ids(account):
        _take_route(account.channel, external_id)


def _claim(account: ConnectedAccount) -> Checkup:
    """Take the account's routes if they are not ours yet and the platform does not refuse the credentials."""
    ids = _ids(account)
    held = AccountRoute.objects.filter(
        channel=account.channel, external_id__in=ids, organization=current_organization()
    ).count()
    if held == len(set(ids)) or account.state == ConnectedAccount.State.DISCONNECTED:
        return Checkup(ok=True)
    proof = SURFACES[account.channel].check(account)
    if proof.refused:
        return proof
    try:
        with transaction.atomic():
            _take_routes(account)
    except ValidationError:
        return Checkup(ok=False, code="elsewhere", problem=_ELSEWHERE)
    return Checkup(ok=True)


def _take_route(channel: str, external_id: str) -> None:
    """Make webhooks for this account come here; refuse an account that another organization has."""
    organization = current_organization()
    try:
        with transaction.atomic():
            route, _created = AccountRoute.objects.get_or_create(
                channel=channel, external_id=external_id, defaults={"organization": organization}
            )
    except IntegrityError:
        route = AccountRoute.objects.get(channel=channel, external_id=external_id)
    if route.organization_id != organization.pk:
        raise ValidationError({"external_id": _(_ELSEWHERE)})


def check_account(account: ConnectedAccount, *, subscribe: bool = False) -> Checkup:
    """Ask the platform whether the credentials work and the webhook is subscribed; write down what it says."""
    surface = SURFACES[account.channel]
    checkup = _claim(account)
    if checkup.ok and subscribe:
        # Subscribing again does no harm, and the check that follows looks at whether it holds.
        checkup = surface.subscribe(account)
    if checkup.ok:
        checkup = surface.check(account)
    note_health(account, checkup)
    return checkup


def note_health(account: ConnectedAccount, checkup: Checkup) -> None:
    """Write an account's health down, and say so when it changed."""
    if account.state == ConnectedAccount.State.DISCONNECTED:
        return
    before = account.state
    state = ConnectedAccount.State.CONNECTED if checkup.ok else ConnectedAccount.State.ATTENTION
    with transaction.atomic():
        account.checked_at = clock.now()
        account.state = state
        account.problem_code, account.problem = checkup.code[:40], checkup.problem
        account.name = account.name or checkup.name[:160]
        account.save(update_fields=["checked_at", "state", "problem_code", "problem", "name"])
        if state != before and not checkup.ok:
            record(
                AccountTroubled(
                    account_id=account.pk, channel=account.channel, code=checkup.code, problem=checkup.problem
                )
            )
        elif state != before:
            record(AccountRecovered(account_id=account.pk, channel=account.channel))


def keep_notice(account: ConnectedAccount, *, topic: str, text: str, details: dict[str, Any], at: datetime) -> None:
    """Keep what the platform said about an account, and let go of what it said long ago."""
    written = json.dumps(details, ensure_ascii=False)
    if len(written) > NOTICE_CHARACTERS:
        details = {"shortened": written[:NOTICE_CHARACTERS]}
    Notice.objects.create(account=account, topic=topic[:80], text=text[:500], details=details, at=at)
    oldest = Notice.objects.filter(account=account).order_by("-id").values("id")[NOTICES : NOTICES + 1]
    Notice.objects.filter(account=account, id__lte=Subquery(oldest)).delete()


@transaction.atomic
def disconnect_account(account: ConnectedAccount, *, actor: str = "") -> None:
    """Forget the credentials and let go of the route; conversations stay."""
    AccountRoute.objects.filter(
        channel=account.channel,
        external_id__in=_ids(account),
        organization=current_organization(),
    ).delete()
    account.credentials = {}
    account.state = ConnectedAccount.State.DISCONNECTED
    account.problem = account.problem_code = ""
    account.save(update_fields=["credentials", "state", "problem", "problem_code"])
    record(
        AccountDisconnected(account_id=account.pk, channel=account.channel, external_id=account.external_id),
        actor=actor,
    )


@transaction.atomic
def retry_delivery(delivery_id: int) -> bool:
    """Have a kept delivery read again; False if there is none with this id."""
    found = (
        Delivery.objects.filter(pk=delivery_id)
        .exclude(state__in=[Delivery.State.PENDING, Delivery.State.DONE])
        .update(state=Delivery.State.PENDING, retry_at=None, error="")
    )
    if found:
        jobs.wake(WAKES)
    return bool(found)
