"""What Meta refuses when a message is posted, as far as its documents say: shapes, lengths, windows, templates.

Sources: developers.facebook.com, Send API, Instagram messaging and Cloud API references, 2025 and 2026.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from apps.conversations.adapters.reading import identifier, mapping, sequence, text
from apps.conversations.models import MessageTemplate
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock

from .models import Phone

WINDOW, HUMAN_WINDOW = timedelta(hours=24), timedelta(days=7)
_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
_WHATSAPP_MEDIA = {"image", "video", "audio", "document", "sticker"}
_WHATSAPP_TYPES = {"text", "template", "interactive", "location", "contacts", "reaction", *_WHATSAPP_MEDIA}


class GraphError(Exception):
    """An answer with Meta's error object."""

    def __init__(self, code: int, message: str = "", *, subcode: int = 0, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.subcode, self.status = code, message, subcode, status

    def as_json(self) -> dict[str, Any]:
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {self.message}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "SimulatedFbTrace",
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        return {"error": error}


def must(condition: object, message: str, code: int = 100, subcode: int = 0) -> None:
    if not condition:
        raise GraphError(code, message, subcode=subcode)


def recipient(account: ConnectedAccount, body: dict[str, Any]) -> Phone:
    """The phone that a posted message goes to; raises GraphError with what Meta would say."""
    if account.channel == "whatsapp":
        return _whatsapp(account, body)
    return _messaging(account, body)


def _phone(account: ConnectedAccount, person: str) -> Phone | None:
    return Phone.objects.filter(account=account.external_id, person=person[:120]).first()


def _messaging(account: ConnectedAccount, body: dict[str, Any]) -> Phone:
    to = mapping(body.get("recipient")).get("id")
    must(isinstance(to, str) and to, "Param recipient[id] must be a string")
    phone = _phone(account, identifier(to))
    must(phone is not None and phone.heard_at, "No matching user found", subcode=2018001)
    assert phone is not None
    message = body.get("message")
    must(isinstance(message, dict), "Param message must be an object")
    message = mapping(message)
    kinds = [key for key in ("text", "attachment", "template") if key in message]
    must(len(kinds) == 1, "message must hold one of text, attachment, template")
    if "text" in message:
        _words(account.channel, message["text"])
    _quick_replies(account.channel, message)
    must(len(text(message.get("metadata"))) < 1000, "Param message[metadata] is too long")
    if "attachment" in message:
        _attachment(mapping(message["attachment"]))
    _window(account, phone, body, message)
    return phone


def _words(channel: str, words: Any) -> None:
    must(isinstance(words, str) and words.strip(), "Param message[text] must not be empty")
    if channel == "instagram":
        must(len(words.encode("utf-8", "replace")) <= 1000, "Length of param message[text] must be at most 1000 bytes")
    must(len(words) <= 2000, "Length of param message[text] must be less than or equal to 2000")


def _quick_replies(channel: str, message: dict[str, Any]) -> None:
    replies = [mapping(reply) for reply in sequence(message.get("quick_replies"))]
    must(len(replies) <= 13, "At most 13 quick replies")
    must(not replies or channel != "instagram" or "text" in message, "Quick replies need a text on Instagram")
    for reply in replies:
        must(0 < len(text(reply.get("title"))) <= 20, "A quick reply's title has 1 to 20 characters")
        must(0 < len(text(reply.get("payload"))) <= 1000, "A quick reply's payload has 1 to 1000 characters")


def _attachment(attachment: dict[str, Any]) -> None:
    payload = mapping(attachment.get("payload"))
    if attachment.get("type") != "template":
        must(attachment.get("type") in ("image", "video", "audio", "file"), "Unknown attachment type")
        must(text(payload.get("url")).startswith("http"), "The attachment has no url", subcode=2018109)
        return
    elements = [mapping(element) for element in sequence(payload.get("elements"))]
    must(payload.get("template_type") == "generic" and 1 <= len(elements) <= 10, "1 to 10 generic elements")
    for element in elements:
        must(0 < len(text(element.get("title"))) <= 80, "An element's title has 1 to 80 characters")
        must(len(text(element.get("subtitle"))) <= 80, "An element's subtitle has at most 80 characters")
        must(len(element) > 1, "An element needs more than its title")
        titles = [text(mapping(button).get("title")) for button in sequence(element.get("buttons"))]
        must(len(titles) <= 3 and all(0 < len(title) <= 20 for title in titles), "At most 3 buttons of 20 characters")


def _window(account: ConnectedAccount, phone: Phone, body: dict[str, Any], message: dict[str, Any]) -> None:
    kind, tag = body.get("messaging_type"), body.get("tag")
    must(kind in ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"), "Invalid messaging_type")
    must(kind != "MESSAGE_TAG" or tag == "HUMAN_AGENT", "Invalid parameter: tag")
    if kind == "UTILITY":
        must(account.channel == "facebook", "Utility messages exist on Messenger only")
        must(_template(account, mapping(message.get("template"))), "Template not found")
        return
    allowed = HUMAN_WINDOW if kind == "MESSAGE_TAG" else WINDOW
    subcode = 2534022 if account.channel == "instagram" else 2018278
    must(_since(phone) <= allowed, "This message is sent outside of allowed window.", code=10, subcode=subcode)


def _since(phone: Phone) -> timedelta:
    return clock.now() - phone.heard_at if phone.heard_at else timedelta.max


def _template(account: ConnectedAccount, template: dict[str, Any]) -> MessageTemplate | None:
    return MessageTemplate.objects.filter(
        account=account,
        name=text(template.get("name"), 120),
        language=text(mapping(template.get("language")).get("code"), 12),
        state="approved",
    ).first()


def _whatsapp(account: ConnectedAccount, body: dict[str, Any]) -> Phone:
    must(body.get("messaging_product") == "whatsapp", "messaging_product must be whatsapp")
    must(body.get("recipient_type", "individual") == "individual", "recipient_type must be individual")
    to, scoped = identifier(body.get("to")), body.get("recipient")
    must(to or scoped, "The parameter to is required.", code=131008)
    must(scoped is None or _BSUID.fullmatch(identifier(scoped)), "recipient is no user id", code=131009)
    kind = text(body.get("type", "text"), 40)
    must(kind in _WHATSAPP_TYPES and isinstance(body.get(kind), dict), f"There is no {kind} object", code=131008)
    must(len(text(body.get("biz_opaque_callback_data"))) <= 512, "biz_opaque_callback_data is too long")
    phone = _phone(account, to or identifier(scoped))
    must(phone is not None, "Message undeliverable", code=131026)
    assert phone is not None
    content = mapping(body[kind])
    if kind == "template":
        _whatsapp_template(account, content)
        return phone
    _whatsapp_content(kind, content)
    must(_since(phone) <= WINDOW, "Re-engagement message: more than 24 hours have passed", code=131047)
    return phone


def _whatsapp_content(kind: str, content: dict[str, Any]) -> None:
    if kind == "text":
        must(0 < len(text(content.get("body"))) <= 4096, "text.body has 1 to 4096 characters")
    if kind in _WHATSAPP_MEDIA:
        must(identifier(content.get("id")) or text(content.get("link")), "Media needs an id or a link", code=131008)
        must(len(text(content.get("caption"))) <= 1024, "A caption has at most 1024 characters")
    if kind == "interactive":
        _interactive(content)


def _interactive(content: dict[str, Any]) -> None:
    words = text(mapping(content.get("body")).get("text"))
    action = mapping(content.get("action"))
    if content.get("type") == "button":
        replies = [mapping(mapping(button).get("reply")) for button in sequence(action.get("buttons"))]
        titles = [text(reply.get("title")) for reply in replies]
        must(0 < len(words) <= 1024, "The body has 1 to 1024 characters")
        must(1 <= len(titles) <= 3 and all(0 < len(title) <= 20 for title in titles), "1 to 3 buttons of 20 characters")
        must(len(set(titles)) == len(titles), "Duplicate button titles", code=131009)
        return
    must(content.get("type") == "list", "Unknown interactive type")
    rows = [mapping(row) for part in sequence(action.get("sections")) for row in sequence(mapping(part).get("rows"))]
    must(0 < len(words) <= 4096 and 0 < len(text(action.get("button"))) <= 20, "The body or the button is too long")
    must(1 <= len(rows) <= 10, "1 to 10 rows")
    must(all(0 < len(text(row.get("title"))) <= 24 for row in rows), "A row's title has 1 to 24 characters")
    must(all(len(text(row.get("description"))) <= 72 for row in rows), "A row's description has 72 characters")
    must(all(0 < len(text(row.get("id"))) <= 200 for row in rows), "A row's id has 1 to 200 characters")


def _whatsapp_template(account: ConnectedAccount, content: dict[str, Any]) -> None:
    known = _template(account, content)
    must(known is not None, "Template name does not exist in the translation", code=132001)
    assert known is not None
    parts = [mapping(part) for part in sequence(content.get("components"))]
    values = [text(mapping(one).get("text")) for part in parts for one in sequence(part.get("parameters"))]
    places = len(set(re.findall(r"\{\{\s*(\d+)\s*\}\}", known.body)))
    must(len(values) == places, "Number of parameters does not match the expected number of params", code=132000)
    bad = any(re.search(r"[\n\t]| {5}", value) for value in values)
    must(not bad, "Parameter format does not match format in the created template", code=132012)
