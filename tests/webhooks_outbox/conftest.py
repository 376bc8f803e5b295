"""A receiver that listens, and an endpoint that points to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from apps.webhooks_outbox import services
from apps.webhooks_outbox.models import Endpoint
from tests.jobs.committed import committed  # noqa: F401  fixture
from tests.vendors.receiver import Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    with Receiver([SECRET], tolerance=None) as running:
        settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = [running.place]
        yield running


@pytest.fixture
def endpoint(acme, receiver) -> Endpoint:
    return services.create_endpoint(url=receiver.url, description="Our CRM", secret=SECRET)


@pytest.fixture
def deliver(run_due_jobs) -> Callable[[], int]:
    """Relay what was recorded and deliver what is due now."""
    return lambda: run_due_jobs(kinds=["events.relay", services.DELIVER])
