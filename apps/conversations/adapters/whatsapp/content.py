"""What is inside a WhatsApp message, by its `type`; a type that is not in the table is kept as unsupported.

Shapes of developers.facebook.com's messages webhook reference (August 2026). Facts learned:

- A contact card is the sender's own only where `origin` says `contact_request` (it stands on the message or on the
  card); any other card is somebody else's.
- A form (flow) answers with `nfm_reply.response_json`, a string of JSON; its `body` is the word "Sent" on the bubble.
- An order's lines name items by the retailer's own id, which is the SKU.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from apps.conversations.adapters import Attachment, Kind, Origin, Shared, forms, reasons
from apps.conversations.adapters.parts import (
    Choice,
    Contact,
    Line,
    Mark,
    Marked,
    Order,
    Part,
    Place,
    Product,
    Strange,
)
from apps.conversations.adapters.reading import TEXT_LIMIT, details, identifier, mapping, plain, sequence, text

# ISO country code, dot, letters and digits; a parent id (several portfolios) has "ENT." in between.
_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
_MOST = 100  # lines of an order, cards: as many are read
_OWN = "contact_request"


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
    parts: tuple[Part, ...] = ()
    shared: Shared | None = None
    details: dict[str, Any] = field(default_factory=dict)


def read(message: dict[str, Any], kind: str) -> Content:
    """A message's content; `details` keeps what was quoted, forwarded, ordered or refused."""
    reader = _TYPES.get(kind)
    body = mapping(message.get(kind))
    errors = sequence(message.get("errors"))
    if reader is None or errors or (not body and kind != "contacts"):
        found = _strange(message, kind, errors)
    else:
        found = reader(body, message)
    context = mapping(message.get("context"))
    more = {key: plain(context[key]) for key in ("forwarded", "frequently_forwarded") if context.get(key)}
    return replace(
        found,
        reply_to=identifier(context.get("id")),
        parts=(*_product(context), *found.parts, *_marks(context)),
        details=found.details | more,
    )


def _strange(message: dict[str, Any], kind: str, errors: list[Any]) -> Content:
    """What nobody taught us to read; `unsupported.type` names what the platform itself does not show."""
    name = text(mapping(message.get("unsupported")).get("type"), 100) or (kind if kind != "unsupported" else "")
    found = details(message)
    why = ""
    if errors:
        reason = reasons.from_error(errors[0])
        found["reason"] = {"code": reason.code, "text": reason.text}
        why = reason.text
    return Content(Kind.UNSUPPORTED, parts=(Strange(type=name, reason=why),), details=found)


def _product(context: dict[str, Any]) -> tuple[Product, ...]:
    """The item of the catalog that a message asks about."""
    sku = text(mapping(context.get("referred_product")).get("product_retailer_id"), 200)
    return (Product(sku=sku),) if sku else ()


def _marks(context: dict[str, Any]) -> tuple[Marked, ...]:
    if context.get("frequently_forwarded") is True:
        return (Marked(mark=Mark.FORWARDED_OFTEN),)
    return (Marked(mark=Mark.FORWARDED),) if context.get("forwarded") is True else ()


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
    place = Place(
        name=text(body.get("name"), 300),
        address=text(body.get("address"), 500),
        latitude=_degrees(body.get("latitude"), 90),
        longitude=_degrees(body.get("longitude"), 180),
    )
    return Content(Kind.LOCATION, parts=(place,), details={"location": plain(body)})


def _degrees(value: Any, most: int) -> float | None:
    try:
        found = float(text(value, 30))
    except ValueError:
        return None
    return found if -most <= found <= most else None


def _contacts(body: dict[str, Any], message: dict[str, Any]) -> Content:
    cards = [card for card in sequence(message.get("contacts"))[:_MOST] if isinstance(card, dict)]
    parts = tuple(_card(card) for card in cards)
    own = [part for card, part in zip(cards, parts, strict=True) if _OWN in (card.get("origin"), message.get("origin"))]
    return Content(
        Kind.CONTACTS,
        parts=parts,
        shared=_own_card(own[0]) if own else None,
        details={"contacts": plain(cards)},
    )


def _card(card: dict[str, Any]) -> Contact:
    name = mapping(card.get("name"))
    parts = [text(name.get(key), 100) for key in ("first_name", "middle_name", "last_name")]
    phones = [text(mapping(one).get("phone") or mapping(one).get("wa_id"), 50) for one in sequence(card.get("phones"))]
    emails = [text(mapping(one).get("email"), 254) for one in sequence(card.get("emails"))]
    return Contact(
        name=text(name.get("formatted_name"), 200) or " ".join(filter(None, parts)),
        phones=tuple(filter(None, phones))[:10],
        emails=tuple(filter(None, emails))[:10],
        company=text(mapping(card.get("org")).get("company"), 200),
    )


def _own_card(card: Contact) -> Shared | None:
    found = Shared(name=card.name, email=next(iter(card.emails), ""), phone=next(iter(card.phones), ""))
    return found if found != Shared() else None


def _interactive(body: dict[str, Any], message: dict[str, Any]) -> Content:
    """A pressed button, a chosen row, a filled-in form (flow), an item of the catalog."""
    if chosen := mapping(body.get("button_reply")) or mapping(body.get("list_reply")):
        small = text(chosen.get("description"), 500)
        title = text(chosen.get("title"))
        return Content(
            Kind.TEXT,
            title,
            payload=text(chosen.get("id")),
            parts=(Choice(description=small),) if small and small != title else (),
            details={"description": small} if small else {},
        )
    if form := mapping(body.get("nfm_reply")):
        return _form(form)
    item = mapping(body.get("product")) or mapping(body.get("action"))
    if sku := text(item.get("product_retailer_id"), 200):
        words = text(mapping(body.get("body")).get("text"))
        return Content(Kind.PRODUCT, words, parts=(Product(sku=sku),), details=details(body))
    return _strange(message, f"interactive {text(body.get('type'), 80)}".strip(), [])


def _form(form: dict[str, Any]) -> Content:
    """A flow's answers, each in words; the bubble's own word ("Sent") is nobody's."""
    given = forms.decoded(form.get("response_json"))
    answers = forms.answers(given)
    parts: tuple[Part, ...] = answers or (Marked(mark=Mark.EMPTY_FORM),)
    more = {"flow": text(form.get("name"), 100), "answers": plain(given)}
    return Content(Kind.FORM, parts=parts, shared=forms.about(answers), details=more)


def _button(body: dict[str, Any], message: dict[str, Any]) -> Content:
    return Content(Kind.TEXT, text(body.get("text")) or text(body.get("payload")), payload=text(body.get("payload")))


def _order(body: dict[str, Any], message: dict[str, Any]) -> Content:
    items = [item for item in sequence(body.get("product_items"))[:_MOST] if isinstance(item, dict)]
    lines = tuple(
        Line(
            sku=text(item.get("product_retailer_id"), 200),
            quantity=text(item.get("quantity"), 20) or "1",
            price=text(item.get("item_price"), 30),
            currency=text(item.get("currency"), 3).upper(),
        )
        for item in items
    )
    return Content(Kind.ORDER, text(body.get("text")), parts=(Order(lines=lines),), details={"order": plain(body)})


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
