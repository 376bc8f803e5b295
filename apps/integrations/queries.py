"""Reads of connected accounts and raw deliveries."""

from __future__ import annotations

import json
import uuid

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from apps.organizations.models import AccountRoute
from apps.organizations.queries import current_organization

from .models import ConnectedAccount, Delivery, Notice


def accounts() -> QuerySet[ConnectedAccount]:
    """All accounts, those at work first."""
    return ConnectedAccount.objects.order_by("state", "channel", "name", "id")


def get_account(account_id: int) -> ConnectedAccount:
    """The account, or 404."""
    return get_object_or_404(ConnectedAccount, pk=account_id)


def find_account(channel: str, external_id: str) -> ConnectedAccount | None:
    """The account a webhook speaks of."""
    return ConnectedAccount.objects.filter(channel=channel, external_id=external_id).first()


def route_of(account: ConnectedAccount) -> AccountRoute | None:
    """How webhooks for the account come here, with its proof; None while they do not."""
    mine = AccountRoute.objects.filter(channel=account.channel, organization=current_organization())
    return mine.filter(external_id=account.external_id).first()


def notices_of(account: ConnectedAccount, most: int = 20) -> list[Notice]:
    """The newest things the platform said about an account."""
    return list(Notice.objects.filter(account=account).order_by("-id")[:most])


def deliveries_of(trace: uuid.UUID) -> QuerySet[Delivery]:
    """What arrived under one trace."""
    return Delivery.objects.filter(trace=trace).order_by("id")


def kept_deliveries() -> QuerySet[Delivery]:
    """Deliveries that could not be read or applied, newest first."""
    return Delivery.objects.filter(state__in=[Delivery.State.MALFORMED, Delivery.State.FAILED]).order_by("-id")


def readable(body: bytes) -> str:
    """A raw body as people read it: indented where it is JSON; its first 20,000 characters."""
    try:
        words = json.dumps(json.loads(body), ensure_ascii=False, indent=2)[:20_000]
    except (ValueError, RecursionError):
        return body[:20_000].decode("utf-8", "replace")
    return words.encode("utf-8", "replace").decode()  # JSON can name halves of characters
