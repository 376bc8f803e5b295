"""Celery's tasks, the command, the schedule, the notifier."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django_celery_beat.models import PeriodicTask

from apps.jobs import clock, notifier, services, tasks
from apps.jobs.models import Job
from apps.jobs.registry import KINDS
from apps.organizations.models import Organization


def test_the_drain_task_runs_what_is_due_and_leaves_no_tenant_behind(acme, kind):
    from django.db import connection

    seen = []
    services.schedule(kind(lambda job: seen.append(connection.schema_name)))
    tasks.drain("interactive")
    assert seen == ["acme"]
    assert connection.schema_name == "public"
    tasks.drain("no such queue")


def test_the_sweep_names_queues_with_due_work(public, kind):
    assert tasks.due_queues() == []
    name = kind(lambda job: None, queue="bulk")
    Job.objects.create(schema="acme", kind=name, queue="bulk", run_at=clock.now() + timedelta(hours=1))
    assert tasks.due_queues() == []
    Job.objects.create(schema="globex", kind=name, queue="bulk")
    assert tasks.due_queues() == ["bulk"]
    Job.objects.update(leased_until=clock.now() + timedelta(seconds=60), lease=1, run_at=None)
    assert tasks.due_queues() == []
    Job.objects.update(leased_until=clock.now() - timedelta(seconds=1))
    assert tasks.due_queues() == ["bulk"]


def test_each_tenant_gets_its_nightly_work_once_and_spread(public, kind):
    name = kind(lambda job: None, queue="bulk")
    Organization.objects.filter(slug="globex").update(is_active=False)
    with clock.frozen(clock.now()):
        tasks.each_tenant(name)
        tasks.each_tenant(name)
        job = Job.objects.get(kind=name)
        assert job.schema == "acme"
        assert clock.now() <= job.run_at <= clock.now() + timedelta(hours=1)
    tasks.each_tenant("no.such_kind")


def test_nightly_work_that_was_given_up_is_planned_anew_and_what_runs_is_left_alone(public, kind):
    name = kind(lambda job: None, queue="bulk")
    with clock.frozen(clock.now()):
        Job.objects.create(schema="acme", kind=name, queue="bulk", failed_at=clock.now(), attempts=8, last_error="x")
        at_work = Job.objects.create(schema="globex", kind=name, queue="bulk", lease=1, leased_until=clock.now())
        tasks.each_tenant(name)
        again = Job.objects.get(kind=name, schema="acme")
        assert (again.failed_at, again.attempts, again.last_error) == (None, 0, "x")
        assert clock.now() <= again.run_at <= clock.now() + timedelta(hours=1)
        assert Job.objects.values().get(pk=at_work.pk)["lease"] == 1


def test_a_new_organization_promises_nothing_for_itself_every_night_is_planned_in_one_place(public):
    kinds = [json.loads(row.args)[0] for row in PeriodicTask.objects.filter(task="jobs.each_tenant")]
    assert {"leads.cool", "conversations.sweep", "integrations.check"} <= set(kinds)
    assert len(kinds) == len(set(kinds))
    assert not Job.objects.exists()  # the cast has two organizations


def test_the_first_schedule_is_in_the_database_and_names_work_that_exists(public):
    rows = PeriodicTask.objects.exclude(name="celery.backend_cleanup")
    assert rows.get(task="jobs.sweep").interval.every == 2
    kinds = [json.loads(row.args)[0] for row in rows.filter(task="jobs.each_tenant")]
    assert "integrations.check" in kinds
    assert [kind for kind in kinds if kind not in KINDS] == []


def test_run_automations_does_what_is_due_and_says_so(acme, kind, capsys):
    seen = []
    name = kind(lambda job: seen.append(job.schema), "conversations.test")
    services.schedule(name)
    services.schedule(name, schema="globex")
    call_command("run_automations", task="messages", organization="acme")
    assert seen == ["acme"]
    assert "conversations.test: 1" in capsys.readouterr().out
    call_command("run_automations", task="webhooks")
    assert seen == ["acme"]
    call_command("run_automations")
    assert seen == ["acme", "globex"]
    call_command("run_automations")
    assert "Nothing was due." in capsys.readouterr().out


def test_run_automations_fails_visibly(acme, kind, capsys):
    services.schedule(kind(lambda job: 1 / 0))
    with pytest.raises(SystemExit) as stopped:
        call_command("run_automations")
    assert stopped.value.code == 1
    printed = capsys.readouterr()
    assert "test.kind0: 1, failed 1" in printed.out
    assert "will be tried again" in printed.err


@pytest.mark.parametrize("options", [{"task": "nonsense"}, {"organization": "nobody"}, {"task": "'; DROP TABLE"}])
def test_run_automations_says_what_it_does_not_know(public, options):
    with pytest.raises(CommandError) as refused:
        call_command("run_automations", **options)
    assert refused.value.returncode == 2


def test_nudges_are_put_together_and_a_lost_broker_harms_nobody(settings):
    """No broker listens on this port; what counts is that asking neither waits nor raises."""
    sent = []
    settings.JOBS_NUDGE = True
    send, notifier._send = notifier._send, sent.append
    try:
        for _n in range(100):
            notifier.nudge("bulk", 0)
        notifier.nudge("bulk", 3600)  # the sweep's business
        notifier._pause.wait(0.3)
    finally:
        notifier._send = send
    assert 1 <= len(sent) <= 15
