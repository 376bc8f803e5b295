"""Sends through the Messenger Platform, for Messenger and Instagram: `POST /{page}/messages`.

Facts learned:

- `messaging_type` RESPONSE answers, UPDATE is unasked within 24 h, MESSAGE_TAG needs a tag, UTILITY a template;
  of the tags only HUMAN_AGENT lives (chatwoot issue 14674), for a reply that a person wrote, up to 7 days.
- A utility template goes in `message.template` {name, language{code}, components[]} and only on Messenger
  (developers.facebook.com, utility-messages, March 2026).
- `metadata` (under 1,000 characters) comes back in the echo; Instagram's pages know no such field.
- At most 13 quick replies with titles of 20 characters; they vanish with the next message, so they go on the last
  piece. Instagram takes them on texts only, so there the text goes last.
- `reply_to: {mid}` stands beside `recipient` ("Page messages" reference); second-hand for what it holds.
- The Conversations API shows id, text, sender and time of a thread's messages, not their metadata; for
  Instagram only the 20 newest (developers.facebook.com, "Conversation").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.conversations.adapters import (
    Account,
    Attachment,
    Button,
    Card,
    Health,
    Kind,
    Limits,
    Media,
    Outgoing,
    Person,
    Profile,
    Refused,
    SendError,
    Sent,
    Template,
    Unknown,
    Unreachable,
    graph,
    reasons,
)
from apps.conversations.adapters.reading import identifier, mapping, moment, sequence, text
from apps.conversations.adapters.splitting import shorten, split
from apps.jobs import clock

CARDS_IN_ONE = 10
_ATTACHMENTS = {Kind.IMAGE: "image", Kind.STICKER: "image", Kind.VIDEO: "video", Kind.AUDIO: "audio", Kind.FILE: "file"}
_TYPES: dict[str, dict[str, Any]] = {
    "response": {"messaging_type": "RESPONSE"},
    "update": {"messaging_type": "UPDATE"},
    "human_agent": {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"},
    "utility": {"messaging_type": "UTILITY"},
}
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER = timedelta(minutes=2)


@dataclass(frozen=True)
class Surface:
    """What differs between the two surfaces."""

    platform: str
    limits: Limits
    metadata: bool
    text_last: bool
    page_setting: str  # which setting names the page, "" = the account's own id
    own: Callable[[Surface, Account], tuple[str, str]]  # (id, name) of the account that the token belongs to
    account_fields: str
    profile_fields: str
    subscribed_fields: tuple[str, ...]

    def page(self, account: Account) -> str:
        """The id that sends are posted to; "me" is whatever the token belongs to."""
        if not self.page_setting:
            return account.external_id
        return identifier(account.settings.get(self.page_setting)) or "me"


def send(surface: Surface, account: Account, message: Outgoing) -> Sent:
    pieces = _pieces(surface, message)
    if message.done >= set(range(len(pieces))):
        raise Refused(reasons.local("empty"))
    if not message.to.id:
        raise Refused(reasons.local("no-recipient"))
    head = {"recipient": {"id": message.to.id}} | _TYPES.get(message.purpose, _TYPES["response"])
    ids: list[str] = []
    for position, piece in enumerate(pieces):
        if position in message.done:
            continue
        if surface.metadata:
            piece["metadata"] = message.reference[:999]
        body = head | {"message": piece}
        if message.reply_to and position == 0:
            body["reply_to"] = {"mid": message.reply_to}
        try:
            answer = graph.post(account, f"{surface.page(account)}/messages", body)
            ids.append(_message_id(answer))
        except SendError as error:
            error.sent_ids = tuple(ids)
            raise
    return Sent(id=ids[0], more_ids=tuple(ids[1:]))


def _message_id(answer: dict[str, Any]) -> str:
    found = identifier(answer.get("message_id"))
    if not found:
        raise Unknown(reasons.local("ambiguous", "the answer holds no message_id"))
    return found


def _pieces(surface: Surface, message: Outgoing) -> list[dict[str, Any]]:
    """The messages that make up one outgoing message, in the order they are sent."""
    if message.template:
        if not surface.limits.templates:
            raise Refused(reasons.local("template-unsupported"))
        return [{"template": _template(message.template)}]
    choices = [button for button in message.quick_replies if not button.url]
    links = [f"{button.title}: {button.url}" for button in message.quick_replies if button.url]
    words = "\n".join(filter(None, [message.text, *links]))
    texts = [{"text": piece} for piece in split(words, surface.limits.text, surface.limits.text_unit)]
    rest = [_attachment(attachment) for attachment in message.attachments] + _carousels(message.cards)
    pieces: list[dict[str, Any]] = [*rest, *texts] if surface.text_last and choices else [*texts, *rest]
    if pieces and choices and (texts or not surface.text_last):
        pieces[-1]["quick_replies"] = [_quick_reply(button) for button in choices[: surface.limits.quick_replies]]
    return pieces


def _template(template: Template) -> dict[str, Any]:
    parameters = [{"type": "text", "text": value} for value in template.variables]
    components = [{"type": "body", "parameters": parameters}] if parameters else []
    return {"name": template.name, "language": {"code": template.language}, "components": components}


def _attachment(attachment: Attachment) -> dict[str, Any]:
    if not attachment.url:
        raise Refused(reasons.local("no-media"))
    kind = _ATTACHMENTS.get(attachment.kind, "file")
    return {"attachment": {"type": kind, "payload": {"url": attachment.url, "is_reusable": False}}}


def _quick_reply(button: Button) -> dict[str, Any]:
    title = shorten(button.title, 20)
    return {"content_type": "text", "title": title, "payload": (button.payload or title)[:1000]}


def _carousels(cards: tuple[Card, ...]) -> list[dict[str, Any]]:
    elements = [_element(card) for card in cards]
    groups = [elements[start : start + CARDS_IN_ONE] for start in range(0, len(elements), CARDS_IN_ONE)]
    return [
        {"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": group}}}
        for group in groups
    ]


def _element(card: Card) -> dict[str, Any]:
    """A card needs a title and at least one thing more; a title alone is refused by the platform."""
    subtitle = " · ".join(filter(None, [card.price, card.subtitle]))
    element: dict[str, Any] = {"title": shorten(card.title, 80) or "…"}
    if subtitle:
        element["subtitle"] = shorten(subtitle, 80)
    if card.image_url:
        element["image_url"] = card.image_url
    if card.url:
        element["default_action"] = {"type": "web_url", "url": card.url}
    if card.buttons:
        element["buttons"] = [_button(button) for button in card.buttons[:3]]
    if len(element) == 1:
        element["subtitle"] = element["title"]
    return element


def _button(button: Button) -> dict[str, Any]:
    title = shorten(button.title, 20)
    if button.url:
        return {"type": "web_url", "title": title, "url": button.url}
    return {"type": "postback", "title": title, "payload": (button.payload or title)[:1000]}


def find(surface: Surface, account: Account, message: Outgoing) -> Sent | None:
    """Our message among the thread's newest ones, told by its text, sender and time.

    Of one in several pieces only the first may be there: Unreachable, with their ids, says that the rest is not.
    """
    since = (message.created_at or _EARLIEST) - _CLOCKS_DIFFER
    try:
        thread, complete = _thread(surface, account, message.to.id)
    except SendError as error:
        raise Unknown(error.reason) from error
    now = clock.now()
    ours = [item for item in thread if moment(item.get("created_time"), now) >= since]
    ours = [item for item in ours if identifier(mapping(item.get("from")).get("id")) != message.to.id]
    pieces = [piece for n, piece in enumerate(_pieces(surface, message)) if n not in message.done]
    ids, in_a_row = [], 0
    for position, piece in enumerate(pieces):
        match = next((item for item in reversed(ours) if _same(piece, item)), None)
        if match:
            ours.remove(match)
            ids.append(identifier(match.get("id")))
            in_a_row += len(ids) == position + 1
    if ids and len(ids) == len(pieces):
        return Sent(id=ids[0], more_ids=tuple(ids[1:]))
    reached_back = complete or any(moment(item.get("created_time"), now) < since for item in thread)
    if ids and reached_back and in_a_row == len(ids):
        raise Unreachable(reasons.local("no-history", "only the first part was found"), tuple(ids))
    if ids or not reached_back:
        raise Unknown(reasons.local("no-history", "only a part was found"), tuple(ids))
    return None


def _thread(surface: Surface, account: Account, person: str) -> tuple[list[dict[str, Any]], bool]:
    """The newest messages with a person, newest first, and whether these are all there are."""
    fields = "messages.limit(20){id,created_time,from,message,attachments}"
    answer = graph.get(
        account, f"{surface.page(account)}/conversations", platform=surface.platform, user_id=person, fields=fields
    )
    messages: list[dict[str, Any]] = []
    complete = True
    for conversation in sequence(answer.get("data")):
        page = mapping(mapping(conversation).get("messages"))
        messages += [item for item in sequence(page.get("data")) if isinstance(item, dict)]
        complete = complete and len(messages) < 20 and not mapping(page.get("paging")).get("next")
    return messages, complete


def _same(piece: dict[str, Any], item: dict[str, Any]) -> bool:
    said = text(item.get("message"))
    if "text" in piece:
        return said.split() == piece["text"].split()
    return not said and bool(item.get("attachments"))


def check(surface: Surface, account: Account) -> Health:
    """Whether the token works, belongs to this account, and the app receives its webhooks.

    Whose a token is, only `me` tells: a page's name and id can be read with anybody's token.
    """
    owns: frozenset[str] = frozenset()
    try:
        own, name = surface.own(surface, account)
        if own != account.external_id:
            return Health(ok=False, name=name, reason=reasons.local("wrong-account"))
        owns = frozenset({own})
        apps = graph.get(account, f"{surface.page(account)}/subscribed_apps", fields="id,name,subscribed_fields")
    except SendError as error:
        return Health(ok=False, owns=owns, reason=error.reason)
    return replace(_subscription(surface, account, name, sequence(apps.get("data"))), owns=owns)


def own_page(surface: Surface, account: Account) -> tuple[str, str]:
    """(id, name) of the page that the token belongs to."""
    found = graph.get(account, "me", fields=surface.account_fields)
    return identifier(found.get("id")), text(found.get("name"), 200)


def own_instagram(surface: Surface, account: Account) -> tuple[str, str]:
    """(id, name) of the Instagram account linked to the page that the token belongs to, and to no other page."""
    found = graph.get(account, "me", fields=f"id,instagram_business_account{{{surface.account_fields}}}")
    linked = mapping(found.get("instagram_business_account"))
    page = identifier(account.settings.get(surface.page_setting))
    own = identifier(linked.get("id")) if not page or identifier(found.get("id")) == page else ""
    return own, text(linked.get("name") or linked.get("username"), 200)


def _subscription(surface: Surface, account: Account, name: str, apps: list[Any]) -> Health:
    app_id = identifier(account.settings.get("app_id"))
    ours = [mapping(app) for app in apps if not app_id or identifier(mapping(app).get("id")) == app_id]
    if not ours:
        return Health(ok=False, name=name, reason=reasons.local("not-subscribed"))
    fields = {text(field, 100) for app in ours for field in sequence(app.get("subscribed_fields"))}
    missing = [field for field in surface.subscribed_fields if field not in fields]
    if "messages" in missing:
        return Health(ok=False, name=name, reason=reasons.local("not-subscribed"), details={"missing": missing})
    return Health(ok=True, name=name, details={"subscribed": sorted(fields), "missing": missing})


def subscribe(surface: Surface, account: Account) -> None:
    body = {"subscribed_fields": ",".join(surface.subscribed_fields)}
    graph.post(account, f"{surface.page(account)}/subscribed_apps", body)


def profile(surface: Surface, account: Account, person: Person) -> Profile:
    """Name and picture, as far as the person allows; empty when the platform does not tell."""
    try:
        found = graph.get(account, person.id, fields=surface.profile_fields)
    except SendError:
        return Profile()
    full = " ".join(filter(None, [text(found.get("first_name"), 100), text(found.get("last_name"), 100)]))
    return Profile(
        name=text(found.get("name"), 200) or full,
        username=text(found.get("username"), 100),
        locale=text(found.get("locale"), 20),
        avatar_url=text(found.get("profile_pic"), 2000),
    )


def media(surface: Surface, account: Account, attachment: Attachment) -> Media:
    """The file behind an attachment's address; these carry their own signature and take no token."""
    if not attachment.url:
        raise Refused(reasons.local("no-media"))
    return graph.download(account, attachment.url, surface.limits.upload_bytes, authorized=False)
