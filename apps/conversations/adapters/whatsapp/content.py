"""What is inside a WhatsApp message, by its `type`; a type that is not in the table is kept as unsupported."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.conversations.adapters import Attachment, Kind, Origin, reasons
from apps.conversations.adapters.reading import TEXT_LIMIT, details, identifier, mapping, plain, sequence, text

# ISO country code, dot, letters and digits; a parent id (several portfolios) has "ENT." in between.
_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def is_bsuid(value: str) -> bool:
    return bool(_BSUID.fullmatch(value))


def is_parent(value: str) -> bool:
    return value[2:7] == ".ENT."


@dataclass(frozen=True)
class Content:
    kind: Kind
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    payload: str = ""
    reply_to: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def read(message: dict[str, Any], kind: str) -> Content:
    """A message's content; `details` keeps what was quoted, forwarded, ordered or refused."""
    reader = _TYPES.get(kind)
    body = mapping(message.get(kind))
    errors = sequence(message.get("errors"))
    if reader is None or errors or (not body and kind != "contacts"):
        found = Content(Kind.UNSUPPORTED, details=details(message))
        if errors:
            reason = reasons.from_error(errors[0])
            found.details["reason"] = {"code": reason.code, "text": reason.text}
    else:
        found = reader(body, message)
    context = mapping(message.get("context"))
    more = {key: plain(context[key]) for key in ("forwarded", "frequently_forwarded") if context.get(key)}
    if product := mapping(context.get("referred_product")):
        more["product"] = plain(product)
    if "group_id" in message:
        more["group_id"] = identifier(message["group_id"])
    return Content(
        kind=found.kind,
        text=found.text,
        attachments=found.attachments,
        payload=found.payload,
        reply_to=identifier(context.get("id")),
        details=found.details | more,
    )


def _text(body: dict[str, Any], message: dict[str, Any]) -> Content:
    words = body.get("body")
    cut = {"truncated_from": len(words)} if isinstance(words, str) and len(words) > TEXT_LIMIT else {}
    return Content(Kind.TEXT, text(words), details=cut)


def _media(kind: Kind) -> Callable[[dict[str, Any], dict[str, Any]], Content]:
    def read_media(body: dict[str, Any], message: dict[str, Any]) -> Content:
        attachment = Attachment(
            kind=kind,
            media_id=identifier(body.get("id")),
            name=text(body.get("filename"), 300),
            mime=text(body.get("mime_type"), 200),
        )
        more = {key: True for key in ("voice", "animated") if body.get(key) is True}
        return Content(kind, text(body.get("caption")), (attachment,), details=more)

    return read_media


def _location(body: dict[str, Any], message: dict[str, Any]) -> Content:
    place = [text(body.get("name"), 300), text(body.get("address"), 500)]
    where = ", ".join(filter(None, [text(body.get("latitude"), 30), text(body.get("longitude"), 30)]))
    return Content(Kind.LOCATION, "\n".join(filter(None, [*place, where])), details={"location": plain(body)})


def _contacts(body: dict[str, Any], message: dict[str, Any]) -> Content:
    cards = [card for card in sequence(message.get("contacts")) if isinstance(card, dict)]
    lines = []
    for card in cards:
        numbers = [text(mapping(phone).get("phone"), 50) for phone in sequence(card.get("phones"))]
        name = text(mapping(card.get("name")).get("formatted_name"), 200)
        lines.append(" ".join(filter(None, [name, *numbers])))
    return Content(Kind.CONTACTS, "\n".join(filter(None, lines)), details={"contacts": plain(cards)})


def _interactive(body: dict[str, Any], message: dict[str, Any]) -> Content:
    """A pressed button, a chosen row, a filled-in form (flow); others are kept as they are."""
    chosen = mapping(body.get("button_reply")) or mapping(body.get("list_reply"))
    if chosen:
        more = {"description": text(chosen["description"], 500)} if chosen.get("description") else {}
        return Content(Kind.TEXT, text(chosen.get("title")), payload=text(chosen.get("id")), details=more)
    form = mapping(body.get("nfm_reply"))
    if form:
        answers = {"flow": text(form.get("name"), 100), "answers": plain(_json(form.get("response_json")))}
        return Content(Kind.TEXT, text(form.get("body")), payload=text(form.get("name"), 100), details=answers)
    return Content(Kind.UNSUPPORTED, details=details(message))


def _json(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw


def _button(body: dict[str, Any], message: dict[str, Any]) -> Content:
    return Content(Kind.TEXT, text(body.get("text")), payload=text(body.get("payload")))


def _order(body: dict[str, Any], message: dict[str, Any]) -> Content:
    return Content(Kind.ORDER, text(body.get("text")), details={"order": plain(body)})


def _system(body: dict[str, Any], message: dict[str, Any]) -> Content:
    return Content(Kind.SYSTEM, text(body.get("body")), details={"system": plain(body)})


_TYPES: dict[str, Callable[[dict[str, Any], dict[str, Any]], Content]] = {
    "text": _text,
    "image": _media(Kind.IMAGE),
    "video": _media(Kind.VIDEO),
    "audio": _media(Kind.AUDIO),
    "voice": _media(Kind.AUDIO),
    "document": _media(Kind.FILE),
    "sticker": _media(Kind.STICKER),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "system": _system,
}


def origin(raw: Any) -> Origin | None:
    """Attribution from a click-to-WhatsApp ad or post."""
    if not isinstance(raw, dict) or not raw:
        return None
    from_ad = raw.get("source_type") != "post"
    source_id = identifier(raw.get("source_id"))
    return Origin(
        kind="ad" if from_ad else "post",
        ad_id=source_id if from_ad else "",
        post_id="" if from_ad else source_id,
        source=text(raw.get("source_type"), 50),
        title=text(raw.get("headline"), 500),
        url=text(raw.get("source_url"), 5000),
        click_id=identifier(raw.get("ctwa_clid")),
        details=details(raw),
    )
