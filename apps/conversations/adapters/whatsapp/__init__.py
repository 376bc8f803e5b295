"""WhatsApp through the Cloud API: one business phone number (`external_id` is its phone-number id).

- A person is known by the business-scoped user id (BSUID, "US.1349…"), by a phone number (`wa_id`), or both;
  users with a username may have no number (developers.facebook.com, "Business-scoped user IDs", March 2026). We
  use the BSUID as the id where there is one and keep everything else as aliases.
- A BSUID is sent to in `recipient`, a number in `to`; a BSUID in `to` answers 200 and vanishes (chatwoot PR 15150).
  With a number known we use `to`: Meta recommends it, and then goes on telling us the number.
- Notices about the business account (template approved, quality, restrictions) name the WABA id only: `accounts()`
  puts them under that id, so it may be routed to the same account as a second external id.
- No history can be read: `find()` always raises Unknown. Our reference travels as `biz_opaque_callback_data` (512
  characters) and returns in every status.

Text 4,096 characters; captions and button bodies 1,024; 3 buttons or a list of 10 (developers.facebook.com,
interactive messages, November 2025). Reading is in incoming.py and content.py, sending in outgoing.py.
"""

from __future__ import annotations

from datetime import timedelta

from apps.conversations.adapters import (
    Account,
    Attachment,
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
    Unknown,
    graph,
    reasons,
)
from apps.conversations.adapters.reading import identifier, mapping, sequence, text
from apps.conversations.adapters.whatsapp import incoming, outgoing

NAME = "WhatsApp"
LIMITS = Limits(
    reply_window=timedelta(hours=24),
    text=outgoing.TEXT,
    templates=True,
    cards=True,
    quick_replies=outgoing.LIST_ROWS,
    attachments=(Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.FILE, Kind.STICKER),
)

_NUMBERS = 500  # of one business account; Meta allows far fewer

accounts = incoming.accounts
parse = incoming.parse
explain = reasons.explain
send = outgoing.send


def check(account: Account) -> Health:
    """Whether the token works for this number and its business account, and webhooks are subscribed there."""
    fields = "id,verified_name,display_phone_number,quality_rating,code_verification_status"
    owns: set[str] = set()
    try:
        found = graph.get(account, account.external_id, fields=fields)
        wrong = _wrong(account, identifier(found.get("id")), owns)
    except SendError as error:
        return Health(ok=False, owns=frozenset(owns), reason=error.reason)
    name = text(found.get("verified_name") or found.get("display_phone_number"), 200)
    more = {"phone": text(found.get("display_phone_number"), 50), "quality": text(found.get("quality_rating"), 50)}
    reason = reasons.local(wrong) if wrong else None
    return Health(ok=not wrong, owns=frozenset(owns), name=name, reason=reason, details=more)


def _wrong(account: Account, number: str, owns: set[str]) -> str:
    """What is wrong, or ""; puts the ids that the platform names as theirs into `owns`. Numbers can be read by their own only."""
    if number != account.external_id:
        return "wrong-account"
    owns.add(number)
    waba = identifier(account.settings.get("waba_id"))
    if not waba:
        return ""
    numbers = sequence(graph.get(account, f"{waba}/phone_numbers", fields="id", limit=_NUMBERS).get("data"))
    if number not in {identifier(mapping(one).get("id")) for one in numbers}:
        return "wrong-waba"
    owns.add(waba)
    return "" if sequence(graph.get(account, f"{waba}/subscribed_apps").get("data")) else "not-subscribed"


def subscribe(account: Account) -> None:
    waba = identifier(account.settings.get("waba_id"))
    if not waba:
        raise Refused(reasons.local("no-waba"))
    graph.post(account, f"{waba}/subscribed_apps")


def profile(account: Account, person: Person) -> Profile:
    """The Cloud API tells names only inside webhooks (`contacts[]`)."""
    return Profile(name=person.name, username=person.username)


def media(account: Account, attachment: Attachment | str) -> Media:
    """Two calls: the media id gives an address that lasts five minutes, which needs the token as well."""
    media_id = attachment if isinstance(attachment, str) else attachment.media_id
    if not identifier(media_id):
        raise Refused(reasons.local("no-media"))
    found = mapping(graph.get(account, media_id))
    size = found.get("file_size")
    if isinstance(size, int) and size > LIMITS.upload_bytes:
        raise Refused(reasons.local("media-size"))
    fetched = graph.download(account, text(found.get("url"), 5000), LIMITS.upload_bytes, authorized=True)
    return Media(content=fetched.content, mime=text(found.get("mime_type"), 200) or fetched.mime)


def find(account: Account, message: Outgoing) -> Sent | None:
    raise Unknown(reasons.local("no-history"))


__all__ = [
    "LIMITS", "NAME", "accounts", "check", "explain", "find", "media", "parse", "profile", "send", "subscribe",
]  # fmt: skip
