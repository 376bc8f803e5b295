"""Reading the audit log: filters, and changes in words that a person can follow."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import BooleanField, Field, ForeignKey, JSONField, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.jobs.registry import words_of
from apps.ui import phrases

from .audit import MASK
from .models import ApiKey, SignIn, StaffEntry

_LONG = 400


@dataclass(frozen=True)
class Change:
    """One field before and after, in words."""

    field: str
    before: str
    after: str
    secret: bool = False


def entries(*, who: str = "", what: str = "", since: str = "", until: str = "", act: str = "") -> QuerySet[LogEntry]:
    """The active schema's log, newest first; filters that make no sense are no filters."""
    found = LogEntry.objects.select_related("content_type", "actor").order_by("-id")
    if who:
        who = who.replace("\x00", "")[:120]
        found = found.filter(Q(actor_email__icontains=who) | Q(additional_data__actor__istartswith=who)
                             | Q(additional_data__name__icontains=who))  # fmt: skip
    if what:
        label, _dot, model = what.replace("\x00", "").partition(".")
        found = found.filter(content_type__app_label=label[:100], content_type__model=model[:100])
    if act == "sign-in":
        found = found.filter(additional_data__event__in=list(EVENTS))
    elif act in _ACTS:
        found = found.filter(action=_ACTS[act])
    if day := _day(since):
        found = found.filter(timestamp__gte=_midnight(day))
    if day := _day(until):
        found = found.filter(timestamp__lt=_midnight(day + timedelta(days=1)))
    return found


_ACTS = {
    "create": LogEntry.Action.CREATE,
    "update": LogEntry.Action.UPDATE,
    "delete": LogEntry.Action.DELETE,
    "access": LogEntry.Action.ACCESS,
}


Names = dict[tuple[Any, int], str]  # of rows, by model and id

# Fields that no form shows.
_PLUMBING = frozenset(
    {"id", "uuid", "created_at", "updated_at", "organization", "key_hash", "token_hash", "prefix", "schema_name"}
)
_NAMES = {
    "device": gettext_lazy("Device"),
    "reason": gettext_lazy("Reason"),
    "kind": gettext_lazy("Kind"),
    "user": gettext_lazy("Who"),
    "expires_at": gettext_lazy("Ends"),
    "state": gettext_lazy("State"),
    "secrets": gettext_lazy("Signing secrets"),
    "rights": gettext_lazy("Rights"),
    "domain": gettext_lazy("Host name"),
    "is_primary": gettext_lazy("Links lead here"),
    "tenant": gettext_lazy("Organization"),
}


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 1 < day.year < 9999 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def subjects() -> list[tuple[str, str]]:
    """What can be looked for: ("leads.lead", "Lead") of every registered model."""
    models = [*auditlog.get_models(), SignIn, ApiKey, StaffEntry]
    return sorted(
        ((model._meta.label_lower, phrases.capital(str(model._meta.verbose_name))) for model in models),
        key=lambda pair: pair[1],
    )


# What happened without a field being changed: signing in, and what proves people.
EVENTS = {
    "signed_in": gettext_lazy("Signed in"),
    "sign_in_failed": gettext_lazy("Signing in failed"),
    "locked_out": gettext_lazy("Locked out after failed attempts"),
    "signed_out": gettext_lazy("Signed out"),
    "session_ended": gettext_lazy("Sign-in ended"),
    "token_reused": gettext_lazy("A used token was used again: the program is signed out"),
    "password_changed": gettext_lazy("Password changed"),
    "password_reset": gettext_lazy("Forgotten password replaced"),
    "second_factor_added": gettext_lazy("Second factor added"),
    "second_factor_removed": gettext_lazy("Second factor removed"),
    "recovery_codes_renewed": gettext_lazy("Recovery codes renewed"),
    "key_made": gettext_lazy("API key made"),
    "key_revoked": gettext_lazy("API key revoked"),
    "job_again": gettext_lazy("A job was done again"),
    "delivery_routed": gettext_lazy("A kept delivery was handed to its organization"),
    "delivery_put_aside": gettext_lazy("A kept delivery was put aside"),
    "rights_given": gettext_lazy("Rights at the console changed"),
    "staff_entered": gettext_lazy("Agency staff came in"),
    "staff_left": gettext_lazy("Agency staff left"),
}


def event_of(entry: LogEntry) -> str:
    """What happened, in words, where it was no change of a row; else ""."""
    return str(EVENTS.get((entry.additional_data or {}).get("event", ""), ""))


def about(row: models.Model) -> QuerySet[LogEntry]:
    """What the active schema's log has on one row, newest first."""
    return LogEntry.objects.get_for_object(row).select_related("content_type", "actor").order_by("-id")


def told(entries: Iterable[LogEntry]) -> list[dict[str, Any]]:
    """Entries as pages show them: who, what happened, what changed."""
    entries = list(entries)
    names = look_up(entries)
    return [
        {"entry": entry, "actor": actor(entry), "happened": happened(entry), "changes": changes(entry, names)}
        for entry in entries
    ]  # fmt: skip


def happened(entry: LogEntry) -> str:
    """What happened, in words: "Organization changed", "Agency staff came in"."""
    kind = phrases.capital(str(entry.content_type.name))
    if event := event_of(entry):
        return event
    words = {"create": _("%(kind)s created"), "update": _("%(kind)s changed"), "delete": _("%(kind)s deleted")}
    return words.get(act_of(entry), "%(kind)s") % {"kind": kind}


def acts() -> list[tuple[str, str]]:
    return [("create", _("Created")), ("update", _("Changed")), ("delete", _("Deleted")), ("access", _("Visited")),
            ("sign-in", _("Sign-ins and keys"))]  # fmt: skip


def act_of(entry: LogEntry) -> str:
    """ "create", "update" …"""
    return next(name for name, number in _ACTS.items() if number == entry.action)


def look_up(entries: Iterable[LogEntry]) -> Names:
    """The rows that changes point at, by name: one query per model, however many entries there are."""
    wanted: dict[Any, set[int]] = {}
    for entry in entries:
        model = _model(entry.content_type)
        for name, values in (entry.changes or {}).items():
            field = _field(model, name)
            if isinstance(field, ForeignKey) and isinstance(values, list | tuple):
                wanted.setdefault(field.related_model, set()).update(filter(None, map(_key, values)))
    return {
        (model, key): str(row)
        for model, keys in wanted.items()
        for key, row in model._default_manager.in_bulk(keys).items()  # noqa: SLF001  documented for this
    }


def _key(value: Any) -> int:
    return int(value) if str(value).isdecimal() and len(str(value)) < 19 else 0


def changes(entry: LogEntry, names: Names) -> list[Change]:
    """What changed, field by field, with the names that forms use; `names` from look_up."""
    model = _model(entry.content_type)
    found = []
    for name, values in (entry.changes or {}).items():
        if name in _PLUMBING or (model is not None and _field(model, name) is None and isinstance(values, list)):
            continue  # what nobody chose, and rows of other tables that point here
        if isinstance(values, dict):  # many-to-many: {"operation", "objects"}
            words = ", ".join(map(str, values.get("objects", ())))
            added = values.get("operation") == "add"
            found.append(Change(_label(model, name), "" if added else words, words if added else ""))
            continue
        if not isinstance(values, list | tuple) or len(values) != 2:
            found.append(Change(_label(model, name), "", _words(values)))
            continue
        secret = MASK in values
        field = _field(model, name)
        before, after = (_words(value if secret else _said(field, value, names)) for value in values)
        if secret or entry.action != LogEntry.Action.CREATE or after:
            found.append(Change(_label(model, name), before, after, secret))
    return found


def _model(content_type: ContentType) -> Any:
    return content_type.model_class()


def _field(model: Any, name: str) -> Field[Any, Any] | None:
    try:
        found = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None


def _label(model: Any, name: str) -> str:
    field = _field(model, name)
    if name in _NAMES:
        return str(_NAMES[name])
    return phrases.capital(str(field.verbose_name)) if field is not None else name


def _said(field: Field[Any, Any] | None, value: Any, names: Names) -> Any:
    """A stored value as a form would show it: a choice's label, yes or no, a name instead of a number."""
    if value in (None, "None", "") or field is None:
        return value
    if field.choices:
        return dict(field.flatchoices).get(value, value)
    if isinstance(field, BooleanField):
        return {"True": _("Yes"), "False": _("No")}.get(str(value), value)
    if isinstance(field, ForeignKey) and (key := _key(value)):
        return names.get((field.related_model, key), f"#{value}")
    if isinstance(field, JSONField) and isinstance(value, str):
        try:
            return _flat(json.loads(value))
        except (ValueError, RecursionError):
            return value
    return value


def _flat(value: Any, depth: int = 0) -> str:
    """JSON as people write it: "en: Hello; ar: …", "name, phone"."""
    if depth > 4:
        return "…"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_flat(one, depth + 1)}" for key, one in value.items())
    if isinstance(value, list):
        separator = "; " if any(isinstance(one, dict | list) for one in value) else ", "
        return separator.join(_flat(one, depth + 1) for one in value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return "" if value is None else str(value)


def _words(value: Any) -> str:
    text = "" if value in (None, "None", "", "[]", "{}") else str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def actor(entry: LogEntry) -> tuple[str, str]:
    """(kind, words): ("staff", "Dana"), ("automation", "conversations.reply") …"""
    data = entry.additional_data or {}
    kind, _colon, rest = str(data.get("actor", "")).partition(":")
    if kind in {"user", "staff", "api_key"}:
        return kind, str(data.get("name") or entry.actor_email or rest)
    if not kind and entry.actor_email:
        return "user", entry.actor_email
    if kind == "automation":
        return kind, words_of(rest)
    return kind or "system", rest or (_("A visitor") if kind == "visitor" else _("Frontdesk itself"))
