"""The funnel: whatever happens to leads, no stage has more people than the one before it, and each is counted once."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.analytics import queries
from apps.analytics.models import Standing, Tally
from apps.analytics.queries import Range
from apps.events.models import JournalEntry
from apps.jobs import clock
from apps.leads import merging, services
from apps.leads.models import PATH, Lead, Merge, Stage
from apps.organizations.queries import calendar_day

PEOPLE = 3
who = st.integers(0, PEOPLE - 1)
acts = st.one_of(
    st.tuples(st.just("move"), who, st.sampled_from(Stage.values)),  # people skip stages, go back, lose
    st.tuples(st.just("advance"), who, st.sampled_from(Stage.values)),
    st.tuples(st.just("merge"), who, who),
    st.tuples(st.just("unmerge"), who, who),
    st.tuples(st.just("delete"), who, st.none()),
    st.tuples(st.just("restore"), who, st.none()),
    st.tuples(st.just("relay"), who, st.none()),
)


class Undo(Exception):
    """Ends an example: its rows go."""


def _play(act, leads, reached, relay):
    verb, one, more = act
    lead = leads[one]
    lead.refresh_from_db()
    if verb in ("move", "advance"):
        by = "user:1" if verb == "move" else "bot"
        if lead.deleted_at is None and services.move_to_stage(lead, more, by=by):
            reached[one].add(more)
    elif verb == "merge":
        other = leads[more]
        other.refresh_from_db()
        if one != more and lead.deleted_at is None and other.deleted_at is None:
            merging.merge_leads(lead, other, by="user:1")
    elif verb == "unmerge":
        found = Merge.objects.filter(kept=lead, undone_at=None, gone__merged_into=lead).order_by("-id").first()
        if found and lead.deleted_at is None:
            merging.unmerge_leads(found, by="user:1")
    elif verb == "delete":
        services.delete_lead(lead, by="user:1")
    elif verb == "restore":
        services.restore_lead(lead, by="user:1")
    else:
        relay()


def _told_by_history():
    """How far each living lead came by what its own timeline says, worked out anew."""
    found = []
    for lead in Lead.objects.filter(deleted_at=None):
        moves = lead.activities.filter(kind="stage").values_list("data__from", "data__to")
        stood = {lead.stage, *(stage for move in moves for stage in move)}
        found.append(max((PATH.index(stage) for stage in stood if stage in PATH), default=0))
    return [sum(1 for far in found if far >= n) for n in range(len(PATH))]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(acts, max_size=14))
def test_no_stage_has_more_people_than_the_one_before_it(acme, run_due_jobs, story):
    try:
        with transaction.atomic():
            leads = [services.create_lead(by="bot", name=f"Person {n}") for n in range(PEOPLE)]
            reached = [set() for _lead in leads]
            for act in story:
                _play(act, leads, reached, run_due_jobs)
            run_due_jobs()
            today = calendar_day(acme)
            counts = [count for _stage, count in queries.funnel(queries.figures(Range(today, today)))]
            assert counts == sorted(counts, reverse=True)
            assert counts == _told_by_history()
            raise Undo
    except Undo:
        pass


def test_a_person_counts_where_they_were_met_at_the_furthest_stage_they_reached(acme, run_due_jobs):
    with clock.frozen(clock.now() - timedelta(days=40)):
        old = services.create_lead(by="bot", name="Omar")
    services.move_to_stage(old, "won", by="user:1")
    skipped = services.create_lead(by="bot", name="Sara")
    services.move_to_stage(skipped, "converted", by="user:1")
    services.move_to_stage(skipped, "contacted", by="user:1")
    lost = services.create_lead(by="bot", name="Lina")
    services.move_to_stage(lost, "qualified", by="user:1")
    services.move_to_stage(lost, "lost", by="user:1")
    run_due_jobs()
    today = calendar_day(acme)
    lately = queries.funnel(queries.figures(Range(today - timedelta(days=6), today)))
    assert [count for _stage, count in lately] == [2, 2, 2, 1, 0]
    ever = queries.funnel(queries.figures(Range(today - timedelta(days=60), today)))
    assert [count for _stage, count in ever] == [3, 3, 3, 2, 1]


def test_a_fact_told_again_or_out_of_order_moves_nobody_twice(acme, run_due_jobs):
    lead = services.create_lead(by="bot", name="Omar")
    services.move_to_stage(lead, "qualified", by="user:1")
    run_due_jobs()
    told = list(Tally.objects.filter(metric=queries.FURTHEST).values_list("split", "count").order_by("split"))
    JournalEntry.objects.update(relayed_at=None, left=None)
    run_due_jobs()
    again = list(Tally.objects.filter(metric=queries.FURTHEST).values_list("split", "count").order_by("split"))
    assert told == again
    assert Standing.objects.get().stage == "qualified"
