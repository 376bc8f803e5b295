"""What an organization may use in a month, and what happens as it gets near."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail

from apps.jobs import clock
from apps.organizations import queries, services
from apps.organizations.models import BudgetAlert, Usage

USAGE = "/dashboard/settings/usage/"
MAY = datetime(2026, 5, 20, 12, tzinfo=UTC)


def spend(organization, usd: str) -> None:
    services.meter(organization, [("ai_input_tokens", 1000, Decimal(usd))])


@pytest.fixture
def budget(acme):
    acme.ai_budget_usd, acme.message_budget = Decimal(10), 100
    acme.save()
    with clock.frozen(MAY):
        yield acme


@pytest.mark.parametrize(
    ("spent", "level"), [("0", "full"), ("7.99", "full"), ("8", "cheap"), ("9.99", "cheap"), ("10", "draft")]
)
def test_ai_becomes_cheaper_as_the_budget_goes(budget, spent, level):
    spend(budget, spent)
    assert services.ai_level(budget) == level


def test_no_budget_means_the_built_in_assistant_and_a_pause_means_people(budget):
    budget.ai_budget_usd = Decimal(0)
    assert services.ai_level(budget) == "offline"
    budget.is_active = False
    assert services.ai_level(budget) == "none"


def test_a_new_month_begins_at_nothing(budget):
    spend(budget, "10")
    with clock.frozen(MAY + timedelta(days=12)):
        assert services.ai_level(budget) == "full"
        assert queries.spent_this_month(budget) == 0


def test_using_the_same_twice_adds_up(budget):
    spend(budget, "1")
    spend(budget, "2.5")
    row = Usage.objects.get(organization=budget, kind="ai_input_tokens", day=MAY.date())
    assert (row.quantity, row.cost_usd) == (2000, Decimal("3.5"))


def test_each_share_is_told_once(budget, alice, dana, django_capture_on_commit_callbacks):
    spend(budget, "8.5")
    with django_capture_on_commit_callbacks(execute=True):
        assert [(alert.budget, alert.percent) for alert in services.check_budgets(budget)] == [("ai", 50), ("ai", 80)]
    assert len(mail.outbox) == 1  # the highest says the most
    assert mail.outbox[0].to == [alice.email]
    assert mail.outbox[0].bcc == [dana.email]
    assert "80%" in mail.outbox[0].subject
    with django_capture_on_commit_callbacks(execute=True):
        assert services.check_budgets(budget) == []
    spend(budget, "5")
    with django_capture_on_commit_callbacks(execute=True):
        assert [alert.percent for alert in services.check_budgets(budget)] == [100]
    assert len(mail.outbox) == 2


def test_a_job_looks_without_being_asked(budget, run_due_jobs):
    spend(budget, "9")
    clock.advance(timedelta(minutes=1))
    run_due_jobs()
    assert set(BudgetAlert.objects.values_list("percent", flat=True)) == {50, 80}


def test_banners_and_the_page_tell_managers(budget, alice, victor, client_for):
    spend(budget, "12")
    services.meter(budget, [("message_out", 85, Decimal(0))])
    services.check_budgets(budget)
    page = client_for(alice).get(USAGE).content.decode()
    assert "The AI budget of this month is used up." in page
    assert "80% of this month&#x27;s message budget is used." in page
    assert "AI tokens read" in page
    assert "budget" not in client_for(victor).get("/dashboard/").content.decode()


def test_figures_over_the_api(budget, alice, bob, api_for):
    spend(budget, "2.5")
    body = api_for(alice).get("/api/system/usage/?days=7").json()
    assert body["budgets"] == {"ai": 25.0, "messages": 0.0}
    assert (body["ai_level"], body["ai_spent_usd"]) == ("full", "2.500000")
    assert body["usage"] == [{"day": "2026-05-20", "kind": "ai_input_tokens", "quantity": 1000, "cost_usd": "2.500000"}]
    assert api_for(bob).get("/api/system/usage/").status_code == 403


@pytest.mark.parametrize("days", ["0", "367", "-1", "x", "", "%00", "٣", "1e2", "9" * 50])
def test_impossible_stretches_of_time(acme, alice, api_for, client_for, days):
    assert api_for(alice).get(f"/api/system/usage/?days={days}").status_code == 400
    assert client_for(alice).get(f"{USAGE}?days={days}").status_code == 200


def test_another_organizations_usage_is_not_there(budget, globex, charlie, api_for, client_for):
    spend(budget, "9")
    assert api_for(charlie, "globex").get("/api/system/usage/").json()["usage"] == []
    assert "AI tokens read" not in client_for(charlie, "globex").get(USAGE).content.decode()
