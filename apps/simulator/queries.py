"""Reads of simulated accounts, phones and what is on them."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django_tenants.utils import tenant_context

from apps.conversations.adapters.reading import mapping, sequence, text
from apps.conversations.models import Message
from apps.integrations.models import ConnectedAccount
from apps.organizations.models import AccountRoute, Organization
from apps.organizations.queries import current_organization

from .models import Phone, PhoneMessage, Picture
from .wire import Press


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


# What can be tapped, and what our own chat shows


def offered(phone: Phone) -> list[Press]:
    """Every choice on the phone, the newest message's first."""
    if phone.channel == "webchat":
        return _chat_choices(phone)
    return [press for message in thread(phone)[::-1] for press in choices(message)]


def choices(message: PhoneMessage) -> list[Press]:
    """What can be tapped on a message that arrived."""
    posted, mid = message.payload, message.external_id
    inner = mapping(posted.get("message"))
    found = [_choice(reply, "payload", "quick_reply", mid) for reply in sequence(inner.get("quick_replies"))]
    elements = sequence(mapping(mapping(inner.get("attachment")).get("payload")).get("elements"))
    for element in elements:
        found += [_choice(one, "payload", "postback", mid) for one in sequence(mapping(element).get("buttons"))]
    action = mapping(mapping(posted.get("interactive")).get("action"))
    found += [_choice(mapping(one).get("reply"), "id", "button", mid) for one in sequence(action.get("buttons"))]
    for section in sequence(action.get("sections")):
        found += [_choice(row, "id", "list", mid) for row in sequence(mapping(section).get("rows"))]
    return [press for press in found if press.payload]


def _choice(raw: Any, key: str, kind: str, mid: str) -> Press:
    return Press(payload=text(mapping(raw).get(key)), title=text(mapping(raw).get("title")), kind=kind, message=mid)


def chat_messages(phone: Phone) -> QuerySet[Message]:
    """What the business said to a visitor: on our own chat a message is delivered by being stored."""
    return Message.objects.filter(
        conversation__account__external_id=phone.account,
        conversation__channel="webchat",
        conversation__identity__value=phone.person,
        direction=Message.Direction.OUT,
        status__in=[Message.Status.SENT, Message.Status.DELIVERED, Message.Status.READ],
    )


def _chat_choices(phone: Phone) -> list[Press]:
    rows = chat_messages(phone).order_by("-id")[:50]
    found = []
    for row in rows:
        offered = [*row.payload.get("quick_replies", ())]
        offered += [button for card in row.payload.get("cards", ()) for button in card.get("buttons", ())]
        found += [_choice(one, "payload", "quick_reply", row.external_id or "") for one in offered]
    return [press for press in found if press.payload]
