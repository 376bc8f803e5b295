"""What is counted, once, on the right day, and how it is asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django_tenants.utils import tenant_context

from apps.analytics import queries
from apps.analytics.models import Tally
from apps.analytics.queries import Range
from apps.analytics.services import tally
from apps.jobs import clock
from apps.leads import services as leads
from apps.leads.models import PATH
from apps.organizations.queries import calendar_day

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_fact_counts_once_however_often_the_relay_runs(acme, run_due_jobs):
    with clock.frozen(NOON):
        leads.move_to_stage(
            leads.create_lead(by="bot", name="Mariam", source="ad", channel="instagram"), "won", by="bot"
        )
        run_due_jobs()
        run_due_jobs()
    found = queries.figures(Range(date(2026, 11, 1), date(2026, 11, 30)))
    assert found.count("lead.created") == 1
    assert found.splits("lead.created") == [("instagram", 1)]
    assert queries.funnel(found) == [(stage, 1) for stage in PATH]


def test_days_are_the_organizations_own(acme):
    acme.timezone = "Asia/Dubai"
    acme.save()
    late = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
    assert calendar_day(acme, late) == date(2026, 11, 21)
    tally(late, [("lead.created", "whatsapp", 0)])
    assert Tally.objects.get().day == date(2026, 11, 21)


def test_the_assistants_seconds_and_peoples_hours_are_two_figures(acme, alice, api_for, client_for):
    for seconds in (10, 20):
        tally(NOON, [("reply.time", "bot", seconds)])
    tally(NOON, [("reply.time", "user", 30_000)])
    tally(NOON, [("reply.time", "app", 36_000)])
    tally(NOON - timedelta(days=40), [("reply.time", "bot", 900)])
    found = queries.figures(Range(date(2026, 11, 1), date(2026, 11, 20)))
    assert found.per_day("reply.time", "bot")[-1] == 2
    assert Range(date(2026, 11, 8), date(2026, 11, 14)).before == Range(date(2026, 11, 1), date(2026, 11, 7))
    assert (queries.answer_time(found, "assistant"), queries.answer_time(found, "people")) == (15, 33_000)
    assert queries.answer_time(queries.figures(Range(date(2026, 9, 1), date(2026, 9, 2))), "people") is None
    query = {"start": "2026-11-01", "end": "2026-11-20"}
    told = api_for(alice).get("/api/stats/", query).json()
    assert (told["assistant_answer_seconds"], told["people_answer_seconds"]) == (15, 33_000)
    page = client_for(alice).get("/dashboard/", query).content.decode()
    assert "15 s" in page
    assert "9 h 10 min" in page


def test_stats_are_each_organizations_own(acme, globex, alice, charlie, api_for):
    tally(clock.now(), [("lead.created", "webchat", 0)])
    assert api_for(alice).get("/api/stats/").json()["new_leads"] == 1
    assert api_for(charlie, "globex").get("/api/stats/").json()["new_leads"] == 0
    assert api_for(None).get("/api/stats/").status_code == 401
    with tenant_context(globex):
        assert not Tally.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        {"days": "0"},
        {"days": "x" * 5000},
        {"start": "2026-13-40", "end": "2026-01-01"},
        {"start": "2026-02-01", "end": "2026-01-01"},
        {"start": "0001-01-01", "end": "9999-12-31"},
        {"start": "\x00", "end": "\u202e"},
    ],
)
def test_a_bad_range_is_a_clear_error_over_the_api_and_harmless_on_the_page(acme, victor, api_for, client_for, query):
    answer = api_for(victor).get("/api/stats/", query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert client_for(victor).get("/dashboard/", query).status_code == 200
