"""What Meta's Graph API refuses, as far as its documents say: shapes, lengths, windows, dead tags, templates."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.vendors.graph import AccountThere, Graph

WINDOW, HUMAN_WINDOW = timedelta(hours=24), timedelta(days=7)
DEAD_TAGS = {"CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE"}
BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
WHATSAPP_TYPES = {
    "text", "image", "video", "audio", "document", "sticker", "template", "interactive", "location", "contacts", "reaction"
}  # fmt: skip


class GraphError(Exception):
    """An answer with an error object."""

    def __init__(self, code: int, message: str = "", *, subcode: int = 0, status: int = 400, **headers: str) -> None:
        super().__init__(message)
        self.code, self.message, self.subcode, self.status, self.headers = code, message, subcode, status, headers

    def as_json(self) -> dict[str, Any]:
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {self.message}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "AbCdEfGh",
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        return error


def must(condition: object, message: str, code: int = 100, subcode: int = 0) -> None:
    if not condition:
        raise GraphError(code, message, subcode=subcode)


def message_id(kind: str, number: int) -> str:
    """In each surface's own format."""
    unique = f"{number:020d}"
    if kind == "whatsapp":
        return "wamid." + base64.b64encode(f"\x1c\x18\x0b16505551234\x15\x02\x00\x11\x18{unique}".encode()).decode()
    letters = base64.urlsafe_b64encode(f"{unique}-{unique}-{unique}".encode()).decode().rstrip("=")
    return f"m_{letters}" if kind == "page" else f"aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE{letters}"


def check(graph: Graph, account: AccountThere, body: dict[str, Any]) -> tuple[AccountThere, str, bool]:
    """(the account it is sent for, to whom, whether it vanishes); raises GraphError."""
    if account.kind == "whatsapp":
        return _whatsapp(graph, account, body)
    return _messaging(graph, account, body)


def _messaging(graph: Graph, account: AccountThere, body: dict[str, Any]) -> tuple[AccountThere, str, bool]:
    to = (body.get("recipient") or {}).get("id")
    must(isinstance(to, str) and to, "recipient.id must be a string")
    same_page = [one for one in graph.accounts.values() if one.page_id == account.page_id and one.page_id]
    account = next((one for one in same_page if to in one.heard), account)
    must(to in account.heard or graph.lenient, "No matching user found", subcode=2018001)
    message = body.get("message")
    must(isinstance(message, dict), "message must be an object")
    assert isinstance(message, dict)
    kinds = [key for key in ("text", "attachment", "template") if key in message]
    must(len(kinds) == 1, f"message must hold one of text, attachment, template; it holds {kinds}")
    _messaging_text(account, message)
    _quick_replies(account, message)
    must(len(message.get("metadata", "")) < 1000, "metadata is too long")
    if "attachment" in message:
        _attachment(message["attachment"])
    _messaging_window(graph, account, to, body)
    return account, to, False


def _messaging_text(account: AccountThere, message: dict[str, Any]) -> None:
    if "text" not in message:
        return
    must(message["text"].strip(), "message[text] must not be empty")
    if account.kind == "instagram":
        must(len(message["text"].encode()) <= 1000, "Length of param message[text] must be at most 1000 bytes")
    must(len(message["text"]) <= 2000, "Length of param message[text] must be less than or equal to 2000")


def _quick_replies(account: AccountThere, message: dict[str, Any]) -> None:
    replies = message.get("quick_replies", [])
    must(len(replies) <= 13, "At most 13 quick replies")
    must(not replies or account.kind != "instagram" or "text" in message, "Quick replies need a text on Instagram")
    for reply in replies:
        must(0 < len(reply.get("title", "")) <= 20, "A quick reply's title has 1 to 20 characters")
        must(0 < len(reply.get("payload", "")) <= 1000, "A quick reply's payload has 1 to 1000 characters")


def _attachment(attachment: dict[str, Any]) -> None:
    payload = attachment.get("payload", {})
    if attachment.get("type") != "template":
        must(attachment.get("type") in {"image", "video", "audio", "file"}, "unknown attachment type")
        must(str(payload.get("url", "")).startswith("http"), "the attachment has no url", subcode=2018109)
        return
    elements = payload.get("elements", [])
    must(payload.get("template_type") == "generic" and 1 <= len(elements) <= 10, "1 to 10 generic elements")
    for element in elements:
        must(0 < len(element.get("title", "")) <= 80 and len(element.get("subtitle", "")) <= 80, "80 characters")
        must(len(element) > 1, "an element needs more than its title")
        must(len(element.get("buttons", [])) <= 3, "at most 3 buttons")
        must(all(0 < len(button["title"]) <= 20 for button in element.get("buttons", [])), "20 characters in buttons")


def _messaging_window(graph: Graph, account: AccountThere, to: str, body: dict[str, Any]) -> None:
    kind, tag = body.get("messaging_type"), body.get("tag")
    must(kind in {"RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"}, "Invalid messaging_type")
    must(kind != "MESSAGE_TAG" or tag == "HUMAN_AGENT", f"Invalid parameter: tag {tag}")
    if kind == "UTILITY":
        must(account.kind == "page", "Utility messages exist on Messenger only")
        template = body["message"].get("template", {})
        known = (template.get("name"), (template.get("language") or {}).get("code"))
        must(known in graph.templates or graph.lenient, "Template not found")
        return
    since = graph.now() - account.heard.get(to, graph.now())
    allowed = HUMAN_WINDOW if kind == "MESSAGE_TAG" else WINDOW
    subcode = 2534022 if account.kind == "instagram" else 2018278
    must(since <= allowed, "This message is sent outside of allowed window.", code=10, subcode=subcode)


def _whatsapp(graph: Graph, account: AccountThere, body: dict[str, Any]) -> tuple[AccountThere, str, bool]:
    must(body.get("messaging_product") == "whatsapp", "messaging_product must be whatsapp")
    must(body.get("recipient_type", "individual") == "individual", "recipient_type must be individual")
    to, recipient = body.get("to"), body.get("recipient")
    must(to or recipient, "The parameter to is required.", code=131008)
    must(recipient is None or BSUID.fullmatch(recipient), "recipient is no BSUID", code=131009)
    kind = body.get("type", "text")
    must(kind in WHATSAPP_TYPES and isinstance(body.get(kind), dict), f"no {kind} object", code=131008)
    must(len(body.get("biz_opaque_callback_data", "")) <= 512, "biz_opaque_callback_data is too long")
    if kind == "text":
        must(0 < len(body["text"].get("body", "")) <= 4096, "text.body has 1 to 4096 characters")
    if kind in {"image", "video", "audio", "document", "sticker"}:
        must(body[kind].get("id") or body[kind].get("link"), "media needs an id or a link", code=131008)
        must(len(body[kind].get("caption", "")) <= 1024, "a caption has 1024 characters")
    if kind == "interactive":
        _interactive(body["interactive"])
    if to and BSUID.fullmatch(to):
        return account, to, True  # accepted, and never seen again
    who = to or recipient
    if kind == "template":
        _whatsapp_template(graph, body["template"])
    elif not graph.lenient:
        heard = account.heard.get(who)
        open_ = heard is not None and graph.now() - heard <= WINDOW
        must(open_, "Re-engagement message: more than 24 hours have passed", code=131047)
    return account, who, False


def _interactive(body: dict[str, Any]) -> None:
    words = body.get("body", {}).get("text", "")
    action = body.get("action", {})
    if body.get("type") == "button":
        titles = [button["reply"]["title"] for button in action.get("buttons", [])]
        must(0 < len(words) <= 1024, "the body has 1 to 1024 characters")
        must(1 <= len(titles) <= 3 and all(0 < len(title) <= 20 for title in titles), "1 to 3 buttons of 20 characters")
        must(len(set(titles)) == len(titles), "Duplicate button titles", code=131009)
        return
    must(body.get("type") == "list", "unknown interactive type")
    rows = [row for section in action.get("sections", []) for row in section["rows"]]
    must(0 < len(words) <= 4096 and 0 < len(action.get("button", "")) <= 20, "body or button label")
    must(1 <= len(rows) <= 10 and all(0 < len(row["title"]) <= 24 for row in rows), "1 to 10 rows of 24 characters")
    must(all(len(row.get("description", "")) <= 72 and 0 < len(row["id"]) <= 200 for row in rows), "row too long")


def _whatsapp_template(graph: Graph, template: dict[str, Any]) -> None:
    if graph.lenient:
        return
    known = graph.templates.get((template.get("name"), (template.get("language") or {}).get("code")))
    must(known is not None, "Template name does not exist in the translation", code=132001)
    values = [one["text"] for part in template.get("components", []) for one in part["parameters"]]
    must(len(values) == known, "Number of parameters does not match", code=132000)
    bad = any(re.search(r"[\n\t]| {5}", value) for value in values)
    must(not bad, "Parameter format does not match", code=132012)
