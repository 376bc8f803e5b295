"""Plug every channel into the floor below: the webhook door, account checks, subscriptions."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.integrations.models import ConnectedAccount
from apps.integrations.surfaces import SEALED, SEALED_PROBLEM, Checkup, Surface, register
from apps.organizations.proof import ProvenBy

from .adapters import Account, Action, Reason, Refused, SendError
from .adapters.registry import ADAPTERS, Adapter
from .adapters.signatures import verify_meta

# What people call the channel and its account id.
LABELS = {
    "facebook": (_("Messenger"), _("Page id"), _("Meta Business Suite → Settings → Pages: the number below the name.")),
    "instagram": (
        _("Instagram"),
        _("Instagram account id"),
        _("The professional account's numeric id, shown beside the page it is linked to."),
    ),
    "whatsapp": (
        _("WhatsApp"),
        _("Phone number id"),
        _("WhatsApp Manager → API set-up: the phone number id, not the phone number."),
    ),
    "webchat": (_("Website chat"), _("Chat key"), ""),
}

EXTRA = {
    "instagram": {"page_id": _("Id of the page it is linked to")},
    "whatsapp": {"waba_id": _("WhatsApp business account id")},
}


# Ids of simulated accounts have 21 digits, which no platform's 64-bit ids can have.
SIMULATED_ID = re.compile(r"9\d{20}")


def is_simulated(connected: ConnectedAccount) -> bool:
    """Whether the account exists only inside this server, and so is never looked for at Meta."""
    return connected.settings.get("simulated") is True


def plain(connected: ConnectedAccount) -> Account:
    """A connected account as adapters know it, its credentials decrypted; raises Refused where no key opens them."""
    if connected.is_locked:
        raise Refused(Reason(code=SEALED, text=SEALED_PROBLEM, action=Action.RECONNECT))
    return Account(
        channel=connected.channel,
        external_id=connected.external_id,
        token=(connected.credentials or {}).get("token", ""),
        base_url=settings.SIMULATOR_GRAPH_URL if is_simulated(connected) else settings.META_GRAPH_URL,
        settings={
            "api_version": settings.META_GRAPH_VERSION,
            "app_id": settings.FACEBOOK_APP_ID,
            # A proof is only right where the token was made by this very app.
            "app_secret": next(iter(settings.FACEBOOK_APP_SECRET), "") if settings.FACEBOOK_APP_ID else "",
            **connected.settings,
        },
    )


def _check(adapter: Adapter, connected: ConnectedAccount) -> Checkup:
    try:
        health = adapter.check(plain(connected))
    except SendError as error:
        return _problem(error.reason)
    by, owns = ProvenBy.PLATFORM, health.owns
    if is_simulated(connected):
        # The stand-in believes what stands in our own tables: it can show nothing about ids of the world outside.
        by, owns = ProvenBy.SIMULATOR, frozenset(filter(SIMULATED_ID.fullmatch, owns))
    elif connected.channel == "webchat":
        by = ProvenBy.OURS
    found = _problem(health.reason) if health.reason else Checkup(ok=health.ok)
    return replace(found, name=health.name, owns=owns, by=by)


def _subscribe(adapter: Adapter, connected: ConnectedAccount) -> Checkup:
    try:
        adapter.subscribe(plain(connected))
    except SendError as error:
        return _problem(error.reason)
    return Checkup(ok=True)


def _problem(reason: Reason) -> Checkup:
    return Checkup(
        ok=False,
        code=reason.code,
        problem=reason.text,
        must_reconnect=reason.action is Action.RECONNECT,
        refused=reason.action is Action.RECONNECT and reason.code not in {"not-subscribed", SEALED},
    )


def register_all() -> None:
    """Called once while Django starts."""
    for channel, adapter in ADAPTERS.items():
        label, account_label, account_help = LABELS[channel]
        register(
            Surface(
                channel=channel,
                label=label,
                split=adapter.accounts,
                verify=verify_meta,
                check=partial(_check, adapter),
                subscribe=partial(_subscribe, adapter),
                signed=channel != "webchat",
                account_label=account_label,
                account_help=account_help,
                extra=EXTRA.get(channel, {}),
                # WhatsApp speaks of templates and quality under the business account's id.
                also_routed=("waba_id",) if channel == "whatsapp" else (),
                settings_page="webchat:settings" if channel == "webchat" else "",
            )
        )
