"""Why the assistant gave a conversation to people: every code there is, and the sentence people read for it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from apps.organizations.queries import current_organization
from apps.ui.text import shortened

from . import gate


class Escalation(models.TextChoices):
    """A code is for programs (events, the API); its label is the sentence for people."""

    ASKED = "asked", gettext_lazy("The customer asked for a person.")
    COMPLAINT = "complaint", gettext_lazy("The customer complains.")
    ORDER = "order", gettext_lazy("The customer wants to order.")
    STOP = "stop", gettext_lazy("The customer wants no more messages.")
    UNKNOWN = "unknown", gettext_lazy("The assistant did not know an answer.")
    OTHER = "other", gettext_lazy("The assistant left this to a person.")
    FORM = "form", gettext_lazy("The customer filled in a form.")
    PLATFORM = "platform", gettext_lazy("The platform's own assistant asked for a person.")
    ATTACHMENT = "attachment", gettext_lazy("The customer sent something that the assistant cannot read.")
    FACTS = "facts", gettext_lazy("The assistant's answer stated something that is not in your data.")
    INSTRUCTIONS = "instructions", gettext_lazy("The assistant's answer repeated its instructions.")
    AI_UNAVAILABLE = "ai_unavailable", gettext_lazy("The assistant could not write an answer.")
    OFF = "off", gettext_lazy("The assistant is switched off.")
    BUDGET = (
        "budget",
        gettext_lazy("This month's AI budget is used up: the assistant writes drafts, people send them."),
    )
    SEND_FAILED = "send_failed", gettext_lazy("The assistant's answer could not be sent.")
    SEND_UNKNOWN = "send_unknown", gettext_lazy("Nobody knows whether the assistant's answer arrived.")
    REFUSED = "refused", gettext_lazy("The assistant's answer was held back.")


#: What an automation or a colleague may give as the reason; the others only the product finds.
GIVEN = (
    Escalation.ASKED, Escalation.COMPLAINT, Escalation.ORDER, Escalation.STOP, Escalation.UNKNOWN, Escalation.OTHER,
)  # fmt: skip
#: Where the note is somebody's own words: the customer's, the assistant's, a colleague's.
_IN_WORDS = {*GIVEN, Escalation.FACTS}


@dataclass(frozen=True)
class Told:
    """`sentence` is ours, in the reader's language; `words` are somebody's, to be shown as theirs."""

    sentence: str
    words: str = ""


def kept(reason: Escalation, note: str) -> str:
    """As a conversation keeps it."""
    return f"{reason.value}: {note}" if note else reason.value


def told(escalation: str) -> Told:
    """What a kept reason says, in the reader's language; of a code that is not known any more, the general sentence."""
    code, _colon, note = escalation.partition(": ")
    if not code:
        return Told("")
    reason = Escalation(code) if code in Escalation.values else Escalation.OTHER
    if reason in _IN_WORDS:
        return Told(str(reason.label), shortened(note, 300))
    if reason == Escalation.ATTACHMENT:
        return Told(_of_kinds(set(note.split(", "))) or str(reason.label))
    more = ""
    if reason == Escalation.REFUSED and note in gate.sentences():
        more = gate.sentence({"code": note})
    elif reason == Escalation.SEND_FAILED and note:
        more = _(note)
    return Told(f"{reason.label} {more}".strip())


def _of_kinds(kinds: set[str]) -> str:
    if kinds == {"audio"}:
        return _("The customer sent a voice message, which the assistant cannot hear.")
    if kinds == {"image"}:
        return _("The customer sent a picture, which the assistant cannot see.")
    if kinds == {"video"}:
        return _("The customer sent a video, which the assistant cannot see.")
    return ""


def for_the_journal(escalation: str) -> Told:
    """The same in the organization's language, for whoever is told outside of a page."""
    with override(current_organization().language):
        return told(escalation)
