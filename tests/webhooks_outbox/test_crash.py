"""A worker is killed between the receiver's answer and our record: the same id comes again, and nothing is lost."""

from __future__ import annotations

import signal
from datetime import timedelta

from django_tenants.utils import schema_context

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.webhooks_outbox import delivering, services
from apps.webhooks_outbox.models import Delivery
from tests.jobs.committed import child
from tests.vendors.receiver import Receiver
from tests.webhooks_outbox.conftest import SECRET


def test_killed_between_post_and_record(committed, settings):
    with Receiver([SECRET], tolerance=None) as receiver:
        settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = [receiver.place]
        with schema_context("acme"):
            endpoint = services.create_endpoint(url=receiver.url, secret=SECRET)
            for _n in range(20):
                services.send_test(endpoint)
        process = child(
            """
from apps.jobs import services as jobs
from apps.webhooks_outbox import delivering
def stop(outcomes):
    print(len(outcomes), flush=True)
    sys.stdin.read()            # answered, not recorded; this is where the kill falls
delivering.record_outcomes = stop
jobs.run_due(schema="acme")
""",
            committed,
            OUTBOX_ALLOWED_PRIVATE_HOSTS=receiver.place,
        )
        assert int(process.stdout.readline()) > 0
        assert receiver.wait_for(20)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        with schema_context("acme"):
            assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
            ids = {delivery.webhook_id for delivery in Delivery.objects.all()}
        assert jobs.run_due(schema="acme") == 0  # lease and claims stand for now
        later = clock.now() + max(delivering.HOLD, timedelta(seconds=121))
        with clock.frozen(later):
            jobs.run_due(schema="acme")
        with schema_context("acme"):
            assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
        assert set(receiver.times) == ids  # the same ids, and no others
        assert set(receiver.times.values()) == {2}


def test_killed_again_and_again_everything_arrives(committed, settings):
    """Real kills at arbitrary moments, with claims and leases made short by an impatient clock of the successor."""
    with Receiver([SECRET], tolerance=None, slow=0.01) as receiver:
        settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = [receiver.place]
        with schema_context("acme"):
            endpoint = services.create_endpoint(url=receiver.url, secret=SECRET)
            for _n in range(400):
                services.send_test(endpoint)
        now = clock.now()
        for life in range(3):
            offset = life * 200
            process = child(
                f"""
from datetime import timedelta
from apps.jobs import clock, services as jobs
real = clock.now
clock.now = lambda: real() + timedelta(seconds={offset})
print("up", flush=True)
jobs.run_due(schema="acme")
""",
                committed,
                OUTBOX_ALLOWED_PRIVATE_HOSTS=receiver.place,
            )
            assert process.stdout.readline() == "up\n"
            receiver.wait_for(len(receiver.messages) + 60)
            process.send_signal(signal.SIGKILL)
            process.wait(60)
        with clock.frozen(now + timedelta(seconds=1000)):
            jobs.run_due(schema="acme")
        with schema_context("acme"):
            assert Delivery.objects.exclude(state="delivered").count() == 0
        assert len(receiver.messages) == 400
        assert max(receiver.times.values()) <= 4


def test_two_workers_at_once_post_nothing_twice(committed, settings):
    with Receiver([SECRET], tolerance=None) as receiver:
        settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = [receiver.place]
        with schema_context("acme"):
            endpoint = services.create_endpoint(url=receiver.url, secret=SECRET)
            for _n in range(500):
                services.send_test(endpoint)
        code = """
from django_tenants.utils import schema_context
from apps.webhooks_outbox import delivering
with schema_context("acme"):
    delivering.deliver(None)
"""
        workers = [child(code, committed, OUTBOX_ALLOWED_PRIVATE_HOSTS=receiver.place) for _ in range(2)]
        for worker in workers:
            worker.wait(300)
            assert worker.returncode == 0
        assert len(receiver.messages) == 500
        assert set(receiver.times.values()) == {1}
