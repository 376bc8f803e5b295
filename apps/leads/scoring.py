"""How likely somebody is to buy: visible rules, added up. Change points here; every score shows its reasons.

A rule looks at a lead and the moment and says whether it holds. Signals are counts of what the person did, told by
`services.signal`: message, asked_price, wants_to_order, asked_human, complaint, stopped, form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from .models import Label, Lead, Priority, Stage

SIGNALS = ("message", "asked_price", "wants_to_order", "asked_human", "complaint", "stopped", "form", "visit")
HOT, WARM = 60, 30  # least score for the label
BAND = 20  # lead.scored is announced when the score moves into another band


@dataclass(frozen=True)
class Rule:
    key: str
    points: int
    why: Any  # lazily translated sentence
    holds: Callable[[Lead, datetime], bool]


def _did(signal: str, times: int = 1) -> Callable[[Lead, datetime], bool]:
    return lambda lead, _now: int(lead.signals.get(signal, 0)) >= times


def _quiet(days: int) -> Callable[[Lead, datetime], bool]:
    return lambda lead, now: now - lead.last_activity_at > timedelta(days=days)


RULES = (
    Rule("phone", 25, _("A phone number is known"), lambda lead, _now: bool(lead.phone)),
    Rule("email", 15, _("An email address is known"), lambda lead, _now: bool(lead.email)),
    Rule("name", 5, _("The name is known"), lambda lead, _now: bool(lead.name)),
    Rule("wants_to_order", 20, _("Wants to order or book"), _did("wants_to_order")),
    Rule("asked_price", 10, _("Asked for a price"), _did("asked_price")),
    Rule("asked_human", 10, _("Asked for a person"), _did("asked_human")),
    Rule("form", 10, _("Sent a form"), _did("form")),
    Rule("messages", 10, _("Wrote several messages"), _did("message", 3)),
    Rule("many_messages", 5, _("Wrote many messages"), _did("message", 8)),
    Rule("ad", 5, _("Came from an ad"), lambda lead, _now: lead.source == "ad"),
    Rule(
        "recent", 10, _("Was in touch within a day"), lambda lead, now: now - lead.last_activity_at <= timedelta(days=1)
    ),
    Rule("qualified", 10, _("Is qualified"), lambda lead, _now: lead.stage in (Stage.QUALIFIED, Stage.CONVERTED)),
    Rule("quiet", -10, _("Was quiet for two weeks"), _quiet(14)),
    Rule("long_quiet", -15, _("Was quiet for a month"), _quiet(30)),
    Rule("complaint", -10, _("Complained"), _did("complaint")),
    Rule("stopped", -30, _("Asked not to be written to"), _did("stopped")),
    Rule("lost", -20, _("Is lost"), lambda lead, _now: lead.stage == Stage.LOST),
)
WHY = {rule.key: rule.why for rule in RULES}


def score(lead: Lead, now: datetime) -> tuple[int, list[dict[str, Any]]]:
    """0 to 100, and the rules that made it."""
    held = [rule for rule in RULES if rule.holds(lead, now)]
    total = max(0, min(100, sum(rule.points for rule in held)))
    with override("en"):  # stored once, for webhooks and the API; pages say it in their reader's language
        return total, [{"rule": rule.key, "points": rule.points, "why": str(rule.why)} for rule in held]


def label_for(points: int) -> str:
    return Label.HOT if points >= HOT else Label.WARM if points >= WARM else Label.COLD


def type_for(lead: Lead) -> str:
    """buyer, support or "" (not known yet), from what they did."""
    did = lead.signals
    buying = sum(int(did.get(name, 0)) for name in ("asked_price", "wants_to_order", "form"))
    if int(did.get("complaint", 0)) > buying:
        return "support"
    return "buyer" if buying else lead.type


def priority_for(lead: Lead, label: str) -> str:
    did = lead.signals
    if label == Label.HOT or did.get("asked_human") or did.get("complaint"):
        return Priority.HIGH
    return Priority.LOW if label == Label.COLD and lead.stage == Stage.LOST else Priority.NORMAL


def shown(lead: Lead) -> list[dict[str, Any]]:
    """The reasons in the reader's language, weightiest first."""
    reasons = [{**reason, "why": WHY.get(reason.get("rule"), reason.get("why", ""))} for reason in lead.reasons]
    return sorted(reasons, key=lambda reason: -abs(int(reason.get("points", 0))))
