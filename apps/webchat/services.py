"""Open the chat for an organization, change it, and take what visitors do in through the door of all channels."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.conversations import uploads
from apps.conversations.services import note_customer_typing
from apps.integrations import door
from apps.integrations import services as integrations
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock, trace
from apps.organizations.actors import Can, inner
from apps.organizations.models import Organization, User
from apps.organizations.permissions import needs
from apps.organizations.proof import ProvenBy
from apps.organizations.services import on_new_organization

from . import queries
from .visitors import Visitor
from .widget import Widget


class ChatOff(Exception):
    """The organization's chat is switched off."""


class NotTaken(Exception):
    """What the visitor did could not be made durable: try again."""


@on_new_organization
def open_chat(organization: Organization) -> None:
    """Every organization has a chat from its first minute on; its page works before a script tag stands anywhere."""
    integrations.connect_account(
        channel=queries.CHANNEL,
        external_id=secrets.token_hex(8),
        name=organization.name,
        actor="system",
        made_here=ProvenBy.OURS,
    )


@needs(Can.CARE_FOR_CHANNELS)
@transaction.atomic
def save_widget(account: ConnectedAccount, widget: Widget) -> None:
    locked = ConnectedAccount.objects.select_for_update().get(pk=account.pk)
    locked.settings = {**locked.settings, "widget": widget.as_settings()}
    locked.save(update_fields=["settings"])
    account.settings = locked.settings


@needs(Can.CARE_FOR_CHANNELS)
def switch(account: ConnectedAccount, *, on: bool, user: User | None, actor: str) -> None:
    """Let visitors write, or not any more; conversations stay."""
    if on == queries.is_on(account):
        return
    if on:
        integrations.connect_account(
            channel=account.channel, external_id=account.external_id, user=user, made_here=ProvenBy.OURS,
            actor=inner(actor),  # asked for above; there is no secret to hold
        )  # fmt: skip
    else:
        integrations.disconnect_account(account, actor=actor)
    account.refresh_from_db()


def write(
    account: ConnectedAccount,
    visitor: Visitor,
    *,
    message_id: str,
    text: str = "",
    payload: str = "",
    files: Sequence[str] = (),
    page: dict[str, Any] | None = None,
) -> str:
    """A visitor writes, presses a button or sends files; returns the message's id in the thread.

    Doing it again with the same id is doing it once. Raises ValidationError, ChatOff, NotTaken.
    """
    if not (text.strip() or payload or files):
        raise ValidationError({"text": _("Write something first.")})
    try:
        attached = uploads.attach(files, by=visitor.author)
    except ValidationError as error:
        raise ValidationError({"files": error.messages}) from error
    mid = f"w_{message_id}"
    said: dict[str, Any] = {"mid": mid, "text": text, "payload": payload, "page": page or {}}
    if attached:
        said["attachments"] = [asdict(one) for one in attached]
    _keep(account, visitor, said)
    return mid


def read(account: ConnectedAccount, visitor: Visitor, until: datetime) -> None:
    """The visitor has seen everything up to a time."""
    conversation = queries.conversation_of(account, visitor)
    if conversation is not None and queries.unread_before(conversation, until):
        _keep(account, visitor, {"read": min(until, clock.now()).isoformat()})


def types(account: ConnectedAccount, visitor: Visitor) -> None:
    """The visitor writes just now: the team sees it for a few seconds."""
    conversation = queries.conversation_of(account, visitor)
    if conversation is not None:
        note_customer_typing(conversation)


def _keep(account: ConnectedAccount, visitor: Visitor, what: dict[str, Any]) -> None:
    event = {"visitor": visitor.id, "at": clock.now().isoformat(), **what}
    body = {"object": queries.CHANNEL, "entry": [{"id": account.external_id, "messaging": [event]}]}
    raw = json.dumps(body, ensure_ascii=False).encode()
    part = door.Part(None, account.channel, account.external_id, raw, trace.current())
    answer = door.keep([part], store=door.store_here)
    if answer is door.KEPT:
        raise ChatOff
    if answer is not door.STORED:
        raise NotTaken
