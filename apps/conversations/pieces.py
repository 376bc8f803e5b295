"""What became of each piece of a message that went out in several, and what that makes of the whole.

A message's pieces are its ids at the platform, in their order: `external_id`, `external_ids`. News of a piece lie in
`payload["pieces"]` by its id, under "" those of the rest that was never taken; a piece without news was sent.

    sent ─▶ delivered ─▶ read      news only move forward: late and repeated ones change nothing
      └───▶ failed ───▶ delivered, read      what was delivered all the same was delivered

The whole has failed where every piece has, failed partly where some have, and else come as far as its slowest piece;
who has read a piece has read those before it, as long as nothing else is known of them.
"""

from __future__ import annotations

from typing import Any

from .adapters import Reason
from .models import Message

Status = Message.Status
REST = ""
_RANK = {
    Status.QUEUED: 0,
    Status.SENDING: 1,
    Status.UNKNOWN: 1,
    Status.SENT: 2,
    Status.DELIVERED: 3,
    Status.READ: 4,
}
_ARRIVED = (Status.DELIVERED, Status.READ)


def moves(state: str, news: str) -> bool:
    """Whether `news` move something that is in `state` forward."""
    if state in (Status.FAILED, Status.PARTLY):
        return news in _ARRIVED
    if state not in _RANK:
        return False
    if news == Status.FAILED:
        return _RANK[Status(state)] < _RANK[Status.DELIVERED]
    return _RANK[Status(news)] > _RANK[Status(state)]


def ids_of(message: Message) -> list[str]:
    return list(dict.fromkeys(filter(None, [message.external_id, *message.external_ids])))


def states(message: Message) -> dict[str, str]:
    """The state of each piece, in order."""
    told: dict[str, Any] = message.payload.get("pieces") or {}
    known = message.status if message.status in _ARRIVED and not told else Status.SENT
    found = {one: str(told.get(one, {}).get("status", known)) for one in ids_of(message)}
    return {**found, REST: Status.FAILED} if REST in told else found


def whole(found: dict[str, str]) -> str:
    """What the states of its pieces make of a message."""
    failed = sum(state == Status.FAILED for state in found.values())
    if failed:
        return Status.FAILED if failed == len(found) else Status.PARTLY
    order = list(found.values())
    seen = max((place for place, state in enumerate(order) if state == Status.READ), default=-1)
    return min(order[seen + 1 :], key=lambda state: _RANK[Status(state)], default=Status.READ)


def take(message: Message, news: str, *, piece: str = "", reason: Reason | None = None) -> str:
    """Write `news` of one piece (or of all) down in the payload; returns what the whole has become, "" where the news
    change nothing. The caller saves."""
    before = states(message)
    if len(before) < 2:
        return news if moves(message.status, news) else ""
    places = list(before)
    if piece not in before or not piece:
        reached = [one for one in places if before[one] != Status.FAILED and one]
    else:
        reached = [piece]
    changed = [one for one in reached if moves(before[one], news)]
    if not changed:
        return ""
    note(message, changed, news, reason)
    return whole(states(message))


def note(message: Message, which: list[str], news: str, reason: Reason | None = None) -> None:
    """Write down what became of pieces."""
    entry = {"status": str(news)}
    if news == Status.FAILED and reason is not None:
        entry |= {"code": reason.code[:40], "reason": reason.text}
    kept = {one: {"status": state} for one, state in states(message).items() if one}
    told = {**kept, **(message.payload.get("pieces") or {}), **dict.fromkeys(which, entry)}
    message.payload = {**message.payload, "pieces": told}


def to_send_again(message: Message) -> list[str]:
    """The ids by position, "" where a piece failed: what a person's second try has to send."""
    found = states(message)
    return ["" if found[one] == Status.FAILED else one for one in ids_of(message)]


def filled(places: list[str], sent: list[str]) -> list[str]:
    """The ids by position once `sent` have taken the empty places, and those after them."""
    rest = list(sent)
    return [one or (rest.pop(0) if rest else "") for one in places] + rest
