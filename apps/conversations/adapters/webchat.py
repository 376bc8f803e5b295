"""Our own chat on a website: the widget's messages come through the same pipeline as everyone else's.

The widget's door writes the body itself, in the shape of the other channels:

    {"object": "webchat", "entry": [{"id": <account>, "messaging": [{
        "visitor": "v_…" or {"id", "name", "phone", "locale"},   who, by the widget's own cookie
        "mid": "w_…", "text": "…", "payload": "…",              a message or a pressed button
        "attachments": [{"kind", "url", "name", "mime", "size"}],
        "reply_to": "…", "read": <time>,                         "read" alone: seen everything until then
        "at": <time>,
        "page": {"url", "title", "referrer", "utm": {"source", "medium", "campaign", …}}
    }]}]}

A message to a visitor is delivered by being stored (the widget fetches it), so sending makes no call.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from apps.conversations.adapters import (
    Account,
    Attachment,
    Fact,
    Health,
    Inbound,
    Kind,
    Limits,
    Media,
    Origin,
    Outgoing,
    Person,
    Profile,
    Receipt,
    Refused,
    Sent,
    reading,
    reasons,
)
from apps.conversations.adapters.reading import details, identifier, mapping, moment, sequence, text

NAME = "Website chat"
LIMITS = Limits(
    reply_window=None,
    text=4000,
    cards=True,
    quick_replies=13,
    quick_reply_title=40,
    upload_bytes=10_000_000,
    instant=True,
    attachments=(Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.FILE),
)
# What an advertiser appends to a landing page's address when an ad is clicked.
_CLICK_IDS = ("gclid", "fbclid", "msclkid", "ttclid", "li_fat_id", "gbraid", "wbraid")

accounts = reading.split
explain = reasons.explain


def parse(part: Any, received_at: datetime | None = None) -> list[Fact]:
    found: list[Fact] = []
    for entry, account, at in reading.entries(part, received_at):
        events = sequence(entry.get("messaging"))
        if not events:
            found.append(reading.malformed(account, at, "an entry without events", entry))
        for raw in events:
            found += reading.kept(_event(raw, account, at), account, at, raw)
    return found


def _event(raw: Any, account: str, entry_at: datetime) -> Iterator[Fact]:
    event = mapping(raw)
    at = moment(event.get("at"), entry_at)
    person = _visitor(event.get("visitor"))
    mid = identifier(event.get("mid"))
    if person is None:
        yield reading.malformed(account, at, "a message without a visitor", raw)
    elif mid:
        yield _message(event, account, at, person, mid)
    elif event.get("read"):
        up_to = moment(event["read"], at)
        yield Receipt(account=account, at=at, status="read", person=person, up_to=up_to)
    else:
        yield reading.malformed(account, at, "a message without an id", raw)


def _visitor(raw: Any) -> Person | None:
    visitor = raw if isinstance(raw, dict) else {"id": raw}
    found = identifier(visitor.get("id"))
    if not found:
        return None
    return Person(
        id=found,
        name=text(visitor.get("name"), 200),
        phone=text(visitor.get("phone"), 50),
        locale=text(visitor.get("locale"), 20),
    )


def _message(event: dict[str, Any], account: str, at: datetime, person: Person, mid: str) -> Inbound:
    attachments = tuple(_attachment(raw) for raw in sequence(event.get("attachments")) if isinstance(raw, dict))
    words, payload = text(event.get("text")), text(event.get("payload"), 2000)
    kind = attachments[0].kind if attachments else Kind.TEXT
    if not words and not attachments:
        kind = Kind.POSTBACK if payload else Kind.UNSUPPORTED
    return Inbound(
        account=account,
        at=at,
        id=mid,
        person=person,
        kind=kind,
        text=words,
        attachments=attachments,
        payload=payload,
        reply_to=identifier(event.get("reply_to")),
        origin=_origin(mapping(event.get("page"))),
        details=details(event) if kind is Kind.UNSUPPORTED else {},
    )


def _attachment(raw: dict[str, Any]) -> Attachment:
    name = text(raw.get("kind"), 20)
    kind = Kind(name) if name in LIMITS.attachments else Kind.FILE
    size = raw.get("size")
    return Attachment(
        kind=kind,
        url=text(raw.get("url"), 5000),
        name=text(raw.get("name"), 300),
        mime=text(raw.get("mime"), 200),
        size=size if type(size) is int and 0 <= size < 2**62 else None,
    )


def _origin(page: dict[str, Any]) -> Origin | None:
    """Attribution from the page the visitor writes on: the campaign, the click, where they came from."""
    if not page:
        return None
    url, referrer = text(page.get("url"), 5000), text(page.get("referrer"), 5000)
    utm = {name: text(value, 300) for name, value in mapping(page.get("utm")).items() if text(value, 300)}
    query = _query(url)
    click = next((query[name] for name in _CLICK_IDS if query.get(name)), "")
    kind = "ad" if click else "referral" if utm or referrer else "direct"
    return Origin(
        kind=kind,
        ref=utm.get("campaign", ""),
        source=utm.get("source") or _host(referrer),
        title=text(page.get("title"), 500),
        url=url,
        click_id=identifier(click),
        details=details({"referrer": referrer, "utm": utm}),
    )


def _query(url: str) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(urlsplit(url).query, max_num_fields=100).items()}
    except ValueError:
        return {}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def check(account: Account) -> Health:
    """The key is ours: whoever is connected under it was given it here."""
    return Health(ok=True, owns=frozenset({account.external_id}), name=text(account.settings.get("name"), 200))


def subscribe(account: Account) -> None:
    """Nothing to ask anyone for: the widget is ours."""


def profile(account: Account, person: Person) -> Profile:
    return Profile(name=person.name, locale=person.locale)


def media(account: Account, attachment: Attachment) -> Media:
    """Uploads are already ours: there is nothing to fetch."""
    raise Refused(reasons.local("no-media"))


def send(account: Account, message: Outgoing) -> Sent:
    if not (message.text or message.attachments or message.cards or message.quick_replies):
        raise Refused(reasons.local("template-unsupported" if message.template else "empty"))
    if not message.to.id:
        raise Refused(reasons.local("no-recipient"))
    return Sent(id=message.reference)


def find(account: Account, message: Outgoing) -> Sent | None:
    return Sent(id=message.reference)
