"""Several connections and processes at once: no wake-up is lost, nothing runs twice, nobody starves."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django_tenants.utils import schema_context

from apps.events.models import JournalEntry
from apps.jobs import clock, pulse, services, tasks
from apps.jobs.models import Job
from apps.jobs.registry import Claimed
from tests.jobs.committed import child


def in_thread(target, *args) -> threading.Thread:
    """Runs with a connection of its own, which goes back at the end."""

    def work() -> None:
        try:
            target(*args)
        finally:
            connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_wake_up_while_the_drain_finishes_is_not_lost(committed, kind):
    """The writer has not committed when the drain looks for the last time: the row must survive."""
    name = kind(lambda job: False, drains=True, pending=lambda: JournalEntry.objects.filter(type="t").exists())
    written, commit = threading.Event(), threading.Event()

    def write() -> None:
        with schema_context("acme"), transaction.atomic():
            JournalEntry.objects.create(type="t", data={})
            services.wake(name)
            written.set()
            commit.wait(60)

    with schema_context("acme"):
        services.wake(name)
    (job,) = services.claim("interactive", kinds=[name]).jobs
    writer = in_thread(write)
    written.wait(60)
    services.run([job])
    assert Job.objects.filter(kind=name, leased_until=None).count() == 1
    commit.set()
    writer.join(60)
    with schema_context("acme"):
        assert JournalEntry.objects.filter(type="t").count() == 1
    assert Job.objects.filter(kind=name).count() == 1


def test_a_wake_up_waits_for_a_drain_that_removes_its_row(committed, kind):
    """The drain has removed the row and not committed when somebody wakes: the wake-up must make a new one."""
    looking, go_on = threading.Event(), threading.Event()

    def pending() -> bool:
        looking.set()
        go_on.wait(60)
        return False

    name = kind(lambda job: False, drains=True, pending=pending)
    with schema_context("acme"):
        services.wake(name)
    (job,) = services.claim("interactive", kinds=[name]).jobs
    drain = in_thread(services.run, [job])
    looking.wait(60)

    def wake() -> None:
        with schema_context("acme"):
            services.wake(name)

    waker = in_thread(wake)
    waker.join(0.3)
    assert waker.is_alive()  # held up by the drain's fence, for the length of one look
    go_on.set()
    drain.join(60)
    waker.join(60)
    assert Job.objects.filter(kind=name).count() == 1


def test_writers_do_not_queue_up_behind_a_relay_that_holds_its_row(committed, kind):
    name = kind(lambda job: False, drains=True, pending=lambda: False)
    with schema_context("acme"):
        services.wake(name)
    (job,) = services.claim("interactive", kinds=[name]).jobs
    with transaction.atomic():
        services.hold(job)

        def wake() -> None:
            with schema_context("acme"):
                services.wake(name)

        writer = in_thread(wake)
        writer.join(60)
        assert not writer.is_alive()


def test_every_wake_up_of_many_writers_is_served(committed, kind):
    """Writers and drains at full speed on several connections: in the end everything has been seen."""
    seen: Counter[str] = Counter()
    lock = threading.Lock()

    def run(job: Claimed) -> bool:
        with transaction.atomic():
            services.hold(job)
            rows = list(JournalEntry.objects.filter(type="race", relayed_at=None)[:5])
            JournalEntry.objects.filter(pk__in=[row.pk for row in rows]).update(relayed_at=clock.now())
        with lock:
            seen.update(str(row.uuid) for row in rows)
        return len(rows) == 5

    name = kind(run, drains=True, pending=lambda: JournalEntry.objects.filter(type="race", relayed_at=None).exists())
    stop = threading.Event()

    def write() -> None:
        for _n in range(40):
            with schema_context("acme"), transaction.atomic():
                JournalEntry.objects.create(type="race", data={})
                services.wake(name)

    def work() -> None:
        while not stop.is_set():
            services.drain("interactive", kinds=[name])

    workers = [in_thread(work) for _ in range(3)]
    writers = [in_thread(write) for _ in range(4)]
    for writer in writers:
        writer.join(30)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (sum(seen.values()) < 160 or Job.objects.filter(kind=name).exists()):
        stop.wait(0.05)
    stop.set()
    for worker in workers:
        worker.join(60)
    assert len(seen) == 160
    assert set(seen.values()) == {1}
    assert not Job.objects.filter(kind=name).exists()


def test_claims_of_many_workers_never_overlap(committed, kind):
    name = kind(lambda job: None, queue="bulk")
    Job.objects.bulk_create(Job(schema="acme", kind=name, key=str(n), queue="bulk") for n in range(500))
    taken: Counter[int] = Counter()
    lock = threading.Lock()

    def work() -> None:
        while jobs := services.claim("bulk", kinds=[name], batch=7).jobs:
            with lock:
                taken.update(job.id for job in jobs)

    for thread in [in_thread(work) for _ in range(4)]:
        thread.join(30)
    assert len(taken) == 500
    assert set(taken.values()) == {1}


def test_a_lease_that_runs_out_is_taken_over_and_the_old_holder_is_refused(committed, kind):
    name = kind(lambda job: None)
    with schema_context("acme"):
        services.schedule(name, "1")
    (old,) = services.claim("interactive", kinds=[name]).jobs
    assert not services.claim("interactive", kinds=[name]).jobs
    Job.objects.filter(pk=old.id).update(leased_until=clock.now() - timedelta(seconds=1))
    (new,) = services.claim("interactive", kinds=[name]).jobs
    assert new.id == old.id
    assert new.lease != old.lease
    with pytest.raises(services.LeaseLost), transaction.atomic():
        services.hold(old)
    with transaction.atomic():
        services.hold(new)
    services.ledger.remove([old])  # too late: changes nothing
    services.ledger.again(old, clock.now())
    services.ledger.put_off(old, None, "late")
    job = Job.objects.get(pk=old.id)
    assert (job.lease, job.last_error) == (new.lease, "")


def test_work_that_takes_longer_than_a_lease_stays_with_a_living_worker(committed, kind, settings):
    settings.JOBS_LEASE_SECONDS = 3
    seen = []

    def run(job: Claimed) -> None:
        pause, first = threading.Event(), Job.objects.get(pk=job.id).leased_until
        for _try in range(600):  # until the first lease would be long over
            row = Job.objects.get(pk=job.id)
            if row.leased_until > first + timedelta(seconds=4):
                break
            pause.wait(0.05)
        seen.append((row.lease == job.lease, row.leased_until <= job.deadline, services.claim("interactive").jobs))

    name = kind(run)
    with schema_context("acme"):
        services.schedule(name, "1")
    assert services.run_due(kinds=[name]) == 1
    assert seen == [(True, True, [])]
    assert not Job.objects.filter(kind=name).exists()


def test_a_lease_is_renewed_for_its_holder_only_and_never_beyond_the_deadline(committed, kind):
    name = kind(lambda job: None)
    with schema_context("acme"):
        services.schedule(name, "1")
    (job,) = services.claim("interactive", kinds=[name]).jobs
    assert job.deadline - clock.now() > timedelta(seconds=30)
    before = Job.objects.get(pk=job.id).leased_until
    pulse.renew([replace(job, lease=job.lease + 1)])
    assert Job.objects.get(pk=job.id).leased_until == before
    pulse.renew([replace(job, deadline=before + timedelta(milliseconds=1))])
    assert Job.objects.get(pk=job.id).leased_until == before + timedelta(milliseconds=1)
    with transaction.atomic():
        services.hold(job)
        in_thread(pulse.renew, [job]).join(60)  # does not wait for the row


def test_work_of_a_killed_process_is_done_by_another(committed, kind):
    """SIGKILL in the middle of a job, for real."""
    with schema_context("acme"):
        Job.objects.create(schema="acme", kind="test.killed", queue="interactive")
    process = child(
        """
from apps.jobs import services
from apps.jobs.registry import handles
@handles("test.killed", queue="interactive")
def run(job):
    print("working", flush=True)
    sys.stdin.read()
services.drain("interactive")
""",
        committed,
        JOBS_LEASE_SECONDS="8",
    )
    assert process.stdout.readline() == "working\n"
    runs = []
    name = kind(lambda job: runs.append(job.attempt), "test.killed")
    assert services.run_due(kinds=[name]) == 0  # the lease stands
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    left = Job.objects.get(kind=name).leased_until - clock.now()
    assert left <= timedelta(seconds=8)  # not the minute that the work may take
    with clock.frozen(clock.now() + timedelta(seconds=8.1)):
        services.run_due(kinds=[name])
    assert runs == [2]
    assert not Job.objects.filter(kind=name).exists()


def test_ten_thousand_jobs_of_one_tenant_do_not_delay_another(public, kind):
    order = []
    name = kind(lambda job: order.append(job.schema), queue="bulk")
    Job.objects.bulk_create(
        Job(schema="acme", kind=name, key=str(n), queue="bulk", run_at=clock.now() - timedelta(hours=1))
        for n in range(10_000)
    )
    Job.objects.create(schema="globex", kind=name, queue="bulk")
    first = services.claim("bulk", kinds=[name], batch=8)
    assert "globex" in {job.schema for job in first.jobs}
    assert first.more


def test_a_claim_of_one_job_at_a_time_is_fair_too(public, kind):
    """The language models' queue takes one job per claim; the crowd came first, and must not go first each time."""
    name = kind(lambda job: None, queue="ai")
    Job.objects.bulk_create(
        Job(schema="acme", kind=name, key=str(n), queue="ai", run_at=clock.now() - timedelta(hours=1))
        for n in range(1000)
    )
    Job.objects.create(schema="globex", kind=name, queue="ai")
    claims = [services.claim("ai", kinds=[name]).jobs[0].schema for _ in range(60)]
    assert "globex" in claims


def test_slow_jobs_are_given_back_to_whoever_is_free(public, kind):
    def run(job: Claimed) -> None:
        threading.Event().wait(services.PATIENCE * 1.2)

    name = kind(run)
    Job.objects.bulk_create(Job(schema="acme", kind=name, key=str(n), queue="interactive") for n in range(5))
    jobs = services.claim("interactive", kinds=[name]).jobs
    assert len(jobs) == 5
    assert services.run(jobs) == 1
    left = Job.objects.filter(kind=name)
    assert [(job.lease, job.attempts) for job in left] == [(None, 0)] * 4


def test_the_sweep_and_the_claim_do_not_look_at_idle_tenants(public, kind, django_assert_max_num_queries):
    """A thousand tenants with promises for tomorrow cost what one costs: rows read, not seconds, are compared."""
    name = kind(lambda job: None)
    tomorrow = clock.now() + timedelta(days=1)

    def rows_read() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            values = {
                "queue": "interactive", "now": clock.now(), "until": tomorrow, "deadline": tomorrow, "lease": 1, "batch": 1, "share": 10,
                "kinds": [], "schema": "",
            }  # fmt: skip
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + services.ledger._HEAD_SQL.format(only=""), values)
            return _touched(cursor.fetchone()[0][0]["Plan"])

    def _touched(plan) -> int:
        own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) if "Relation Name" in plan else 0
        return own + sum(_touched(child) for child in plan.get("Plans", []))

    Job.objects.create(schema="t0", kind=name, queue="interactive", run_at=tomorrow)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE jobs_job")
    one = rows_read()
    Job.objects.bulk_create(
        Job(schema=f"t{n}", kind=name, queue="interactive", run_at=tomorrow) for n in range(1, 1000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE jobs_job")
    assert rows_read() <= one
    with django_assert_max_num_queries(1):
        assert tasks.due_queues() == []
    with django_assert_max_num_queries(1):
        assert services.claim("interactive").jobs == []
