"""What WhatsApp tells without a customer having written: about the account, about people's ids, about who answers.

- System messages carry no `contacts[]`. `user_changed_number`: `from` is the old number, `system.wa_id` the new one;
  `user_changed_user_id` comes with `previous_user_id`, or with the old id in its sentence only, and often without any
  `from` (changelog of August 2026). A change of number makes a new user id as well.
- `user_id_update` is in older pages only: it cannot be subscribed to (same changelog). It is read all the same.
- `messaging_handovers` and `standby` come where Meta Business Agent answers on the same number (August 2026); whoever
  sends takes the thread. `messaging_handovers` names the number in `recipient`, not in `metadata`.
- `message_template_status_update`: the events of Meta's reference of November 2025. FLAGGED, LOCKED and
  LIMIT_EXCEEDED leave a template sendable; the language may be written "en-US" where sending says "en_US".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from apps.conversations.adapters import (
    AccountNotice,
    Control,
    Fact,
    Holder,
    IdentityChange,
    Person,
    Preference,
    TemplateNotice,
    ThreadNotice,
    Topic,
    reading,
)
from apps.conversations.adapters.reading import details, identifier, mapping, moment, text
from apps.conversations.adapters.whatsapp import people

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
# Contacts of the phone's own address book come one by one.
_OFTEN = {"smb_app_state_sync", "automatic_events"}
_CHANGED = re.compile(r"changed from (?P<old>\S{3,160}) to (?P<new>\S{3,160}?)\.?\s*$")
_SECURITY = {"customer_identity_changed", "user_identity_changed"}


def account(about: str, at: datetime, field: str, value: dict[str, Any], raw: Any) -> AccountNotice:
    """Anything about the account itself: template status, quality, restrictions, calls …"""
    words = (value.get(key) for key in ("event", "current_limit", "decision", "status", "reason"))
    said = next(filter(None, (text(word, 500) for word in words)), "not handled yet")
    name = text(value.get("message_template_name"), 512)
    if field == "message_template_status_update" and name:
        return TemplateNotice(
            account=about,
            at=at,
            topic=field,
            text=said,
            details=details(value),
            name=name,
            language=text(value.get("message_template_language"), 20),
            state=_TEMPLATE_STATES.get(text(value.get("event"), 50), ""),
            why=_why(value),
        )
    return AccountNotice(
        account=about, at=at, topic=field, text=said, often=field in _OFTEN, details=details(value or raw)
    )


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


def preference(item: dict[str, Any], value: dict[str, Any], account: str, entry_at: datetime) -> Iterator[Fact]:
    at = moment(item.get("timestamp"), entry_at)
    person = people.person(value, item.get("user_id"), item.get("wa_id"), item.get("parent_user_id"))
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


def system(message: dict[str, Any], value: dict[str, Any], about: str, entry_at: datetime) -> Iterator[Fact]:
    """A message of type "system": somebody's ids changed, or their phone; nobody wrote it."""
    told = mapping(message.get("system"))
    at = moment(message.get("timestamp"), entry_at)
    kind = text(told.get("type"), 80)
    mid = identifier(message.get("id")) or reading.made_id("system", message)
    said = text(told.get("body"), 500)
    sender = [message.get("from_user_id"), message.get("from"), message.get("from_parent_user_id")]
    if kind in _SECURITY:
        person = people.person(value, *sender, told.get("customer"), told.get("wa_id"))
        topic = Topic.SECURITY_CHANGED
    else:
        before, person = _change_of_ids(told, sender, value)
        if before and person is not None:
            yield IdentityChange(
                account=about, at=at, topic=kind or "system", text=said, person=person, previous=before,
                details=details(message),
            )  # fmt: skip
            return
        person, topic = person or people.person(value, *sender), Topic.UNKNOWN
    if person is None:
        yield reading.malformed(about, at, "a system message that names nobody", message)
        return
    yield ThreadNotice(
        account=about, at=at, topic="system", text=said, id=mid, person=person, about=topic, label=kind,
        details=details(message),
    )  # fmt: skip


def _change_of_ids(told: dict[str, Any], sender: list[Any], value: dict[str, Any]) -> tuple[tuple[str, ...], Any]:
    """The ids that are no longer theirs, and the person with the new ones."""
    names = ("user_id", "wa_id", "new_wa_id", "parent_user_id")
    new = [found for name in names if (found := identifier(told.get(name)))]
    earlier = ("previous_user_id", "previous_parent_user_id", "previous_wa_id", "customer")
    old = [found for raw in (*sender, *(told.get(name) for name in earlier)) if (found := identifier(raw))]
    # The sentence is for people; its ids count where the fields say nothing.
    if sentence := _CHANGED.search(text(told.get("body"), 500)):
        new = new or [sentence["new"]]
        old = old or [sentence["old"]]
    kept = {one.lstrip("+") for one in new}
    old = [one for one in dict.fromkeys(old) if one.lstrip("+") not in kept]
    if text(told.get("type"), 80).endswith("user_id") and not identifier(told.get("wa_id")):
        # Their number is the same: it stays theirs.
        numbers = [one for one in old if one.lstrip("+").isdigit()]
        old = [one for one in old if one not in numbers] or old
        new += [one for one in numbers if one not in old]
    return tuple(old), people.person(value, *new) if new else None


def identity(item: dict[str, Any], value: dict[str, Any], about: str, entry_at: datetime) -> Iterator[Fact]:
    """`user_id_update`: the previous and the current id of a person."""
    at = moment(item.get("timestamp"), entry_at)
    own, parent = mapping(item.get("user_id")), mapping(item.get("parent_user_id"))
    person = people.person(value, own.get("current"), item.get("wa_id"), parent.get("current"))
    old = [found for raw in (own.get("previous"), parent.get("previous")) if (found := identifier(raw))]
    if person is None or not old:
        yield reading.malformed(about, at, "a change of identity that we cannot read", item)
        return
    yield IdentityChange(
        account=about, at=at, topic="user_id_update", text=text(item.get("detail"), 500), person=person,
        previous=tuple(dict.fromkeys(one for one in old if one not in {person.id, *person.aliases})) or tuple(old),
        details=details(item),
    )  # fmt: skip


def call(item: dict[str, Any], value: dict[str, Any], about: str, entry_at: datetime) -> Iterator[Fact]:
    """Somebody called the number; calls are not taken here, but people see that there was one."""
    at = moment(item.get("timestamp"), entry_at)
    event = text(item.get("event"), 50)
    ours = text(item.get("direction"), 50).upper() == "BUSINESS_INITIATED"
    person = people.person(
        value, *((item.get("to_user_id"), item.get("to")) if ours else (item.get("from_user_id"), item.get("from")))
    )
    call_id = identifier(item.get("id"))
    if person is None or not call_id:
        yield reading.malformed(about, at, "a call that names nobody", item)
        return
    topic = {"connect": Topic.CALL_STARTED, "terminate": Topic.CALL_ENDED}.get(event, Topic.UNKNOWN)
    yield ThreadNotice(
        account=about, at=at, topic="calls", text=event, id=f"{call_id}.{event}"[:500], person=person, about=topic,
        label=f"call {event}".strip(), details=details({key: one for key, one in item.items() if key != "session"}),
    )  # fmt: skip


def permission(
    reply: dict[str, Any], message: dict[str, Any], person: Person, about: str, at: datetime, mid: str
) -> ThreadNotice:
    """Whether the person wants to be called."""
    allowed = text(reply.get("response"), 20).lower() == "accept"
    return ThreadNotice(
        account=about, at=at, topic="call_permission_reply", id=mid, person=person,
        about=Topic.CALLS_ALLOWED if allowed else Topic.CALLS_REFUSED, details=details(message),
    )  # fmt: skip


def handover(value: dict[str, Any], about: str, entry_at: datetime, raw: Any) -> Iterator[Fact]:
    """The thread changed hands between Meta Business Agent and us."""
    kind = text(value.get("type"), 80)
    told, sender = mapping(value.get(kind)), mapping(value.get("sender"))
    at = moment(value.get("timestamp"), entry_at)
    person = people.person(
        value, sender.get("user_id"), sender.get("phone_number"), sender.get("wa_id"), sender.get("id")
    )
    if person is None:
        yield reading.malformed(about, at, "a handover that names nobody", raw)
        return
    before, after = text(told.get("previous_owner_role"), 50).lower(), text(told.get("new_owner_role"), 50).lower()
    if after == "ai_agent":
        holder = Holder.OTHERS
    elif before == "ai_agent" or kind == "control_passed":
        holder = Holder.PEOPLE if after == "escalation" else Holder.US
    else:
        holder = Holder.ASKED if "request" in kind else Holder.OTHERS
    yield Control(
        account=about, at=at, topic="messaging_handovers", text=kind, id=reading.made_id("handover", raw),
        person=person, holder=holder, details=details(value),
    )  # fmt: skip
