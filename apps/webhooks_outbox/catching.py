"""The built-in catcher: an endpoint of this very server, so that events can be seen arriving without another one.

Deliveries to it take the outbox's whole way: claimed, signed, posted over HTTP, answered, tried again. That it lies
inside, where no address that somebody typed may lead, is decided by the row (`Endpoint.catcher`), never by the address.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from django_tenants.utils import tenant_context

from apps.jobs import clock
from apps.organizations.actors import Can
from apps.organizations.encryption import Sealed
from apps.organizations.models import Organization
from apps.organizations.permissions import needs

from . import queries, services
from .adapters import signing
from .models import Caught, Endpoint

KEPT = 100
LARGEST = 256 * 1024  # of a body that is taken at all
SHOWN = 32 * 1024  # characters of it that are kept
_TOLERANCE = 300  # seconds between signing and arriving, as the specification advises
_HEADERS, _LONG = 40, 500


@needs(Can.CARE_FOR_WEBHOOKS)
def start() -> Endpoint:
    """The catcher's endpoint: made at the first call, resumed at later ones."""
    found = endpoint()
    if found is None:
        token = secrets.token_urlsafe(32)
        found = Endpoint(catcher=token, description=_("Built-in catcher"))
        found.secrets = _new_secrets()
        found.url = address_of(found)
        found.save()
    elif found.state != Endpoint.State.ACTIVE:
        services.resume(found)
    if isinstance(found.secrets, Sealed):  # nobody else knows it
        found.secrets = _new_secrets()
        found.save(update_fields=["secrets"])
    return found


def _new_secrets() -> list[dict[str, Any]]:
    return [{"secret": signing.new_secret(), "until": None}]


def endpoint() -> Endpoint | None:
    return Endpoint.objects.exclude(catcher="").order_by("id").first()


def address_of(endpoint: Endpoint) -> str:
    """Where this server reaches itself; "" for endpoints of others."""
    schema = connection.schema_name  # type: ignore[attr-defined]
    return f"{settings.SIMULATOR_URL}/catch/{schema}/{endpoint.catcher}/" if endpoint.catcher else ""


def newest(endpoint: Endpoint | None, *, after: int | None = None, limit: int = KEPT) -> dict[str, Any]:
    """What a template needs: `caught`, newest first, each with its body made readable, and the `last` one's id."""
    rows = list(Caught.objects.filter(endpoint=endpoint, id__gt=after or 0).order_by("-id")[:limit]) if endpoint else []
    return {"caught": [(row, _readable(row.body)) for row in rows], "last": rows[0].pk if rows else after or 0}


def catch(schema: str, token: str, headers: Mapping[str, str], body: bytes) -> str | None:
    """Keep what arrived and say what its signature is worth; None where nobody catches."""
    organization = Organization.objects.filter(schema_name=schema, is_active=True).first()
    if organization is None:
        return None
    with tenant_context(organization):
        found = Endpoint.objects.filter(catcher=token).first()
        if found is None:
            return None
        given = {name.lower(): _plain(value) for name, value in list(headers.items())[:_HEADERS]}
        verdict = _verdict(found, given, body)
        text = _plain(body[: SHOWN * 4].decode("utf-8", "replace"), SHOWN)
        Caught.objects.create(
            endpoint=found,
            verdict=verdict,
            webhook_id=given.get("webhook-id", "")[:120],
            type=_type_of(body),
            headers=given,
            body=text,
        )
        _forget(found)
    return verdict


def _verdict(endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> str:
    signature, webhook_id, at = (headers.get(f"webhook-{name}", "") for name in ("signature", "id", "timestamp"))
    if not (signature and webhook_id and at.isascii() and at.isdigit() and len(at) < 12):
        return Caught.Verdict.MISSING
    now = clock.now()
    keys = [signing.key_of(secret) for secret in queries.live_secrets(endpoint, now)]
    if not signing.is_signed(signature, webhook_id, int(at), body, keys):
        return Caught.Verdict.WRONG
    late = abs(now.timestamp() - int(at)) > _TOLERANCE
    return Caught.Verdict.LATE if late else Caught.Verdict.VERIFIED


def _forget(endpoint: Endpoint) -> None:
    """All but the newest."""
    oldest = Caught.objects.filter(endpoint=endpoint).order_by("-id").values_list("pk", flat=True)[KEPT : KEPT + 1]
    for pk in oldest:
        Caught.objects.filter(endpoint=endpoint, pk__lte=pk).delete()


def _type_of(body: bytes) -> str:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return _plain(str(found.get("type", "")), 80) if isinstance(found, dict) else ""


def _readable(body: str) -> str:
    try:
        return _plain(json.dumps(json.loads(body), indent=2, ensure_ascii=False), 4 * SHOWN)
    except (ValueError, RecursionError):
        return body


def _plain(text: str, longest: int = _LONG) -> str:
    return text[:longest].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
