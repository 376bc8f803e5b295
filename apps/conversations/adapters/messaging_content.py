"""What is inside a Messenger or Instagram message: text, attachments, stories, shares, quick replies, ads.

Attachment types are those of developers.facebook.com "messages webhook event" and Instagram's webhook page
(June 2026); a type that is not in the table is kept as unsupported with its raw payload.

- A link in a text comes once more as a "fallback" attachment, its preview: the text has said it.
- A product template names items under `payload.product.elements[]`, with `retailer_id` where the shop has one.
- `ephemeral`: a picture that disappears; the platform shows it in its own app only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from apps.conversations.adapters import Attachment, Kind, Origin
from apps.conversations.adapters.parts import Line, Mark, Marked, Part, Place, Product, Said, Share, Sharing, Strange
from apps.conversations.adapters.reading import TEXT_LIMIT, details, identifier, mapping, plain, sequence, text

_KINDS = {
    "image": Kind.IMAGE,
    "video": Kind.VIDEO,
    "audio": Kind.AUDIO,
    "file": Kind.FILE,
    "location": Kind.LOCATION,
    "template": Kind.TEMPLATE,
    "fallback": Kind.SHARE,
    "share": Kind.SHARE,
    "post": Kind.SHARE,
    "reel": Kind.SHARE,
    "ig_reel": Kind.SHARE,
    "ig_post": Kind.SHARE,
    "ig_story": Kind.SHARE,
    "media_share": Kind.SHARE,
    "story_mention": Kind.STORY_MENTION,
    "like_heart": Kind.STICKER,
    "animated_image": Kind.IMAGE,
    "ephemeral": Kind.UNSUPPORTED,
}
_SHARED = {
    "fallback": Sharing.LINK,
    "reel": Sharing.REEL,
    "ig_reel": Sharing.REEL,
    "ig_story": Sharing.STORY,
}
# What these attachments hold for a viewer: a link or a picture that can be fetched while it lasts.
_FETCHABLE = {Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.FILE, Kind.STICKER, Kind.SHARE, Kind.STORY_MENTION}

_MOST = 20  # attachments and cards of one message whose words are read
_LINES = 100  # of an order

# Messenger names reactions where it sends no emoji.
_REACTIONS = {
    "love": "❤️", "like": "👍", "dislike": "👎", "smile": "😆", "laugh": "😆", "haha": "😆",
    "wow": "😮", "sad": "😢", "angry": "😠", "other": "❔",
}  # fmt: skip


@dataclass(frozen=True)
class Content:
    kind: Kind
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    parts: tuple[Part, ...] = ()
    payload: str = ""
    reply_to: str = ""
    origin: Origin | None = None
    details: dict[str, Any] = field(default_factory=dict)


def read(message: dict[str, Any]) -> Content:
    """A message's content; one with nothing in it that we know is UNSUPPORTED and keeps the raw message."""
    words = text(message.get("text"))
    raw_attachments = [raw for raw in sequence(message.get("attachments")) if isinstance(raw, dict)]
    attachments = tuple(_attachment(raw, words) for raw in raw_attachments)
    parts = tuple(part for raw in raw_attachments[:_MOST] for part in _parts(raw, words))
    story = mapping(mapping(message.get("reply_to")).get("story"))
    kind = _kind(message, words, attachments, parts, story)
    more: dict[str, Any] = {}
    if isinstance(message.get("text"), str) and len(message["text"]) > TEXT_LIMIT:
        more["truncated_from"] = len(message["text"])
    if kind is Kind.UNSUPPORTED:
        more |= details(message)
        parts = parts or (Strange(),)
    elif raw_attachments:
        more["attachments"] = plain(raw_attachments)
    if story:
        more["story"] = plain(story)
    return Content(
        kind=kind,
        text=words,
        parts=(*_asked_about(message), *parts),
        attachments=attachments,
        payload=text(mapping(message.get("quick_reply")).get("payload")),
        reply_to=identifier(story.get("id")) or identifier(mapping(message.get("reply_to")).get("mid")),
        origin=_story_origin(kind, story, attachments),
        details=more,
    )


def _kind(
    message: dict[str, Any],
    words: str,
    attachments: tuple[Attachment, ...],
    parts: tuple[Part, ...],
    story: dict[str, Any],
) -> Kind:
    if message.get("is_unsupported") is True:
        return Kind.UNSUPPORTED
    if story:
        return Kind.STORY_REPLY
    if any(isinstance(part, Product) for part in parts):
        return Kind.PRODUCT
    if attachments:
        first = attachments[0].kind
        # A text with a link arrives as the text plus a "fallback" preview: still a text.
        return Kind.TEXT if words and first in {Kind.SHARE, Kind.UNSUPPORTED} else first
    return Kind.TEXT if words else Kind.UNSUPPORTED


def _attachment(raw: dict[str, Any], words: str) -> Attachment:
    payload = mapping(raw.get("payload"))
    kind = _KINDS.get(text(raw.get("type"), 100), Kind.UNSUPPORTED)
    if kind is Kind.IMAGE and payload.get("sticker_id"):
        kind = Kind.STICKER
    url = text(payload.get("url") or raw.get("url"), 5000) if kind in _FETCHABLE else ""
    if raw.get("type") == "fallback" and url in words:
        url = ""
    name = text(payload.get("title") or payload.get("name") or raw.get("title"), 500)
    return Attachment(kind=kind, url=url if url.startswith(("https://", "http://")) else "", name=name)


def _parts(raw: dict[str, Any], words: str) -> list[Part]:
    """What an attachment holds beside a file: a place, the words on cards, the title of a post."""
    payload = mapping(raw.get("payload"))
    kind = text(raw.get("type"), 100)
    place = mapping(payload.get("coordinates"))
    if kind == "location" or place:
        name = text(payload.get("title") or raw.get("title"), 300)
        return [Place(name=name, latitude=_degrees(place.get("lat")), longitude=_degrees(place.get("long")))]
    if kind == "template":
        return _template(payload)
    if kind == "ephemeral":
        return [Marked(mark=Mark.DISAPPEARING)]
    known = _KINDS.get(kind, Kind.UNSUPPORTED)
    if known is Kind.SHARE:
        title = text(payload.get("title") or raw.get("title"), 500)
        said = title and title not in words
        return [Share(what=_SHARED.get(kind, Sharing.POST), title=title)] if said else []
    return [Strange(type=kind)] if known is Kind.UNSUPPORTED else []


def _template(payload: dict[str, Any]) -> list[Part]:
    items = [mapping(one) for one in sequence(mapping(payload.get("product")).get("elements"))[:_MOST]]
    if items:
        return [
            Product(
                sku=text(item.get("retailer_id") or item.get("id"), 200),
                title=text(item.get("title"), 500),
                subtitle=text(item.get("subtitle"), 500),
            )
            for item in items
        ]
    found = [text(payload.get("text"))]
    for element in sequence(payload.get("elements"))[:_MOST]:
        card = mapping(element)
        found.append(" — ".join(filter(None, [text(card.get("title"), 500), text(card.get("subtitle"), 500)])))
    return [Said(text=words) for words in found if words]


def lines(order: dict[str, Any]) -> tuple[Line, ...]:
    """A cart's lines, by the shop's own codes where it has them."""
    items = [mapping(one) for one in sequence(order.get("products") or order.get("product"))[:_LINES]]
    return tuple(
        Line(
            sku=text(item.get("retailer_id") or item.get("id"), 200),
            title=text(item.get("name") or item.get("title"), 500),
            quantity=text(item.get("quantity"), 20) or "1",
            price=text(item.get("unit_price") or item.get("price"), 30),
            currency=text(item.get("currency"), 3).upper(),
        )
        for item in items
        if item
    )


def _asked_about(message: dict[str, Any]) -> tuple[Product, ...]:
    """The product on whose page somebody pressed "message the shop"."""
    product = mapping(mapping(message.get("referral")).get("product"))
    sku = text(product.get("retailer_id") or product.get("id"), 200)
    return (Product(sku=sku),) if sku else ()


def _degrees(value: Any) -> float | None:
    try:
        found = float(text(value, 30))
    except ValueError:
        return None
    return found if -180 <= found <= 180 else None


def _story_origin(kind: Kind, story: dict[str, Any], attachments: tuple[Attachment, ...]) -> Origin | None:
    if kind is Kind.STORY_REPLY:
        story_id = identifier(story.get("id"))
        return Origin(kind="story", post_id=story_id, source="reply", url=text(story.get("url"), 5000))
    if kind is Kind.STORY_MENTION:
        return Origin(kind="story", source="mention", url=attachments[0].url)
    return None


def emoji(reaction: dict[str, Any]) -> str:
    name = text(reaction.get("reaction"), 50)
    return text(reaction.get("emoji"), 50) or _REACTIONS.get(name, name)


def origin(raw: Any) -> Origin | None:
    """Attribution from a referral: an ad (with its creative), an m.me or ig.me link, a product page."""
    if not isinstance(raw, dict) or not raw:
        return None
    ad = mapping(raw.get("ads_context_data"))
    source = text(raw.get("source"), 200)
    ad_id = identifier(raw.get("ad_id"))
    return Origin(
        kind="ad" if ad_id or source.upper() == "ADS" else "referral",
        ad_id=ad_id,
        post_id=identifier(ad.get("post_id")),
        ref=text(raw.get("ref"), 2000),
        source=source,
        title=text(ad.get("ad_title"), 500),
        url=text(raw.get("referer_uri") or ad.get("photo_url") or ad.get("video_url"), 5000),
        click_id=identifier(raw.get("ctwa_clid")),
        details=details(raw),
    )
