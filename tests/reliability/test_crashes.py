"""Processes of a running product are killed while people write: each message is kept once and answered once.

SIGKILL of the worker, a broker that forgets everything, a database that restarts. What is asserted is the end, never
how long it took.
"""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.reliability.product import until
from tests.reliability.town import Customer, Town

# One product for all of them: with `--dist loadgroup` one process of a parallel run takes the whole file.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("reliability")]

# So many messages one worker may be sending at the same time (JOBS_CONCURRENCY["integrations"]).
AT_ONCE = 2


@contextmanager
def writing(town: Town, people: list[Customer]) -> Iterator[None]:
    """They write all the while."""
    troubles: list[BaseException] = []

    def write() -> None:
        try:
            town.ask(people)
        except BaseException as error:
            troubles.append(error)

    asking = threading.Thread(target=write)
    asking.start()
    yield
    asking.join()
    assert not troubles


def test_workers_are_killed_while_they_answer_200_conversations(town: Town) -> None:
    people = town.customers(200)
    # Meta takes the answers to these two and says nothing, and that is when the second kill falls.
    mute = people[100:102]
    held = town.hold(mute)
    with writing(town, people):
        until(lambda: town.answered(people) >= 40, "forty were answered")
        town.product.kill("worker")
        town.eventually(lambda: len(held) == 2, "Meta has the answers that nobody will hear about")
        town.product.kill("worker")
    town.eventually(town.is_quiet, "everything was done")
    town.check(people, unknown=2 * AT_ONCE)
    by_channel = {one.channel: town.fate(one) for one in mute}
    # Messenger's thread shows that it is there. WhatsApp cannot be asked: it is not sent again, and a person decides …
    assert by_channel == {"facebook": "sent", "whatsapp": "unknown"}
    # … unless WhatsApp says by itself what became of it.
    town.tell(next(one for one in mute if one.channel == "whatsapp"), "delivered")
    town.eventually(town.is_quiet, "the news was read")
    assert town.fate(next(one for one in mute if one.channel == "whatsapp")) == "delivered"


def test_the_broker_forgets_everything_with_messages_in_flight(town: Town) -> None:
    people = town.customers(60)
    with writing(town, people):
        until(lambda: town.answered(people) >= 10, "ten were answered")
        with town.product.broker() as broker:
            broker.flushall()
        until(lambda: town.answered(people) >= 30, "work went on")
        # Its file too: what is started again is empty.
        shutil.rmtree(town.product.folder / "broker" / "appendonlydir")
        town.product.kill("broker")
    # No lease is lost, so nothing has to wait for one: the next sweep finds everything.
    until(town.is_quiet, "everything was done")
    town.check(people)


def test_postgresql_restarts_under_load(town: Town) -> None:
    people = town.customers(90)
    town.ask(people[:30])
    for part in (people[30:60], people[60:]):
        enough = town.answered(people) + 10
        until(lambda enough=enough: town.answered(people) >= enough, f"{enough} were answered")
        turned_away = town.product.turned_away
        with ExitStack() as meanwhile, town.product.unattended():
            # Immediate: no checkpoint, every session is cut off; and it stays away until somebody has noticed.
            town.product.strike("postgres", signal.SIGQUIT)
            meanwhile.enter_context(writing(town, part))
            until(lambda before=turned_away: town.product.turned_away > before, "somebody was turned away")
    town.eventually(town.is_quiet, "everything was done")
    town.check(people, unknown=2 * AT_ONCE)
