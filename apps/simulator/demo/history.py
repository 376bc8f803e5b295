"""Play conversations on a frozen clock, through the signed webhook and the real pipeline.

All talks of an organization are on one time line. Between two steps everything runs that falls due: reading, the
persona's answer, sending, receipts, the relay with its roll-ups. What people of the organization do goes through the
services their pages call. Nobody outside is asked and nothing is written past the pipeline.
"""

from __future__ import annotations

import heapq
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max
from PIL import Image, ImageDraw

from apps.ai.services import built_in_only
from apps.conversations import services as conversations
from apps.conversations.models import Conversation, Message
from apps.events.journal import RELAY
from apps.integrations.models import ConnectedAccount, Delivery
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.connection import connection
from apps.leads import services as leads
from apps.organizations.models import Organization, Role, User

from .. import doors
from .. import services as simulator
from ..wire import Ad
from . import talks
from .catalogs import SEED

DAYS = 42
# A wait takes up to this many times as long as the script says.
SLOWEST = 1.3
# Figures about now (health, budgets) are worked out once at the end.
_LATER = ("organizations.", RELAY)
PAUSE = timedelta(minutes=20)


@dataclass
class Playing:
    """One talk on its way: who, where, and what is still to come."""

    talk: talks.Talk
    start: datetime
    customer: talks.Customer
    person: simulator.Customer
    account: ConnectedAccount
    agent: User
    slots: dict[str, str]
    chance: random.Random
    steps: list[talks.Step] = field(default_factory=list)

    def conversation(self) -> Conversation:
        return Conversation.objects.select_related("lead").get(account=self.account, identity__value=self.person.id)


def play(
    organization: Organization,
    accounts: dict[str, ConnectedAccount],
    *,
    until: datetime,
    most: int | None = None,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> int:
    """Play what was not played to its end yet, each talk from where it stopped; returns how many talks.

    The organization's schema is active. Nothing happens after `until`. `most`: only so many talks, spread evenly.
    `tell(done, all)` is called after every step.
    """
    stopped = _stopped()
    if stopped is not None and stopped >= until:  # people have been at work here since
        return 0
    planned = _planned(organization, accounts, until)
    if most is not None and most < len(planned):
        step = len(planned) / most
        planned = [planned[int(number * step)] for number in range(most)]
    with doors.in_process(), built_in_only(), clock.frozen(stopped or planned[0].start):
        _run_until(clock.now())
        line = [(_resume(one, clock.now()), number, one) for number, one in enumerate(planned)]
        line = [entry for entry in line if entry[2].steps and entry[0] <= until]
        if not any(_trace(step) for _at, _number, one in line for step in one.steps):
            return 0
        heapq.heapify(line)
        left, steps = len(line), sum(len(one.steps) for _at, _number, one in line)
        while line:
            at, number, one = heapq.heappop(line)
            _run_until(at)
            following = clock.now() + _take_step(one)
            if one.steps and following <= until:
                heapq.heappush(line, (following, number, one))
            tell(steps - sum(len(one.steps) for _at, _number, one in line), steps)
        _run_until(until)
    return left


def _stopped() -> datetime | None:
    """Where on its time line an earlier attempt came to; None if there was none."""
    times = (Delivery.objects.aggregate(at=Max("received_at"))["at"], Message.objects.aggregate(at=Max("at"))["at"])
    return max((at for at in times if at is not None), default=None)


def _resume(one: Playing, stopped: datetime) -> datetime:
    """Drop the steps that an earlier attempt took; returns when the first of the others comes.

    Most steps leave a message behind. Of those after the last one it is reckoned whether their time had come; done twice,
    they do no harm.
    """
    written: dict[str, list[datetime]] = {"say": [], "answer": [], "note": []}
    for message in Message.objects.filter(
        conversation__account=one.account, conversation__identity__value=one.person.id
    ).order_by("id"):
        if message.direction == Message.Direction.IN:
            written["say"].append(message.at)
        elif message.sender == "user":
            written["note" if message.direction == Message.Direction.NOTE else "answer"].append(message.at)
    taken, at = 0, one.start
    for number, step in enumerate(one.steps, 1):
        if times := written.get(_trace(step), []):
            taken, at = number, times.pop(0)
        elif _trace(step):
            break
    del one.steps[:taken]
    while taken and one.steps and not _trace(one.steps[0]):
        step = one.steps[0]
        at += talks.duration(step.text) * SLOWEST if step.kind == "wait" else timedelta(seconds=_PAUSES["do"][1])
        if at > stopped and step.kind != "wait":
            break
        one.steps.pop(0)
    return max(at, stopped) if taken else one.start


def _trace(step: talks.Step) -> str:
    """What kind of message a step leaves behind, if any."""
    return "say" if _STEPS.get(step.kind) is _say else step.kind if step.kind in ("answer", "note") else ""


# When, where and who ------------------------------------------------------------------------------------------------


def _planned(organization: Organization, accounts: dict[str, ConnectedAccount], until: datetime) -> list[Playing]:
    """Every playing of every talk, the same for the same organization and day."""
    chance = random.Random(f"{SEED}-{organization.slug}")  # noqa: S311  a story, no secret
    script = talks.read(organization.slug)
    people = {code: talks.customers(code, organization.country, chance) for code in ("en", "ar")}
    agents = [
        one.user
        for one in organization.memberships.select_related("user").order_by("id")
        if one.role in (Role.AGENT, Role.MANAGER)
    ]
    found = []
    for talk in script.talks:
        for nth in range(talk.times):
            channel = talk.channels[nth % len(talk.channels)]
            customer = next(people[talk.language])
            found.append(
                Playing(
                    talk=talk,
                    start=_start(talk, organization.timezone, until, chance),
                    customer=customer,
                    person=simulator.Customer(
                        id=_id(channel, organization, talk, nth),
                        name="" if channel == "webchat" else customer.name,
                        language=talk.language,
                    ),
                    account=accounts[channel],
                    agent=chance.choice(agents),
                    slots={name: values[nth % len(values)] for name, values in script.slots.items()},
                    chance=random.Random(f"{SEED}-{organization.slug}-{talk.name}-{nth}"),  # noqa: S311
                    steps=list(talk.steps),
                )
            )
    return sorted(found, key=lambda one: one.start)


def _id(channel: str, organization: Organization, talk: talks.Talk, nth: int) -> str:
    """What the platform calls this person: the same at each attempt."""
    digits = f"{random.Random(f'{organization.slug}-{talk.name}-{nth}').randrange(10**8):08d}"  # noqa: S311
    if channel == "whatsapp":
        return f"1555010{digits}"
    return f"v_demo{digits}" if channel == "webchat" else f"9000{organization.pk:04d}{digits}"


def _start(talk: talks.Talk, timezone: str, until: datetime, chance: random.Random) -> datetime:
    """Within opening hours and a little after; more on working days, and more lately than at first."""
    if talk.is_today:
        return until - timedelta(minutes=chance.uniform(12, 260))
    while True:
        back = DAYS * (1 - chance.random() ** 0.75)
        day = (until - timedelta(days=back)).astimezone(ZoneInfo(timezone))
        if day.weekday() >= 5 and chance.random() < 0.5:
            continue
        hour = chance.triangular(8, 22, 12)
        at = day.replace(hour=int(hour), minute=int(hour % 1 * 60), second=chance.randrange(60), microsecond=0)
        at = at.astimezone(UTC)
        if until - timedelta(days=DAYS) < at < until - timedelta(hours=20):
            return at


# The clock ----------------------------------------------------------------------------------------------------------


def _run_until(at: datetime) -> None:
    """Everything that falls due until then, each at its own time; then it is `at`.

    Facts are told on in the pauses: many at once, and still at about the time at which they happened.
    """
    _work(at)
    relay = jobs.KINDS[RELAY]
    if at - clock.now() > PAUSE and jobs.drain(relay.queue, schema=connection.schema_name, kinds=[RELAY]):
        _work(at)
    if at > clock.now():
        clock.advance(at - clock.now())


def _work(until: datetime) -> None:
    schema, kinds = connection.schema_name, [kind for kind in jobs.KINDS if not kind.startswith(_LATER)]
    while (due := _next_due(schema, kinds)) is not None and due[0] <= until:
        if due[0] > clock.now():
            clock.advance(due[0] - clock.now())
        if not jobs.drain(due[1], schema=schema, kinds=kinds, seconds=0):
            clock.advance(timedelta(milliseconds=50))


def _next_due(schema: str, kinds: list[str]) -> tuple[datetime, str] | None:
    """(time, queue) of the job that comes first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(leased_until, run_at) AS due, queue FROM public.jobs_job WHERE schema = %s"
            " AND failed_at IS NULL AND kind = ANY(%s) ORDER BY due LIMIT 1",
            [schema, kinds],
        )
        found: tuple[datetime, str] | None = cursor.fetchone()
    return found


# Steps --------------------------------------------------------------------------------------------------------------


def _take_step(one: Playing) -> timedelta:
    """Do what comes next; returns how long it is until what follows."""
    step = one.steps.pop(0)
    text = talks.fill(step.text, one.customer, one.slots)
    _STEPS[step.kind](one, step, text)
    return _pause(one)


def _pause(one: Playing) -> timedelta:
    if not one.steps:
        return timedelta(0)
    following = one.steps[0]
    if following.kind == "wait":
        one.steps.pop(0)
        return talks.duration(following.text) * one.chance.uniform(0.8, SLOWEST)
    quickest, slowest = _PAUSES[following.kind]
    return timedelta(seconds=one.chance.uniform(quickest, slowest))


# Seconds before each kind of step: people type, colleagues are busy.
_PAUSES = {
    "say": (35, 240),
    "add": (1, 3),
    "image": (30, 120),
    "ad": (30, 120),
    "answer": (150, 1500),
    "note": (30, 200),
    "do": (60, 600),
}


def _say(one: Playing, step: talks.Step, text: str) -> None:
    if one.chance.random() < 0.4:  # what was written before counts as read with it
        simulator.see(one.account, one.person)
    referral = None
    if step.kind == "ad":
        number = f"12021{random.Random(step.ad).randrange(10**12):012d}"  # noqa: S311
        referral = Ad(id=number, title=step.ad, ref=step.ad.lower().replace(" ", "-"))
    image = simulator.keep_picture(_photo(one.chance)) if step.kind == "image" else ""
    simulator.say(one.account, one.person, text, image=image, referral=referral, at=clock.now())


def _photo(chance: random.Random) -> bytes:
    """A small picture of nothing in particular."""
    shade = tuple(chance.randrange(120, 220) for _channel in range(3))
    picture = Image.new("RGB", (320, 240), shade)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((90, 60, 230, 180), fill=tuple(value - 60 for value in shade))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _answer(one: Playing, _step: talks.Step, text: str) -> None:
    conversation = one.conversation()
    conversations.take_over(conversation, by=one.agent)
    conversations.send_message(one.conversation(), text=text, by=one.agent)


def _note(one: Playing, _step: talks.Step, text: str) -> None:
    conversations.add_note(one.conversation(), text=text, by=one.agent)


def _do(one: Playing, _step: talks.Step, text: str) -> None:
    verb, _space, rest = text.partition(" ")
    _ACTS[verb](one, rest)


def _stage(one: Playing, stage: str) -> None:
    leads.move_to_stage(one.conversation().lead, stage, by=f"user:{one.agent.pk}")


def _own(one: Playing, _rest: str) -> None:
    leads.set_owner(one.conversation().lead, one.agent, by=f"user:{one.agent.pk}")


def _details(one: Playing, _rest: str) -> None:
    """What they told a colleague, written down by that colleague."""
    customer = one.customer
    leads.capture_details(one.conversation().lead, name=customer.name, phone=customer.phone, by=f"user:{one.agent.pk}")


_ACTS: dict[str, Callable[[Playing, str], Any]] = {
    "stage": _stage,
    "owner": _own,
    "details": _details,
    "tag": lambda one, name: leads.add_tag(one.conversation().lead, name, by=f"user:{one.agent.pk}"),
    "assign": lambda one, _rest: conversations.assign(one.conversation(), to=one.agent, by=one.agent),
    "resolve": lambda one, _rest: conversations.resolve(one.conversation(), by=one.agent),
    "give_back": lambda one, _rest: conversations.give_back(one.conversation(), by=one.agent),
    "snooze": lambda one, rest: conversations.snooze(
        one.conversation(), until=clock.now() + talks.duration(rest), by=one.agent
    ),
}
_STEPS: dict[str, Callable[[Playing, talks.Step, str], None]] = {
    "say": _say,
    "add": _say,
    "image": _say,
    "ad": _say,
    "answer": _answer,
    "note": _note,
    "do": _do,
}


def all_steps(slug: str) -> Iterator[tuple[talks.Talk, talks.Step]]:
    """For checks: every step that can be taken."""
    for talk in talks.read(slug).talks:
        for step in talk.steps:
            yield talk, step
