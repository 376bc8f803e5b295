"""Reads what Messenger and Instagram send: `entry[].messaging[]`, `standby[]` and `changes[]`.

Both speak the Messenger Platform's format; an event says what it is by the key it carries. Facts learned:

- On an echo the page is the sender and the customer the recipient (developers.facebook.com, message-echoes,
  March 2026); Instagram's echoes carry no metadata, so they are matched by id.
- `standby[]` has the same events while another app owns the thread (Handover Protocol). `pass_thread_control` goes to
  whom it is passed, `take_thread_control` to whom it is taken from, `request_thread_control` to who could pass it.
- `response_feedback` carries the `mid` of our message: it is a judgment of it, not a message.
- Instagram says `read: {mid}` where Messenger says `read: {watermark}` (restfb issue 1314).
- Instagram sends `message_edit` with `num_edit: 0` and no sender for new messages: no edit, and it crashed
  other products (chatwoot issue 15494).
- The app dashboard's test button wraps an event in `changes[] {field: "messages", value: {...}}`.
- A survey's answer (`messaging_feedback`) is a judgment too. The form of a thread (`…_lead_form_submit`) comes as an event
  or as a change, with its answers or with the number of the lead only; a cart (`order`) names its lines by the shop's codes.
- A postback carried no `mid` before Graph 11: it gets an id made from its content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.conversations.adapters import (
    AccountNotice,
    Control,
    Echo,
    Edit,
    Fact,
    Holder,
    Inbound,
    Kind,
    Origin,
    Person,
    Preference,
    Reaction,
    Receipt,
    Referral,
    ThreadNotice,
    Topic,
    Unsend,
    forms,
    messaging_content,
    reading,
)
from apps.conversations.adapters.parts import Order
from apps.conversations.adapters.reading import details, identifier, mapping, moment, sequence, text


@dataclass(frozen=True)
class Event:
    """One event with what every reader needs: `person` is the customer, whichever side spoke."""

    raw: dict[str, Any]
    account: str
    at: datetime
    person: Person | None
    from_business: bool
    standby: bool


def parse(part: Any, received_at: datetime | None = None) -> list[Fact]:
    """The facts in one account's part of a webhook body."""
    found: list[Fact] = []
    for entry, account, at in reading.entries(part, received_at):
        if "unreadable" in entry:
            found.append(reading.malformed("", at, "an entry that is no object", entry["unreadable"]))
            continue
        known = False
        for key, standby in (("messaging", False), ("standby", True)):
            for raw in sequence(entry.get(key)):
                known = True
                found += reading.kept(_event(raw, account, at, standby), account, at, raw)
        for raw in sequence(entry.get("changes")):
            known = True
            found += reading.kept(_change(raw, account, at), account, at, raw)
        others = [key for key, value in entry.items() if key not in _ENTRY and isinstance(value, dict | list) and value]
        for key in others:
            topic = text(key, 80) or "unknown"
            more = details({key: entry[key]})
            found.append(AccountNotice(account=account, at=at, topic=topic, text="not handled yet", details=more))
        if not known and not others:
            found.append(reading.malformed(account, at, "an entry without events", entry))
    return found


def _change(raw: Any, account: str, at: datetime) -> Iterator[Fact]:
    """Comments, feed posts, leads of ads: kept as notices until they are handled."""
    change = mapping(raw)
    value = mapping(change.get("value"))
    field = text(change.get("field"), 100)
    if field in _LEAD_FORMS and isinstance(change.get("value"), dict):
        person = identifier(mapping(value.get("from")).get("id") or value.get("psid") or value.get("igsid"))
        sender = value.get("sender") or {"id": person}
        stamp = value.get("timestamp") or value.get("created_time")
        yield from _event({field: value, "sender": sender, "timestamp": stamp}, account, at, standby=False)
    elif isinstance(value.get("sender"), dict) and isinstance(value.get("recipient"), dict):
        yield from _event(value, account, at, standby=field == "standby")
    elif field:
        yield AccountNotice(account=account, at=at, topic=field, text="not handled yet", details=details(raw))
    else:
        yield reading.malformed(account, at, "a change without a field", raw)


def _event(raw: Any, account: str, entry_at: datetime, standby: bool) -> Iterator[Fact]:
    if not isinstance(raw, dict):
        yield reading.malformed(account, entry_at, "an event that is no object", raw)
        return
    at = moment(raw.get("timestamp"), entry_at)
    sender = identifier(mapping(raw.get("sender")).get("id"))
    recipient = identifier(mapping(raw.get("recipient")).get("id"))
    echo = mapping(raw.get("message")).get("is_echo") is True
    from_business = echo or (sender == account != "")
    other = recipient if from_business else sender
    person = Person(id=other) if other and other != account else None
    event = Event(raw, account, at, person, from_business, standby)
    if sender and sender == recipient:
        yield _notice(event, "self_message", "the account wrote to itself")
        return
    for key, read in _READERS.items():
        if key in raw:
            yield from read(event)
            return
    yield from _unknown(event)


def _message(event: Event) -> Iterator[Fact]:
    message = mapping(event.raw.get("message"))
    mid = identifier(message.get("mid"))
    if not mid or event.person is None:
        why = "a message without an id" if not mid else "a message without a person"
        yield reading.malformed(event.account, event.at, why, event.raw)
        return
    base: dict[str, Any] = {"account": event.account, "at": event.at, "id": mid}
    if message.get("is_deleted") is True:
        yield Unsend(**base, person=event.person)
        return
    content = messaging_content.read(message)
    if event.from_business:
        yield Echo(
            **base,
            person=event.person,
            kind=content.kind,
            text=content.text,
            attachments=content.attachments,
            app_id=identifier(message.get("app_id")),
            reference=text(message.get("metadata"), 1000),
            parts=content.parts,
            standby=event.standby,
            details=content.details,
        )
        return
    referral = message.get("referral") or event.raw.get("referral")
    yield Inbound(
        **base,
        person=event.person,
        kind=content.kind,
        text=content.text,
        parts=content.parts,
        attachments=content.attachments,
        payload=content.payload,
        reply_to=content.reply_to,
        origin=messaging_content.origin(referral) or content.origin,
        standby=event.standby,
        details=content.details,
    )


def _postback(event: Event) -> Iterator[Fact]:
    postback = mapping(event.raw.get("postback"))
    if event.person is None or event.from_business:
        yield reading.malformed(event.account, event.at, "a postback without a person", event.raw)
        return
    yield Inbound(
        account=event.account,
        at=event.at,
        id=identifier(postback.get("mid")) or reading.made_id("postback", event.raw),
        person=event.person,
        kind=Kind.POSTBACK,
        text=text(postback.get("title")),
        payload=text(postback.get("payload")),
        origin=messaging_content.origin(postback.get("referral")),
        standby=event.standby,
    )


def _referral(event: Event) -> Iterator[Fact]:
    origin = messaging_content.origin(event.raw.get("referral"))
    if event.person is None or origin is None:
        yield reading.malformed(event.account, event.at, "a referral without a person", event.raw)
        return
    yield Referral(account=event.account, at=event.at, person=event.person, origin=origin)


def _optin(event: Event) -> Iterator[Fact]:
    """A person pressed "Send to Messenger" or allowed messages on a topic; some carry only a `user_ref`."""
    optin = mapping(event.raw.get("optin"))
    if event.person is None:
        yield _notice(event, "optin", "an opt-in that names no person")
        return
    wish = text(optin.get("notification_messages_status"), 50).upper().replace(" ", "_")
    if wish in {"STOP_NOTIFICATIONS", "RESUME_NOTIFICATIONS"}:
        yield Preference(
            account=event.account, at=event.at, topic="optin", text=text(optin.get("title"), 500),
            person=event.person, category="marketing", wanted=wish.startswith("RESUME"), details=details(optin),
        )  # fmt: skip
        return
    origin = Origin(kind="referral", source="optin", ref=text(optin.get("ref"), 2000), details=details(optin))
    yield Referral(account=event.account, at=event.at, person=event.person, origin=origin)


def _edit(event: Event) -> Iterator[Fact]:
    edit = mapping(event.raw.get("message_edit"))
    mid = identifier(edit.get("mid"))
    if not mid:
        yield reading.malformed(event.account, event.at, "an edit without a message id", event.raw)
    elif "text" not in edit or text(edit.get("num_edit")) == "0":
        yield _notice(event, "message_edit", "the platform announced a message, not an edit")
    else:
        yield Edit(account=event.account, at=event.at, id=mid, text=text(edit.get("text")), person=event.person)


def _reaction(event: Event) -> Iterator[Fact]:
    reaction = mapping(event.raw.get("reaction"))
    mid = identifier(reaction.get("mid"))
    if not mid or event.person is None:
        yield reading.malformed(event.account, event.at, "a reaction without a message or person", event.raw)
    elif event.from_business:
        yield _notice(event, "reaction.own", "the business reacted")
    else:
        emoji = "" if reaction.get("action") == "unreact" else messaging_content.emoji(reaction)
        yield Reaction(account=event.account, at=event.at, id=mid, person=event.person, emoji=emoji)


def _delivery(event: Event) -> Iterator[Fact]:
    yield from _receipts(event, "delivered", "delivery")


def _read(event: Event) -> Iterator[Fact]:
    yield from _receipts(event, "read", "read")


def _receipts(event: Event, status: str, key: str) -> Iterator[Fact]:
    """One receipt for each message named, and one for the watermark ("everything until then")."""
    receipt = mapping(event.raw.get(key))
    if event.from_business:
        yield _notice(event, f"{key}.own", "the business saw a message")
        return
    ids = [found for mid in [receipt.get("mid"), *sequence(receipt.get("mids"))] if (found := identifier(mid))]
    for mid in dict.fromkeys(ids):
        yield Receipt(account=event.account, at=event.at, status=status, id=mid, person=event.person)
    if receipt.get("watermark") and event.person is not None:
        up_to = moment(receipt["watermark"], event.at)
        yield Receipt(account=event.account, at=event.at, status=status, person=event.person, up_to=up_to)
    elif not ids:
        yield reading.malformed(event.account, event.at, f"a {key} receipt that names nothing", event.raw)


def _control(holder: Holder) -> Callable[[Event], Iterator[Fact]]:
    """The thread was passed to us, taken from us, or somebody asks for it."""

    def read(event: Event) -> Iterator[Fact]:
        key = next(key for key in event.raw if key in _READERS)
        if event.person is None:
            yield _notice(event, key, "a handover that names no person")
            return
        yield Control(
            account=event.account, at=event.at, topic=key, id=reading.made_id(key, event.raw), person=event.person,
            holder=holder, details=details(event.raw),
        )  # fmt: skip

    return read


def _feedback(event: Event) -> Iterator[Fact]:
    said = text(mapping(event.raw.get("response_feedback")).get("feedback"), 100)
    yield from _line(event, "response_feedback", Topic.LIKED if "good" in said.lower() else Topic.DISLIKED)


def _rated(event: Event) -> Iterator[Fact]:
    """A survey was answered: stars (csat), a likelihood (nps), an effort (ces), and words where they were asked for."""
    said = []
    for screen in sequence(mapping(event.raw.get("messaging_feedback")).get("feedback_screens"))[:_MOST]:
        for question in list(mapping(mapping(screen).get("questions")).values())[:_MOST]:
            given = mapping(question)
            said += [text(given.get("payload"), 300), text(mapping(given.get("follow_up")).get("payload"), 300)]
    label = " · ".join(filter(None, said))[:500]
    yield from _line(event, "messaging_feedback", Topic.RATED if label else Topic.UNKNOWN, label)


def _lead_form(event: Event) -> Iterator[Fact]:
    """A form was filled in inside the thread. Its answers come along, or only the number under which they lie."""
    key = next(key for key in event.raw if key in _LEAD_FORMS)
    form = mapping(event.raw.get(key))
    given = forms.fields(form.get("field_data")) or forms.decoded(form.get("answers") or form.get("response_json"))
    answers = forms.answers(given) if isinstance(given, dict) else ()
    if event.person is None or not answers:
        yield from _line(event, key, Topic.FORM_FILLED)
        return
    yield Inbound(
        account=event.account, at=event.at, id=reading.made_id(key, event.raw), person=event.person, kind=Kind.FORM,
        parts=answers, shared=forms.about(answers), standby=event.standby, details=details(form),
    )  # fmt: skip


def _order(event: Event) -> Iterator[Fact]:
    """A cart was sent. What a customer sends in it is theirs, as words beside it are."""
    order = mapping(event.raw.get("order"))
    lines = messaging_content.lines(order)
    if event.person is None or not lines:
        yield from _line(event, "order", Topic.UNKNOWN)
        return
    yield Inbound(
        account=event.account, at=event.at, id=identifier(order.get("mid")) or reading.made_id("order", event.raw),
        person=event.person, kind=Kind.ORDER, text=text(order.get("note")), parts=(Order(lines=lines),),
        standby=event.standby, details=details(order),
    )  # fmt: skip


def _policy(event: Event) -> Iterator[Fact]:
    """The platform warns or blocks the page itself."""
    policy = mapping(event.raw.get("policy_enforcement"))
    said = ": ".join(filter(None, [text(policy.get("action"), 100), text(policy.get("reason"), 400)]))
    yield _notice(event, "policy_enforcement", said or "not handled yet")


def _unknown(event: Event) -> Iterator[Fact]:
    """A kind of event that we do not know: whatever it is, nobody wrote it to be answered."""
    keys = [key for key in event.raw if key not in {"sender", "recipient", "timestamp"}]
    if keys:
        yield from _line(event, text(keys[0], 80) or "unknown", Topic.UNKNOWN)
    else:
        yield reading.malformed(event.account, event.at, "an event without content", event.raw)


def _line(event: Event, topic: str, about: Topic, label: str = "") -> Iterator[Fact]:
    """A notice in the person's thread; beside the account where no person is named."""
    if event.person is None:
        yield _notice(event, topic, "not handled yet")
        return
    yield ThreadNotice(
        account=event.account, at=event.at, topic=topic, text="not handled yet" if about is Topic.UNKNOWN else "",
        id=reading.made_id(topic, event.raw), person=event.person, about=about, label=label or topic, details=details(event.raw),
    )  # fmt: skip


def _notice(event: Event, topic: str, words: str) -> AccountNotice:
    return AccountNotice(account=event.account, at=event.at, topic=topic, text=words, details=details(event.raw))


_LEAD_FORMS = ("messaging_in_thread_lead_form_submit", "in_thread_lead_form_submit", "lead_form_submit")
_MOST = 20  # screens of a survey and its questions
# In this order: an ad's first message carries "message" and "referral" in one event. Account linking, games, payments
# and the like fall through to _unknown and become lines in the thread.
_READERS = {
    "message": _message,
    "postback": _postback,
    "message_edit": _edit,
    "reaction": _reaction,
    "delivery": _delivery,
    "read": _read,
    "referral": _referral,
    "optin": _optin,
    "pass_thread_control": _control(Holder.US),
    "take_thread_control": _control(Holder.OTHERS),
    "request_thread_control": _control(Holder.ASKED),
    "response_feedback": _feedback,
    "messaging_feedback": _rated,
    "order": _order,
    **dict.fromkeys(_LEAD_FORMS, _lead_form),
    "policy_enforcement": _policy,
}
_ENTRY = {"messaging", "standby", "changes"}
