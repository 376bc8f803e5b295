"""Change endpoints, create deliveries, send them again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.egress.addresses import Unusable, check_url
from apps.events import Envelope
from apps.jobs import clock, trace
from apps.jobs import services as jobs
from apps.organizations.actors import Can
from apps.organizations.encryption import Sealed
from apps.organizations.permissions import acting, needs
from apps.organizations.queries import current_organization

from . import reasons
from .adapters import signing
from .adapters.post import as_json
from .events import WebhookTest
from .models import Caught, Delivery, Endpoint
from .queries import choosable_types

DELIVER = "webhooks_outbox.deliver"
MOST_ENDPOINTS = 50
# How long the old secret still signs after a rotation.
OVERLAP = timedelta(hours=24)
KEEP = timedelta(days=30)
_PRUNE_AT_ONCE = 5000


class NotNow(Exception):
    """What was asked does not fit the endpoint's state; the message says what to do first."""


# Endpoints


@needs(Can.HOLD_SECRETS, fresh=True)
@transaction.atomic
def create_endpoint(*, url: str, types: Sequence[str] = (), description: str = "", secret: str = "") -> Endpoint:
    """A new endpoint with a secret of its own; ValidationError says which field is wrong."""
    if Endpoint.objects.count() >= MOST_ENDPOINTS:
        raise ValidationError(_("There are already %(most)s endpoints; delete one first.") % {"most": MOST_ENDPOINTS})
    return Endpoint.objects.create(
        url=clean_url(url),
        types=clean_types(types),
        description=description[:160],
        secrets=[{"secret": secret or signing.new_secret(), "until": None}],
    )


@needs(Can.CARE_FOR_WEBHOOKS)
def update_endpoint(endpoint: Endpoint, *, url: str, types: Sequence[str], description: str) -> None:
    """Change where and what; what waits goes to the new address. ValidationError as above.

    Where to is a secret's business: whoever moves an address reads what is sent there.
    """
    if url != endpoint.url:
        acting().must(Can.HOLD_SECRETS)
    if endpoint.catcher and url != endpoint.url:
        raise ValidationError({"url": [_("The built-in catcher has its own address. Make another endpoint instead.")]})
    url = url if endpoint.catcher else clean_url(url)
    endpoint.url, endpoint.types, endpoint.description = url, clean_types(types), description[:160]
    endpoint.save(update_fields=["url", "types", "description"])


def clean_url(url: str) -> str:
    try:
        check_url(url, allowed=settings.OUTBOX_ALLOWED_PRIVATE_HOSTS)
    except Unusable as unusable:
        raise ValidationError({"url": [reasons.of_address(unusable.code)]}) from unusable
    return url


def clean_types(types: Iterable[str]) -> list[str]:
    chosen = sorted(set(types))
    if unknown := [name for name in chosen if name not in choosable_types()]:
        sentence = _("There is no event of type %(type)s.") % {"type": str(unknown[0])[:80]}
        raise ValidationError({"types": [sentence]})
    return chosen


def create_first_endpoint() -> None:
    """For a new organization, where this installation names one address for all of them."""
    url = settings.N8N_WEBHOOK_URL
    if url and not Endpoint.objects.exists():
        secret = settings.WEBHOOK_SIGNING_SECRET
        Endpoint.objects.create(
            url=url[:500],
            description="n8n",
            secrets=[
                {
                    "secret": signing.derived(secret, current_organization().schema_name)
                    if secret
                    else signing.new_secret(),
                    "until": None,
                }
            ],
        )


@needs(Can.HOLD_SECRETS, fresh=True)
@transaction.atomic
def rotate_secret(endpoint: Endpoint) -> str:
    """A new secret signs at once, beside the one before for a day; returns the new one."""
    now = clock.now()
    locked = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    secret = signing.new_secret()
    before = [one["secret"] for one in locked.secrets[:1]] if not isinstance(locked.secrets, Sealed) else []
    until = (now + OVERLAP).isoformat()
    locked.secrets = [{"secret": secret, "until": None}, *({"secret": one, "until": until} for one in before)]
    locked.save(update_fields=["secrets"])
    endpoint.secrets = locked.secrets
    return secret


@needs(Can.CARE_FOR_WEBHOOKS)
def pause(endpoint: Endpoint) -> None:
    """Nothing is sent and nothing new is kept for it; what waits, waits."""
    if endpoint.state == Endpoint.State.ACTIVE:
        endpoint.state = Endpoint.State.PAUSED
        endpoint.save(update_fields=["state"])


@needs(Can.CARE_FOR_WEBHOOKS)
@transaction.atomic
def resume(endpoint: Endpoint) -> None:
    """From a pause, or after it was disabled: as if it had never failed."""
    endpoint.state, endpoint.problem = Endpoint.State.ACTIVE, ""
    endpoint.failing_since, endpoint.slow_until, endpoint.strikes = None, None, 0
    endpoint.save(update_fields=["state", "problem", "failing_since", "slow_until", "strikes"])
    jobs.wake(DELIVER)


@needs(Can.CARE_FOR_WEBHOOKS)
def delete_endpoint(endpoint: Endpoint) -> None:
    """With all its deliveries and their attempts."""
    endpoint.delete()


# Deliveries


_CREATE_SQL = """
    INSERT INTO webhooks_outbox_delivery
           (uuid, endpoint_id, event, type, body, state, attempts, next_at, last_error, trace, created_at)
    SELECT gen_random_uuid(), e.id, f.event, f.type, f.body, 'pending', 0, %(now)s, '', f.trace, %(now)s
      FROM unnest(%(events)s::uuid[], %(types)s::text[], %(bodies)s::text[], %(traces)s::uuid[])
           WITH ORDINALITY f(event, type, body, trace, n)
      JOIN webhooks_outbox_endpoint e
        ON e.state = 'active' AND (jsonb_array_length(e.types) = 0 OR jsonb_exists(e.types, f.type))
     ORDER BY f.n
    ON CONFLICT (endpoint_id, event) DO NOTHING
"""


def create_deliveries(envelopes: Sequence[Envelope]) -> int:
    """One delivery per fact and endpoint that wants it; its body is fixed here. Again: nothing happens."""
    if not Endpoint.objects.filter(state=Endpoint.State.ACTIVE).exists():
        return 0
    bodies = [body_of(one.type, one.occurred_at, one.data) for one in envelopes]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _CREATE_SQL,
            {
                "now": clock.now(),
                "events": [one.id for one in envelopes],
                "types": [one.type for one in envelopes],
                "bodies": bodies,
                "traces": [one.trace for one in envelopes],
            },
        )
        created = cursor.rowcount
        if created:
            jobs.wake(DELIVER)
    return created


def body_of(event_type: str, occurred_at: datetime, data: dict[str, object]) -> str:
    """The payload of the Standard Webhooks specification."""
    return as_json({"type": event_type, "timestamp": occurred_at.isoformat(), "data": data})


@needs(Can.CARE_FOR_WEBHOOKS)
@transaction.atomic
def send_test(endpoint: Endpoint) -> Delivery:
    """A `webhook.test` for this endpoint alone; NotNow unless it is active."""
    _be_active(endpoint)
    delivery = Delivery.objects.create(
        endpoint=endpoint,
        event=uuid.uuid4(),
        type=WebhookTest.type,
        body=body_of(WebhookTest.type, clock.now(), WebhookTest.example),
        trace=trace.current(),
    )
    jobs.wake(DELIVER)
    return delivery


@needs(Can.CARE_FOR_WEBHOOKS)
@transaction.atomic
def replay(delivery: Delivery) -> None:
    """Send one again, with the same webhook-id and a new row of attempts; NotNow unless its endpoint is active."""
    _be_active(delivery.endpoint)
    Delivery.objects.filter(pk=delivery.pk, claim=None).update(**_afresh())
    delivery.refresh_from_db()
    jobs.wake(DELIVER)


@needs(Can.CARE_FOR_WEBHOOKS)
@transaction.atomic
def replay_many(
    endpoint: Endpoint, *, states: Sequence[str], since: datetime | None = None, until: datetime | None = None
) -> int:
    """Send all of these states again, of a stretch of time or of all times; returns how many."""
    _be_active(endpoint)
    rows = Delivery.objects.filter(endpoint=endpoint, state__in=states, claim=None)
    if since:
        rows = rows.filter(created_at__gte=since)
    if until:
        rows = rows.filter(created_at__lt=until)
    count = rows.update(**_afresh())
    if count:
        jobs.wake(DELIVER)
    return count


def _afresh() -> dict[str, object]:
    return {"state": Delivery.State.PENDING, "attempts": 0, "next_at": clock.now(), "done_at": None, "last_error": ""}


def _be_active(endpoint: Endpoint) -> None:
    if endpoint.state != Endpoint.State.ACTIVE:
        raise NotNow(_("Nothing is sent to this endpoint at present. Resume it first."))


def prune() -> datetime | None:
    """Delete what was done a month ago, a bite at a time; what was given up stays as long again."""
    now = clock.now()
    old = Delivery.objects.filter(done_at__lt=now - KEEP).exclude(state=Delivery.State.DEAD)
    Caught.objects.filter(at__lt=now - KEEP).delete()
    dead = Delivery.objects.filter(done_at__lt=now - KEEP * 2, state=Delivery.State.DEAD)
    for rows in (old, dead):
        chosen = list(rows.order_by("id").values_list("pk", flat=True)[:_PRUNE_AT_ONCE])
        Delivery.objects.filter(pk__in=chosen).delete()
        if len(chosen) == _PRUNE_AT_ONCE:
            return now
    return None
