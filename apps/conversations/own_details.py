"""What whoever writes in a conversation has said to be their own: the only details that a tool may take down.

A model names a number; whether it is the writer's own is not the model's to say. Places, cards of others, orders and
the like are no words of theirs, so nothing is read out of them (adapters: `Inbound.shared` is how a platform says that
somebody shared their own contact).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from apps.ai.providers.offline import contacts, own
from apps.ui.text import normalize, western_digits

from .adapters import Kind
from .models import Conversation, Message

# Kinds whose text the customer wrote.
WORDS = {Kind.TEXT, Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.FILE, Kind.STORY_REPLY}
HISTORY = 40
ENOUGH = 7  # digits in which two numbers must agree to be one, however their beginnings are written

_NOT_THEIRS = {
    "phone": "They did not give this as their own phone number.",
    "email": "They did not give this as their own email address.",
    "name": "They did not write this name.",
}


def of_message(conversation: Conversation, message: Message) -> dict[str, str]:
    """Their own number and address in one message: {"phone", "email"}, as far as there."""
    if message.kind not in WORDS:
        return {}
    before = Message.objects.filter(conversation=conversation, direction=Message.Direction.OUT, at__lte=message.at)
    reply = before.order_by("-at", "-id").values_list("text", flat=True).first() or ""
    found = {"phone": own.phone(message.text, reply), "email": own.email(message.text, reply)}
    return {kind: value for kind, value in found.items() if value}


def sift(conversation: Conversation, named: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What a model wants to keep, sorted: (what they said is their own, the rest with a sentence for the model)."""
    told = conversation.identity.told
    phones, emails, words = _said(conversation)
    mine = {
        "phone": lambda value: any(_agree(value, one) for one in (*phones, told.get("phone", ""))),
        "email": lambda value: value.strip().lower() in {*emails, told.get("email", "")},
        "name": lambda value: set(normalize(value).split()) <= words | set(normalize(told.get("name", "")).split()),
    }
    fits = {name: value for name, value in named.items() if name not in mine or mine[name](value)}
    return fits, {name: _NOT_THEIRS[name] for name in named if name not in fits}


def is_introduced(conversation: Conversation, name: str) -> bool:
    """Whether they said in clear words that this is their name, or were asked for it and said so."""
    wanted = normalize(name)
    return any(
        wanted == normalize(contacts.name(text))
        or (contacts.asks_name(reply) and wanted in {normalize(text), normalize(contacts.answer_as_name(text))})
        for text, reply in _exchange(conversation)
    )


def _said(conversation: Conversation) -> tuple[set[str], set[str], set[str]]:
    phones: set[str] = set()
    emails: set[str] = set()
    words: set[str] = set()
    for text, reply in _exchange(conversation):
        phones.update(own.phones(text, reply))
        emails.update(own.emails(text, reply))
        words.update(re.findall(r"[^\W\d_]+", normalize(text)))
    return phones, emails, words


def _exchange(conversation: Conversation) -> Iterator[tuple[str, str]]:
    """Each of their latest messages with what was said to them before it."""
    rows = Message.objects.filter(conversation=conversation, unsent_at=None).exclude(direction=Message.Direction.NOTE)
    reply = ""
    for message in reversed(rows.order_by("-at", "-id")[:HISTORY]):
        if message.direction == Message.Direction.OUT:
            reply = message.text
        elif message.kind in WORDS:
            yield message.text, reply


def _agree(one: str, other: str) -> bool:
    """050 123 4567 and +971501234567 end alike."""
    short, long = sorted((_digits(one), _digits(other)), key=len)
    return len(short) >= ENOUGH and long.endswith(short)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", western_digits(number)).lstrip("0")
