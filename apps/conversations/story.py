"""The story of an answer: asked → understood → found → checked → sent → read, in sentences a shop owner understands.

Also of an answer that was not sent, and of a question that nobody has answered. Technical stations are another matter:
queries.trace_steps() collects those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.ai.models import Generation
from apps.leads.models import Stage
from apps.ui import phrases, statuses
from apps.ui.text import line, shortened

from . import queries
from .bubbles import STATES, author_of, trouble
from .escalations import Told, told
from .meanings import meaning
from .models import Conversation, Decision, Message, Owner

Status = Message.Status
GONE = {Status.SENT, Status.DELIVERED, Status.READ}
ASKED = 5  # messages of a question that are shown
ITEMS = 8
FIGURES = 6  # that are named
ANSWER = 600  # characters of it that are shown
AT_ONCE = timedelta(milliseconds=100)
_LIST_MARK = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)
_FIGURE = re.compile(r"\d[\d.,:/]*(?<=\d)")


@dataclass
class Part:
    """One step. `title` is ours, `words` are somebody's; `after`: how long after the step before it."""

    kind: str  # asked, understood, found, written, checked, sent, read, handed
    icon: str
    title: str
    tone: str = "neutral"
    at: datetime | None = None
    after: str = ""
    words: list[str] = field(default_factory=list)
    items: list[tuple[str, str]] = field(default_factory=list)  # (name, what was said of it)
    notes: list[str] = field(default_factory=list)
    reasons: list[dict[str, Any]] = field(default_factory=list)  # of the gate: {"verdict", "sentence"}


@dataclass
class Story:
    """`message` is what it was asked about, `answer` the one whose story it is: the same, or what answered it."""

    message: Message
    answer: Message | None
    summary: str
    tone: str
    parts: list[Part]
    generations: list[Generation]
    why: queries.Why

    @property
    def subject(self) -> Message:
        return self.answer or self.message

    @property
    def cost(self) -> Decimal:
        return sum((one.cost_usd for one in self.generations), start=Decimal(0))


def story_of(message: Message) -> Story:
    """How a message came to be answered, or the answer to be sent; costs a handful of queries, however long it is."""
    conversation = message.conversation
    answer = message if message.direction == Message.Direction.OUT else _answer_to(message)
    if answer is None:
        parts = [_asked([message], conversation), *_unanswered(message, conversation)]
        return Story(message, None, _("Nobody has answered this yet."), "neutral", parts, [], queries.why(message))
    why = queries.why(answer)
    asked = why.answers[-ASKED:] or _question_before(answer)
    teller = _Teller(answer, asked, why)
    parts = _timed(list(teller.parts()))
    return Story(message, answer, teller.summary(), teller.tone(), parts, why.generations, why)


def _answer_to(message: Message) -> Message | None:
    """What was sent, or was to be sent, upon an inbound message: what says that it answers it, or what came next."""
    if message.direction != Message.Direction.IN:
        return None
    later = (
        Message.objects.filter(conversation_id=message.conversation_id, direction=Message.Direction.OUT)
        .filter(pk__gt=message.pk)
        .select_related("conversation__lead", "conversation__account", "user", "generation")
        .defer("conversation__account__credentials")
        .order_by("pk")
    )
    return later.filter(payload__answers__contains=[message.pk]).last() or later.exclude(sender="bot").first()


def _question_before(answer: Message) -> list[Message]:
    """What the customer had said since somebody last answered; empty where nobody had asked."""
    earlier = Message.objects.filter(conversation_id=answer.conversation_id, pk__lt=answer.pk)
    last = earlier.filter(direction=Message.Direction.OUT, status__in=GONE).order_by("-pk").values_list("pk", flat=True)
    since = next(iter(last[:1]), 0)
    said = earlier.filter(direction=Message.Direction.IN, pk__gt=since).exclude(kind="system").order_by("-pk")
    return list(said[:ASKED])[::-1]


def _unanswered(message: Message, conversation: Conversation) -> Iterator[Part]:
    if conversation.waiting_since is None or (
        message.pk <= conversation.answered_to and conversation.owner == Owner.BOT
    ):
        yield Part("handed", "circle-check", _("It needed no answer."))
    elif conversation.owner == Owner.HUMAN:
        yield _handed(told(conversation.escalation), _("It waits for a person."))
    else:
        yield Part("written", "pencil", _("The assistant is about to answer."))


def _asked(asked: list[Message], conversation: Conversation) -> Part:
    names = {
        "name": line(conversation.lead, 80),
        "channel": statuses.look(statuses.CHANNELS, conversation.channel).label,
        "count": len(asked),
    }
    title = ngettext(
        "%(name)s wrote on %(channel)s.", "%(name)s wrote %(count)s messages on %(channel)s.", len(asked)
    ) % names  # fmt: skip
    return Part("asked", "message", title, "accent", at=asked[-1].created_at, words=[_said(one) for one in asked])


def _said(message: Message) -> str:
    return shortened(message.text, ANSWER) or str(message.payload.get("button") or "") or _("A message without text")


def _handed(why: Told, title: str) -> Part:
    words = [why.words] if why.words else []
    return Part("handed", "hand-move", f"{title} {why.sentence}".strip(), "warn", words=words)


class _Teller:
    """Tells one answer, step by step."""

    def __init__(self, answer: Message, asked: list[Message], why: queries.Why) -> None:
        self.answer, self.asked, self.why = answer, asked, why
        self.conversation = answer.conversation
        self.is_ours = answer.sender == "bot"
        self.who = author_of(answer, self.conversation, _("The assistant"))

    def parts(self) -> Iterator[Part]:
        if self.asked:
            yield _asked(self.asked, self.conversation)
        if self.is_ours:
            yield from self._understood()
            yield from self._found()
            yield self._checked()
        else:
            yield Part("written", "pencil", self._wrote(), at=self.answer.created_at)
        yield self._sent()
        if self.answer.status in GONE:
            yield self._read()
        yield from self._given_to_people()

    def summary(self) -> str:
        if self.answer.status in (Status.CANCELLED, Status.FAILED):
            return _("This answer was not sent.")
        if self.answer.status not in GONE:
            return f"{STATES[self.answer.status][1]}." if self.answer.status in STATES else _("On its way.")
        if not self.asked:
            return _("Nobody had asked: %(who)s wrote first.") % {"who": self.who}
        passed = self.answer.at - self.asked[-1].created_at
        return _("%(who)s answered within %(time)s.") % {"who": self.who, "time": _length(passed)}

    def tone(self) -> str:
        if self.answer.status in (Status.CANCELLED, Status.FAILED, Status.PARTLY, Status.UNKNOWN):
            return "bad" if self.answer.status in (Status.FAILED, Status.PARTLY) else "warn"
        return "good" if self.answer.status in GONE else "neutral"

    # What the assistant did

    def _understood(self) -> Iterator[Part]:
        generation = self.answer.generation
        if generation is None:
            return
        details = _mapping(generation.details)
        code = str(self.answer.payload.get("intent") or details.get("intent") or "")
        yield Part("understood", "sparkles", meaning(code, trained=details.get("trained")))

    def _found(self) -> Iterator[Part]:
        part = Part("found", "search", "")
        said: list[str] = []
        for name, given in self._calls():
            if name == "search_catalog":
                said.append(self._searched(given))
            elif name == "capture_lead":
                part.notes.append(_("It noted the contact details that the customer gave."))
            elif name == "set_stage" and given.get("stage") in Stage.values:
                part.notes.append(
                    _("It moved the person to the stage “%(stage)s”.") % {"stage": Stage(given["stage"]).label}
                )
        rows = [row for row in self.answer.payload.get("facts") or [] if isinstance(row, dict)]
        part.items = [(line(row.get("name") or row.get("sku"), 120), _row_words(row)) for row in rows[:ITEMS]]
        for title in self.answer.payload.get("knowledge") or []:
            said.append(_("It used your note “%(title)s”.") % {"title": line(title, 120)})
        if said or part.items or part.notes:
            part.title = said[0] if said else _("It had found this:") if part.items else part.notes.pop(0)
            part.notes = [*dict.fromkeys(said[1:]), *part.notes]
            yield part
        elif self.answer.generation is not None:
            yield Part("found", "search", _("Nothing had to be looked up."))

    def _calls(self) -> list[tuple[str, dict[str, Any]]]:
        rows = [call for one in self.why.generations for call in one.calls if isinstance(call, dict)]
        return [(str(call.get("name")), _mapping(call.get("arguments"))) for call in rows]

    def _searched(self, given: dict[str, Any]) -> str:
        if words := line(given.get("query") or given.get("category"), 120):
            return _("It looked for “%(words)s” in the catalog.") % {"words": words}
        return _("It looked through the catalog.")

    def _checked(self) -> Part:
        at = self.answer.created_at
        first = [one for run in self.why.generations for one in _mismatches(run) if run.pk != self.answer.generation_id]
        last = _mismatches(self.answer.generation) if self.answer.generation else []
        if last or _mapping(getattr(self.answer.generation, "details", {})).get("intent") == "unchecked":
            part = Part("checked", "hand-stop", _told_wrong(last or first), "bad", at=at)
            part.notes.append(_("It was held back; the customer was told that a colleague answers."))
        elif self.answer.generation is None:
            part = Part(
                "checked", "shield-check", _("A sentence without figures was sent in place of an answer."), at=at
            )
        else:
            figures = list(dict.fromkeys(_FIGURE.findall(_LIST_MARK.sub("", self.answer.text))))
            part = Part("checked", "shield-check", _compared(figures), "good", at=at)
            if first:
                part.notes.append(_told_wrong(first) + " " + _("It was written again without that."))
        decision = self._first_decision()
        if decision is not None and decision.verdict == Decision.Verdict.SEND:
            part.reasons = decision.sentences  # type: ignore[attr-defined]
        return part

    # What became of it

    def _wrote(self) -> str:
        if self.answer.sender == "app":
            return _("Somebody of your team wrote it in another app.")
        if self.answer.payload.get("template"):
            return _("%(who)s chose a template.") % {"who": self.who}
        return _("%(who)s wrote it.") % {"who": self.who}

    def _first_decision(self) -> Decision | None:
        return self.why.decisions[0] if self.why.decisions else None

    def _sent(self) -> Part:
        answer = self.answer
        channel = statuses.look(statuses.CHANNELS, self.conversation.channel).label
        if answer.status in GONE:
            title = _("Sent on %(channel)s.") % {"channel": channel}
            part = Part("sent", "send", title, "good", at=answer.at)
        elif answer.status == Status.CANCELLED:
            part = Part("sent", "ban", _("It was not sent."), "warn", at=answer.status_at, notes=[self._why_not()])
        else:
            icon, label = STATES.get(answer.status, ("clock", _("On its way.")))
            tone = {Status.FAILED: "bad", Status.PARTLY: "bad", Status.UNKNOWN: "warn"}.get(
                Status(answer.status), "neutral"
            )
            part = Part("sent", icon, f"{label}.".replace("..", "."), tone, at=answer.status_at)
            if answer.status in (Status.FAILED, Status.PARTLY, Status.UNKNOWN):
                part.notes.append(trouble(answer))
        part.words = [shortened(answer.text, ANSWER)] if answer.text else []
        against = [one for one in self.why.decisions if one.verdict != Decision.Verdict.SEND]
        if against and answer.status not in GONE:
            part.reasons = against[-1].sentences  # type: ignore[attr-defined]
            if against[-1].verdict == Decision.Verdict.DEFER:
                part.title = _("It was put off.")
        elif not self.is_ours and (decision := self._first_decision()) is not None:
            part.reasons = decision.sentences  # type: ignore[attr-defined]
        return part

    def _why_not(self) -> str:
        """Of what was held back; where a person came in between, who."""
        if self.answer.failure_code in ("owner_changed", "owner_human"):
            notices = Message.objects.filter(
                conversation=self.conversation, kind="notice", payload__notice="taken_over",
                at__lte=self.answer.status_at + timedelta(seconds=5),
            )  # fmt: skip
            last = notices.order_by("-at", "-pk").first()
            if last is not None and last.at >= self.answer.created_at - timedelta(minutes=5):
                return queries.notice_text(last)
        return trouble(self.answer)

    def _read(self) -> Part:
        answer = self.answer
        name = line(self.conversation.lead, 80)
        if answer.status == Status.READ:
            return Part("read", "checks", _("%(name)s read it.") % {"name": name}, "info", at=answer.status_at)
        if answer.status == Status.DELIVERED:
            title = _("It arrived on their device, and has not been read yet.")
            return Part("read", "checks", title, at=answer.status_at)
        return Part("read", "check", _("Nothing is known yet about whether it was read."))

    def _given_to_people(self) -> Iterator[Part]:
        if not self.is_ours or self.answer.trace is None:
            return
        notice = Message.objects.filter(
            conversation=self.conversation, kind="notice", payload__notice="handed_off", trace=self.answer.trace
        ).first()
        if notice is not None:
            why = told(str(notice.payload.get("why") or ""))
            yield _handed(why, _("Then a person was asked to go on."))


# Words -------------------------------------------------------------------------------------------------------------


def _timed(parts: list[Part]) -> list[Part]:
    """Put how long after the step before it each came."""
    before: datetime | None = None
    for part in parts:
        if part.at is not None and before is not None:
            passed = part.at - before
            part.after = _("at once") if passed < AT_ONCE else _("%(time)s later") % {"time": _length(passed)}
        before = part.at or before
    return parts


def _length(passed: timedelta) -> str:
    seconds = max(0.0, passed.total_seconds())
    return phrases.duration(round(seconds, 1) or 0.1) if seconds < 10 else phrases.duration(seconds)


def _mismatches(generation: Generation) -> list[str]:
    rows = _mapping(generation.details).get("fact_check") or []
    return [line(row.get("text"), 120) for row in rows if isinstance(row, dict) and row.get("kind") != "instructions"]


def _told_wrong(said: list[str]) -> str:
    if not said:
        return _("A draft repeated the assistant's instructions.")
    words = ", ".join(f"“{one}”" for one in dict.fromkeys(said[:3]))
    return _("A draft said %(words)s, which is in none of your data.") % {"words": words}


def _compared(figures: list[str]) -> str:
    if not figures:
        return _("The answer states no figures, so nothing had to be compared.")
    return ngettext(
        "The figure in it (%(figures)s) was compared with what was found, and is there.",
        "The %(count)s figures in it (%(figures)s) were compared with what was found, and are there.",
        len(figures),
    ) % {"count": len(figures), "figures": ", ".join(figures[:FIGURES]) + ("…" if len(figures) > FIGURES else "")}


def _row_words(row: dict[str, Any]) -> str:
    said = []
    if row.get("price") not in (None, ""):
        said.append(phrases.money(row["price"], str(row.get("currency") or "")))
    if isinstance(row.get("stock"), int):
        said.append(_("%(count)s in stock") % {"count": row["stock"]} if row["stock"] > 0 else _("Out of stock"))
    return " · ".join(said)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
