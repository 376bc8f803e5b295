"""The bodies that platforms post to our webhook when a customer does something: one class per shape, the same verbs.

    wire(channel).message(line, mid, at, text="Hello")      a text, a pressed button, a picture, an ad's first message
                 .opened(line, at, ad)                       came from an ad without a word (not on WhatsApp)
                 .reaction(line, mid, at, emoji)             "" takes it back
                 .echo(line, sent, at)                       what the business sent through us, told back
                 .delivered(line, [mid], at)   .read(line, [mid], at)
                 .new_id()                                   a message id in the platform's own format

Each returns one decoded body, or None where the platform tells nothing of the kind. `raw` gives its bytes as Meta
writes them. Shapes: developers.facebook.com, webhook references of the three products; ours for the website chat.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Line:
    """Who talks with which account. `waba` and `number` are WhatsApp's: the business account, and its phone number."""

    account: str
    person: str
    name: str = ""
    language: str = ""
    waba: str = ""
    number: str = "15550100199"


@dataclass(frozen=True, kw_only=True)
class Ad:
    """The ad, or the link with a `ref`, that a customer came from."""

    id: str = ""
    title: str = ""
    text: str = ""
    ref: str = ""
    url: str = ""
    click_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button that was pressed. `kind`: quick_reply, postback (a card's button), button or list (WhatsApp)."""

    payload: str
    title: str
    kind: str = "quick_reply"
    message: str = ""  # the id of the message that offered it


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message of the business as the platform has it: `message` in the shape in which it was posted."""

    id: str
    message: dict[str, Any]
    app_id: str = ""


Body = dict[str, Any]


class Wire(Protocol):
    def new_id(self) -> str: ...
    def message(
        self, line: Line, mid: str, at: datetime, *, text: str = "", press: Press | None = None,
        picture: str = "", mime: str = "", ad: Ad | None = None,
    ) -> Body: ...  # fmt: skip
    def opened(self, line: Line, at: datetime, ad: Ad) -> Body | None: ...
    def reaction(self, line: Line, mid: str, at: datetime, emoji: str) -> Body | None: ...
    def echo(self, line: Line, sent: Sent, at: datetime) -> Body | None: ...
    def delivered(self, line: Line, mids: Sequence[str], at: datetime) -> Body | None: ...
    def read(self, line: Line, mids: Sequence[str], at: datetime) -> Body | None: ...


def raw(body: Body) -> bytes:
    """The bytes that are signed and posted, non-ASCII escaped as Meta does."""
    return json.dumps(body).encode()


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class Messaging:
    """Messenger (`page`) and Instagram (`instagram`)."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def new_id(self) -> str:
        if self.kind == "page":
            return f"m_{secrets.token_urlsafe(48)}"
        return f"aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE{secrets.token_urlsafe(45)}"

    def message(
        self, line: Line, mid: str, at: datetime, *, text: str = "", press: Press | None = None,
        picture: str = "", mime: str = "", ad: Ad | None = None,
    ) -> Body:  # fmt: skip
        if press and press.kind == "postback":
            return self._body(line, at, postback={"mid": mid, "title": press.title, "payload": press.payload})
        message: Body = {"mid": mid}
        if text or press:
            message["text"] = text or (press.title if press else "")
        if press:
            message["quick_reply"] = {"payload": press.payload}
        if picture:
            message["attachments"] = [{"type": "image", "payload": {"url": picture}}]
        if ad:
            message["referral"] = self._referral(ad)
        return self._body(line, at, message=message)

    def opened(self, line: Line, at: datetime, ad: Ad) -> Body:
        return self._body(line, at, referral=self._referral(ad))

    def reaction(self, line: Line, mid: str, at: datetime, emoji: str) -> Body:
        told: Body = {"mid": mid, "action": "react" if emoji else "unreact"}
        if emoji:
            told |= {"emoji": emoji, "reaction": {"❤️": "love", "❤": "love", "👍": "like"}.get(emoji, "other")}
        return self._body(line, at, reaction=told)

    def echo(self, line: Line, sent: Sent, at: datetime) -> Body:
        message: Body = {"mid": sent.id, "is_echo": True}
        if sent.app_id.isdecimal():
            message["app_id"] = int(sent.app_id)
        if "text" in sent.message:
            message["text"] = sent.message["text"]
        if "attachment" in sent.message:
            message["attachments"] = [sent.message["attachment"]]
        if "metadata" in sent.message and self.kind == "page":
            message["metadata"] = sent.message["metadata"]
        return self._body(line, at, own=True, message=message)

    def delivered(self, line: Line, mids: Sequence[str], at: datetime) -> Body | None:
        """Instagram tells nothing about delivery."""
        if self.kind != "page":
            return None
        return self._body(line, at, delivery={"mids": list(mids), "watermark": _ms(at)})

    def read(self, line: Line, mids: Sequence[str], at: datetime) -> Body:
        if self.kind == "page":
            return self._body(line, at, read={"watermark": _ms(at)})
        bodies = [self._body(line, at, read={"mid": mid}) for mid in mids]
        return {**bodies[0], "entry": [entry for body in bodies for entry in body["entry"]]}

    def _referral(self, ad: Ad) -> Body:
        told: Body = {"ref": ad.ref, "type": "OPEN_THREAD", "source": "ADS" if ad.id else "SHORTLINK"}
        if ad.id:
            told |= {"ad_id": ad.id, "ads_context_data": {"ad_title": ad.title, "photo_url": ad.url}}
        elif ad.url:
            told["referer_uri"] = ad.url
        return told

    def _body(self, line: Line, at: datetime, *, own: bool = False, **event: Any) -> Body:
        sender, recipient = (line.account, line.person) if own else (line.person, line.account)
        told = {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": _ms(at), **event}
        return {"object": self.kind, "entry": [{"id": line.account, "time": _ms(at), "messaging": [told]}]}


class WhatsApp:
    """The Cloud API: entries name the business account, values the phone number."""

    def new_id(self) -> str:
        inner = b"\x1c\x18\x0b" + secrets.token_bytes(8) + b"\x15\x02\x00\x11\x18" + secrets.token_hex(10).encode()
        return "wamid." + base64.b64encode(inner).decode()

    def message(
        self, line: Line, mid: str, at: datetime, *, text: str = "", press: Press | None = None,
        picture: str = "", mime: str = "", ad: Ad | None = None,
    ) -> Body:  # fmt: skip
        """`picture` is a media id here."""
        if press:
            told = self._pressed(line, press)
        elif picture:
            image = {"id": picture, "mime_type": mime or "image/png", "sha256": secrets.token_hex(16)}
            told = {"type": "image", "image": image | ({"caption": text} if text else {})}
        else:
            told = {"type": "text", "text": {"body": text}}
        if ad:
            told["referral"] = {
                "source_url": ad.url or "https://fb.me/simulated",
                "source_id": ad.id,
                "source_type": "ad",
                "headline": ad.title,
                "body": ad.text,
                "media_type": "image",
                "ctwa_clid": ad.click_id or secrets.token_urlsafe(24),
            }
        return self._messages(line, {"from": line.person, "id": mid, "timestamp": _seconds(at), **told})

    def _pressed(self, line: Line, press: Press) -> Body:
        kind = "list_reply" if press.kind == "list" else "button_reply"
        told: Body = {
            "type": "interactive",
            "interactive": {"type": kind, kind: {"id": press.payload, "title": press.title}},
        }
        if press.message:
            told["context"] = {"from": line.number, "id": press.message}
        return told

    def opened(self, line: Line, at: datetime, ad: Ad) -> None:
        """On WhatsApp an ad only shows once the customer writes."""

    def reaction(self, line: Line, mid: str, at: datetime, emoji: str) -> Body:
        own = {"from": line.person, "id": self.new_id(), "timestamp": _seconds(at)}
        return self._messages(line, {**own, "type": "reaction", "reaction": {"message_id": mid, "emoji": emoji}})

    def echo(self, line: Line, sent: Sent, at: datetime) -> Body:
        """WhatsApp has no echo of our own messages; it says "sent"."""
        return self._statuses(line, [sent.id], "sent", at, sent.message.get("biz_opaque_callback_data", ""))

    def delivered(self, line: Line, mids: Sequence[str], at: datetime) -> Body:
        return self._statuses(line, mids, "delivered", at)

    def read(self, line: Line, mids: Sequence[str], at: datetime) -> Body:
        return self._statuses(line, mids, "read", at)

    def _messages(self, line: Line, message: Body) -> Body:
        contact = {"profile": {"name": line.name}, "wa_id": line.person}
        return self._body(line, contacts=[contact], messages=[message])

    def _statuses(self, line: Line, mids: Sequence[str], status: str, at: datetime, reference: str = "") -> Body:
        more = {"biz_opaque_callback_data": reference} if reference else {}
        told = {"recipient_id": line.person, "status": status, "timestamp": _seconds(at), **more}
        return self._body(line, statuses=[{"id": mid, **told} for mid in mids])

    def _body(self, line: Line, **value: Any) -> Body:
        metadata = {"display_phone_number": line.number, "phone_number_id": line.account}
        value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        entry = {"id": line.waba, "changes": [{"field": "messages", "value": value}]}
        return {"object": "whatsapp_business_account", "entry": [entry]}


class Webchat:
    """Our own website chat, as its widget's door writes it (conversations/adapters/webchat.py)."""

    def new_id(self) -> str:
        return f"w_{secrets.token_hex(16)}"

    def message(
        self, line: Line, mid: str, at: datetime, *, text: str = "", press: Press | None = None,
        picture: str = "", mime: str = "", ad: Ad | None = None,
    ) -> Body:  # fmt: skip
        told: Body = {"mid": mid, "text": text or (press.title if press else "")}
        if press:
            told["payload"] = press.payload
        if picture:
            told["attachments"] = [{"kind": "image", "url": picture, "name": "", "mime": mime}]
        if ad:
            url = f"{ad.url or 'https://shop.example/'}?gclid={ad.click_id or ad.id}"
            utm = {"source": "ads", "medium": "cpc", "campaign": ad.ref or ad.title}
            told["page"] = {"url": url, "title": ad.title, "utm": utm}
        return self._body(line, at, **told)

    def opened(self, line: Line, at: datetime, ad: Ad) -> None:
        """A visitor shows when they write."""

    def reaction(self, line: Line, mid: str, at: datetime, emoji: str) -> None:
        """The widget has no reactions."""

    def echo(self, line: Line, sent: Sent, at: datetime) -> None:
        """Nobody else could tell us what we stored ourselves."""

    def delivered(self, line: Line, mids: Sequence[str], at: datetime) -> None:
        """A message is delivered by being stored."""

    def read(self, line: Line, mids: Sequence[str], at: datetime) -> Body:
        return self._body(line, at, read=at.isoformat())

    def _body(self, line: Line, at: datetime, **event: Any) -> Body:
        visitor = {"id": line.person, "name": line.name, "locale": line.language}
        told = {"visitor": visitor, "at": at.isoformat(), **event}
        return {"object": "webchat", "entry": [{"id": line.account, "messaging": [told]}]}


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))


WIRES: dict[str, Wire] = {
    "facebook": Messaging("page"),
    "instagram": Messaging("instagram"),
    "whatsapp": WhatsApp(),
    "webchat": Webchat(),
}


def wire(channel: str) -> Wire:
    """The wire of a channel; KeyError names one that does not exist."""
    return WIRES[channel]
