"""Reads WhatsApp's webhooks: `entry[].changes[] {field, value}`.

Shapes from developers.facebook.com's webhook reference (2025 and 2026): messages, statuses, edit, revoke,
smb_message_echoes, standby; what nobody wrote is in notices.py. Surprises worth knowing:

- `standby` has messages, echoes and statuses below `value.standby`, for threads that another sender answers; what is
  written directly in `value` under that field means the same.
- Edits came as "unsupported" for a while in 2026; both shapes are read.
- `value.errors`, a message's `errors` and a status's `errors` have the same shape.
- A "delivered" may be missing before "read", and "failed" may come after "sent".
- `history` (coexistence) brings up to 180 days of both sides' messages as `history[].threads[].messages[]`, media
  as placeholders; the media of the last 14 days follow under the same ids in `value.messages[]` of the same field.
  A message of the business has its own number in `from`. All of it is history, however young it is.
- A message with a `group_id` was written to a group: it is not this person's thread with us.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from apps.conversations.adapters import (
    AccountNotice,
    Echo,
    Edit,
    Fact,
    Inbound,
    Origin,
    Person,
    Reaction,
    Receipt,
    Referral,
    Unsend,
    reading,
    reasons,
)
from apps.conversations.adapters.reading import details, identifier, mapping, moment, sequence, text
from apps.conversations.adapters.whatsapp import content, notices, people

_STATUSES = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}


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
    value = mapping(mapping(change).get("value"))
    for named in (value.get("metadata"), value.get("recipient")):
        if found := identifier(mapping(named).get("phone_number_id")):
            return found
    return identifier(entry.get("id"))


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
    if field == "messaging_handovers":
        yield from notices.handover(value, account, at, raw)
        return
    standby = field == "standby"
    if standby:
        value = {**value, **mapping(value.get("standby")), "standby": None}
    pieces = [(read, item) for key, read in _READERS.items() for item in sequence(value.get(key))]
    if not field:
        yield reading.malformed(account, at, "a change without a field", raw)
    elif not pieces:
        yield notices.account(account, at, field, value, raw)
    else:
        yield from _beside(field, value, account, at)
    for read, item in pieces:
        if not isinstance(item, dict):
            yield reading.malformed(account, at, "a piece that is no object", item)
            continue
        for fact in reading.kept(read(item, value, account, at), account, at, item):
            yield replace(fact, standby=True) if standby and isinstance(fact, Inbound | Echo) else fact


def _beside(field: str, value: dict[str, Any], account: str, at: datetime) -> Iterator[Fact]:
    """What stands beside messages under a name we do not know is kept."""
    for key in sorted(value.keys() - _READERS.keys() - _ENVELOPE):
        if isinstance(value[key], dict | list) and value[key]:
            yield AccountNotice(
                account=account, at=at, topic=f"{field}.{text(key, 60)}", text="not handled yet",
                details=details({key: value[key]}),
            )  # fmt: skip


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
        elif type(fact) is AccountNotice:
            yield fact


def _only_contact(value: dict[str, Any]) -> str:
    contacts = [mapping(contact) for contact in sequence(value.get("contacts"))]
    return identifier(contacts[0].get("wa_id") or contacts[0].get("user_id")) if len(contacts) == 1 else ""


def _message(message: dict[str, Any], value: dict[str, Any], account: str, entry_at: datetime) -> Iterator[Fact]:
    if message.get("type") == "system":
        yield from notices.system(message, value, account, entry_at)
        return
    at = moment(message.get("timestamp"), entry_at)
    person = people.person(value, message.get("from_user_id"), message.get("from"), message.get("from_parent_user_id"))
    mid = identifier(message.get("id"))
    if person is None or not mid:
        why = "a message without an id" if person else "a message without a person"
        yield reading.malformed(account, at, why, message)
        return
    if "group_id" in message:
        yield AccountNotice(account=account, at=at, topic="group_message", often=True, details=details(message))
        return
    if permission := mapping(mapping(message.get("interactive")).get("call_permission_reply")):
        yield notices.permission(permission, message, person, account, at, mid)
        return
    kind = text(message.get("type"), 100)
    if kind in _TURNS:
        yield from _TURNS[kind](message, person, account, at, mid)
        return
    found = content.read(message, kind)
    yield Inbound(
        account=account,
        at=at,
        id=mid,
        person=person,
        kind=found.kind,
        text=found.text,
        parts=found.parts,
        shared=found.shared,
        attachments=found.attachments,
        payload=found.payload,
        reply_to=found.reply_to,
        origin=content.origin(message.get("referral")),
        details=found.details,
    )


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
        person=people.person(value, *ids),
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
    person = people.person(value, message.get("to_user_id"), message.get("to"), message.get("to_parent_user_id"))
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
        parts=found.parts,
        attachments=found.attachments,
        details=found.details,
    )


_READERS = {
    "messages": _message,
    "statuses": _status,
    "errors": _error,
    "message_echoes": _echo,
    "user_preferences": notices.preference,
    "user_id_update": notices.identity,
    "calls": notices.call,
}
_ENVELOPE = {"messaging_product", "metadata", "contacts", "standby", "history"}
