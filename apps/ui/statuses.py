"""One look per state, the same on every page: tone, icon and words. Color never carries the meaning alone."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Look(NamedTuple):
    label: Any
    tone: str  # neutral, info, good, warn, bad; the brand's color is no tone
    icon: str = ""


STATUSES: dict[str, Look] = {
    # messages
    "received": Look(_("Received"), "neutral", "check"),
    "queued": Look(_("Queued"), "neutral", "clock"),
    "sending": Look(_("Sending"), "info", "clock"),
    "sent": Look(_("Sent"), "neutral", "check"),
    "delivered": Look(_("Delivered"), "good", "checks"),
    "read": Look(_("Read"), "info", "checks"),
    "failed": Look(_("Failed"), "bad", "alert-circle"),
    "refused": Look(_("Refused"), "warn", "ban"),
    "deferred": Look(_("Deferred"), "warn", "clock-pause"),
    # conversations
    "open": Look(_("Open"), "info", "circle"),
    "active": Look(_("Active"), "good", "circle-dot"),
    "waiting": Look(_("Waiting"), "warn", "hourglass"),
    "escalated": Look(_("Escalated"), "warn", "hand-stop"),
    "snoozed": Look(_("Snoozed"), "neutral", "zzz"),
    "resolved": Look(_("Resolved"), "neutral", "circle-check"),
    "closed": Look(_("Closed"), "neutral", "circle-check"),
    "bot": Look(_("Assistant"), "info", "robot"),
    "human": Look(_("Person"), "neutral", "user"),
    # deliveries, jobs, connections
    "pending": Look(_("Pending"), "neutral", "clock"),
    "running": Look(_("Running"), "info", "loader-2"),
    "succeeded": Look(_("Succeeded"), "good", "circle-check"),
    "retrying": Look(_("Retrying"), "warn", "refresh"),
    "dead": Look(_("Given up"), "bad", "circle-x"),
    "canceled": Look(_("Canceled"), "neutral", "circle-x"),
    "connected": Look(_("Connected"), "good", "plug-connected"),
    "disconnected": Look(_("Disconnected"), "neutral", "plug"),
    "healthy": Look(_("Healthy"), "good", "circle-check"),
    "expired": Look(_("Expired"), "bad", "alert-circle"),
    "unhealthy": Look(_("Needs attention"), "bad", "alert-triangle"),
    "attention": Look(_("Needs attention"), "warn", "alert-triangle"),
    "enabled": Look(_("Enabled"), "good", "circle-check"),
    "disabled": Look(_("Disabled"), "neutral", "ban"),
    "invited": Look(_("Invited"), "warn", "mail"),
    "revoked": Look(_("Revoked"), "neutral", "ban"),
    "draft": Look(_("Draft"), "neutral", "pencil"),
    "unsupported": Look(_("Unsupported"), "neutral", "question-mark"),
}

STAGES: dict[str, Look] = {
    "new": Look(_("New"), "info", "circle-dashed"),
    "contacted": Look(_("Contacted"), "info", "message"),
    "qualified": Look(_("Qualified"), "info", "user-check"),
    "converted": Look(_("Converted"), "good", "shopping-cart"),
    "won": Look(_("Won"), "good", "trophy"),
    "lost": Look(_("Lost"), "neutral", "x"),
}

LABELS: dict[str, Look] = {
    "hot": Look(_("Hot"), "bad", "flame"),
    "warm": Look(_("Warm"), "warn", "temperature"),
    "cold": Look(_("Cold"), "info", "snowflake"),
}

CHANNELS: dict[str, Look] = {
    "whatsapp": Look(_("WhatsApp"), "neutral", "brand-whatsapp"),
    "instagram": Look(_("Instagram"), "neutral", "brand-instagram"),
    "facebook": Look(_("Messenger"), "neutral", "brand-facebook"),
    "webchat": Look(_("Website chat"), "neutral", "world"),
    "email": Look(_("Email"), "neutral", "mail"),
    "phone": Look(_("Phone"), "neutral", "phone"),
    "sms": Look(_("SMS"), "neutral", "device-mobile"),
    "form": Look(_("Form"), "neutral", "forms"),
    "api": Look("API", "neutral", "api"),
    "manual": Look(_("By hand"), "neutral", "pencil"),
}


def look(table: dict[str, Look], key: Any, label: Any = "") -> Look:
    """An unknown key is shown in its own words, quietly."""
    known = table.get(str(getattr(key, "value", key) or "").lower())
    if known is None:
        return Look(label or str(key or "–").replace("_", " ").capitalize(), "neutral")
    return known._replace(label=label) if label else known
