"""What platforms said about accounts, in plain words. Meta's values are of its webhook reference, November 2025."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language_bidi, ngettext
from django.utils.translation import gettext as _

from apps.ui import phrases

from .models import Notice


@dataclass(frozen=True)
class Told:
    """One notice as it is shown. `raw`: the platform's JSON, for what we do not know how to say."""

    sentence: str
    tone: str = "neutral"  # neutral, good, warn, bad
    at: Any = None
    raw: str = ""


def told(notice: Notice) -> Told:
    """A stored notice in the reader's language; a topic nobody knows is unsupported, and shows its JSON."""
    details = notice.details if isinstance(notice.details, dict) else {}
    found = _sentence(notice.topic, notice.text, details)
    if found is None:
        raw = json.dumps(notice.details, ensure_ascii=False, indent=2)
        words = {"topic": _apart(_word(notice.topic))}
        sentence = _("The platform sent “%(topic)s”, which is not supported yet.") % words
        return Told(sentence, at=notice.at, raw=raw)
    return Told(found[0], found[1], at=notice.at)


def _sentence(topic: str, text: str, details: dict[str, Any]) -> tuple[str, str] | None:
    event = _word(details.get("event")).upper()
    text = _word(text)
    if topic == "error":
        return _("The platform reported an error: %(text)s") % {"text": _apart(text)}, "bad"
    if topic == "history":
        return _history(text, details)
    if topic in (known := _known()):
        words, tone = known[topic]
        return (words % {"text": _apart(text) or "–"}).strip(), tone
    tables: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
        "message_template_status_update": (event, _templates()),
        "message_template_quality_update": (_word(details.get("new_quality_score")).upper(), _qualities()),
        "template_category_update": ("*", {"*": (_("The template “%(template)s” is now of the category %(category)s."), "neutral")}),
        "phone_number_quality_update": (event, _numbers()),
        "phone_number_name_update": (_word(details.get("decision")).upper(), _names()),
        "account_update": (event, _accounts()),
        "account_review_update": (_word(details.get("decision")).upper(), _reviews()),
        "account_alerts": ("*", {"*": (_("The platform warns: %(text)s"), "warn")}),
        "business_capability_update": ("*", {"*": (_("The account's limits have changed."), "neutral")}),
    }  # fmt: skip
    if topic not in tables:
        return None
    key, table = tables[topic]
    words, tone = table.get(key, (_("The platform reported: %(text)s"), "neutral"))
    return (words % _values(text, details)).strip(), tone


def _known() -> dict[str, tuple[str, str]]:
    """What says the same whatever else stands in it."""
    stranger = _("Somebody with whom there is no conversation has a new number or account id.")
    caller = _("Somebody with whom there is no conversation called, or said whether they may be called.")
    return {
        "group_message": (_("Messages in groups are left out: Frontdesk answers single people."), "neutral"),
        "smb_app_state_sync": (_("The phone's address book is being copied; Frontdesk does not use it."), "neutral"),
        "policy_enforcement": (_("The platform enforces a rule: %(text)s"), "bad"),
        **dict.fromkeys(("user_changed_number", "user_changed_user_id", "user_id_update"), (stranger, "neutral")),
        **dict.fromkeys(("calls", "call_permission_reply"), (caller, "neutral")),
    }


def _templates() -> dict[str, tuple[str, str]]:
    return {
        "APPROVED": (_("The template “%(template)s” (%(language)s) was approved and can be sent."), "good"),
        "REINSTATED": (_("The template “%(template)s” (%(language)s) can be sent again."), "good"),
        "PENDING": (_("The template “%(template)s” (%(language)s) is being reviewed."), "neutral"),
        "IN_APPEAL": (_("The template “%(template)s” (%(language)s) is being reviewed again."), "neutral"),
        "REJECTED": (_("The template “%(template)s” (%(language)s) was rejected. %(why)s"), "bad"),
        "PAUSED": (_("The template “%(template)s” (%(language)s) is paused. %(why)s"), "bad"),
        "DISABLED": (_("The template “%(template)s” (%(language)s) was disabled. %(why)s"), "bad"),
        "FLAGGED": (_("People dislike the template “%(template)s” (%(language)s); it may be disabled soon."), "warn"),
        "LOCKED": (_("The template “%(template)s” (%(language)s) cannot be edited now. %(why)s"), "neutral"),
        "ARCHIVED": (_("The template “%(template)s” (%(language)s) was archived."), "neutral"),
        "UNARCHIVED": (_("The template “%(template)s” (%(language)s) is no longer archived."), "neutral"),
        "DELETED": (_("The template “%(template)s” (%(language)s) was deleted."), "neutral"),
        "PENDING_DELETION": (_("The template “%(template)s” (%(language)s) is being deleted."), "neutral"),
        "LIMIT_EXCEEDED": (_("The account has as many templates as it may have."), "warn"),
    }


def _qualities() -> dict[str, tuple[str, str]]:
    return {
        "GREEN": (_("The quality of the template “%(template)s” is high."), "good"),
        "YELLOW": (_("The quality of the template “%(template)s” is medium."), "warn"),
        "RED": (_("The quality of the template “%(template)s” is low; it may be paused."), "bad"),
    }


def _numbers() -> dict[str, tuple[str, str]]:
    return {
        "FLAGGED": (_("The quality of %(number)s is low. If it stays so, fewer messages may be sent. %(limit)s"), "bad"),
        "UNFLAGGED": (_("The quality of %(number)s is good again. %(limit)s"), "good"),
        "DOWNGRADE": (_("Fewer messages may be sent from %(number)s now. %(limit)s"), "bad"),
        "UPGRADE": (_("More messages may be sent from %(number)s now. %(limit)s"), "good"),
        "ONBOARDING": (_("%(number)s is set up. %(limit)s"), "good"),
        "THROUGHPUT_UPGRADE": (_("Messages may be sent faster from %(number)s now."), "good"),
    }  # fmt: skip


def _names() -> dict[str, tuple[str, str]]:
    return {
        "APPROVED": (_("The name “%(name)s” was approved."), "good"),
        "REJECTED": (_("The name “%(name)s” was rejected. %(why)s"), "bad"),
    }


def _accounts() -> dict[str, tuple[str, str]]:
    return {
        "VERIFIED_ACCOUNT": (_("The business account was verified."), "good"),
        "ACCOUNT_VIOLATION": (_("The business account broke a rule of the platform: %(violation)s"), "bad"),
        "ACCOUNT_RESTRICTION": (_("The business account was restricted: %(restriction)s"), "bad"),
        "DISABLED_UPDATE": (_("The business account was disabled, or is about to be: %(ban)s"), "bad"),
        "ACCOUNT_DELETED": (_("The business account was deleted."), "bad"),
        "PARTNER_REMOVED": (_("The business account was taken away from this app."), "bad"),
        "PARTNER_ADDED": (_("The business account was given to this app."), "good"),
    }


def _reviews() -> dict[str, tuple[str, str]]:
    return {
        "APPROVED": (_("The review of the business account ended well."), "good"),
        "REJECTED": (_("The business account did not pass its review."), "bad"),
        "PENDING": (_("The business account is being reviewed."), "neutral"),
        "DEFERRED": (_("The review of the business account was put off."), "neutral"),
    }


def _history(text: str, details: dict[str, Any]) -> tuple[str, str] | None:
    if details.get("errors"):
        return _("Earlier conversations were not shared: %(text)s") % {"text": _apart(text)}, "warn"
    progress = _word(_inner(details, "metadata").get("progress"))
    if not progress:
        return None
    return _("Earlier conversations are being copied: %(progress)s %% so far. They are not answered.") % {
        "progress": progress
    }, "neutral"


def _values(text: str, details: dict[str, Any]) -> dict[str, str]:
    """Everything that a sentence may mention; what the platform did not say is a dash or empty."""
    rejected, other = _inner(details, "rejection_info"), _inner(details, "other_info")
    reason = _word(rejected.get("reason")) or _word(other.get("description")) or _word(details.get("reason"))
    alert = _inner(details, "alert_info")
    restrictions = details.get("restriction_info")
    restrictions = restrictions if isinstance(restrictions, list) else []
    kinds = [_word(one.get("restriction_type")) for one in restrictions if isinstance(one, dict)]
    found = {
        "text": _word(alert.get("alert_description")) or _word(details.get("alert_description")) or text or "–",
        "template": _word(details.get("message_template_name")) or "–",
        "language": _word(details.get("message_template_language")) or "–",
        "category": _word(details.get("new_category")).lower() or "–",
        "number": _number(details),
        "name": _word(details.get("requested_verified_name")) or "–",
        "why": "" if reason.upper() in ("", "NONE") else reason,
        "violation": _word(_inner(details, "violation_info").get("violation_type")) or "–",
        "restriction": ", ".join(filter(None, kinds)) or "–",
        "ban": _word(_inner(details, "ban_info").get("waba_ban_state")) or "–",
    }
    limit = _limit(_word(details.get("current_limit")))
    return {**{name: _apart(value) for name, value in found.items()}, "limit": limit}


def _apart(value: str) -> str:
    """A name within a sentence that runs the other way keeps its own direction."""
    return f"\u2068{value}\u2069" if value and get_language_bidi() else value


def _number(details: dict[str, Any]) -> str:
    number = _word(details.get("display_phone_number") or details.get("phone_number"))
    return f"+{number}" if number.isdecimal() else number or "–"


def _limit(tier: str) -> str:
    """TIER_1K and its like, as a sentence."""
    size = tier.upper().removeprefix("TIER_")
    if size == "UNLIMITED":
        return _("There is no daily limit.")
    thousands = size.endswith("K")
    figure = size.removesuffix("K")
    if not figure.isdecimal() or len(figure) > 6:
        return ""
    count = int(figure) * (1000 if thousands else 1)
    return ngettext(
        "It may write first to %(count)s person a day.", "It may write first to %(count)s people a day.", count
    ) % {"count": f"{count:,}"}


def _inner(details: dict[str, Any], key: str) -> dict[str, Any]:
    found = details.get(key)
    return found if isinstance(found, dict) else {}


def _word(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return phrases.without_bidi_controls(str(value)[:500])
