"""Doors from the jobs table into this app."""

from __future__ import annotations

from datetime import datetime

from apps.integrations.door import WAKES
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.registry import Claimed, handles

from . import arrival, dispatch, drafts, fates, incoming, outgoing, profiles, replies, services, uploads


@handles(WAKES, queue="interactive", drains=True, pending=arrival.is_pending)
def receive(job: Claimed) -> bool:
    return arrival.receive(job)


@handles(arrival.LATER, queue="interactive")
def receive_later(_job: Claimed) -> datetime | None:
    """A delivery that could not be applied is due again."""
    jobs.wake(WAKES)
    return arrival.next_retry()


@handles(replies.REPLY, queue="ai", attempts=replies.ATTEMPTS, given_up=replies.given_up)
def reply(job: Claimed) -> None:
    replies.answer(job)


@handles(drafts.DRAFT, queue="ai", attempts=2)
def draft(job: Claimed) -> None:
    drafts.write(job)


@handles(outgoing.SEND, queue="integrations")
def send(job: Claimed) -> datetime | None:
    return dispatch.send_queued(job)


@handles(fates.RECONCILE, queue="integrations")
def reconcile(job: Claimed) -> datetime | None:
    return dispatch.reconcile(job)


@handles(services.WAKE_UP, queue="interactive")
def wake_up(job: Claimed) -> datetime | None:
    return services.wake_snoozed(int(job.key))


@handles(incoming.PROFILE, queue="integrations", attempts=3)
def profile(job: Claimed) -> None:
    profiles.fetch(int(job.key))


@handles("conversations.sweep", queue="bulk")
def sweep(_job: Claimed) -> datetime | None:
    """Every night; at once again while there is more."""
    return clock.now() if uploads.sweep() == uploads.AT_ONCE else None
