"""The webhook door: verify, split by account, find the tenants, store raw and wake them, in one commit.

Nothing is understood here. What arrives correctly signed is never lost: a part for an unknown account, or
a body that cannot be read, is kept for the agency (organizations.UnroutedDelivery).

    answer  when
    200     stored (durably, before we answer), or kept as malformed or unknown
    403     the signature is missing or wrong; nothing is stored
    413     longer than WEBHOOK_MAX_BYTES
    503     the database is away; the platform will deliver again
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any, Protocol

import structlog
from django.conf import settings
from prometheus_client import Counter

from apps.jobs import clock, notifier

from .surfaces import SURFACES

log = structlog.get_logger(__name__)

# The kind of work that reads what is stored here; its handler lives with the conversations.
WAKES = "conversations.receive"
_QUEUE = "interactive"

received = Counter("frontdesk_webhooks", "Webhook deliveries at the door", ["channel", "status"])


@dataclass(frozen=True)
class Answer:
    """What the platform gets: a status, a machine code, a sentence."""

    status: HTTPStatus
    code: str
    message: str

    @cached_property
    def body(self) -> bytes:
        return json.dumps({"code": self.code, "message": self.message}).encode()


STORED = Answer(HTTPStatus.OK, "stored", "Stored.")
KEPT = Answer(HTTPStatus.OK, "kept", "Kept, but nothing here could be routed; the agency sees it.")
NOT_SIGNED = Answer(HTTPStatus.FORBIDDEN, "bad_signature", "The signature does not fit the body.")
TOO_LARGE = Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "The body is larger than this door takes.")
AWAY = Answer(HTTPStatus.SERVICE_UNAVAILABLE, "try_again", "Not stored; deliver it again.")


@dataclass(frozen=True)
class Part:
    """One account's share of a delivery; `schema` None where no tenant has the account."""

    schema: str | None
    channel: str
    account: str
    body: bytes
    trace: uuid.UUID
    why: str = ""  # for unrouted ones


class Cursor(Protocol):
    """The little of a database cursor that storing needs."""

    def execute(self, sql: Any, parameters: Any, /) -> Any: ...
    def fetchall(self) -> list[Any]: ...


# Given parts, stores all of them durably in one commit; returns those whose account has meanwhile moved.
Store = Callable[[Sequence[Part]], list[Part]]


def receive(channel: str, body: bytes, signature: str, *, store: Store) -> Answer:
    """Take one delivery of a platform. Answers only after what is to be kept is durable."""
    found = read(channel, body, signature)
    return counted(channel, found if isinstance(found, Answer) else keep(found, store=store))


def counted(channel: str, answer: Answer) -> Answer:
    received.labels(channel, answer.status.value).inc()
    return answer


def read(channel: str, body: bytes, signature: str) -> list[Part] | Answer:
    """Verify and split: the parts to be kept, or why there are none."""
    if len(body) > settings.WEBHOOK_MAX_BYTES:
        return TOO_LARGE
    surface = SURFACES[channel]
    if not surface.verify(settings.FACEBOOK_APP_SECRET, body, signature):
        return NOT_SIGNED
    trace = uuid.uuid4()
    try:
        split = surface.split(json.loads(body))
    except (ValueError, RecursionError):
        split = {}
    if not split:
        return [Part(None, channel, "", body, trace, "malformed")]
    return [
        Part(None, channel, account.replace("\x00", "")[:120], body if len(split) == 1 else _dump(share), trace)
        for account, share in split.items()
    ]


def keep(parts: Sequence[Part], *, store: Store) -> Answer:
    """Route and store parts; used by `receive` and by our own chat, whose parts are not signed."""
    try:
        found = [routed(part) for part in parts]
        moved = store(found)
        if moved:  # the account changed hands after we looked: look again, once, past the cache
            routes.forget()
            again = [routed(part, last=True) for part in moved]
            if store(again):
                raise DoorShut("an account changed hands twice while we stored")
            found = [part for part in found if part not in moved] + again
    except DoorShut as error:
        return shut(parts, error)
    return STORED if any(part.schema for part in found) else KEPT


def shut(parts: Sequence[Part], error: DoorShut) -> Answer:
    log.error("webhook.not_stored", channel=parts[0].channel, error=str(error))
    return AWAY


def routed(part: Part, *, last: bool = False) -> Part:
    """`part` with its tenant, as far as it has one."""
    schema = routes.find(part.channel, part.account) if part.account else None
    why = part.why or ("malformed" if not part.account else "unknown_account")
    if last and schema is None:
        log.warning("webhook.unrouted", channel=part.channel, account=part.account)
    return Part(schema, part.channel, part.account, part.body, part.trace, why)


def _dump(share: Any) -> bytes:
    return json.dumps(share, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


class DoorShut(Exception):
    """What arrived could not be made durable."""


class Routes:
    """Which tenant has an account, remembered for a few seconds.

    A stale answer does no harm: the storing statement checks the route again in the database.
    """

    TTL = 10.0

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[str, float]] = {}
        self._look: Callable[[str, str], str | None] = _look_up

    def knows(self, part: Part) -> bool:
        """Whether `find` answers for this part without asking the database; leaves it a second to do so."""
        found = self._known.get((part.channel, part.account))
        return found is not None and time.monotonic() - found[1] < self.TTL - 1

    def find(self, channel: str, account: str) -> str | None:
        key = (channel, account)
        found = self._known.get(key)
        if found and time.monotonic() - found[1] < self.TTL:
            return found[0]
        schema = self._look(channel, account)
        if schema is None:
            self._known.pop(key, None)
        else:
            self._known[key] = (schema, time.monotonic())
        return schema

    def forget(self) -> None:
        self._known.clear()


def _look_up(channel: str, account: str) -> str | None:
    from django.db import Error, connection

    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT o.schema_name FROM public.organizations_accountroute r"
                " JOIN public.organizations_organization o ON o.id = r.organization_id"
                " WHERE r.channel = %s AND r.external_id = %s",
                [channel, account],
            )
            row = cursor.fetchone()
    except Error as error:
        raise DoorShut(type(error).__name__) from error
    return row[0] if row else None


routes = Routes()


# Checks each route again as it stores, so that a stale cache never crosses tenants, and wakes the tenants:
# organizations/migrations/0003_store_deliveries.py.
_STORE = (
    "SELECT woken, elsewhere FROM public.store_deliveries("
    "%s, %s, %s, %s::text[], %s::text[], %s::text[], %s::bytea[], %s::uuid[])"
)
_KEEP = """
    INSERT INTO public.organizations_unrouteddelivery (channel, external_id, body, trace, why, received_at)
    SELECT p.*, %s FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::uuid[], %s::text[]) p
"""


def write(new_cursor: Callable[[], Cursor], parts: Sequence[Part]) -> Callable[[], list[Part]]:
    """Send the statements that store parts of any number of tenants with their wake-ups.

    The caller opens the transaction, and may pipeline; once it is committed, calling the result gives the
    parts that were not stored, because their account no longer belongs to that schema.
    """
    now = clock.now()
    if homeless := [part for part in parts if not part.schema]:
        new_cursor().execute(_KEEP, [now, *_columns(homeless), [part.why for part in homeless]])
    mine = [part for part in parts if part.schema]
    stored = new_cursor()
    if mine:
        stored.execute(_STORE, [now, WAKES, _QUEUE, [part.schema for part in mine], *_columns(mine)])

    def not_stored() -> list[Part]:
        if not mine:
            return []
        woken, elsewhere = stored.fetchall()[0]
        if woken:
            notifier.nudge(_QUEUE, 0)
        return [mine[position] for position in elsewhere]

    return not_stored


def _columns(parts: Sequence[Part]) -> list[Any]:
    return [
        [part.channel for part in parts],
        [part.account for part in parts],
        [part.body for part in parts],
        [part.trace for part in parts],
    ]


def store_here(parts: Sequence[Part]) -> list[Part]:
    """Store through Django's connection, as part of whatever transaction is open there."""
    from django.db import Error, connection, transaction

    try:
        with transaction.atomic():
            not_stored = write(connection.cursor, parts)
        return not_stored()
    except Error as error:
        raise DoorShut(type(error).__name__) from error
