"""Customers who write to Acme on two platforms, and what must be true of all of them in the end."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

from tests.reliability.product import Product, until
from tests.vendors import graph_webhooks
from tests.vendors.graph import Delivered, Graph
from tests.vendors.receiver import Receiver

PAGE, NUMBER = "1001", "3001"
KINDS = {"facebook": ("page", PAGE), "whatsapp": ("whatsapp", NUMBER)}
# Everything under way in one tenant; housekeeping that is due some other time does not count.
_BUSY = """
    SELECT (SELECT count(*) FROM jobs_job WHERE schema = 'acme' AND NOT (key = '' AND run_at > now() + interval '10 seconds'))
         + (SELECT count(*) FROM acme.integrations_delivery WHERE state = 'pending')
         + (SELECT count(*) FROM acme.events_journalentry WHERE relayed_at IS NULL)
         + (SELECT count(*) FROM acme.webhooks_outbox_delivery WHERE state = 'pending')
"""
_LEFT = """
    SELECT kind, key, run_at, leased_until, attempts, failed_at, last_error FROM jobs_job ORDER BY 1 LIMIT 20
"""
_AGE = """
    UPDATE jobs_job SET run_at = run_at - interval '1 hour', leased_until = leased_until - interval '1 hour';
    UPDATE acme.conversations_message SET status_at = status_at - interval '1 hour' WHERE status = 'sending';
    UPDATE acme.webhooks_outbox_delivery SET next_at = next_at - interval '1 hour' WHERE state = 'pending';
"""
_CONVERSATIONS = """
    SELECT i.value FROM acme.conversations_conversation c JOIN acme.leads_identity i ON i.id = c.identity_id
"""
_SAID = """
    SELECT i.value, m.direction, m.status, m.external_id, m.external_ids FROM acme.conversations_message m
      JOIN acme.conversations_conversation c ON c.id = m.conversation_id JOIN acme.leads_identity i ON i.id = c.identity_id
     WHERE m.kind <> 'notice'
"""
_TWICE = """
    SELECT type, coalesce(data ->> 'message_id', data ->> 'lead_id'), count(*) FROM acme.events_journalentry
     WHERE type IN ('lead.created', 'message.received', 'message.sent') GROUP BY 1, 2 HAVING count(*) > 1
"""


@dataclass(frozen=True)
class Customer:
    channel: str
    id: str
    mid: str

    @property
    def asks(self) -> dict[str, Any]:
        kind, account = KINDS[self.channel]
        return graph_webhooks.message(kind, account, self.id, "How much are the steel toe boots?", mid=self.mid)


@dataclass
class Town:
    product: Product
    graph: Graph
    receiver: Receiver
    numbers: count = field(default_factory=lambda: count(1))

    def customers(self, many: int) -> list[Customer]:
        """So many new ones, on one platform and the other in turn."""
        found = []
        for number in (next(self.numbers) for _ in range(many)):
            channel = ("facebook", "whatsapp")[number % 2]
            person = f"psid-{number}" if channel == "facebook" else f"1555{number:07}"
            self.graph.heard_from(KINDS[channel][1], person)
            mid = f"m_crash{number:05}" if channel == "facebook" else f"wamid.crash{number:05}"
            found.append(Customer(channel, person, mid))
        return found

    def ask(self, customers: Sequence[Customer], hands: int = 4) -> None:
        """All of them write, several at a time."""
        with ThreadPoolExecutor(hands) as pool:
            list(pool.map(lambda one: self.product.post(one.channel, one.asks), customers))

    def arrived(self, one: Customer) -> list[Delivered]:
        """What the platform delivered to somebody."""
        with self.graph.lock:
            return [sent for sent in self.graph.messages if sent.to == one.id]

    def answered(self, customers: Sequence[Customer]) -> int:
        """How many of them the platform delivered something to."""
        with self.graph.lock:
            return len({sent.to for sent in self.graph.messages} & {one.id for one in customers})

    def hold(self, customers: Sequence[Customer]) -> set[str]:
        """From now on the platform takes the answers to these people and then says nothing; whom it has held so far."""
        wanted, held = {one.id for one in customers}, set[str]()

        def keep_silent(sent: Delivered) -> None:
            if sent.to in wanted and sent.to not in held:
                held.add(sent.to)
                self.graph.released.wait()

        self.graph.on_sent = keep_silent
        return held

    def eventually(self, check: Callable[[], Any], what: str) -> None:
        """Wait for it. Whenever nothing moves any more, an hour passes.

        Then every lease and claim of somebody who died has run out, and what was put off is due.
        """
        still = _Still()

        def is_so() -> bool:
            if check():
                return True
            left = self.product.one(_BUSY)
            if left and still.since(left) > 5:
                self.product.rows(_AGE)
                still.forget()
            return False

        try:
            until(is_so, what)
        except AssertionError as error:
            error.add_note(f"Left to do: {self.product.rows(_LEFT)}")
            raise

    def is_quiet(self) -> bool:
        """Nothing is left to do."""
        return not self.product.one(_BUSY)

    def fate(self, one: Customer) -> str:
        """What we know of the answer to somebody."""
        return next(
            row.status
            for row in map(_Said._make, self.product.rows(_SAID))
            if (row.person, row.direction) == (one.id, "out")
        )

    def tell(self, one: Customer, status: str) -> None:
        """The platform reports on the answer it has."""
        for sent in self.arrived(one):
            for event in graph_webhooks.about(sent, KINDS[one.channel][0], [status]):
                self.product.post(one.channel, event)

    def check(self, customers: Sequence[Customer], *, unknown: int = 0) -> None:
        """Each was heard once and answered once, and every fact left under one id.

        `unknown`: the most answers of which nobody can say whether they arrived (WhatsApp cannot be asked). They were
        sent once at most, and stand in the inbox as what they are.
        """
        said = [_Said._make(row) for row in self.product.rows(_SAID)]
        heard = Counter((row.person, row.external_id) for row in said if row.direction == "in")
        answers = {row.person: row for row in said if row.direction == "out"}
        times = Counter(row.person for row in said if row.direction == "out")
        conversations = Counter(person for (person,) in self.product.rows(_CONVERSATIONS))
        unsure = set()
        for one in customers:
            assert conversations[one.id] == 1, one
            assert heard[one.id, one.mid] == 1, one
            assert times[one.id] == 1, one
            answer, arrived = answers[one.id], self.arrived(one)
            parts = [sent.body for sent in arrived]  # an answer with a picture is two messages there
            assert all(parts.count(part) == 1 for part in parts), (one, parts)
            if answer.status == "unknown":
                unsure.add(one)
            else:
                assert answer.status == "sent", answer
                assert [sent.id for sent in arrived] == [answer.external_id, *answer.external_ids], answer
        assert {one.channel for one in unsure} <= {"whatsapp"}
        assert len(unsure) <= unknown, unsure
        self._check_facts()

    def _check_facts(self) -> None:
        assert self.product.rows(_TWICE) == []
        journal = {row[0] for row in self.product.rows("SELECT uuid FROM acme.events_journalentry")}
        outbox = self.product.rows("SELECT event, uuid, state FROM acme.webhooks_outbox_delivery")
        assert len(outbox) == len(journal)
        assert {event for event, _id, _state in outbox} == journal
        assert {state for _event, _id, state in outbox} == {"delivered"}
        # More often than once may come what was answered while somebody died, but always under its one id.
        assert set(self.receiver.times) == {f"msg_{one}" for _event, one, _state in outbox}
        assert self.receiver.refused == []
        bodies = Counter(self.receiver.messages.values())
        told = [json.loads(body) for body in bodies]
        received = Counter(one["data"]["message_id"] for one in told if one["type"] == "message.received")
        assert set(received.values()) == {1}


class _Said(NamedTuple):
    person: str
    direction: str
    status: str
    external_id: str | None
    external_ids: list[str]


class _Still:
    """For how long a figure has been the same."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._value: object = None
        self._from = time.monotonic()

    def since(self, value: object) -> float:
        if value != self._value:
            self._value, self._from = value, time.monotonic()
        return time.monotonic() - self._from
