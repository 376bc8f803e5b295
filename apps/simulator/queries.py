"""Reads of simulated accounts, phones and what is on them."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db.models import QuerySet
from django_tenants.utils import tenant_context

from apps.integrations.models import ConnectedAccount
from apps.organizations.models import AccountRoute, Organization
from apps.organizations.queries import current_organization

from .models import Phone, PhoneMessage, Picture


def simulated_account(channel: str) -> ConnectedAccount | None:
    """The tenant's simulated account on a channel, if it is connected."""
    return (
        ConnectedAccount.objects.filter(channel=channel, settings__simulated=True)
        .exclude(state=ConnectedAccount.State.DISCONNECTED)
        .order_by("id")
        .first()
    )


@contextmanager
def account_of(token: str) -> Iterator[tuple[Organization, ConnectedAccount] | None]:
    """The simulated account that a token opens, with its tenant active; None for every other token.

    A simulated token reads `<channel>|<account id>|<secret>`: it says where to look, its secret is compared.
    """
    channel, _bar, rest = token.partition("|")
    external_id = rest.partition("|")[0]
    route = None
    if external_id and "\x00" not in token:
        route = (
            AccountRoute.objects.filter(channel=channel, external_id=external_id, organization__is_active=True)
            .select_related("organization")
            .first()
        )
    if route is None:
        yield None
        return
    with tenant_context(route.organization):
        account = ConnectedAccount.objects.filter(
            channel=channel, external_id=external_id, settings__simulated=True
        ).first()
        known = (account.credentials or {}).get("token", "") if account else ""
        fits = bool(known) and hmac.compare_digest(known.encode(), token.encode("utf-8", "replace"))
        yield (route.organization, account) if account and fits else None


def phones(account: ConnectedAccount) -> QuerySet[Phone]:
    """The customers of an account, those who wrote last first."""
    return Phone.objects.filter(organization=current_organization(), account=account.external_id).order_by("-id")


def find_phone(account: ConnectedAccount, person: str) -> Phone | None:
    return phones(account).filter(person=person).first()


def thread(phone: Phone, *, limit: int = 100) -> list[PhoneMessage]:
    """What is on a phone, oldest first."""
    return list(phone.messages.order_by("-id")[:limit])[::-1]


def find_picture(picture_id: uuid.UUID | str) -> Picture | None:
    """A picture by its id, whoever's it is: the id is the secret, as on a platform's file server."""
    try:
        return Picture.objects.filter(pk=uuid.UUID(str(picture_id))).first()
    except ValueError:
        return None


def picture_address(picture_id: uuid.UUID | str) -> str:
    """Where the stand-in serves a picture."""
    return f"{settings.SIMULATOR_GRAPH_URL}/media/{picture_id}"
