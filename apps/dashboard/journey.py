"""A journey as its page shows it: each station with what happened, why, and where to look further."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.conversations.gate import sentence
from apps.conversations.models import Decision, Message
from apps.conversations.queries import Step, trace_steps
from apps.integrations.queries import deliveries_of
from apps.organizations.access import role_for
from apps.organizations.actors import Can
from apps.organizations.models import Role
from apps.ui import phrases, statuses
from apps.ui.text import shortened
from config.redaction import redacted

LONGEST_RAW = 20_000  # characters of a body that are shown
MOST = 300  # stations
# What a platform tells, or others are told, once the answer is out: none of it is time that the answer took.
_AFTERWARDS = {"receipt", "outbox"}
_MOVING = {"pending", "queued", "sending", "waiting"}


@dataclass
class Station:
    """One card. `reasons`: [{"verdict", "sentence"}]; `since`: time after the first station, in words."""

    kind: str
    icon: str
    tone: str
    title: Any
    at: datetime
    since: str = ""
    words: str = ""  # of a person: shown in its own direction
    note: str = ""
    state: str = ""
    state_label: Any = ""
    reasons: list[dict[str, Any]] = field(default_factory=list)
    raw: str = ""
    raw_label: Any = ""
    url: str = ""
    link: Any = ""


@dataclass(frozen=True)
class Journey:
    stations: list[Station]
    took: str
    is_moving: bool
    left_out: int = 0  # stations beyond those that are shown


def journey(trace: uuid.UUID, role: Role) -> Journey | None:
    """Every station of a trace that is in this organization, oldest first; None when there is none."""
    every = trace_steps(trace)
    steps = every[:MOST]
    if not steps:
        return None
    bodies = {row.pk: bytes(row.body) for row in deliveries_of(trace)[:MOST]}
    first = steps[0].at
    found = []
    for step in sorted(steps, key=lambda step: (step.at, _ORDER.get(step.kind, len(_ORDER)))):
        station = _READERS.get(step.kind, _other)(step)
        station.since = _after(step.at - first)
        if step.kind == "delivery":
            station.raw, station.raw_label = readable(bodies.get(step.subject.pk, b"")), _("Raw body")
        if not role.includes(role_for(Can.SEE_RAW)):
            station.raw = ""
        if station.url and not role.includes(_NEEDS.get(step.kind, Role.VIEWER)):
            station.url = ""
        found.append(station)
    return Journey(
        stations=found,
        took=_length(max(step.at for step in steps if step.kind not in _AFTERWARDS) - first),
        is_moving=any(step.state in _MOVING for step in steps),
        left_out=len(every) - len(steps),
    )


def readable(body: bytes) -> str:
    """A raw body as indented JSON, or as text where it is none; secrets are hidden."""
    words = body.decode("utf-8", "replace").replace("\x00", "�")
    try:
        words = json.dumps(redacted(json.loads(words)), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        words = redacted(words)
    words = words.encode("utf-8", "replace").decode()  # JSON can name halves of characters
    return words if len(words) <= LONGEST_RAW else words[:LONGEST_RAW] + "\n…"


def _length(passed: timedelta) -> str:
    seconds = max(0.0, passed.total_seconds())
    if seconds < 60:
        return _("%(seconds)s s") % {"seconds": number_format(round(seconds, 2), 2)}
    return phrases.duration(seconds)


def _after(passed: timedelta) -> str:
    """The distance from the first station: "after 1.25 s"."""
    return _("after %(time)s") % {"time": _length(passed)} if passed >= timedelta(milliseconds=5) else _("at once")


def _delivery(step: Step) -> Station:
    channel = statuses.look(statuses.CHANNELS, step.title).label
    return Station(
        kind=step.kind,
        icon="download",
        tone="bad" if step.state in {"failed", "malformed"} else "info",
        title=_("Delivered by %(channel)s and stored raw") % {"channel": channel},
        at=step.at,
        note=step.data.get("error", ""),
        state=step.state,
        state_label=step.subject.get_state_display(),
    )


def _message(step: Step) -> Station:
    message: Message = step.subject
    titles = {
        "in": _("The customer's message"),
        "note": _("A note among colleagues"),
        "out": {
            "bot": _("The assistant wrote an answer"),
            "user": _("A person wrote an answer"),
            "app": _("Another app wrote"),
        }.get(message.sender, _("A message to the customer")),
    }
    return Station(
        kind=step.kind,
        icon="message" if message.direction == "in" else "robot" if message.sender == "bot" else "pencil",
        tone="info",
        title=titles.get(message.direction, _("A message")),
        at=step.at,
        words=step.title,
        state=message.status if message.direction == "in" else "",
        url=reverse("conversations:conversation", args=[message.conversation_id]),
        link=_("Open the conversation"),
    )


def _lead(step: Step) -> Station:
    return Station(
        kind=step.kind,
        icon="user",
        tone="info",
        title=_("Whose message it is"),
        at=step.at,
        words=step.title,
        url=reverse("leads:detail", args=[step.subject.pk]),
        link=_("Open the lead"),
    )


def _generation(step: Step) -> Station:
    one = step.subject
    understood = [str(one.details.get("intent") or "")] if isinstance(one.details, dict) else []
    note = _("%(milliseconds)s ms, %(input)s tokens in, %(output)s out, %(cost)s") % {
        "milliseconds": number_format(one.latency_ms),
        "input": number_format(one.input_tokens),
        "output": number_format(one.output_tokens),
        "cost": phrases.money(one.cost_usd, "USD"),
    }
    calls = [str(call.get("name", "")) for call in one.calls if isinstance(call, dict)]
    if calls:
        note = _("%(figures)s. Asked for: %(tools)s") % {"figures": note, "tools": ", ".join(calls)}
    elif any(understood):
        note = _("%(figures)s. Understood as: %(intent)s") % {"figures": note, "intent": understood[0]}
    return Station(
        kind=step.kind,
        icon="sparkles",
        tone="bad" if step.state == "failed" else "info",
        title=_("Asked %(model)s") % {"model": one.model or one.provider},
        at=step.at,
        words=shortened(one.text, 400),
        note=note,
        state_label=one.get_outcome_display(),
        state=step.state,
        url=reverse("ai:generation", args=[one.pk]),
        link=_("What it was asked"),
    )


def _decision(step: Step) -> Station:
    decision: Decision = step.subject
    titles = {"send": _("The gate let it pass"), "refuse": _("The gate refused"), "defer": _("The gate put it off")}
    return Station(
        kind=step.kind,
        icon={"send": "shield-check", "defer": "clock-pause"}.get(step.state, "ban"),
        tone={"send": "good", "defer": "warn"}.get(step.state, "bad"),
        title=titles.get(step.state, _("The gate decided")),
        at=step.at,
        reasons=[{**reason, "sentence": sentence(reason)} for reason in decision.reasons],
        url=reverse("conversations:story", args=[decision.conversation_id, decision.message_id])
        if decision.message_id
        else "",
        link=_("How this came about"),
    )


def _send(step: Step) -> Station:
    message: Message = step.subject
    return Station(
        kind=step.kind,
        icon="send",
        tone={"failed": "bad", "partly": "bad", "unknown": "warn", "cancelled": "warn"}.get(step.state, "good"),
        title=_("Handed to the platform"),
        at=step.at,
        note=message.failure or (message.external_id or ""),
        state="sent" if step.state in {"delivered", "read"} else step.state,
        url=reverse("conversations:story", args=[message.conversation_id, message.pk]),
        link=_("How this came about"),
    )


def _receipt(step: Step) -> Station:
    return Station(
        kind=step.kind,
        icon="checks",
        tone="good",
        title=_("The platform told what became of it"),
        at=step.at,
        state=step.state,
    )


def _event(step: Step) -> Station:
    entry = step.subject
    return Station(
        kind=step.kind,
        icon="flag",
        tone="neutral",
        title=_("Recorded: %(event)s") % {"event": entry.type},
        at=step.at,
        state_label=_("Handed on") if entry.relayed_at else _("Waits to be handed on"),
        state="relayed" if entry.relayed_at else "waiting",
        raw=json.dumps(redacted(entry.data), ensure_ascii=False, indent=2)[:LONGEST_RAW],
        raw_label=_("What was recorded"),
    )


def _outbox(step: Step) -> Station:
    row = step.subject
    return Station(
        kind=step.kind,
        icon="webhook",
        tone={"delivered": "good", "dead": "bad"}.get(step.state, "info"),
        title=_("Sent on to %(endpoint)s") % {"endpoint": step.data.get("endpoint", "")},
        at=step.at,
        note=" · ".join(filter(None, [step.title, step.data.get("problem", "")])),
        state=step.state,
        url=reverse("webhooks_outbox:delivery", args=[row.uuid]),
        link=_("Open the delivery"),
    )


def _other(step: Step) -> Station:
    """A station that an app above added: its own words."""
    return Station(
        kind=step.kind,
        icon=step.data.get("icon", "circle-dot"),
        tone="neutral",
        title=step.data.get("label", "") or step.kind.replace("_", " ").capitalize(),
        at=step.at,
        note=step.title,
        state=step.state,
        url=step.data.get("url", ""),
        link=gettext_lazy("Open"),
    )


_READERS: dict[str, Callable[[Step], Station]] = {
    "delivery": _delivery,
    "message": _message,
    "lead": _lead,
    "generation": _generation,
    "decision": _decision,
    "send": _send,
    "receipt": _receipt,
    "event": _event,
    "outbox": _outbox,
}
_ORDER = {kind: place for place, kind in enumerate(_READERS)}
# Who may open the page that a station links to.
_NEEDS = {"generation": Role.AGENT, "outbox": Role.MANAGER}
