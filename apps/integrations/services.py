"""Connect, check and disconnect the accounts through which a tenant speaks."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Subquery
from django.utils.translation import gettext as _

from apps.events import record
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.organizations.actors import Can
from apps.organizations.models import User
from apps.organizations.permissions import needs
from apps.organizations.proof import Proof, ProvenBy

from . import proving, queries
from .door import WAKES
from .events import AccountConnected, AccountDisconnected, AccountRecovered, AccountTroubled
from .models import ConnectedAccount, Delivery, Notice
from .surfaces import SURFACES, Checkup

# Of each account so many notices are kept, and so much of what the platform wrote in one.
NOTICES, NOTICE_CHARACTERS = 100, 10_000
_State = ConnectedAccount.State


@needs(Can.HOLD_SECRETS, fresh=True)
def connect_account(
    *,
    channel: str,
    external_id: str,
    token: str = "",
    name: str = "",
    settings: dict[str, Any] | None = None,
    user: User | None = None,
    actor: str = "",
    made_here: ProvenBy | None = None,
    ask_now: bool = True,
) -> ConnectedAccount:
    """Connect an account, or give a connected one a new token; ValidationError says what to do.

    Knowing an account's id is not having it: its webhooks come here once the platform, asked with these credentials,
    has named it as theirs (proving.py); until then it waits for proof. `made_here`: the id was made by this server a
    moment ago, or belongs to this account since then, which is its proof; nobody outside is asked.
    """
    external_id = external_id.strip()
    if channel not in SURFACES:
        raise ValidationError({"channel": _("There is no such channel.")})
    if not external_id or len(external_id) > 120 or not external_id.isprintable():
        raise ValidationError({"external_id": _("Give the account's id, as the platform shows it.")})
    if SURFACES[channel].signed and not token.strip():
        raise ValidationError({"token": _("Give an access token for this account.")})
    if not SURFACES[channel].signed and not made_here and queries.find_account(channel, external_id) is None:
        raise ValidationError({"external_id": _("Ids of this channel are given out here; use the one you have.")})
    proving.must_be_free(channel, [external_id, *proving.also_routed(channel, settings or {})])
    with transaction.atomic():
        account = _stored(channel, external_id, token.strip(), name.strip()[:160], settings or {}, user)
        if made_here:
            _take(account, Proof.now(made_here))
        if account.state == ConnectedAccount.State.CONNECTED:
            _tell_connected(account, actor)
        elif not ask_now:
            jobs.schedule(proving.PROVE, str(account.pk))
    if ask_now and not made_here:
        check_account(account, subscribe=True, actor=actor)
    return account


def _stored(
    channel: str, external_id: str, token: str, name: str, settings: dict[str, Any], user: User | None
) -> ConnectedAccount:
    """The account's row with its new credentials; connected only as far as it was proven before."""
    account, _created = ConnectedAccount.objects.select_for_update().get_or_create(
        channel=channel, external_id=external_id
    )
    account.credentials = {"token": token}
    account.name = name or account.name
    account.settings = {**account.settings, **settings}
    account.connected_by = user
    if proving.is_routed(account):
        account.state, account.waiting_since = ConnectedAccount.State.CONNECTED, None
        account.problem_code = account.problem = ""
    else:
        account.state, account.waiting_since = ConnectedAccount.State.WAITING, clock.now()
        account.problem_code, account.problem = "not-asked", proving.NOT_ASKED
    account.save()
    return account


def _take(account: ConnectedAccount, proof: Proof) -> None:
    try:
        proving.take_routes(account, proof)
    except proving.Elsewhere:
        raise ValidationError({"external_id": _(proving.ELSEWHERE)}) from None
    account.state, account.waiting_since = ConnectedAccount.State.CONNECTED, None
    account.problem_code = account.problem = ""
    account.save(update_fields=["state", "waiting_since", "problem_code", "problem"])


def _tell_connected(account: ConnectedAccount, actor: str) -> None:
    record(
        AccountConnected(
            account_id=account.pk, channel=account.channel, external_id=account.external_id, name=account.name
        ),
        actor=actor,
    )


@needs(Can.CARE_FOR_CHANNELS)
def check_account(account: ConnectedAccount, *, subscribe: bool = False, actor: str = "") -> Checkup:
    """Ask the platform whose these credentials are, whether they work and the webhook is subscribed; write it down.

    Each check proves the account again. Nothing is subscribed for an account that is not proven.
    """
    surface = SURFACES[account.channel]
    if account.state == ConnectedAccount.State.DISCONNECTED:
        return surface.check(account)
    checkup = surface.check(account)
    unproven = proving.settle(account, checkup)
    if unproven is None and subscribe:
        # Subscribing again does no harm, and the check that follows looks at whether it holds.
        checkup = surface.subscribe(account)
        if checkup.ok:
            checkup = surface.check(account)
    found = unproven or checkup
    _write_health(account, found, waiting=unproven is not None and not proving.is_routed(account), actor=actor)
    return found


def note_health(account: ConnectedAccount, checkup: Checkup) -> None:
    """Write down what sending or a notice told of an account's health. It says nothing about whose the account is."""
    _write_health(account, checkup, waiting=account.state == _State.WAITING)


def _write_health(account: ConnectedAccount, checkup: Checkup, *, waiting: bool, actor: str = "") -> None:
    """Write an account's health down, and say so when it changed."""
    if account.state == _State.DISCONNECTED:
        return
    before = account.state
    with transaction.atomic():
        account.state = _State.WAITING if waiting else _State.CONNECTED if checkup.ok else _State.ATTENTION
        account.waiting_since = (account.waiting_since or clock.now()) if waiting else None
        account.checked_at = clock.now()
        account.problem_code, account.problem = checkup.code[:40], checkup.problem
        account.name = account.name or checkup.name[:160]
        account.save(update_fields=["checked_at", "state", "waiting_since", "problem_code", "problem", "name"])
        if waiting and (at := proving.next_try(account)):
            jobs.schedule(proving.PROVE, str(account.pk), at=at)
        if account.state != before:
            _tell_change(account, before, checkup, actor)


def _tell_change(account: ConnectedAccount, before: str, checkup: Checkup, actor: str) -> None:
    if before == _State.WAITING:
        _tell_connected(account, actor)
    if not checkup.ok:
        record(
            AccountTroubled(account_id=account.pk, channel=account.channel, code=checkup.code, problem=checkup.problem)
        )
    elif before != _State.WAITING:
        record(AccountRecovered(account_id=account.pk, channel=account.channel))


def note_displaced(channel: str, external_id: str) -> None:
    """Somebody else has proven an account that came here: say so to the organization and, by its event, the agency."""
    for account in ConnectedAccount.objects.filter(channel=channel).exclude(state=_State.DISCONNECTED):
        if external_id in proving.ids_of(account) and not proving.is_routed(account):
            _write_health(account, Checkup(ok=False, code="displaced", problem=proving.TAKEN), waiting=True)


def keep_notice(account: ConnectedAccount, *, topic: str, text: str, details: dict[str, Any], at: datetime) -> None:
    """Keep what the platform said about an account, and let go of what it said long ago."""
    written = json.dumps(details, ensure_ascii=False)
    if len(written) > NOTICE_CHARACTERS:
        details = {"shortened": written[:NOTICE_CHARACTERS]}
    Notice.objects.create(account=account, topic=topic[:80], text=text[:500], details=details, at=at)
    oldest = Notice.objects.filter(account=account).order_by("-id").values("id")[NOTICES : NOTICES + 1]
    Notice.objects.filter(account=account, id__lte=Subquery(oldest)).delete()


@needs(Can.CARE_FOR_CHANNELS)
@transaction.atomic
def disconnect_account(account: ConnectedAccount, *, actor: str = "") -> None:
    """Forget the credentials and let go of the route; conversations stay."""
    proving.let_go(account)
    account.credentials = {}
    account.state = ConnectedAccount.State.DISCONNECTED
    account.problem = account.problem_code = ""
    account.save(update_fields=["credentials", "state", "problem", "problem_code"])
    record(
        AccountDisconnected(account_id=account.pk, channel=account.channel, external_id=account.external_id),
        actor=actor,
    )


@needs(Can.CARE_FOR_CHANNELS)
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
