"""What a phone shows: its thread as plain values, whichever platform's shape it arrived in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.conversations.adapters.reading import mapping, sequence, text
from apps.conversations.models import Conversation, Message, MessageTemplate, Owner
from apps.conversations.outgoing import SEND
from apps.conversations.replies import REPLY
from apps.integrations.door import WAKES
from apps.jobs import services as jobs
from apps.organizations.queries import absolute
from config import heartbeat

from . import queries
from .models import Phone, PhoneMessage
from .wire import Press

LONGEST = 100


@dataclass
class Item:
    """A card with a picture, words and buttons."""

    title: str
    subtitle: str = ""
    image: str = ""
    url: str = ""
    buttons: list[Press] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Bubble:
    """`state` of the customer's own: taken, read (somebody has it in the inbox); of ours: sent, delivered, read."""

    key: str
    message_id: str
    is_mine: bool
    at: datetime
    text: str = ""
    image: str = ""
    file: str = ""
    ad: str = ""
    template: str = ""
    items: list[Item] = field(default_factory=list)
    buttons: list[Press] = field(default_factory=list)  # stay below the bubble
    rows: list[Press] = field(default_factory=list)  # behind one button, a list
    rows_label: str = ""
    replies: list[Press] = field(default_factory=list)  # vanish with the next message
    reaction: str = ""
    may_react: bool = False
    state: str = ""
    trace: uuid.UUID | None = None


@dataclass
class Screen:
    bubbles: list[Bubble]
    replies: list[Press]
    is_typing: bool
    conversation: Conversation | None
    is_with_person: bool
    said_at: datetime | None  # what the customer said last, and the message that the product made of it
    asked: Message | None


def screen(phone: Phone) -> Screen:
    """A phone as it is now."""
    rows = queries.thread(phone, limit=LONGEST)
    conversation = _conversation(rows)
    stored = _stored(conversation)
    bubbles = [_bubble(row, phone, stored.get(row.external_id)) for row in rows]
    if phone.channel == "webchat":
        said = list(queries.chat_messages(phone).order_by("-id")[:LONGEST])
        bubbles += [_chat_bubble(message) for message in reversed(said)]  # what was said in one moment keeps its order
        bubbles.sort(key=lambda bubble: bubble.at)
    latest = next((row for row in reversed(rows) if row.sent), None)
    return Screen(
        bubbles=bubbles,
        replies=bubbles[-1].replies if bubbles and not bubbles[-1].is_mine else [],
        is_typing=_is_typing(conversation),
        conversation=conversation,
        is_with_person=conversation is not None and conversation.owner == Owner.HUMAN,
        said_at=latest.at if latest else None,
        asked=stored.get(latest.external_id) if latest else None,
    )


def worker_problem() -> str:
    """What to tell when nobody works on what is said; "" while somebody does."""
    age = heartbeat.age()
    if age is not None and age < heartbeat.LATE_AFTER:
        return ""
    return _(
        "The background worker gives no sign of life, so nobody answers. What you write is kept and is answered "
        "as soon as it runs."
    )


def _conversation(rows: Sequence[PhoneMessage]) -> Conversation | None:
    """The conversation in which what was said here has arrived."""
    said = [row.external_id for row in rows if row.sent][-5:]
    message = (
        Message.objects.filter(external_id__in=said).select_related("conversation__lead").first() if said else None
    )
    return message.conversation if message else None


def _stored(conversation: Conversation | None) -> dict[str, Message]:
    """The product's messages by every platform id they have."""
    if conversation is None:
        return {}
    newest = conversation.messages.only("conversation", "external_id", "external_ids", "trace").order_by("-at", "-id")
    return {one: row for row in newest[: 3 * LONGEST] for one in [row.external_id, *row.external_ids] if one}


def _is_typing(conversation: Conversation | None) -> bool:
    """Whether work is under way that ends in an answer of the bot."""
    if conversation is None:
        return jobs.is_under_way((WAKES, ""))
    key = str(conversation.pk)
    return conversation.owner == Owner.BOT and jobs.is_under_way((WAKES, ""), (REPLY, key), (SEND, key))


def _bubble(row: PhoneMessage, phone: Phone, stored: Message | None) -> Bubble:
    found = Bubble(
        key=f"p{row.pk}",
        message_id=row.external_id,
        is_mine=row.sent,
        at=row.at,
        reaction=row.reaction,
        trace=stored.trace if stored else None,
    )
    if row.sent:
        found.text, found.ad = text(row.payload.get("text")), text(row.payload.get("ad"))
        if picture := row.payload.get("image"):
            found.image = reverse("simulator:picture", args=[picture])
        found.state = "read" if stored else "taken"
        return found
    found.state = "read" if row.read_at else "delivered" if row.delivered_at else "sent"
    found.may_react = True
    if phone.channel == "whatsapp":
        _read_whatsapp(found, row)
    else:
        _read_messaging(found, row)
    return found


def _read_messaging(found: Bubble, row: PhoneMessage) -> None:
    message = mapping(row.payload.get("message"))
    found.text = text(message.get("text"))
    found.replies = [press for press in queries.choices(row) if press.kind == "quick_reply"]
    found.template = _template(mapping(message.get("template")))
    attachment = mapping(message.get("attachment"))
    payload = mapping(attachment.get("payload"))
    if attachment.get("type") == "template":
        found.items = [_element(mapping(one), row.external_id) for one in sequence(payload.get("elements"))]
    elif attachment:
        _attach(found, text(attachment.get("type"), 20), text(payload.get("url"), 2000))


def _element(element: dict[str, Any], message_id: str) -> Item:
    buttons = [mapping(button) for button in sequence(element.get("buttons"))]
    return Item(
        title=text(element.get("title")),
        subtitle=text(element.get("subtitle")),
        image=shown(text(element.get("image_url"), 2000)),
        url=linked(text(mapping(element.get("default_action")).get("url"), 2000)),
        buttons=[
            Press(payload=text(one.get("payload")), title=text(one.get("title")), kind="postback", message=message_id)
            for one in buttons
            if one.get("payload")
        ],
        links=[
            (text(one.get("title")), linked(text(one.get("url")))) for one in buttons if linked(text(one.get("url")))
        ],
    )


def _read_whatsapp(found: Bubble, row: PhoneMessage) -> None:
    posted = row.payload
    kind = text(posted.get("type"), 20)
    content = mapping(posted.get(kind))
    if kind == "text":
        found.text = text(content.get("body"))
    elif kind == "template":
        found.template = _template(content)
    elif kind == "interactive":
        found.text = text(mapping(content.get("body")).get("text"))
        header = mapping(mapping(content.get("header")).get("image"))
        found.image = shown(text(header.get("link"), 2000))
        choices = queries.choices(row)
        found.buttons = [press for press in choices if press.kind == "button"]
        found.rows = [press for press in choices if press.kind == "list"]
        found.rows_label = text(mapping(content.get("action")).get("button"), 20)
    else:
        found.text = text(content.get("caption"))
        _attach(found, kind, text(content.get("link"), 2000) or text(content.get("filename"), 200))


def _template(content: dict[str, Any]) -> str:
    """An approved template with its variables filled in, as the person reads it."""
    if not content:
        return ""
    parts = [mapping(part) for part in sequence(content.get("components"))]
    values = [text(mapping(one).get("text")) for part in parts for one in sequence(part.get("parameters"))]
    name = text(content.get("name"), 120)
    language = text(mapping(content.get("language")).get("code"), 12)
    known = MessageTemplate.objects.filter(name=name, language=language).first()
    words = known.body if known else " · ".join([name, *values])
    for number, value in enumerate(values, 1):
        words = words.replace(f"{{{{{number}}}}}", value)
    return words


def _attach(found: Bubble, kind: str, address: str) -> None:
    if kind in {"image", "sticker"} and shown(address):
        found.image = shown(address)
    else:
        found.file = address.rpartition("/")[2] or kind


def _chat_bubble(message: Message) -> Bubble:
    cards = [
        Item(
            title=card.get("title", ""),
            subtitle=" · ".join(filter(None, [card.get("price", ""), card.get("subtitle", "")])),
            image=shown(card.get("image_url", "")),
            url=linked(card.get("url", "")),
            buttons=[
                Press(payload=one["payload"], title=one.get("title", ""))
                for one in card.get("buttons", ())
                if one.get("payload")
            ],
        )
        for card in message.payload.get("cards", ())
    ]
    found = Bubble(
        key=f"m{message.pk}",
        message_id=message.external_id or str(message.uuid),
        is_mine=False,
        at=message.at,
        text=message.text,
        items=cards,
        state="read" if message.status == Message.Status.READ else "delivered",
        trace=message.trace,
        replies=[
            Press(payload=one.get("payload") or one.get("title", ""), title=one.get("title", ""))
            for one in message.payload.get("quick_replies", ())
            if not one.get("url")
        ],
    )
    for row in message.attachments:
        _attach(found, row.get("kind", ""), row.get("url", ""))
    return found


def shown(address: str) -> str:
    """An address that this page may load a picture from; anything else is not shown."""
    if address.startswith("http://") and address.startswith(own := absolute("/")):
        address = f"/{address.removeprefix(own)}"  # ours, where this server has no certificate
    return address if address.startswith("https://") or (address.startswith("/") and address[1:2] != "/") else ""


def linked(address: str) -> str:
    return address if address.startswith(("https://", "http://")) else ""
