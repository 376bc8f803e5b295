"""schedule, wake, cancel, retry: what a promise means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.events.models import JournalEntry
from apps.jobs import clock, services
from apps.jobs.connection import connection
from apps.jobs.ledger import LATER
from apps.jobs.models import Job
from apps.jobs.registry import KINDS, QUEUES

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_one_row_however_often_asked_and_the_earlier_time_wins(acme, kind):
    name = kind(lambda job: None)
    with clock.frozen(NOON):
        services.schedule(name, "7", at=NOON + 2 * HOUR)
        services.schedule(name, "7", at=NOON + HOUR)
        services.schedule(name, "7", at=NOON + 3 * HOUR)
        assert Job.objects.get(kind=name).run_at == NOON + HOUR
        services.schedule(name, "7", at=NOON + 4 * HOUR, postpone=True)
        assert Job.objects.get(kind=name).run_at == NOON + 4 * HOUR


def test_runs_in_its_tenant_when_due_and_not_before(acme, kind, run_due_jobs):
    seen = []
    name = kind(lambda job: seen.append((job.schema, job.key)))
    with clock.frozen(NOON):
        services.schedule(name, "a", at=NOON + HOUR)
        run_due_jobs()
        assert seen == []
        clock.advance(HOUR)
        run_due_jobs()
    assert seen == [("acme", "a")]
    assert not Job.objects.filter(kind=name).exists()


def test_runs_on_its_organizations_clock_and_leaves_none_behind(acme, globex, kind):
    for organization, zone in ((acme, "Asia/Kolkata"), (globex, "Pacific/Kiritimati")):
        type(organization).objects.filter(pk=organization.pk).update(timezone=zone)
    seen = []
    name = kind(lambda job: seen.append((job.schema, timezone.get_current_timezone_name())))
    for schema in ("acme", "globex"):
        services.schedule(name, schema=schema)
    connection.set_schema_to_public()
    services.run_due()
    assert sorted(seen) == [("acme", "Asia/Kolkata"), ("globex", "Pacific/Kiritimati")]
    assert timezone.get_current_timezone_name() == "UTC"


def test_asked_again_while_it_runs_it_runs_again(acme, kind, run_due_jobs):
    runs = []

    def run(job):
        runs.append(job.key)
        if len(runs) == 1:
            services.schedule(job.kind, job.key)

    services.schedule(kind(run), "x")
    run_due_jobs()
    assert runs == ["x", "x"]


def test_asked_for_later_while_it_runs_it_runs_then_and_not_at_once(acme, kind, run_due_jobs):
    runs = []

    def run(job):
        runs.append(clock.now())
        if len(runs) == 1:
            services.schedule(job.kind, job.key, at=clock.now() + 24 * HOUR)

    with clock.frozen(NOON):
        name = kind(run)
        services.schedule(name)
        run_due_jobs()
        assert runs == [NOON]
        assert Job.objects.get(kind=name).run_at == NOON + 24 * HOUR
        clock.advance(24 * HOUR)
        run_due_jobs()
    assert len(runs) == 2


def test_a_handler_names_its_next_time(acme, kind, run_due_jobs):
    with clock.frozen(NOON):
        name = kind(lambda job: NOON + HOUR)
        services.schedule(name)
        run_due_jobs()
        job = Job.objects.get(kind=name)
    assert (job.run_at, job.lease, job.attempts) == (NOON + HOUR, None, 0)


def test_failures_are_tried_again_then_given_up_visibly_and_can_be_retried(acme, kind, run_due_jobs):
    fails = [True]

    def run(job):
        if fails[0]:
            raise RuntimeError("the other side\x00 is away")

    with clock.frozen(NOON):
        name = kind(run, attempts=3)
        services.schedule(name, "k")
        for tries in (1, 2, 3):
            run_due_jobs()
            job = Job.objects.get(kind=name)
            assert (job.attempts, job.last_error) == (tries, "RuntimeError: the other side is away")
            assert (job.failed_at is not None) == (tries == 3)
            clock.advance(HOUR)
        run_due_jobs()
        assert Job.objects.get(kind=name).attempts == 3  # given up: nobody tries any more
        fails[0] = False
        assert services.retry(job)
        run_due_jobs()
        assert not Job.objects.filter(kind=name).exists()
        assert not services.retry(job)  # gone


def test_asking_again_revives_what_was_given_up(acme, kind, run_due_jobs):
    with clock.frozen(NOON):
        name = kind(lambda job: 1 / 0, attempts=1)
        services.schedule(name)
        run_due_jobs()
        assert Job.objects.get(kind=name).failed_at
        services.schedule(name)
        job = Job.objects.get(kind=name)
        assert (job.failed_at, job.attempts) == (None, 0)


def test_asked_again_during_the_last_try_it_gets_new_tries(acme, kind, run_due_jobs):
    def run(job):
        if job.generation == 0:
            services.schedule(job.kind)
        raise RuntimeError("no")

    with clock.frozen(NOON):
        name = kind(run, attempts=1)
        services.schedule(name)
        run_due_jobs()
        job = Job.objects.get(kind=name)
        assert (job.failed_at, job.attempts) == (None, 0)


def test_a_job_that_kills_its_worker_is_given_up(acme, kind, run_due_jobs):
    runs = []
    with clock.frozen(NOON):
        name = kind(lambda job: runs.append(1), attempts=2)
        services.schedule(name)
        for _death in range(3):
            assert services.claim("interactive", kinds=[name]).jobs or _death == 2
            clock.advance(QUEUES["interactive"].lease + timedelta(seconds=1))
            if _death == 1:
                break
        run_due_jobs()
        job = Job.objects.get(kind=name)
    assert runs == []
    assert job.failed_at
    assert "worker ended" in job.last_error


def test_cancel(acme, kind):
    name = kind(lambda job: None)
    services.schedule(name, "1")
    assert services.cancel(name, "1")
    assert not services.cancel(name, "1")


def test_an_unknown_kind_waits_for_the_version_that_knows_it(acme, kind, run_due_jobs):
    Job.objects.create(schema="acme", kind="from.the_future", queue="bulk")
    run_due_jobs()
    job = Job.objects.get(kind="from.the_future")
    assert job.failed_at is None
    assert job.last_error == "No handler for from.the_future"


def test_promises_of_a_tenant_that_is_gone_vanish(public, kind, run_due_jobs):
    def run(job):
        with transaction.atomic():
            JournalEntry.objects.count()

    name = kind(run)
    Job.objects.create(schema="nobody", kind=name, queue="interactive")
    Job.objects.create(schema="nobody", kind="other", queue="bulk")
    run_due_jobs(kinds=[name])
    assert not Job.objects.filter(schema="nobody").exists()


# Draining kinds


def test_a_drain_runs_until_nothing_is_pending(acme, kind, run_due_jobs):
    box = list(range(5))

    def run(job):
        box.pop()
        return bool(box)

    services.wake(kind(run, drains=True, pending=lambda: bool(box)))
    run_due_jobs()
    assert box == []
    assert not Job.objects.filter(kind="test.kind0").exists()


def test_a_drain_whose_work_lies_in_the_future_sleeps_until_then_and_hears_new_wake_ups(acme, kind, run_due_jobs):
    due: list[datetime] = [NOON + HOUR]
    runs = []

    def run(job):
        runs.append(clock.now())
        due[:] = [at for at in due if at > clock.now()]
        return False

    with clock.frozen(NOON):
        name = kind(run, drains=True, pending=lambda: min(due, default=None))
        services.wake(name)
        run_due_jobs()
        assert runs == [NOON]
        assert [(job.key, job.run_at) for job in Job.objects.filter(kind=name)] == [(LATER, NOON + HOUR)]
        # Something new, now: it does not wait for the sleeping row.
        clock.advance(timedelta(minutes=1))
        services.wake(name)
        run_due_jobs()
        assert len(runs) == 2
        clock.advance(HOUR)
        run_due_jobs()
        assert len(runs) == 3
        assert not Job.objects.filter(kind=name).exists()


def test_a_drain_may_be_scheduled_for_later(acme, kind, run_due_jobs):
    runs = []
    with clock.frozen(NOON):
        name = kind(lambda job: bool(runs.append(1)), drains=True, pending=lambda: False)
        services.schedule(name, at=NOON + HOUR)
        services.wake(name)
        run_due_jobs()
        assert len(runs) == 1
        clock.advance(HOUR)
        run_due_jobs()
    assert len(runs) == 2


def test_a_failing_drain_never_gives_up(acme, kind, run_due_jobs):
    with clock.frozen(NOON):
        name = kind(lambda job: 1 / 0, drains=True, pending=lambda: True)
        services.wake(name)
        for _hour in range(20):
            run_due_jobs()
            clock.advance(HOUR)
        job = Job.objects.get(kind=name)
        assert job.failed_at is None
        assert job.run_at < clock.now()  # tried at least every minute or so


# A model: whatever is asked in whatever order, the newest request is served at its time or earlier, and once.

_steps = st.lists(
    st.one_of(
        st.tuples(st.just("schedule"), st.integers(0, 30)),
        st.tuples(st.just("postpone"), st.integers(0, 30)),
        st.tuples(st.just("during"), st.integers(0, 30)),
        st.tuples(st.just("pass"), st.integers(1, 20)),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_steps)
def test_no_request_is_lost_and_none_is_served_early(acme, kind, run_due_jobs, steps):
    minute = timedelta(minutes=1)
    ask_during: list[int] = []
    expected: datetime | None = None  # when the model says the next run is
    runs: list[datetime] = []

    def run(job):
        nonlocal expected
        assert expected is not None
        assert clock.now() >= expected
        runs.append(clock.now())
        expected = None
        if ask_during:
            expected = clock.now() + ask_during.pop() * minute
            services.schedule(job.kind, job.key, at=expected)

    KINDS.pop("test.model", None)
    name = kind(run, "test.model")
    Job.objects.filter(kind=name).delete()
    with clock.frozen(NOON):
        for step, minutes in steps:
            at = clock.now() + minutes * minute
            if step == "schedule":
                services.schedule(name, at=at)
                expected = min(expected, at) if expected else at
            elif step == "postpone":
                services.schedule(name, at=at, postpone=True)
                expected = at
            elif step == "during":
                ask_during.append(minutes)
            else:
                clock.advance(minutes * minute)
                run_due_jobs(kinds=[name])
                assert expected is None or expected > clock.now()
        ask_during.clear()
        clock.advance(timedelta(hours=2))
        run_due_jobs(kinds=[name])
        assert expected is None
        assert not Job.objects.filter(kind=name).exists()


def test_giving_up_tells_the_kind_in_its_tenant_and_once(acme, kind, run_due_jobs):
    told = []

    def broken(_job):
        raise ValueError("no")

    def given_up(job, error):
        told.append((connection.schema_name, job.key, error))

    with clock.frozen(NOON):
        services.schedule(kind(broken, attempts=2, given_up=given_up), "9")
        run_due_jobs()
        assert told == []
        clock.advance(HOUR)
        run_due_jobs()
        clock.advance(HOUR)
        run_due_jobs()
    assert told == [("acme", "9", "ValueError: no")]
    assert Job.objects.get(key="9").failed_at is not None


def test_giving_up_that_fails_itself_still_marks_the_job(acme, kind, run_due_jobs):
    def broken(*_anything):
        raise ValueError("no")

    services.schedule(kind(broken, attempts=1, given_up=broken), "9")
    run_due_jobs()
    assert Job.objects.get(key="9").failed_at is not None
