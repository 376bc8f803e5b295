"""Reads WhatsApp's webhooks: `entry[].changes[] {field, value}`.

Shapes from developers.facebook.com's webhook reference (2025 and 2026): messages, statuses, system,
edit, revoke, smb_message_echoes, user_preferences, user_id_update. Surprises worth knowing:

- System messages carry no `contacts[]`; `system.wa_id` and `system.user_id` are the new ids.
- Edits came as "unsupported" for a while in 2026; both shapes are read.
- `value.errors`, a message's `errors` and a status's `errors` have the same shape.
- A "delivered" may be missing before "read", and "failed" may come after "sent".
- `history` (coexistence) brings up to 180 days of both sides' messages as `history[].threads[].messages[]`, media
  as placeholders; the media of the last 14 days follow under the same ids in `value.messages[]` of the same field.
  A message of the business has its own number in `from`. All of it is history, however young it is.
- `message_template_status_update`: the events of Meta's reference of November 2025. FLAGGED, LOCKED and
  LIMIT_EXCEEDED leave a template sendable; the language may be written "en-US" where sending says "en_US".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from apps.conversations.adapters import (
    AccountNotice,
    Echo,
    Edit,
    Fact,
    IdentityChange,
    Inbound,
    Origin,
    Person,
    Preference,
    Reaction,
    Receipt,
    Referral,
    TemplateNotice,
    Unsend,
    reading,
    reasons,
)
from apps.conversations.adapters.reading import details, identifier, mapping, moment, sequence, text
from apps.conversations.adapters.whatsapp import content

_STATUSES = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}
_TEMPLATE_STATES = {
    "APPROVED": "approved",
    "REINSTATED": "approved",
    "UNARCHIVED": "approved",
    "PENDING": "pending",
    "IN_APPEAL": "pending",
    "REJECTED": "rejected",
    "PAUSED": "paused",
    "DISABLED": "disabled",
    "ARCHIVED": "archived",
    "DELETED": "deleted",
    "PENDING_DELETION": "deleted",
}
_DIGITS = re.compile(r"\+?\d{5,20}")


def accounts(body: Any) -> dict[str, dict[str, Any]]:
    """By phone-number id; what concerns the whole business account stands under its (WABA) id."""
    if not isinstance(body, dict) or not isinstance(body.get("entry"), list):
        return {"": body if isinstance(body, dict) else {"entry": [body]}}
    parts: dict[str, dict[str, Any]] = {}
    for entry in body["entry"]:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        if not isinstance(changes, list) or not changes:
            _part(parts, body, identifier(mapping(entry).get("id")))["entry"].append(entry)
            continue
        by_number: dict[str, list[Any]] = {}
        for change in changes:
            by_number.setdefault(_account(entry, change), []).append(change)
        for account, own in by_number.items():
            _part(parts, body, account)["entry"].append({**entry, "changes": own})
    return parts


def _part(parts: dict[str, dict[str, Any]], body: dict[str, Any], account: str) -> dict[str, Any]:
    return parts.setdefault(account, {"object": body.get("object", ""), "entry": []})


def _account(entry: dict[str, Any], change: Any) -> str:
    metadata = mapping(mapping(mapping(change).get("value")).get("metadata"))
    return identifier(metadata.get("phone_number_id")) or identifier(entry.get("id"))


def parse(part: Any, received_at: datetime | None = None) -> list[Fact]:
    """The facts in one account's part of a webhook body."""
    found: list[Fact] = []
    for entry, _, at in reading.entries(part, received_at):
        changes = sequence(entry.get("changes"))
        if not changes:
            account = identifier(entry.get("id"))
            found.append(reading.malformed(account, at, "an entry without changes", entry))
        for raw in changes:
            account = _account(entry, raw)
            found += reading.kept(_change(raw, account, at), account, at, raw)
    return found


def _change(raw: Any, account: str, at: datetime) -> Iterator[Fact]:
    change = mapping(raw)
    field = text(change.get("field"), 100)
    value = mapping(change.get("value"))
    if field == "history":
        yield from _history(value, account, at, raw)
        return
    pieces = [(read, item) for key, read in _READERS.items() for item in sequence(value.get(key))]
    if not field:
        yield reading.malformed(account, at, "a change without a field", raw)
    elif not pieces:
        yield _notice(account, at, field, value, raw)
    for read, item in pieces:
        if isinstance(item, dict):
            yield from reading.kept(read(item, value, account, at), account, at, item)
        else:
            yield reading.malformed(account, at, "a piece that is no object", item)


def _history(value: dict[str, Any], account: str, at: datetime, raw: Any) -> Iterator[Fact]:
    """One chunk of what was said before we were connected, and how far the sync has come."""
    chunks = [mapping(chunk) for chunk in sequence(value.get("history"))]
    for chunk in chunks:
        for thread in map(mapping, sequence(chunk.get("threads"))):
            other = identifier(thread.get("id"))
            for item in sequence(thread.get("messages")):
                yield from reading.kept(_said(mapping(item), value, account, at, other), account, at, item)
    for item in sequence(value.get("messages")):
        yield from reading.kept(_said(mapping(item), value, account, at, ""), account, at, item)
    for chunk in chunks:
        errors = [reasons.from_error(error) for error in sequence(chunk.get("errors"))]
        progress = text(mapping(chunk.get("metadata")).get("progress"), 10)
        said = errors[0].details or errors[0].text if errors else f"{progress} %" if progress else "not handled yet"
        more = details({name: part for name, part in chunk.items() if name != "threads"})
        yield AccountNotice(account=account, at=at, topic="history", text=said, details=more)
    if not chunks and not value.get("messages"):
        yield AccountNotice(account=account, at=at, topic="history", text="not handled yet", details=details(raw))


def _said(message: dict[str, Any], value: dict[str, Any], account: str, at: datetime, other: str) -> Iterator[Fact]:
    """A message of history, by the customer (`other`, where the thread names them) or by the business."""
    ours = "".join(filter(str.isdigit, text(mapping(value.get("metadata")).get("display_phone_number"), 50)))
    sender = identifier(message.get("from"))
    from_us = mapping(message.get("history_context")).get("from_me") is True or (sender != "" and sender == ours)
    if other and sender and not from_us:
        from_us = sender.lstrip("+") != other.lstrip("+") and not content.is_bsuid(other)
    if from_us:
        message = {**message, "to": message.get("to") or other or _only_contact(value)}
        facts = _echo(message, value, account, at)
    else:
        facts = _message({**message, "from": sender or other}, value, account, at)
    for fact in facts:
        # An edit or a reaction of long ago would only be looked for in vain.
        if isinstance(fact, Inbound | Echo):
            yield replace(fact, history=True)
        elif isinstance(fact, AccountNotice):
            yield fact


def _only_contact(value: dict[str, Any]) -> str:
    contacts = [mapping(contact) for contact in sequence(value.get("contacts"))]
    return identifier(contacts[0].get("wa_id") or contacts[0].get("user_id")) if len(contacts) == 1 else ""


def _notice(account: str, at: datetime, field: str, value: dict[str, Any], raw: Any) -> AccountNotice:
    """Anything about the account itself: template status, quality, restrictions, calls …"""
    words = (value.get(key) for key in ("event", "current_limit", "decision", "status", "reason"))
    said = next(filter(None, (text(word, 500) for word in words)), "not handled yet")
    name = text(value.get("message_template_name"), 512)
    if field == "message_template_status_update" and name:
        return TemplateNotice(
            account=account,
            at=at,
            topic=field,
            text=said,
            details=details(value),
            name=name,
            language=text(value.get("message_template_language"), 20),
            state=_TEMPLATE_STATES.get(text(value.get("event"), 50), ""),
            why=_why(value),
        )
    return AccountNotice(account=account, at=at, topic=field, text=said, details=details(value or raw))


def _why(value: dict[str, Any]) -> str:
    rejected, other = mapping(value.get("rejection_info")), mapping(value.get("other_info"))
    said = [
        text(rejected.get("reason"), 500),
        text(rejected.get("recommendation"), 500),
        text(other.get("description"), 500),
    ]
    if any(said):
        return " ".join(filter(None, said))
    reason = text(value.get("reason"), 200)
    return "" if reason.upper() in {"", "NONE"} else reason


def _person(value: dict[str, Any], *ids: Any) -> Person | None:
    """Who `ids` (in order of liking: BSUID, numbers, parent BSUID) are, with what `contacts[]` adds."""
    named = [found for raw in ids if (found := identifier(raw))]
    contact = _contact(value, named)
    known = [contact.get("user_id"), contact.get("wa_id"), contact.get("parent_user_id")]
    every = dict.fromkeys([*named, *filter(None, map(identifier, known))])
    if not every:
        return None
    ordered = sorted(every, key=lambda one: (not content.is_bsuid(one), content.is_parent(one)))
    about = mapping(contact.get("profile"))
    number = next((one for one in ordered if _DIGITS.fullmatch(one)), "")
    return Person(
        id=ordered[0],
        aliases=tuple(ordered[1:]),
        name=text(about.get("name"), 200),
        username=text(about.get("username") or contact.get("username"), 100),
        phone=f"+{number.lstrip('+')}" if number else "",
    )


def _contact(value: dict[str, Any], named: list[str]) -> dict[str, Any]:
    contacts = [contact for contact in sequence(value.get("contacts")) if isinstance(contact, dict)]
    for contact in contacts:
        if identifier(contact.get("user_id")) in named or identifier(contact.get("wa_id")) in named:
            return contact
    # `from` and `wa_id` may differ for one person (numbers in Brazil, Mexico): a lone contact is the sender.
    if len(contacts) == 1 and len(sequence(value.get("messages"))) == 1:
        return contacts[0]
    return {}


def _message(message: dict[str, Any], value: dict[str, Any], account: str, entry_at: datetime) -> Iterator[Fact]:
    at = moment(message.get("timestamp"), entry_at)
    person = _person(value, message.get("from_user_id"), message.get("from"), message.get("from_parent_user_id"))
    mid = identifier(message.get("id"))
    if person is None or not mid:
        why = "a message without an id" if person else "a message without a person"
        yield reading.malformed(account, at, why, message)
        return
    kind = text(message.get("type"), 100)
    if kind in _TURNS:
        yield from _TURNS[kind](message, person, account, at, mid)
        return
    found = content.read(message, kind)
    if kind == "system":
        person = _moved(person, mapping(message.get("system")))
    yield Inbound(
        account=account,
        at=at,
        id=mid,
        person=person,
        kind=found.kind,
        text=found.text,
        attachments=found.attachments,
        payload=found.payload,
        reply_to=found.reply_to,
        origin=content.origin(message.get("referral")),
        standby="group_id" in message,  # a group is shown; an answer would go to one of its members
        details=found.details,
    )


def _moved(person: Person, system: dict[str, Any]) -> Person:
    """Adds the ids that a system message announces (new number, new user id) to the person who had the old."""
    names = ("user_id", "wa_id", "new_wa_id", "customer", "previous_user_id", "parent_user_id")
    news = [found for name in names if (found := identifier(system.get(name)))]
    aliases = dict.fromkeys([*person.aliases, *news])
    aliases.pop(person.id, None)
    return Person(id=person.id, aliases=tuple(aliases), name=person.name, username=person.username)


def _reaction(message: dict[str, Any], person: Person, account: str, at: datetime, mid: str) -> Iterator[Fact]:
    reaction = mapping(message.get("reaction"))
    target = identifier(reaction.get("message_id"))
    if target:
        yield Reaction(account=account, at=at, id=target, person=person, emoji=text(reaction.get("emoji"), 50))
    else:
        yield reading.malformed(account, at, f"a reaction without a message ({mid})", message)


def _edit(message: dict[str, Any], person: Person, account: str, at: datetime, mid: str) -> Iterator[Fact]:
    edit = mapping(message.get("edit"))
    target = identifier(edit.get("original_message_id"))
    inner = mapping(edit.get("message"))
    if target:
        words = content.read(inner, text(inner.get("type"), 100)).text
        yield Edit(account=account, at=at, id=target, text=words, person=person)
    else:
        yield reading.malformed(account, at, f"an edit without a message ({mid})", message)


def _revoke(message: dict[str, Any], person: Person, account: str, at: datetime, mid: str) -> Iterator[Fact]:
    target = identifier(mapping(message.get("revoke")).get("original_message_id"))
    if target:
        yield Unsend(account=account, at=at, id=target, person=person)
    else:
        yield reading.malformed(account, at, f"a revoke without a message ({mid})", message)


def _welcome(message: dict[str, Any], person: Person, account: str, at: datetime, mid: str) -> Iterator[Fact]:
    """The chat was opened for the first time, nothing is written yet."""
    origin = content.origin(message.get("referral")) or Origin(kind="direct", source="request_welcome")
    yield Referral(account=account, at=at, person=person, origin=origin)


_TURNS = {"reaction": _reaction, "edit": _edit, "revoke": _revoke, "request_welcome": _welcome}


def _status(status: dict[str, Any], value: dict[str, Any], account: str, entry_at: datetime) -> Iterator[Fact]:
    at = moment(status.get("timestamp"), entry_at)
    mid = identifier(status.get("id"))
    reference = text(status.get("biz_opaque_callback_data"), 512)
    name = text(status.get("status"), 50)
    if not mid and not reference:
        yield reading.malformed(account, at, "a status without an id", status)
        return
    if name not in _STATUSES:
        topic = f"status.{name or 'unknown'}"
        yield AccountNotice(account=account, at=at, topic=topic, text="not handled yet", details=details(status))
        return
    errors = sequence(status.get("errors"))
    more: dict[str, Any] = {key: status[key] for key in ("conversation", "pricing", "errors", "type") if key in status}
    if name == "played":
        more["played"] = True
    ids = (status.get("recipient_user_id"), status.get("recipient_id"), status.get("recipient_parent_user_id"))
    yield Receipt(
        account=account,
        at=at,
        status=_STATUSES[name],
        id=mid,
        person=_person(value, *ids),
        reference=reference,
        reason=reasons.from_error(errors[0]) if errors else None,
        details=details(more),
    )


def _error(error: dict[str, Any], value: dict[str, Any], account: str, at: datetime) -> Iterator[Fact]:
    reason = reasons.from_error(error)
    said = reason.details or reason.text
    yield AccountNotice(account=account, at=at, topic="error", text=said, reason=reason, details=details(error))


def _echo(message: dict[str, Any], value: dict[str, Any], account: str, entry_at: datetime) -> Iterator[Fact]:
    """The business wrote in the WhatsApp Business app on its own phone (coexistence)."""
    at = moment(message.get("timestamp"), entry_at)
    person = _person(value, message.get("to_user_id"), message.get("to"), message.get("to_parent_user_id"))
    mid = identifier(message.get("id"))
    if person is None or not mid:
        yield reading.malformed(account, at, "an echo without an id or a person", message)
        return
    kind = text(message.get("type"), 100)
    if kind in {"edit", "revoke"}:
        yield from _TURNS[kind](message, person, account, at, mid)
        return
    found = content.read(message, kind)
    yield Echo(
        account=account,
        at=at,
        id=mid,
        person=person,
        kind=found.kind,
        text=found.text,
        attachments=found.attachments,
        details=found.details,
    )


def _preference(item: dict[str, Any], value: dict[str, Any], account: str, entry_at: datetime) -> Iterator[Fact]:
    at = moment(item.get("timestamp"), entry_at)
    person = _person(value, item.get("user_id"), item.get("wa_id"), item.get("parent_user_id"))
    wish = text(item.get("value"), 20).lower()
    if person is None or wish not in {"stop", "resume"}:
        yield reading.malformed(account, at, "a preference that we cannot read", item)
        return
    yield Preference(
        account=account,
        at=at,
        topic="user_preferences",
        text=text(item.get("detail"), 500),
        person=person,
        category=text(item.get("category"), 50).removesuffix("_messages"),
        wanted=wish == "resume",
        details=details(item),
    )


def _identity(item: dict[str, Any], value: dict[str, Any], account: str, entry_at: datetime) -> Iterator[Fact]:
    at = moment(item.get("timestamp"), entry_at)
    own, parent = mapping(item.get("user_id")), mapping(item.get("parent_user_id"))
    new = [own.get("current"), item.get("wa_id"), parent.get("current")]
    person = _person(value, *new)
    old = [found for raw in (own.get("previous"), parent.get("previous")) if (found := identifier(raw))]
    if person is None or not old:
        yield reading.malformed(account, at, "a change of identity that we cannot read", item)
        return
    person = _moved(person, {"user_id": old[0], "parent_user_id": old[-1]})
    said = text(item.get("detail"), 500)
    yield IdentityChange(
        account=account, at=at, topic="user_id_update", text=said, person=person, details=details(item)
    )


_READERS = {
    "messages": _message,
    "statuses": _status,
    "errors": _error,
    "message_echoes": _echo,
    "user_preferences": _preference,
    "user_id_update": _identity,
}
