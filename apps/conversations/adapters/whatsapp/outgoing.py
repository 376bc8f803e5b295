"""Sends through `POST /{phone-number-id}/messages`.

Limits: body 4,096; caption and button body 1,024; button title 20 and unique; list row title 24 with a
description of 72; ids 256 and 200; a template's variables hold no line breaks, tabs or more than four
spaces in a row, or answer 132012 (developers.facebook.com, interactive messages and templates, 2025).
"""

from __future__ import annotations

import re
from typing import Any

from apps.conversations.adapters import (
    Account,
    Attachment,
    Button,
    Card,
    Kind,
    Outgoing,
    Person,
    Refused,
    SendError,
    Sent,
    Template,
    Unknown,
    graph,
    reasons,
)
from apps.conversations.adapters.reading import identifier, mapping, sequence
from apps.conversations.adapters.splitting import shorten, split
from apps.conversations.adapters.whatsapp.content import is_bsuid, is_parent

TEXT = 4096
CAPTION = 1024
BUTTONS = 3
LIST_ROWS = 10
_MEDIA = {
    Kind.IMAGE: "image",
    Kind.VIDEO: "video",
    Kind.AUDIO: "audio",
    Kind.STICKER: "sticker",
}
_CAPTIONED = {"image", "video", "document"}
_NUMBER = re.compile(r"\+?\d{5,20}")


def send(account: Account, message: Outgoing) -> Sent:
    pieces = _pieces(account, message)
    if message.done >= set(range(len(pieces))):
        raise Refused(reasons.local("empty"))
    head = {"messaging_product": "whatsapp", "recipient_type": "individual"} | _address(message.to)
    head["biz_opaque_callback_data"] = message.reference[:512]
    ids: list[str] = []
    for position, piece in enumerate(pieces):
        if position in message.done:
            continue
        body = head | piece
        if message.reply_to and position == 0:
            body["context"] = {"message_id": message.reply_to}
        try:
            ids.append(_message_id(graph.post(account, f"{account.external_id}/messages", body)))
        except SendError as error:
            error.sent_ids = tuple(ids)
            raise
    return Sent(id=ids[0], more_ids=tuple(ids[1:]))


def _message_id(answer: dict[str, Any]) -> str:
    messages = sequence(answer.get("messages"))
    found = identifier(mapping(messages[0]).get("id")) if messages else ""
    if not found:
        raise Unknown(reasons.local("ambiguous", "the answer holds no message id"))
    return found


def _address(person: Person) -> dict[str, str]:
    """`to` for a number, `recipient` for a business-scoped user id; never the latter in `to`.

    The ids under which WhatsApp told us of the person come first: `phone` may be another number they left.
    """
    known = [person.id, *person.aliases]
    if number := next((one for one in known if _NUMBER.fullmatch(one)), ""):
        return {"to": number.lstrip("+")}
    if scoped := sorted((one for one in known if is_bsuid(one)), key=is_parent):
        return {"recipient": scoped[0]}
    if _NUMBER.fullmatch(person.phone):
        return {"to": person.phone.lstrip("+")}
    raise Refused(reasons.local("no-recipient"))


def _pieces(account: Account, message: Outgoing) -> list[dict[str, Any]]:
    """The messages that make up one outgoing message, in the order they are sent; choices come last."""
    if message.template:
        return [{"type": "template", "template": _template(message.template)}]
    choices = [button for button in message.quick_replies if not button.url][:LIST_ROWS]
    links = [f"{button.title}: {button.url}" for button in message.quick_replies if button.url]
    words = "\n".join(filter(None, [message.text, *links]))
    if not choices and len(message.attachments) == 1 and not message.cards and 0 < len(words) <= CAPTION:
        piece = _attachment(message.attachments[0], words)
        if "caption" in piece[piece["type"]]:
            return [piece]
    others = [_attachment(attachment) for attachment in message.attachments]
    others += [_card(card) for card in message.cards]
    if choices and (words or others):
        return [*others, *_choices(account, words or "…", choices)]
    return [*(_text(piece) for piece in split(words, TEXT)), *others]


def _text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": words, "preview_url": "https://" in words}}


def _template(template: Template) -> dict[str, Any]:
    parameters = [{"type": "text", "text": " ".join(value.split()) or "-"} for value in template.variables]
    found: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
    if parameters:
        found["components"] = [{"type": "body", "parameters": parameters}]
    return found


def _attachment(attachment: Attachment, caption: str = "") -> dict[str, Any]:
    kind = _MEDIA.get(attachment.kind, "document")
    if attachment.media_id:
        media: dict[str, Any] = {"id": attachment.media_id}
    elif attachment.url:
        media = {"link": attachment.url}
    else:
        raise Refused(reasons.local("no-media"))
    if kind == "document" and attachment.name:
        media["filename"] = attachment.name[:240]
    if caption and kind in _CAPTIONED:
        media["caption"] = caption
    return {"type": kind, kind: media}


def _card(card: Card) -> dict[str, Any]:
    """A card with choices is an interactive message, one with a picture an image with caption, else a text."""
    about = "\n".join(filter(None, [f"*{card.title}*" if card.title else "", card.subtitle, card.price, card.url]))
    links = [f"{button.title}: {button.url}" for button in card.buttons if button.url]
    about = "\n".join([about, *links])
    choices = [button for button in card.buttons if not button.url][:BUTTONS]
    if choices:
        header = {"type": "image", "image": {"link": card.image_url}} if card.image_url else None
        return _reply_buttons(_cut(about), choices, header)
    if card.image_url:
        return {"type": "image", "image": {"link": card.image_url, "caption": _cut(about)}}
    return _text(about[:TEXT])


def _cut(words: str) -> str:
    return words if len(words) <= CAPTION else words[: CAPTION - 1] + "…"


def _choices(account: Account, words: str, choices: list[Button]) -> list[dict[str, Any]]:
    """Up to 3 as buttons, up to 10 as a list; the part of the text that does not fit goes ahead as texts."""
    room = CAPTION if len(choices) <= BUTTONS else TEXT
    pieces = split(words, room)
    ahead = split(words[: words.rfind(pieces[-1])], TEXT) if len(pieces) > 1 else []
    if len(choices) <= BUTTONS:
        last = _reply_buttons(pieces[-1], choices)
    else:
        last = _list(pieces[-1], choices, str(account.settings.get("list_label") or "☰"))
    return [*(_text(piece) for piece in ahead), last]


def _reply_buttons(words: str, choices: list[Button], header: dict[str, Any] | None = None) -> dict[str, Any]:
    titles = _unique([shorten(button.title, 20) for button in choices], 20)
    buttons = [
        {"type": "reply", "reply": {"id": (button.payload or title)[:256], "title": title}}
        for button, title in zip(choices, titles, strict=True)
    ]
    found: dict[str, Any] = {"type": "button", "body": {"text": words}, "action": {"buttons": buttons}}
    if header:
        found["header"] = header
    return {"type": "interactive", "interactive": found}


def _list(words: str, choices: list[Button], label: str) -> dict[str, Any]:
    titles = _unique([shorten(button.title, 24) for button in choices], 24)
    rows = []
    for button, title in zip(choices, titles, strict=True):
        row = {"id": (button.payload or title)[:200], "title": title}
        if len(button.title) > 24:
            row["description"] = shorten(button.title, 72)
        rows.append(row)
    action = {"button": label[:20], "sections": [{"title": label[:24], "rows": rows}]}
    return {"type": "interactive", "interactive": {"type": "list", "body": {"text": words}, "action": action}}


def _unique(titles: list[str], limit: int) -> list[str]:
    """Titles that appear twice are refused: the second gets a number."""
    seen: dict[str, int] = {}
    found = []
    for title in titles:
        title = title or "…"
        seen[title] = seen.get(title, 0) + 1
        if seen[title] > 1:
            mark = f" {seen[title]}"
            title = title[: limit - len(mark)] + mark
        found.append(title)
    return found
