"""The webhooks that Meta sends: bodies for each event, signed and posted one by one or in batches.

    post(url, secret, message("page", "1001", "psid-1", "Hello"), echo(...), duplicate=2, shuffle=True)

Each event is an entry of its own; `post` packs those of one object into one body, several pages together,
as Meta does (up to 1,000), or one body each with `batch=False`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx

from apps.conversations.adapters.signatures import HEADER, sign_meta
from apps.jobs import clock

if TYPE_CHECKING:
    from tests.vendors.graph import Delivered

OBJECTS = {"page": "page", "instagram": "instagram", "whatsapp": "whatsapp_business_account"}
_ids = count(1)


def _ms(at: datetime | None) -> int:
    return int((at or clock.now()).timestamp() * 1000)


def messaging(kind: str, account: str, person: str, at: datetime | None = None, *, own: bool = False, **event: Any) -> dict[str, Any]:  # fmt: skip
    """One event of Messenger or Instagram; `own`: the account is the sender."""
    sender, recipient = (account, person) if own else (person, account)
    raw = {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": _ms(at), **event}
    entry = {"id": account, "time": _ms(at), "messaging": [raw]}
    return {"object": OBJECTS[kind], "entry": [entry]}


def whatsapp(account: str, waba: str = "102290129340398", field: str = "messages", **value: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550100199", "phone_number_id": account}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    return {"object": OBJECTS["whatsapp"], "entry": [{"id": waba, "changes": [{"field": field, "value": value}]}]}


def message(
    kind: str,
    account: str,
    person: str,
    text: str,
    *,
    mid: str = "",
    at: datetime | None = None,
    name: str = "",
    **more: Any,
) -> dict[str, Any]:
    """A customer writes. On WhatsApp `person` is a number or a BSUID."""
    mid = mid or f"{'wamid.in' if kind == 'whatsapp' else 'm_in'}{next(_ids):08d}"
    if kind != "whatsapp":
        return messaging(kind, account, person, at, message={"mid": mid, "text": text, **more})
    scoped = "." in person
    who = {"from_user_id": person} if scoped else {"from": person}
    contact = {"profile": {"name": name or "A customer"}, ("user_id" if scoped else "wa_id"): person}
    body = {"id": mid, "timestamp": str(_ms(at) // 1000), "type": "text", "text": {"body": text}, **who, **more}
    return whatsapp(account, contacts=[contact], messages=[body])


def status(account: str, wamid: str, name: str, to: str, *, reference: str = "", at: datetime | None = None, **more: Any) -> dict[str, Any]:  # fmt: skip
    """A WhatsApp status: sent, delivered, read, failed (with `errors=[{...}]`)."""
    who = {"recipient_user_id": to} if "." in to else {"recipient_id": to}
    body = {"id": wamid, "status": name, "timestamp": str(_ms(at) // 1000), **who, **more}
    if reference:
        body["biz_opaque_callback_data"] = reference
    return whatsapp(account, statuses=[body])


def echo(kind: str, account: str, person: str, mid: str, *, app_id: str = "", metadata: str = "", at: datetime | None = None, **content: Any) -> dict[str, Any]:  # fmt: skip
    """The business wrote: through us (`metadata` = our reference) or in another app."""
    body = {"mid": mid, "is_echo": True, **content}
    if app_id:
        body["app_id"] = int(app_id)
    if metadata and kind == "page":
        body["metadata"] = metadata
    return messaging(kind, account, person, at, own=True, message=body)


def about(sent: Delivered, kind: str, statuses: Iterable[str], app_id: str = "") -> list[dict[str, Any]]:
    """What Meta tells about a message of ours: echo, delivered, read; on WhatsApp "echo" is status sent."""
    found = []
    for name in statuses:
        if kind == "whatsapp":
            state = "sent" if name == "echo" else name
            found.append(status(sent.account, sent.id, state, sent.to, reference=sent.reference))
        elif name == "echo":
            content = {key: sent.message[key] for key in ("text",) if key in sent.message}
            if "attachment" in sent.message:
                content["attachments"] = [sent.message["attachment"]]
            found.append(echo(kind, sent.account, sent.to, sent.id, app_id=app_id, metadata=sent.reference, **content))
        elif name == "delivered" and kind == "page":
            event = {"delivery": {"mids": [sent.id], "watermark": _ms(None)}}
            found.append(messaging(kind, sent.account, sent.to, **event))
        elif name == "read":
            event = {"read": {"mid": sent.id} if kind == "instagram" else {"watermark": _ms(None)}}
            found.append(messaging(kind, sent.account, sent.to, **event))
    return found


def batched(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One body per object, with the entries of all events in it; neighbors of one account stay apart."""
    bodies: dict[str, dict[str, Any]] = {}
    for event in events:
        body = bodies.setdefault(event["object"], {"object": event["object"], "entry": []})
        body["entry"] += event["entry"]
    return list(bodies.values())


def signed(secret: str, body: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """The raw bytes as Meta writes them (non-ASCII escaped) and the headers that go with them."""
    raw = json.dumps(body).encode()
    return raw, {"Content-Type": "application/json", HEADER: sign_meta(secret, raw)}


def post(
    url: str,
    secret: str,
    *events: dict[str, Any],
    duplicate: int = 1,
    shuffle: int | None = None,
    batch: bool = True,
) -> list[httpx.Response]:
    """Send events to a webhook: each `duplicate` times, in the order of the seed `shuffle`, batched or not."""
    wanted = [event for event in events for _ in range(duplicate)]
    if shuffle is not None:
        random.Random(shuffle).shuffle(wanted)
    answers = []
    with httpx.Client(timeout=15) as client:
        for body in batched(wanted) if batch else wanted:
            raw, headers = signed(secret, body)
            answers.append(client.post(url, content=raw, headers=headers))
    return answers
