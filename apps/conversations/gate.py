"""The one gate: every message to a person passes here when it is queued, and again when it is sent.

All rules are asked, so that a decision tells the whole story: what allowed the message as well as what did
not. A refusal wins over a deferral, a deferral over a permission.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from apps.integrations.models import ConnectedAccount
from apps.jobs import clock, trace
from apps.organizations.queries import current_organization, messages_this_month
from apps.ui import phrases
from apps.ui.remembering import per_language

from . import approvals
from .adapters import Template
from .adapters.registry import adapter
from .models import Conversation, Decision, Message, Owner, Suppression

SEND, REFUSE, DEFER = Decision.Verdict.SEND, Decision.Verdict.REFUSE, Decision.Verdict.DEFER

# A bot that talks to another bot, or to itself, stops here; people never reach these figures.
CAPS = ((timedelta(minutes=10), 12), (timedelta(days=1), 100))


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A message that somebody wants to send. `marketing`: not an answer to something the person asked."""

    conversation: Conversation
    sender: str  # bot, user, automation
    purpose: str = "reply"
    template: Template | None = None
    marketing: bool = False
    owner_version: int | None = None
    now: datetime = field(default_factory=clock.now)


@dataclass(frozen=True)
class Finding:
    """What one rule says. `data` is JSON; the sentence is made when it is shown."""

    rule: str
    verdict: str
    code: str
    data: dict[str, Any] = field(default_factory=dict)
    until: datetime | None = None  # of a deferral

    def stored(self) -> dict[str, Any]:
        return {"rule": self.rule, "verdict": self.verdict, "code": self.code, "data": self.data}


@dataclass(frozen=True)
class Ruling:
    """All findings, and what follows from them. `purpose`: what the platform is told the message is."""

    findings: tuple[Finding, ...]
    purpose: str

    @property
    def verdict(self) -> str:
        verdicts = {finding.verdict for finding in self.findings}
        return REFUSE if REFUSE in verdicts else DEFER if DEFER in verdicts else SEND

    @property
    def allowed(self) -> bool:
        return self.verdict != REFUSE

    @property
    def against(self) -> Finding | None:
        """The first finding that stands in the way."""
        return next((one for one in self.findings if one.verdict == self.verdict != SEND), None)

    @property
    def until(self) -> datetime | None:
        return max((one.until for one in self.findings if one.verdict == DEFER and one.until), default=None)

    @property
    def code(self) -> str:
        return self.against.code if self.against else ""

    @property
    def sentence(self) -> str:
        return sentence(self.against.stored()) if self.against else ""


Rule = Callable[[Proposal], "Finding | None"]
_RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    """Ask `check(proposal)` about every message from now on; apps above add theirs (quiet hours, frequency)."""
    _RULES.append(check)
    return check


def decide(proposal: Proposal) -> Ruling:
    """Ask every rule about a message. Reads only; `record_decision` keeps the answer."""
    findings = [finding for check in _RULES if (finding := check(proposal))]
    return Ruling(tuple(findings), _purpose(proposal, findings))


def record_decision(
    ruling: Ruling, proposal: Proposal, *, cause: dict[str, Any], message: Message | None = None
) -> Decision:
    """Keep a decision, so that anybody can see later why something was or was not sent."""
    return Decision.objects.create(
        conversation=proposal.conversation,
        message=message,
        verdict=ruling.verdict,
        purpose=proposal.purpose,
        cause=cause,
        reasons=[finding.stored() for finding in ruling.findings],
        trace=trace.current(),
        at=proposal.now,
    )


def _purpose(proposal: Proposal, findings: list[Finding]) -> str:
    codes = {finding.code for finding in findings}
    if proposal.template:
        return "utility"
    if "window_human" in codes:
        return "human_agent"
    return "update" if proposal.marketing else "response"


@rule
def account(proposal: Proposal) -> Finding:
    connected = proposal.conversation.account
    if connected.state == ConnectedAccount.State.DISCONNECTED:
        return Finding("account", REFUSE, "account_disconnected", {"account": str(connected)})
    if connected.state == ConnectedAccount.State.WAITING:
        return Finding("account", REFUSE, "account_unproven", {"account": str(connected)})
    if connected.state == ConnectedAccount.State.ATTENTION:
        return Finding("account", SEND, "account_attention", {"account": str(connected)})
    return Finding("account", SEND, "account_connected", {"account": str(connected)})


@rule
def consent(proposal: Proposal) -> Finding:
    conversation = proposal.conversation
    if conversation.lead.deleted_at is not None:
        return Finding("consent", REFUSE, "person_deleted")
    scopes = set(
        Suppression.objects.filter(lead_id=conversation.lead_id, channel__in=[conversation.channel, "all"]).values_list(
            "scope", flat=True
        )
    )
    if "all" in scopes:
        return Finding("consent", REFUSE, "suppressed")
    if "marketing" in scopes and proposal.marketing:
        return Finding("consent", REFUSE, "suppressed_marketing")
    return Finding("consent", SEND, "not_suppressed")


@rule
def window(proposal: Proposal) -> Finding:
    conversation, limits = proposal.conversation, adapter(proposal.conversation.channel).LIMITS
    if limits.reply_window is None:
        return Finding("window", SEND, "window_always")
    until = conversation.window_until
    if proposal.template and limits.templates:
        return Finding("window", SEND, "window_template")
    if until and proposal.now < until:
        return Finding("window", SEND, "window_open", {"until": until.isoformat()})
    longer = conversation.human_window_until
    if proposal.sender == "user" and limits.human_window and longer and proposal.now < longer:
        return Finding("window", SEND, "window_human", {"until": longer.isoformat()})
    return Finding(
        "window", REFUSE, "window_closed", {"since": until.isoformat() if until else "", "templates": limits.templates}
    )


@rule
def template(proposal: Proposal) -> Finding | None:
    """What the platform has rejected or paused it would refuse anyway, and count against the sender."""
    if proposal.template is None:
        return None
    found = approvals.state_of(proposal.conversation, proposal.template.name, proposal.template.language)
    if found is None:
        return None
    data = {"template": found.name, "reason": found.state_reason}
    verdict = SEND if found.state == approvals.State.APPROVED else REFUSE
    return Finding("template", verdict, f"template_{found.state}", data)


@rule
def cap(proposal: Proposal) -> Finding | None:
    if proposal.sender == "user":
        return None
    for span, limit in CAPS:
        sent = (
            Message.objects.filter(
                conversation=proposal.conversation, at__gt=proposal.now - span, direction=Message.Direction.OUT
            )
            .exclude(sender__in=["user", "app"])
            .exclude(status=Message.Status.CANCELLED)
            .count()
        )
        if sent >= limit:
            minutes = int(span.total_seconds() // 60)
            return Finding("cap", REFUSE, "cap_reached", {"count": sent, "limit": limit, "minutes": minutes})
    return Finding("cap", SEND, "cap_free")


@rule
def owner(proposal: Proposal) -> Finding:
    """A bot's message carries the version of the decision under which it was written; another one voids it."""
    conversation = proposal.conversation
    if proposal.sender == "user":
        return Finding("owner", SEND, "owner_person")
    if proposal.owner_version is not None:
        if proposal.owner_version == conversation.owner_version:
            return Finding("owner", SEND, "owner_bot")
        return Finding("owner", REFUSE, "owner_changed")
    if proposal.sender == "bot" and conversation.owner != Owner.BOT:
        return Finding("owner", REFUSE, "owner_human" if conversation.owner == Owner.HUMAN else "owner_other")
    return Finding("owner", SEND, "owner_bot")


@rule
def budget(proposal: Proposal) -> Finding | None:
    """The monthly budget of messages binds the bot and automations; a person may always answer a customer."""
    organization = current_organization()
    if organization.message_budget is None:
        return None
    used = messages_this_month(organization)
    data = {"used": used, "budget": organization.message_budget}
    if used >= organization.message_budget and proposal.sender != "user":
        return Finding("budget", REFUSE, "budget_spent", data)
    return Finding("budget", SEND, "budget_left", data)


def sentence(reason: dict[str, Any]) -> str:
    """A stored reason in the reader's language."""
    data = dict(reason.get("data") or {})
    for name in ("until", "since"):
        if at := parse_datetime(str(data.get(name) or "")):
            data[name] = phrases.exact(at)
    words = sentences().get(reason.get("code", ""))
    if words is None:
        return str(reason.get("text") or reason.get("code", ""))
    try:
        return (words % data).strip()
    except (KeyError, TypeError, ValueError):
        return words


@per_language
def sentences() -> dict[str, str]:
    """What each code means, in the active language."""
    return {
        "account_connected": _("The account %(account)s is connected."),
        "account_attention": _("The account %(account)s needs attention, but may still send."),
        "account_unproven": _("The account %(account)s waits for proof that it is yours; nothing is sent through it."),
        "account_disconnected": _("The account %(account)s is disconnected; connect it again to send."),
        "person_deleted": _("This person's record was deleted."),
        "suppressed": _("This person does not want messages here."),
        "suppressed_marketing": _("This person does not want marketing messages here."),
        "not_suppressed": _("This person has not objected to messages here."),
        "window_always": _("This channel can be written to at any time."),
        "window_template": _("An approved template may be sent at any time."),
        "window_open": _("The customer wrote recently: the reply window is open until %(until)s."),
        "window_human": _("The 24-hour window is over, but a person may still reply until %(until)s."),
        "window_closed": _(
            "The reply window is closed. The customer has to write first, or an approved template is sent."
        ),
        "template_approved": _("The platform has approved the template “%(template)s”."),
        "template_pending": _("The platform is still reviewing the template “%(template)s”. %(reason)s"),
        "template_rejected": _("The platform has rejected the template “%(template)s”. %(reason)s"),
        "template_paused": _(
            "The platform has paused the template “%(template)s”: too many people disliked it. %(reason)s"
        ),
        "template_disabled": _("The platform has disabled the template “%(template)s”. %(reason)s"),
        "template_archived": _("The template “%(template)s” is archived at the platform. %(reason)s"),
        "template_deleted": _("The template “%(template)s” was deleted at the platform. %(reason)s"),
        "cap_free": _("The assistant has not written too often here."),
        "cap_reached": _(
            "The assistant wrote %(count)s messages in %(minutes)s minutes; the limit is %(limit)s. A person should look."
        ),
        "owner_person": _("A person wrote this."),
        "owner_bot": _("The assistant was answering this conversation."),
        "owner_changed": _("Meanwhile somebody decided anew who answers here, so the assistant's draft was not sent."),
        "owner_human": _("A person answers this conversation; the assistant is silent."),
        "owner_other": _("Another app answers this conversation; the assistant is silent."),
        "budget_left": _("%(used)s of %(budget)s messages of this month's budget are used."),
        "budget_spent": _("This month's budget of %(budget)s messages is used up; people can still reply."),
        "superseded": _("The customer wrote again before this was sent; a newer answer took its place."),
        "withdrawn": _("Withdrawn before it was sent."),
    }
