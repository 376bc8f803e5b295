"""Everything that happens to a lead. `by` says who did it: "user:7", "bot", "customer", "api_key:3", "automation:…"."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.events import Event, record, record_all
from apps.jobs import clock
from apps.organizations.errors import Problem
from apps.organizations.models import Membership, User
from apps.organizations.queries import current_organization
from apps.ui import text
from apps.ui.text import normalize

from . import details, scoring
from .events import (
    LeadActivityLogged,
    LeadCaptured,
    LeadCreated,
    LeadDeleted,
    LeadDetailsChanged,
    LeadLabelChanged,
    LeadNoteAdded,
    LeadOwnerChanged,
    LeadRestored,
    LeadScored,
    LeadStageChanged,
    LeadTagged,
    LeadUntagged,
)
from .models import Activity, Identity, Label, Lead, Priority, Stage, Tag

ORDER = list(Stage.values)
CLOSED = (Stage.WON, Stage.LOST)
LOGGED = ("call", "email", "meeting")
# An activity within this time of the last one does not move the lead again: each move rewrites its index entries.
CLOSE_TOGETHER = timedelta(minutes=1)


def is_person(by: str) -> bool:
    """Whether a person (or a machine a person gave a key to) decides, rather than the bot or a rule."""
    return by.startswith(("user:", "staff:", "api_key:"))


# Who it is --------------------------------------------------------------------------------------------------------


def find_or_create_by_identity(
    kind: str,
    account: str,
    value: str,
    *,
    aliases: Sequence[str | tuple[str, str, str]] = (),
    name: str = "",
    username: str = "",
    phone: str = "",
    language: str = "",
    source: str = "direct",
    origin: Mapping[str, Any] | None = None,
    channel: str = "",
    by: str = "customer",
) -> tuple[Lead, Identity, bool]:
    """The lead whom a platform knows by this id, made if need be: (lead, identity, created).

    `aliases` are further ids of the same person, on the same kind and account or as (kind, account, value); whichever
    is known already decides who it is. The identity returned is that of `value`. Safe when several workers meet the
    same stranger at once. What a platform says of a name fills gaps only.
    """
    keys = [(kind, account, value[:200])]
    keys += [(kind, account, one[:200]) if isinstance(one, str) else (one[0], one[1], one[2][:200]) for one in aliases]
    keys = list(dict.fromkeys(key for key in keys if key[2]))
    found = _known(keys)
    if found is None:
        try:
            with transaction.atomic():
                return _meet(
                    keys, name=name, username=username, phone=phone, language=language, source=source,
                    origin=dict(origin or {}), channel=channel or kind, by=by,
                )  # fmt: skip
        except IntegrityError:  # somebody else met them in the same moment, and has committed
            found = _known(keys)
            if found is None:
                raise
    with transaction.atomic():
        return _meet_again(found, keys, name=name, username=username, phone=phone, language=language)


def _known(keys: list[tuple[str, str, str]]) -> Identity | None:
    kinds = {kind for kind, _account, _value in keys}
    rows = Identity.objects.filter(kind__in=kinds, value__in=[value for _kind, _account, value in keys])
    mine = [one for one in rows.select_related("lead") if (one.kind, one.account, one.value) in keys]
    return min(mine, key=lambda one: one.pk, default=None)


def _meet(
    keys: list[tuple[str, str, str]], *, username: str, phone: str, by: str, **values: Any
) -> tuple[Lead, Identity, bool]:
    lead = create_lead(by=by, phone=_readable_phone(phone), **values)
    # In one order, so that two workers with the same ids wait for each other rather than in a circle.
    made = {
        key: Identity.objects.create(
            lead=lead, kind=key[0], account=key[1], value=key[2], username=text.line(username, 120)
        )
        for key in sorted(keys)
    }
    if username:
        index_lead(lead)
    return lead, made[keys[0]], True


def _meet_again(
    identity: Identity, keys: list[tuple[str, str, str]], *, name: str, username: str, phone: str, language: str
) -> tuple[Lead, Identity, bool]:
    lead = identity.lead
    while lead.merged_into_id and lead.merged_into is not None:
        lead = lead.merged_into
    if len(keys) > 1 or (identity.kind, identity.account, identity.value) != keys[0]:
        more = [Identity(lead=lead, kind=k, account=a, value=v) for k, a, v in sorted(keys)]
        Identity.objects.bulk_create(more, ignore_conflicts=True)
        kind, account, value = keys[0]
        identity = Identity.objects.select_related("lead").get(kind=kind, account=account, value=value)
    if lead.deleted_at is not None:
        restore_lead(lead, by="customer")
    _fill_gaps(lead, identity, name=name, username=username, phone=phone, language=language)
    return lead, identity, False


def _fill_gaps(lead: Lead, identity: Identity, *, name: str, username: str, phone: str, language: str) -> None:
    changed = []
    for attribute, given in (
        ("name", text.line(name, 160)),
        ("phone", _readable_phone(phone)),
        ("language", language[:8]),
    ):
        if given and not getattr(lead, attribute):
            setattr(lead, attribute, given)
            changed.append(attribute)
    fresh = text.line(username, 120)
    if fresh and fresh != identity.username:
        identity.username = fresh
        identity.save(update_fields=["username"])
        changed.append("username")
    if changed:
        if columns := [one for one in changed if one != "username"]:
            lead.save(update_fields=columns)
        index_lead(lead)


def _readable_phone(phone: str) -> str:
    """What a platform says is their number, in E.164, or ""."""
    if not phone:
        return ""
    try:
        return details.phone(phone if phone.startswith("+") else f"+{phone}")
    except details.Refused:
        return ""


@transaction.atomic
def create_lead(
    *,
    by: str,
    name: str = "",
    email: str = "",
    phone: str = "",
    company: str = "",
    language: str = "",
    source: str = "direct",
    channel: str = "",
    origin: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    owner: User | None = None,
) -> Lead:
    """A new lead from checked values (`phone` in E.164); those who come from outside pass `capture_details` instead."""
    now = clock.now()
    lead = Lead(
        name=text.line(name, 160), email=email, phone=phone, company=text.line(company, 160), language=language[:8],
        source=source[:20], channel=channel[:20], origin=dict(origin or {}), fields=dict(fields or {}), owner=owner,
        created_at=now, last_activity_at=now, stage_changed_at=now,
    )  # fmt: skip
    if is_person(by):
        lead.fixed = [one for one in details.NAMES if getattr(lead, one)]
        lead.captured_at = now if email or phone else None
    lead.score, lead.reasons = scoring.score(lead, now)
    lead.label = scoring.label_for(lead.score)
    lead.priority = scoring.priority_for(lead, lead.label)
    lead.search_text = _search_text(lead, [])
    lead.save()
    record(
        LeadCreated(
            lead_id=lead.pk, name=lead.name, source=lead.source, channel=lead.channel, language=lead.language,
            origin=lead.origin,
        ),
        actor=by,
    )  # fmt: skip
    if lead.captured_at:
        _own_identities(lead)
        _tell_captured(lead, by)
    return lead


def _search_text(lead: Lead, usernames: Iterable[str]) -> str:
    # The leading space lets a short search match beginnings of words.
    said = " ".join(filter(None, [lead.name, lead.company, lead.email, lead.phone, *usernames]))
    return f" {text.normalize(said, 800)}"


def index_lead(lead: Lead) -> None:
    """Keep what a lead is found by in step with their details."""
    fresh = _search_text(
        lead, dict.fromkeys(lead.identities.exclude(username="").values_list("username", flat=True)[:10])
    )
    if fresh != lead.search_text:
        lead.search_text = fresh
        Lead.objects.filter(pk=lead.pk).update(search_text=fresh)


def _lock(lead: Lead) -> Lead:
    """The same object, with the row's values of now, ours until the transaction ends."""
    lead.refresh_from_db(from_queryset=Lead.objects.select_for_update(of=("self",)))
    return lead


# What they say about themselves -----------------------------------------------------------------------------------


@dataclass
class Captured:
    """`saved`: what is new on the lead; `kept`: given, but what we had stays; `refused`: name → sentence."""

    saved: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    first: bool = False  # the first way to reach this person


@transaction.atomic
def capture_details(
    lead: Lead,
    *,
    name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    company: str | None = None,
    by: str,
) -> Captured:
    """Keep contact details somebody gave. Never raises on what a customer wrote: bad values come back as refused.

    A machine does not overwrite what a person has set, nor a full name by a shorter one of its words.
    """
    _lock(lead)
    captured = Captured()
    given = {"name": name, "email": email, "phone": phone, "company": company}
    for attribute, value in given.items():
        if value is not None and str(value).strip():
            _take(lead, attribute, value, captured, by)
    if captured.saved:
        _keep(lead, captured, by)
    return captured


def capture(
    lead: Lead,
    *,
    interest: str = "",
    name: str = "",
    email: str = "",
    phone: str = "",
    company: str = "",
    actor: str = "bot",
) -> dict[str, Any]:
    """`capture_details` as the tool of a language model answers it: {"ok", "captured", "rejected"}."""
    taken = capture_details(lead, name=name, email=email, phone=phone, company=company, by=actor)
    if wish := text.line(interest, 200):
        set_custom_field(lead, "interest", wish, by=actor)
    return {"ok": not taken.refused, "captured": {**taken.kept, **taken.saved}, "rejected": taken.refused}


def _take(lead: Lead, attribute: str, value: object, captured: Captured, by: str) -> None:
    check = getattr(details, attribute)
    try:
        checked = check(value, current_organization().country) if attribute == "phone" else check(value)
    except details.Refused as refusal:
        captured.refused[attribute] = str(refusal)
        return
    current = getattr(lead, attribute)
    if checked == current or (
        not is_person(by) and current and (attribute in lead.fixed or _is_worse(attribute, checked, current))
    ):
        captured.kept[attribute] = current
    else:
        captured.saved[attribute] = checked
        setattr(lead, attribute, checked)
        if is_person(by) and attribute not in lead.fixed:
            lead.fixed = [*lead.fixed, attribute]


def _is_worse(attribute: str, new: str, current: str) -> bool:
    """Only part of a name that is known in full."""
    if attribute not in ("name", "company"):
        return False
    known = text.normalize(current).split()
    said = text.normalize(new).split()
    return len(said) < len(known) and all(word in known for word in said)


def _keep(lead: Lead, captured: Captured, by: str) -> None:
    captured.first = lead.captured_at is None and bool({"email", "phone"} & set(captured.saved))
    if captured.first:
        lead.captured_at = clock.now()
    lead.save(update_fields=[*captured.saved, "fixed", "captured_at"])
    index_lead(lead)
    _own_identities(lead)
    _note(lead, Activity.Kind.CAPTURE, data={"saved": captured.saved}, by=by)
    if captured.first:
        _tell_captured(lead, by)
    else:
        record(LeadDetailsChanged(lead_id=lead.pk, changed=sorted(captured.saved)), actor=by)
    rescore(lead, by=by)


def _own_identities(lead: Lead) -> None:
    """An address that no other lead has claimed becomes an identity of this one; others stay possible duplicates."""
    owned = [
        Identity(lead=lead, kind=kind, value=value)
        for kind, value in (("email", lead.email), ("phone", lead.phone))
        if value
    ]
    Identity.objects.bulk_create(owned, ignore_conflicts=True)


def _tell_captured(lead: Lead, by: str) -> None:
    record(
        LeadCaptured(
            lead_id=lead.pk, name=lead.name, email=lead.email, phone=lead.phone, company=lead.company,
            source=lead.source, channel=lead.channel,
        ),
        actor=by,
    )  # fmt: skip


@transaction.atomic
def clear_detail(lead: Lead, attribute: str, *, by: str) -> None:
    """Take a wrong name, address or number off."""
    _lock(lead)
    if attribute in details.NAMES and getattr(lead, attribute):
        setattr(lead, attribute, "")
        lead.fixed = [one for one in lead.fixed if one != attribute]
        lead.save(update_fields=[attribute, "fixed"])
        index_lead(lead)
        record(LeadDetailsChanged(lead_id=lead.pk, changed=[attribute]), actor=by)
        rescore(lead, by=by)


@transaction.atomic
def set_custom_field(lead: Lead, name: str, value: object, *, by: str) -> None:
    """One of the organization's own fields; an empty value takes it away."""
    _lock(lead)
    key, said = text.line(name, 60), text.clean(value, 1000)
    if not key or (key not in lead.fields and len(lead.fields) >= 60):
        raise Problem("bad_field", _("Give the field a name; a lead has at most 60 fields of its own."))
    fields = {**lead.fields, key: said} if said else {k: v for k, v in lead.fields.items() if k != key}
    if fields != lead.fields:
        lead.fields = fields
        lead.save(update_fields=["fields"])
        record(LeadDetailsChanged(lead_id=lead.pk, changed=[key]), actor=by)


def complete_profile(
    lead: Lead, *, identity: Identity, name: str = "", username: str = "", avatar_url: str = "", language: str = ""
) -> None:
    """What a platform says of a person, asked for later: fills what is not known yet."""
    with transaction.atomic():
        _lock(lead)
        if not lead.avatar_url and avatar_url.startswith("https://") and len(avatar_url) <= 1000:
            lead.avatar_url = avatar_url
            lead.save(update_fields=["avatar_url"])
        _fill_gaps(lead, identity, name=name, username=username, phone="", language=language)


# Where they stand -------------------------------------------------------------------------------------------------


@transaction.atomic
def move_to_stage(lead: Lead, stage: str, *, by: str, reason: str = "") -> bool:
    """Move a lead; True if it moved. People move leads anywhere, machines only forward and never out of won or lost."""
    if stage not in Stage.values:
        raise Problem("unknown_stage", _("There is no such stage."))
    _lock(lead)
    before = lead.stage
    backward = ORDER.index(stage) < ORDER.index(before)
    if before == stage or (not is_person(by) and (before in CLOSED or backward)):
        return False
    lead.stage = stage
    lead.stage_changed_at = clock.now()
    lead.save(update_fields=["stage", "stage_changed_at"])
    why = text.clean(reason, 500)
    _note(lead, Activity.Kind.STAGE, why, data={"from": before, "to": stage}, by=by)
    record(LeadStageChanged(lead_id=lead.pk, stage=stage, before=before, reason=why), actor=by)
    rescore(lead, by=by)
    return True


def advance_stage(lead: Lead, stage: str, *, reason: str = "", actor: str) -> Lead:
    """`move_to_stage` for those who hold the lead: the same lead, wherever it stands now."""
    move_to_stage(lead, stage, by=actor, reason=reason)
    return lead


@transaction.atomic
def set_label(lead: Lead, label: str | None, *, by: str) -> bool:
    """Hot, warm or cold; a person's choice stays until they give it back to the score with None."""
    if label is not None and label not in Label.values:
        raise Problem("unknown_label", _("A label is hot, warm or cold."))
    _lock(lead)
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
    _note(lead, Activity.Kind.LABEL, data={"from": before, "to": label}, by=by)
    record(LeadLabelChanged(lead_id=lead.pk, label=label, before=before, score=lead.score), actor=by)
    return True


@transaction.atomic
def set_priority(lead: Lead, priority: str | None, *, by: str) -> None:  # noqa: ARG001 - the audit log knows who
    """High, normal or low; None gives it back to the rules."""
    if priority is not None and priority not in Priority.values:
        raise Problem("unknown_priority", _("A priority is high, normal or low."))
    _lock(lead)
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
def signal(lead: Lead, *names: str, by: str = "customer", at: datetime | None = None) -> None:
    """They did something that says how likely they are to buy: of scoring.SIGNALS. Counted, then rescored."""
    if unknown := set(names) - set(scoring.SIGNALS):
        raise ValueError(f"unknown signals {unknown}; add them to scoring.SIGNALS")
    _lock(lead)
    lead.signals = {**lead.signals, **{name: min(int(lead.signals.get(name, 0)) + 1, 10_000) for name in names}}
    lead.save(update_fields=["signals"])
    _touch(lead, at)
    rescore(lead, by=by)


_ASKS_PRICE = re.compile(r"\b(price|prices|cost|costs|how much|quote|quotation)\b|بكم|بكام|سعر|اسعار|كم ثمن")


def note_message(lead: Lead, *, channel: str = "", text: str = "", at: datetime | None = None) -> None:  # noqa: ARG001
    """They wrote: counts as a message, and as asking for a price where the words say so."""
    names = ["message"]
    if _ASKS_PRICE.search(normalize(text, 1000)):
        names.append("asked_price")
    signal(lead, *names, at=at)


def note_answer(lead: Lead, *, actor: str) -> None:
    """They were answered for the first time: a new lead is now contacted."""
    if lead.stage == Stage.NEW:
        move_to_stage(lead, Stage.CONTACTED, by=actor)


def _touch(lead: Lead, at: datetime | None = None) -> None:
    """They were active now; moves the lead up in the lists."""
    moment = min(at or clock.now(), clock.now())
    if moment - lead.last_activity_at >= CLOSE_TOGETHER:
        lead.last_activity_at = moment
        lead.save(update_fields=["last_activity_at"])


# Who looks after them ---------------------------------------------------------------------------------------------


@transaction.atomic
def set_owner(lead: Lead, owner: User | None, *, by: str) -> bool:
    """Give a lead to a member of the organization, or to nobody; True if that changed anything."""
    if owner is not None and not is_member(owner):
        raise Problem("not_a_member", _("This person is not a member of the organization."))
    _lock(lead)
    before = lead.owner_id
    if before == (owner.pk if owner else None):
        return False
    lead.owner = owner
    lead.save(update_fields=["owner"])
    _note(lead, Activity.Kind.OWNER, str(owner or ""), data={"from": before, "to": lead.owner_id}, by=by)
    record(LeadOwnerChanged(lead_id=lead.pk, owner_id=lead.owner_id, before_id=before), actor=by)
    return True


def is_member(user: User) -> bool:
    return Membership.objects.filter(organization=current_organization(), user=user, is_active=True).exists()


@transaction.atomic
def add_tag(lead: Lead, name: str, *, by: str) -> Tag:
    """Tags are known by their name, whatever its case and spelling."""
    wanted = text.line(name, 50)
    if not wanted:
        raise Problem("bad_tag", _("Give the tag a name."))
    tag = find_tag(wanted) or Tag.objects.get_or_create(name=wanted)[0]
    _link, new = Lead.tags.through.objects.get_or_create(lead_id=lead.pk, tag_id=tag.pk)
    if new:
        record(LeadTagged(lead_id=lead.pk, tag=tag.name), actor=by)
    return tag


@transaction.atomic
def set_tags(lead: Lead, names: Iterable[str], *, by: str) -> None:
    """Exactly these."""
    wanted = {add_tag(lead, name, by=by).pk for name in names}
    for tag in lead.tags.exclude(pk__in=wanted):
        remove_tag(lead, tag.name, by=by)


def find_tag(name: str) -> Tag | None:
    wanted = text.normalize(name, 50)
    return next((tag for tag in Tag.objects.all() if text.normalize(tag.name) == wanted), None)


@transaction.atomic
def remove_tag(lead: Lead, name: str, *, by: str) -> bool:
    tag = find_tag(name)
    if tag is None or not Lead.tags.through.objects.filter(lead_id=lead.pk, tag_id=tag.pk).delete()[0]:
        return False
    record(LeadUntagged(lead_id=lead.pk, tag=tag.name), actor=by)
    return True


# What happened ----------------------------------------------------------------------------------------------------


def _note(
    lead: Lead, kind: str, said: str = "", *, data: Mapping[str, Any] | None = None, by: str, at: datetime | None = None
) -> Activity:
    return Activity.objects.create(
        lead=lead, kind=kind, text=said, data=dict(data or {}), actor=by[:120], at=at or clock.now()
    )


def note_system(lead: Lead, *, data: Mapping[str, Any], by: str) -> None:
    """A line about the record itself."""
    _note(lead, Activity.Kind.SYSTEM, data=data, by=by)


@transaction.atomic
def add_note(lead: Lead, said: str, *, by: str) -> Activity:
    """A note for colleagues."""
    body = text.clean(said, 10_000)
    if not body:
        raise Problem("empty_note", _("Write something first."))
    note = _note(lead, Activity.Kind.NOTE, body, by=by)
    _touch(lead)
    record(LeadNoteAdded(lead_id=lead.pk, activity_id=note.pk, text=body[:1000]), actor=by)
    return note


@transaction.atomic
def log_activity(
    lead: Lead, kind: str, said: str = "", *, by: str, data: Mapping[str, Any] | None = None, at: datetime | None = None
) -> Activity:
    """Something for the timeline; calls, meetings and emails entered by people are announced."""
    if kind not in Activity.Kind.values:
        raise Problem("unknown_kind", _("There is no such kind of activity."))
    activity = _note(lead, kind, text.clean(said, 10_000), data=data, by=by, at=at)
    _touch(lead, at)
    if kind in LOGGED:
        record(
            LeadActivityLogged(lead_id=lead.pk, activity_id=activity.pk, kind=kind, text=activity.text[:1000]), actor=by
        )
    return activity


@transaction.atomic
def delete_lead(lead: Lead, *, by: str) -> None:
    """Put a lead away; `restore_lead` takes it back."""
    _lock(lead)
    if lead.deleted_at is None:
        lead.deleted_at = clock.now()
        lead.save(update_fields=["deleted_at"])
        record(LeadDeleted(lead_id=lead.pk), actor=by)


@transaction.atomic
def restore_lead(lead: Lead, *, by: str) -> None:
    """Take back a deleted lead; one that was merged comes back with merging.unmerge_leads alone."""
    _lock(lead)
    if lead.deleted_at is not None and lead.merged_into_id is None:
        lead.deleted_at = None
        lead.save(update_fields=["deleted_at"])
        record(LeadRestored(lead_id=lead.pk), actor=by)
