"""What the business sees while a customer is played: where the last message has come to, its inbox, the lead, the events.

All of it is read anew each second, in the same few queries however much there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from apps.conversations.bubbles import Preview, preview, trouble, waits
from apps.conversations.models import Conversation, Message, Owner
from apps.conversations.queries import Filters, Step, inbox_page, trace_steps
from apps.leads import numbers
from apps.leads import queries as leads
from apps.leads.models import Lead
from apps.organizations.actors import Actor, Can
from apps.ui import phrases
from apps.webhooks_outbox import catching
from apps.webhooks_outbox.models import Endpoint

from .screen import Screen

ROWS = 3  # of the inbox
CAUGHT = 5
GONE = {Message.Status.SENT, Message.Status.DELIVERED, Message.Status.READ}
# The stations of a message in their order: what each is called, in a word, and its icon.
STATIONS: dict[str, tuple[Any, str]] = {
    "delivery": (gettext_lazy("Webhook"), "download"),
    "message": (gettext_lazy("Message"), "message"),
    "lead": (gettext_lazy("Lead"), "user"),
    "generation": (gettext_lazy("Assistant"), "sparkles"),
    "decision": (pgettext_lazy("a station of a message", "Checked"), "shield-check"),
    "send": (gettext_lazy("Sent"), "send"),
    "event": (gettext_lazy("Events"), "flag"),
}
_TONES = {
    "failed": "bad", "malformed": "bad", "partly": "bad", "refuse": "warn", "defer": "warn", "cancelled": "warn", "unknown": "warn",
}  # fmt: skip


@dataclass
class Light:
    """A station on the track: `lit` once reached, `now` while it is the next one, else `off`."""

    kind: str
    label: Any
    icon: str
    state: str = "off"
    tone: str = "neutral"
    after: str = ""  # how long after the first


@dataclass
class Track:
    """`summary` says in a sentence how far the message has come; `message` is the one whose story it is."""

    lights: list[Light]
    summary: str
    message: int | None = None
    is_moving: bool = False


@dataclass
class Row:
    """One line of the inbox, as the inbox shows it."""

    conversation: Conversation
    preview: Preview
    is_open: bool
    waits: bool


@dataclass
class Stage:
    track: Track
    rows: list[Row] = field(default_factory=list)
    conversation: Conversation | None = None
    lead: Lead | None = None
    phone: str = ""
    certainty: leads.Certainty | None = None
    sees_events: bool = False
    endpoint: Endpoint | None = None
    caught: list[tuple[Any, str]] = field(default_factory=list)

    @property
    def is_catching(self) -> bool:
        return self.endpoint is not None and self.endpoint.state == Endpoint.State.ACTIVE


def stage(screen: Screen, who: Actor) -> Stage:
    """The other side of a phone, for somebody with the rights of `who`."""
    found = Stage(_track(screen), sees_events=who.may(Can.CARE_FOR_WEBHOOKS))
    me = who.user.pk if who.user else None
    opened = screen.conversation.pk if screen.conversation else 0
    for one in inbox_page(Filters(status="all"), limit=ROWS).rows:
        found.rows.append(Row(one, preview(one.last_message, me=me), one.pk == opened, waits(one)))
    if screen.conversation is not None:
        found.conversation, found.lead = screen.conversation, screen.conversation.lead
        found.certainty = leads.certainty(found.lead)
        found.phone = numbers.shown(found.lead.phone) if found.lead.phone else ""
    if found.sees_events:
        found.endpoint = catching.endpoint()
        found.caught = catching.newest(found.endpoint, limit=CAUGHT)["caught"]
    return found


def _track(screen: Screen) -> Track:
    lights = [Light(kind, label, icon) for kind, (label, icon) in STATIONS.items()]
    if screen.said_at is None:
        return Track(lights, _("What the customer says next lights these up, one after the other."))
    steps = trace_steps(screen.asked.trace) if screen.asked and screen.asked.trace else []
    if not steps:
        _light(lights[0], Step("delivery", screen.said_at, ""), screen.said_at)
        lights[1].state = "now"
        return Track(lights, _("Taken by the webhook, and about to be read."), is_moving=True)
    reached = _reached(steps, moving=screen.is_typing)
    start = steps[0].at
    for light in lights:
        if (step := reached.get(light.kind)) is not None:
            _light(light, step, start)
    if screen.is_typing:
        following = next((light for light in lights if light.state == "off"), None)
        if following is not None:
            following.state = "now"
    return Track(lights, _summary(screen, reached, start), screen.asked.pk if screen.asked else None, screen.is_typing)


def _reached(steps: Sequence[Step], *, moving: bool) -> dict[str, Step]:
    """Of each kind the step that counts: the last decision and event, of the others the first; events come last."""
    found: dict[str, Step] = {}
    for step in steps:
        if step.kind in ("decision", "event") or step.kind not in found:
            found[step.kind] = step
    if "send" in found and found["send"].state in ("queued", "sending"):
        del found["send"]
    if moving or any(step.kind == "event" and step.state == "waiting" for step in steps):
        found.pop("event", None)
    return found


def _light(light: Light, step: Step, start: datetime) -> None:
    light.state, light.tone = "lit", _TONES.get(step.state, "good")
    passed = (step.at - start).total_seconds()
    light.after = phrases.duration(passed) if passed > 0 else ""


def _summary(screen: Screen, reached: Mapping[str, Step], start: datetime) -> str:
    conversation, sent = screen.conversation, reached.get("send")
    if screen.is_typing:
        return _("The assistant is about to answer.")
    if sent is not None and sent.state in GONE:
        return _("Answered within %(time)s.") % {"time": phrases.duration((sent.at - start).total_seconds())}
    if sent is not None:
        return trouble(sent.subject)
    if conversation is None or conversation.waiting_since is None:
        return _("It needed no answer.")
    if conversation.owner == Owner.HUMAN:
        return _("It waits for a person.")
    if conversation.owner == Owner.OTHER:
        return _("The platform's own assistant or another app answers here; yours is silent.")
    return _("Nobody has answered this yet.")
