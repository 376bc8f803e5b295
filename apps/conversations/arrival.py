"""A raw delivery becomes facts, and each fact rows: exactly once, in any order, whoever races.

Every delivery has a transaction of its own, every fact in it a savepoint: one that cannot be applied does
not cost the others. All facts can be applied twice; so a delivery that failed in part is simply read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.integrations.models import Delivery
from apps.jobs import clock, trace
from apps.jobs import services as jobs
from apps.jobs.registry import Claimed
from apps.organizations.services import report_failure

from . import incoming, notices, receipts
from .adapters import (
    AccountNotice,
    Control,
    Echo,
    Edit,
    Fact,
    IdentityChange,
    Inbound,
    Preference,
    Reaction,
    Receipt,
    Referral,
    TemplateNotice,
    ThreadNotice,
    Unsend,
)
from .adapters.registry import ADAPTERS
from .incoming import Arrival, CannotApply, NotYet

log = structlog.get_logger(__name__)

BATCH = 50
BACKOFF = (2, 10, 60, 300, 1800)
# A large delivery takes seconds; nothing is begun that the lease might not last for.
ENOUGH_TIME = timedelta(seconds=20)
LATER = "conversations.receive_later"
# News about messages we do not have (sent by another app, before we were connected) is let go after a while.
NOT_YET_TRIES = 4

_APPLY: dict[type[Fact], Any] = {
    Inbound: incoming.message,
    Referral: incoming.referral,
    Reaction: incoming.reaction,
    Edit: incoming.edit,
    Unsend: incoming.unsend,
    Echo: receipts.echo,
    Receipt: receipts.receipt,
    IdentityChange: notices.identity_change,
    ThreadNotice: notices.thread_notice,
    Control: notices.control,
    Preference: notices.preference,
    AccountNotice: notices.notice,
    TemplateNotice: notices.template_notice,
}
_FIRST = (Inbound, Echo)  # what others may speak of comes first within one body


def _due() -> Q:
    return Q(state=Delivery.State.PENDING) & (Q(retry_at=None) | Q(retry_at__lte=clock.now()))


def is_pending() -> bool:
    """Whether a delivery waits to be read now."""
    return Delivery.objects.filter(_due()).exists()


def next_retry() -> datetime | None:
    """When the next delivery that was put off is due again."""
    later = Delivery.objects.filter(state=Delivery.State.PENDING, retry_at__gt=clock.now())
    return later.order_by("retry_at").values_list("retry_at", flat=True).first()


def receive(job: Claimed) -> bool:
    """Read a batch of deliveries in order; True while there may be more."""
    ids = list(Delivery.objects.filter(_due()).order_by("id").values_list("pk", flat=True)[:BATCH])
    for delivery_id in ids:
        if job.deadline - clock.now() < ENOUGH_TIME:
            return True
        with transaction.atomic():
            jobs.hold(job)
            delivery = (
                Delivery.objects.filter(pk=delivery_id, state=Delivery.State.PENDING)
                .select_for_update(skip_locked=True)
                .first()
            )
            if delivery is not None:
                with trace.following(delivery.trace):
                    take(delivery)
    return len(ids) == BATCH


def take(delivery: Delivery) -> None:
    """Read one locked delivery, apply its facts, and write down how that went."""
    try:
        facts = _facts(delivery)
    except (ValueError, RecursionError, KeyError) as error:
        _finish(delivery, Delivery.State.MALFORMED, f"cannot be read: {type(error).__name__}")
        return
    arrival = Arrival(delivery)
    malformed, failed, early = [], [], []
    for fact in facts:
        if isinstance(fact, AccountNotice) and fact.topic == "malformed":
            malformed.append(fact.text)
            continue
        try:
            with transaction.atomic():
                _APPLY[type(fact)](arrival, fact)
        except NotYet as error:
            early.append(str(error))
        except CannotApply as error:
            malformed.append(str(error))
        except (OperationalError, InterfaceError):
            raise  # the database went away: nothing is wrong with this delivery
        except Exception as error:
            log.exception("delivery.fact_failed", delivery=delivery.pk, fact=type(fact).__name__)
            failed.append(f"{type(fact).__name__}: {type(error).__name__}: {error}")
    if failed:
        _try_again(delivery, failed, len(BACKOFF), Delivery.State.FAILED)
    elif early:
        _try_again(delivery, early, NOT_YET_TRIES, Delivery.State.DONE)
    elif malformed:
        _finish(delivery, Delivery.State.MALFORMED, _joined(malformed))
    else:
        _finish(delivery, Delivery.State.DONE)


def _facts(delivery: Delivery) -> list[Fact]:
    body = json.loads(bytes(delivery.body))
    facts = ADAPTERS[delivery.channel].parse(body, delivery.received_at)
    return sorted(
        facts,
        key=lambda fact: (not isinstance(fact, _FIRST), fact.at if isinstance(fact, _FIRST) else delivery.received_at),
    )


def _try_again(delivery: Delivery, problems: Iterable[str], tries: int, finally_: str) -> None:
    delivery.attempts += 1
    if delivery.attempts > tries:
        _finish(delivery, finally_, _joined(problems))
        return
    delivery.retry_at = clock.now() + timedelta(seconds=BACKOFF[min(delivery.attempts, len(BACKOFF)) - 1])
    delivery.error = _joined(problems)
    delivery.save(update_fields=["attempts", "retry_at", "error"])
    jobs.schedule(LATER, at=delivery.retry_at)


def _finish(delivery: Delivery, state: str, error: str = "") -> None:
    delivery.state, delivery.error = state, error
    delivery.processed_at = clock.now()
    delivery.save(update_fields=["state", "error", "processed_at", "attempts"])
    if state in {Delivery.State.MALFORMED, Delivery.State.FAILED}:
        log.warning("delivery.kept", delivery=delivery.pk, state=state, error=error)
        words = {"channel": delivery.channel, "error": error[:200]}
        report_failure(_("A delivery from %(channel)s could not be read: %(error)s") % words, kind="delivery")


def _joined(problems: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(problems))[:2000].replace("\x00", "")
