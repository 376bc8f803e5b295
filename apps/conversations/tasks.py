"""Doors from the jobs table into this app."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.integrations.door import WAKES
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.registry import Claimed, handles

from . import arrival, dispatch, drafts, fates, incoming, outgoing, profiles, replies, services, uploads


@handles(WAKES, queue="interactive", drains=True, pending=arrival.is_pending, words=_("Take in messages that arrived"))
def receive(job: Claimed) -> bool:
    return arrival.receive(job)


@handles(arrival.LATER, queue="interactive", words=_("Take in messages that could not be taken in at first"))
def receive_later(_job: Claimed) -> datetime | None:
    """A delivery that could not be applied is due again."""
    jobs.wake(WAKES)
    return arrival.next_retry()


@handles(replies.REPLY, queue="ai", attempts=replies.ATTEMPTS, given_up=replies.given_up, words=_("Answer a customer"))
def reply(job: Claimed) -> None:
    replies.answer(job)


@handles(drafts.DRAFT, queue="ai", attempts=2, words=_("Write a draft"))
def draft(job: Claimed) -> None:
    drafts.write(job)


@handles(outgoing.SEND, queue="integrations", words=_("Send a message"))
def send(job: Claimed) -> datetime | None:
    return dispatch.send_queued(job)


@handles(fates.RECONCILE, queue="integrations", words=_("Find out what became of a message"))
def reconcile(job: Claimed) -> datetime | None:
    return dispatch.reconcile(job)


@handles(services.WAKE_UP, queue="interactive", words=_("Bring back a conversation that was put off"))
def wake_up(job: Claimed) -> datetime | None:
    return services.wake_snoozed(int(job.key))


@handles(
    incoming.PROFILE, queue="integrations", attempts=3, words=_("Ask the platform for a customer’s name and picture")
)
def profile(job: Claimed) -> None:
    profiles.fetch(int(job.key))


@handles("conversations.sweep", queue="bulk", words=_("Delete files that nobody sent"))
def sweep(_job: Claimed) -> datetime | None:
    """Every night; at once again while there is more."""
    return clock.now() if uploads.sweep() == uploads.AT_ONCE else None
