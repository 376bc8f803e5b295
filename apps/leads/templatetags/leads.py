"""What happened with a lead, in words."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import template
from django.utils.translation import gettext as _

from apps.leads import scoring
from apps.leads.models import Activity, Label, Lead, Stage

register = template.Library()

_LOOKS = {
    "message": ("message", "info"), "call": ("phone", "neutral"), "email": ("mail", "neutral"), "meeting": ("calendar", "neutral"),
    "note": ("pencil", "warn"), "stage": ("arrow-right", "good"), "label": ("flame", "warn"), "capture": ("user-check", "good"),
    "form": ("forms", "info"), "owner": ("user", "neutral"), "system": ("info-circle", "neutral"),
}  # fmt: skip


class Said(NamedTuple):
    title: str
    icon: str
    tone: str
    who: str


@register.filter
def reasons(lead: Lead) -> list[dict[str, Any]]:
    """Why the score is what it is, in the reader's language, weightiest first."""
    return scoring.shown(lead)


@register.simple_tag
def said(activity: Activity, actors: dict[str, str] | None = None) -> Said:
    icon, tone = _LOOKS.get(activity.kind, ("point", "neutral"))
    return Said(_title(activity), icon, tone, _who(activity.actor, actors or {}))


def _title(activity: Activity) -> str:
    data: dict[str, Any] = activity.data
    if activity.kind == "stage" and data.get("to") in Stage.values:
        return _("Moved to %(stage)s") % {"stage": Stage(data["to"]).label}
    if activity.kind == "label" and data.get("to") in Label.values:
        return _("Became %(label)s") % {"label": Label(data["to"]).label.lower()}
    if activity.kind == "owner":
        return _("Given to %(name)s") % {"name": activity.text} if activity.text else _("Given to nobody")
    if activity.kind == "capture":
        return (
            _("Left contact details")
            if not activity.actor.startswith(("user:", "staff:", "api_key:"))
            else _("Details entered")
        )
    if activity.kind == "form":
        return _("Sent the form %(form)s") % {"form": data.get("form", "")}
    if "merged" in data:
        return _("Merged with %(name)s") % {"name": data.get("name", "")}
    if "unmerged" in data:
        return _("Taken apart from %(name)s") % {"name": data.get("name", "")}
    if "id_taken_by" in data:
        return _("Has a new number that belongs to the record of %(name)s: compare the two") % {
            "name": data.get("name", "")
        }
    return str(activity.get_kind_display())


def _who(actor: str, names: dict[str, str]) -> str:
    if actor in names:
        return names[actor]
    kind = actor.partition(":")[0]
    return {
        "bot": _("by the assistant"), "rules": _("by the score"), "customer": "", "api_key": _("over the API"),
        "automation": _("by an automation"), "user": _("by a former member"), "staff": _("by the agency"),
    }.get(kind, "")  # fmt: skip
