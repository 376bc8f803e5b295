"""What is inside a Messenger or Instagram message: text, attachments, stories, shares, quick replies, ads.

Attachment types are those of developers.facebook.com "messages webhook event" and Instagram's webhook page
(June 2026); a type that is not in the table is kept as unsupported with its raw payload.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from apps.conversations.adapters import Attachment, Kind, Origin
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
# What these attachments hold for a viewer: a link or a picture that can be fetched while it lasts.
_FETCHABLE = {Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.FILE, Kind.STICKER, Kind.SHARE, Kind.STORY_MENTION}

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
    payload: str = ""
    reply_to: str = ""
    origin: Origin | None = None
    details: dict[str, Any] = field(default_factory=dict)


def read(message: dict[str, Any]) -> Content:
    """A message's content; one with nothing in it that we know is UNSUPPORTED and keeps the raw message."""
    words = text(message.get("text"))
    raw_attachments = sequence(message.get("attachments"))
    attachments = tuple(_attachment(raw) for raw in raw_attachments if isinstance(raw, dict))
    story = mapping(mapping(message.get("reply_to")).get("story"))
    kind = _kind(message, words, attachments, story)
    more: dict[str, Any] = {}
    if isinstance(message.get("text"), str) and len(message["text"]) > TEXT_LIMIT:
        more["truncated_from"] = len(message["text"])
    if kind is Kind.UNSUPPORTED:
        more |= details(message)
    elif raw_attachments:
        more["attachments"] = plain(raw_attachments)
    if story:
        more["story"] = plain(story)
    return Content(
        kind=kind,
        text=words or _words(raw_attachments),
        attachments=attachments,
        payload=text(mapping(message.get("quick_reply")).get("payload")),
        reply_to=identifier(story.get("id")) or identifier(mapping(message.get("reply_to")).get("mid")),
        origin=_story_origin(kind, story, attachments),
        details=more,
    )


def _kind(message: dict[str, Any], words: str, attachments: tuple[Attachment, ...], story: dict[str, Any]) -> Kind:
    if message.get("is_unsupported") is True:
        return Kind.UNSUPPORTED
    if story:
        return Kind.STORY_REPLY
    if attachments:
        first = attachments[0].kind
        # A text with a link arrives as the text plus a "fallback" preview: still a text.
        return Kind.TEXT if words and first in {Kind.SHARE, Kind.UNSUPPORTED} else first
    return Kind.TEXT if words else Kind.UNSUPPORTED


def _attachment(raw: dict[str, Any]) -> Attachment:
    payload = mapping(raw.get("payload"))
    kind = _KINDS.get(text(raw.get("type"), 100), Kind.UNSUPPORTED)
    if kind is Kind.IMAGE and payload.get("sticker_id"):
        kind = Kind.STICKER
    url = text(payload.get("url") or raw.get("url"), 5000) if kind in _FETCHABLE else ""
    name = text(payload.get("title") or payload.get("name") or raw.get("title"), 500)
    return Attachment(kind=kind, url=url if url.startswith(("https://", "http://")) else "", name=name)


def _words(attachments: list[Any]) -> str:
    """What stands for a message without text: a place's coordinates, the words on a template's cards."""
    found: list[str] = []
    for raw in attachments:
        payload = mapping(mapping(raw).get("payload"))
        place = mapping(payload.get("coordinates"))
        if place:
            found.append(", ".join(filter(None, [text(place.get("lat"), 30), text(place.get("long"), 30)])))
        if mapping(raw).get("type") == "template":
            found.append(text(payload.get("text")))
            found += [text(mapping(element).get("title"), 500) for element in sequence(payload.get("elements"))[:10]]
    return "\n".join(filter(None, found))


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
