"""Where a lead stands: stage, label, priority, and the score that says why."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.events import Event, record, record_all
from apps.jobs import clock
from apps.organizations.actors import Can
from apps.organizations.errors import Problem
from apps.organizations.permissions import needs
from apps.ui import text
from apps.ui.text import normalize

from .. import scoring
from ..events import LeadLabelChanged, LeadScored, LeadStageChanged
from ..models import Activity, Label, Lead, Priority, Stage, further
from .base import is_person, lock, touch, write_line

ORDER = list(Stage.values)
CLOSED = (Stage.WON, Stage.LOST)
_ASKS_PRICE = re.compile(r"\b(price|prices|cost|costs|how much|quote|quotation)\b|بكم|بكام|سعر|اسعار|كم ثمن")


@needs(Can.WORK_LEADS)
@transaction.atomic
def move_to_stage(lead: Lead, stage: str, *, by: str, reason: str = "") -> bool:
    """Move a lead; True if it moved. People move leads anywhere, machines only forward and never out of won or lost."""
    if stage not in Stage.values:
        raise Problem("unknown_stage", _("There is no such stage."))
    lock(lead)
    before = lead.stage
    backward = ORDER.index(stage) < ORDER.index(before)
    if before == stage or (not is_person(by) and (before in CLOSED or backward)):
        return False
    lead.stage = stage
    lead.furthest = further(lead.furthest, stage)
    lead.stage_changed_at = clock.now()
    lead.save(update_fields=["stage", "furthest", "stage_changed_at"])
    why = text.clean(reason, 500)
    write_line(lead, Activity.Kind.STAGE, why, data={"from": before, "to": stage}, by=by)
    record(LeadStageChanged(lead_id=lead.pk, stage=stage, before=before, reason=why), actor=by)
    rescore(lead, by=by)
    return True


@needs(Can.WORK_LEADS)
def advance_stage(lead: Lead, stage: str, *, reason: str = "", actor: str) -> Lead:
    """`move_to_stage` for those who hold the lead: the same lead, wherever it stands now."""
    move_to_stage(lead, stage, by=actor, reason=reason)
    return lead


@needs(Can.WORK_LEADS)
@transaction.atomic
def set_label(lead: Lead, label: str | None, *, by: str) -> bool:
    """Hot, warm or cold; a person's choice stays until they give it back to the score with None."""
    if label is not None and label not in Label.values:
        raise Problem("unknown_label", _("A label is hot, warm or cold."))
    lock(lead)
    fixed = {*lead.fixed} - {"label"} if label is None else {*lead.fixed, "label"} if is_person(by) else {*lead.fixed}
    if label is not None and not is_person(by) and "label" in lead.fixed:
        return False
    if sorted(fixed) != sorted(lead.fixed):
        lead.fixed = sorted(fixed)
        lead.save(update_fields=["fixed"])
    if label is None:
        before = lead.label
        rescore(lead, by=by)
        return lead.label != before
    return _relabel(lead, label, by)


def _relabel(lead: Lead, label: str, by: str) -> bool:
    before = lead.label
    if label == before:
        return False
    lead.label = label
    lead.save(update_fields=["label"])
    write_line(lead, Activity.Kind.LABEL, data={"from": before, "to": label}, by=by)
    record(LeadLabelChanged(lead_id=lead.pk, label=label, before=before, score=lead.score), actor=by)
    return True


@needs(Can.WORK_LEADS)
@transaction.atomic
def set_priority(lead: Lead, priority: str | None, *, by: str) -> None:  # noqa: ARG001 - every act names its actor; a priority has no line in the timeline
    """High, normal or low; None gives it back to the rules."""
    if priority is not None and priority not in Priority.values:
        raise Problem("unknown_priority", _("A priority is high, normal or low."))
    lock(lead)
    lead.fixed = sorted({*lead.fixed, "priority"} if priority else {*lead.fixed} - {"priority"})
    lead.priority = priority or scoring.priority_for(lead, lead.label)
    lead.save(update_fields=["fixed", "priority"])


@transaction.atomic
def rescore(lead: Lead, *, by: str = "rules") -> int:
    """Score by the rules of scoring.py; label, type and priority follow, except where a person has fixed them."""
    before = lead.score
    changed, label = _assess(lead)
    if changed:
        lead.save(update_fields=["score", "reasons", "type", "priority"])
    if before // scoring.BAND != lead.score // scoring.BAND:
        record(LeadScored(lead_id=lead.pk, score=lead.score, before=before), actor=by)
    _relabel(lead, label, by if is_person(by) else "rules")
    return lead.score


def _assess(lead: Lead) -> tuple[bool, str]:
    """Put the score of now on a lead, unsaved: whether that changed anything, and the label that goes with it."""
    before = (lead.score, lead.type, lead.priority, lead.reasons)
    lead.score, lead.reasons = scoring.score(lead, clock.now())
    label = lead.label if "label" in lead.fixed else scoring.label_for(lead.score)
    if "type" not in lead.fixed:
        lead.type = scoring.type_for(lead)
    if "priority" not in lead.fixed:
        lead.priority = scoring.priority_for(lead, label)
    return (lead.score, lead.type, lead.priority, lead.reasons) != before, label


def rescore_all(leads: Sequence[Lead]) -> None:
    """`rescore` for many leads, which the caller has locked: the same rows and facts in four statements."""
    changed: list[Lead] = []
    notes: list[Activity] = []
    facts: list[Event] = []
    for lead in leads:
        score, was = lead.score, lead.label
        differs, lead.label = _assess(lead)
        if differs or lead.label != was:
            changed.append(lead)
        if score // scoring.BAND != lead.score // scoring.BAND:
            facts.append(LeadScored(lead_id=lead.pk, score=lead.score, before=score))
        if lead.label != was:
            data = {"from": was, "to": lead.label}
            notes.append(Activity(lead=lead, kind=Activity.Kind.LABEL, data=data, actor="rules", at=clock.now()))
            facts.append(LeadLabelChanged(lead_id=lead.pk, label=lead.label, before=was, score=lead.score))
    if not changed:
        return
    columns = ("pk", "score", "reasons", "type", "priority", "label")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_lead l SET score = n.score, reasons = n.reasons, type = n.type, priority = n.priority,"
            "       label = n.label"
            "  FROM jsonb_to_recordset(%s::jsonb) n(pk bigint, score int, reasons jsonb, type text, priority text,"
            "       label text) WHERE l.id = n.pk",
            [json.dumps([{name: getattr(lead, name) for name in columns} for lead in changed])],
        )
        Activity.objects.bulk_create(notes)
        record_all(facts, actor="rules")


@transaction.atomic
def signal(lead: Lead, *names: str, by: str = "customer", at: datetime | None = None, said: str = "") -> None:
    """They did something that says how likely they are to buy: of scoring.SIGNALS. Counted, then rescored."""
    if unknown := set(names) - set(scoring.SIGNALS):
        raise ValueError(f"unknown signals {unknown}; add them to scoring.SIGNALS")
    lock(lead)
    lead.signals = {**lead.signals, **{name: min(int(lead.signals.get(name, 0)) + 1, 10_000) for name in names}}
    lead.last_said = text.line(said, 200) or lead.last_said
    lead.save(update_fields=["signals", "last_said"])
    touch(lead, at)
    rescore(lead, by=by)


def note_message(lead: Lead, *, channel: str = "", text: str = "", at: datetime | None = None) -> None:  # noqa: ARG001
    """They wrote: counts as a message, and as asking for a price where the words say so."""
    names = ["message"]
    if _ASKS_PRICE.search(normalize(text, 1000)):
        names.append("asked_price")
    signal(lead, *names, at=at, said=text)


@transaction.atomic
def correct_said(lead: Lead, before: str, after: str = "") -> None:
    """They rewrote a message or took it back: if it was the latest, its words here change or go too."""
    lock(lead)
    if lead.last_said and lead.last_said == text.line(before, 200):
        lead.last_said = text.line(after, 200)
        lead.save(update_fields=["last_said"])


@transaction.atomic
def note_wish(lead: Lead, words: str) -> None:
    """What they want, in a few words; nothing said leaves what was known."""
    wish = text.line(words, 200)
    if wish and wish != lead.wants:
        lock(lead)
        lead.wants = wish
        lead.save(update_fields=["wants"])


def note_answer(lead: Lead, *, actor: str) -> None:
    """They were answered for the first time: a new lead is now contacted."""
    if lead.stage == Stage.NEW:
        move_to_stage(lead, Stage.CONTACTED, by=actor)
