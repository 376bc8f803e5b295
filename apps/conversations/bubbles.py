"""Messages as a thread shows them: who wrote, on which day, what is in them, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.ai.queries import persona
from apps.ui import phrases
from apps.ui.text import shortened

from . import wording
from .gate import sentence
from .models import Conversation, Message, Owner
from .queries import notice_text
from .wording import KINDS, safe_url

PREVIEW = 2_000  # characters of a message that are shown at once
RAW = 20_000  # characters of a platform's own words that are shown at all
TOGETHER = timedelta(minutes=5)  # messages of one author this close stand together

Status = Message.Status
STATES: dict[str, tuple[str, Any]] = {
    Status.QUEUED: ("clock", gettext_lazy("Waiting to be sent")),
    Status.SENDING: ("clock", gettext_lazy("Being sent")),
    Status.SENT: ("check", gettext_lazy("Sent")),
    Status.DELIVERED: ("checks", gettext_lazy("Delivered")),
    Status.READ: ("checks", gettext_lazy("Read")),
    Status.FAILED: ("alert-circle", gettext_lazy("Not sent")),
    Status.PARTLY: ("alert-circle", gettext_lazy("Partly sent")),
    Status.UNKNOWN: ("help", gettext_lazy("Perhaps sent")),
    Status.CANCELLED: ("ban", gettext_lazy("Held back")),
}


@dataclass
class File:
    kind: str
    url: str
    name: str
    size: int | None = None


@dataclass
class Bubble:
    """One message with all that its template needs, so that a thread costs the same queries however long it is."""

    message: Message
    side: str  # in, out, note, line
    author: str
    who: str  # customer, bot, user, app, system
    first: bool = True  # of what its author said in one go
    day: date | None = None  # a new day starts here
    files: list[File] = field(default_factory=list)
    quote: str = ""
    trouble: str = ""
    may_retry: bool = False
    holds: list[wording.Line] = field(default_factory=list)  # what it is made of beside words and files
    story_url: str = ""
    raw: str = ""
    line: str = ""

    @property
    def kind_label(self) -> str:
        """What kind of message it is, where nothing in it says so already."""
        says_so = self.message.kind == "text" or (self.message.kind in ("product", "share") and self.holds)
        return "" if says_so else str(KINDS.get(self.message.kind, ""))


def bubbles(messages: Sequence[Message], conversation: Conversation) -> list[Bubble]:
    """Oldest first. Two queries at most: the persona's name, and messages quoted from further up."""
    bot = persona().name
    quotes = _quotes(messages, conversation)
    found: list[Bubble] = []
    for message in messages:
        found.append(_bubble(message, conversation, bot=bot, quote=quotes.get(message.reply_to, "")))
    for before, bubble in zip([None, *found], found, strict=False):
        today = timezone.localtime(bubble.message.at).date()
        if before is None or timezone.localtime(before.message.at).date() != today:
            bubble.day = today
        elif before.side == bubble.side and before.author == bubble.author:
            bubble.first = bubble.message.at - before.message.at > TOGETHER
    return found


def _bubble(message: Message, conversation: Conversation, *, bot: str, quote: str) -> Bubble:
    if message.kind in ("notice", "system") and message.direction != Message.Direction.OUT:
        said = phrases.without_bidi_controls(message.text)
        line = notice_text(message) if message.kind == "notice" else said or str(KINDS["system"])
        return Bubble(message, "line", "", "system", line=line)
    side = {"in": "in", "out": "out", "note": "note"}[message.direction]
    details = _mapping(message.payload.get("details"))
    bubble = Bubble(message, side, author_of(message, conversation, bot), message.sender, quote=quote)
    bubble.files = [one for n, raw in enumerate(message.attachments[:20]) if (one := _file(message, n, raw))]
    bubble.holds = wording.lines(message)
    if any(line.url for line in bubble.holds):  # they lead there by name
        bubble.files = [one for one in bubble.files if one.kind not in ("share", "story_mention")]
    bubble.story_url = safe_url(_mapping(details.get("story")).get("url"))
    if message.kind == "unsupported":
        bubble.raw = json.dumps(details, ensure_ascii=False, indent=2, default=str)[:RAW]
    if message.status in (Status.FAILED, Status.PARTLY, Status.UNKNOWN, Status.CANCELLED):
        bubble.trouble, bubble.may_retry = trouble(message), message.direction == Message.Direction.OUT
    return bubble


def trouble(message: Message) -> str:
    """Why a message did not go out, or may not have, in plain words."""
    if message.status == Status.CANCELLED:
        return sentence({"code": message.failure_code}) or _("It was held back.")
    if message.status == Status.PARTLY:
        said = _(message.failure) if message.failure else _("The platform did not take it.")
        return _("A part of it did not arrive: %(reason)s") % {"reason": said}
    if message.failure:
        return _(message.failure)
    if message.status == Status.UNKNOWN:
        return _("No answer came from the platform: it may or may not have arrived. We are looking.")
    return _("The platform did not take it.")


def author_of(message: Message, conversation: Conversation, bot: str) -> str:
    if message.sender == "customer":
        return str(conversation.lead)
    if message.sender == "user":
        return str(message.user) if message.user else _("Somebody of the team")
    return {"bot": bot, "app": _("Another app"), "automation": _("Automation")}.get(message.sender, message.sender)


@dataclass(frozen=True)
class Preview:
    """One line of a message for a list. `by` is a word of ours, `text` often somebody else's: each in its own direction."""

    text: str
    by: str = ""


def preview(message: Message | None, *, me: int | None) -> Preview:
    """One line of the last message for the list."""
    if message is None:
        return Preview(_("No message yet"))
    if message.unsent_at:
        return Preview(_("Took a message back"), _said_by(message, me))
    if message.kind == "notice":
        return Preview(notice_text(message))
    return Preview(_in_one_line(message), _said_by(message, me))


def _said_by(message: Message, me: int | None) -> str:
    if message.direction == Message.Direction.NOTE:
        return _("Note:")
    if message.direction == Message.Direction.IN:
        return ""
    if message.sender == "bot":
        return _("Assistant:")
    return _("You:") if message.user_id is not None and message.user_id == me else _("Team:")


def _in_one_line(message: Message) -> str:
    """Its words, or what it is and holds: "Order: 2 × Winter boots — $60.00"."""
    said = shortened(" ".join(phrases.without_bidi_controls(message.text[:300]).split()), 140)
    holds = " · ".join(line.text for line in wording.lines(message)) if not said or message.kind == "order" else ""
    if said and not holds:
        return said
    label = str(KINDS.get(message.kind, _("Message")))
    said = " · ".join(filter(None, [holds, said]))
    if not said:
        return label
    return (
        _("%(what)s: %(text)s") % {"what": label, "text": shortened(said, 140)}
        if message.kind in _LABELED
        else shortened(said, 140)
    )


_LABELED = {"location", "contacts", "order", "form", "postback"}


def _quotes(messages: Iterable[Message], conversation: Conversation) -> dict[str, str]:
    wanted = {one.reply_to for one in messages if one.reply_to}
    known = {one.external_id or "": _in_one_line(one) for one in messages if one.external_id}
    if missing := wanted - known.keys():
        rows = Message.objects.filter(conversation=conversation, external_id__in=missing)
        known.update({one.external_id or "": _in_one_line(one) for one in rows})
    return {key: known[key] for key in wanted if key in known}


def _file(message: Message, position: int, raw: Any) -> File | None:
    given = _mapping(raw)
    kind = str(given.get("kind") or "file")
    url = safe_url(given.get("url"))
    if not (url or given.get("media_id")) and kind not in ("image", "video", "audio", "file", "sticker"):
        return None  # no file: what it is stands in words
    if given.get("media_id") or url.startswith("http://"):  # kept at the platform, or not to be loaded by a browser
        url = reverse("conversations:file", args=[message.pk, position])
    size = given.get("size")
    name = phrases.without_bidi_controls(str(given.get("name") or "")).strip()[:120]
    return File(kind, url, name or str(KINDS.get(kind, _("File"))), size if isinstance(size, int) else None)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def waits(conversation: Conversation) -> bool:
    """Somebody waits here for a person."""
    mine = conversation.status == Conversation.Status.OPEN and conversation.owner == Owner.HUMAN
    return mine and conversation.waiting_since is not None
