"""Scores of people who have been quiet, at night, however many there are."""

from datetime import timedelta

import pytest

from apps.events.models import JournalEntry
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.leads import cooling, services
from apps.leads.models import Activity, Lead

pytestmark = pytest.mark.django_db


def quiet(days: float, **values) -> Lead:
    """A lead who was last in touch so many days ago, scored in that moment."""
    with clock.frozen(clock.now() - timedelta(days=days)):
        return services.create_lead(name="Sara", by="customer", **values)


def tonight(run_due_jobs) -> None:
    jobs.schedule(cooling.JOB)
    run_due_jobs(kinds=[cooling.JOB])


def rules(lead: Lead) -> set[str]:
    lead.refresh_from_db()
    return {reason["rule"] for reason in lead.reasons}


def test_each_gets_the_score_that_one_rescored_alone_would(acme, run_due_jobs):
    days = (0.5, 1.5, 13, 15, 29, 31, 45)
    leads = [quiet(one, phone=f"+97150123456{n}", source="ad") for n, one in enumerate(days)]
    tonight(run_due_jobs)
    seen = []
    for lead in leads:
        lead.refresh_from_db()
        seen.append((lead.score, lead.label, lead.priority, lead.reasons))
        services.rescore(lead)
        assert (lead.score, lead.label, lead.priority, lead.reasons) == seen[-1]
    assert [score for score, *_rest in seen] == [45, 35, 35, 25, 25, 10, 10]


def test_facts_and_timeline_are_those_of_a_single_rescore(acme, run_due_jobs):
    lead = quiet(20, phone="+971501234567", email="sara@example.com")
    assert (lead.score, lead.label) == (55, "warm")
    Lead.objects.filter(pk=lead.pk).update(signals={"message": 1}, label="hot")
    before = JournalEntry.objects.count()
    tonight(run_due_jobs)
    facts = list(JournalEntry.objects.order_by("id").values_list("type", "data", "actor"))[before:]
    assert facts == [
        ("lead.scored", {"lead_id": lead.pk, "score": 35, "before": 55}, "rules"),
        ("lead.label_changed", {"lead_id": lead.pk, "label": "warm", "before": "hot", "score": 35}, "rules"),
    ]
    note = Activity.objects.get(kind="label")
    assert (note.lead_id, note.data, note.actor) == (lead.pk, {"from": "hot", "to": "warm"}, "rules")
    assert Job.objects.filter(kind="events.relay").exists()


def test_what_a_person_fixed_stays(acme, run_due_jobs):
    lead = quiet(40, phone="+971501234567")
    Lead.objects.filter(pk=lead.pk).update(fixed=["label", "priority", "type"], label="hot", priority="low", type="x")
    tonight(run_due_jobs)
    lead.refresh_from_db()
    assert (lead.label, lead.priority, lead.type, lead.score) == ("hot", "low", "x", 5)


def test_it_goes_on_where_it_stopped_until_all_are_done(acme, run_due_jobs):
    same_moment = clock.now() - timedelta(days=20)
    fresh = [{"rule": "recent", "points": 10, "why": "Was in touch within a day"}]
    count = cooling.AT_ONCE * 2 + 7
    Lead.objects.bulk_create(Lead(last_activity_at=same_moment, score=10, reasons=fresh) for _n in range(count))
    jobs.schedule(cooling.JOB)
    steps = 0
    while Job.objects.filter(kind=cooling.JOB).exists():
        steps += run_due_jobs(kinds=[cooling.JOB], until_quiet=False)
        assert steps < 9
    assert steps == 3
    assert Lead.objects.filter(score=0, reasons__contains=[{"rule": "quiet"}]).count() == count


def test_a_second_night_writes_nothing_and_a_missed_one_is_made_up_for(
    acme, run_due_jobs, django_assert_max_num_queries
):
    leads = [quiet(3) for _n in range(30)]
    tonight(run_due_jobs)
    jobs.schedule(cooling.JOB)
    (job,) = jobs.claim("bulk").jobs
    with django_assert_max_num_queries(6) as ran:
        cooling.proceed(job)
    assert not [query for query in ran.captured_queries if "UPDATE" in query["sql"].split("FOR UPDATE")[0]]
    jobs.cancel(cooling.JOB)
    with clock.frozen(clock.now() + timedelta(days=20)):
        tonight(run_due_jobs)
    assert all("quiet" in rules(lead) for lead in leads)


def test_writes_do_not_grow_with_the_number_of_leads(acme, django_assert_max_num_queries):
    for _n in range(40):
        quiet(20, phone="+971501234567", email="sara@example.com")
    jobs.schedule(cooling.JOB)
    (job,) = jobs.claim("bulk").jobs
    with django_assert_max_num_queries(12):
        cooling.proceed(job)
    assert Lead.objects.filter(reasons__contains=[{"rule": "quiet"}]).count() == 40


def test_whoever_lost_the_lease_writes_nothing(acme):
    lead = quiet(20)
    jobs.schedule(cooling.JOB)
    (job,) = jobs.claim("bulk").jobs
    Job.objects.update(lease=1)
    with pytest.raises(jobs.LeaseLost):
        cooling.proceed(job)
    assert "recent" in rules(lead)


def test_put_away_and_long_forgotten_leads_are_left_alone(acme, run_due_jobs):
    gone, old = quiet(20), quiet(90)
    services.delete_lead(gone, by="user:1")
    tonight(run_due_jobs)
    assert "recent" in rules(gone)
    assert "recent" in rules(old)
