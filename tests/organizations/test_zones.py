"""The time of day is the organization's: in pages, forms, filters, figures, the API and what the assistant is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context

from apps.ai import queries as ai_queries
from apps.ai import services as ai
from apps.analytics.services import tally
from apps.conversations.models import Conversation, Message
from apps.jobs import clock
from apps.jobs.connection import connection
from apps.leads.models import Lead
from apps.organizations import queries, services
from apps.organizations.console.overview import overview
from apps.organizations.models import Usage
from apps.ui import phrases
from tests.samples import Samples

# The evening before or the day after, depending on where one is; west and east of the whole world among them.
AT = datetime(2026, 11, 28, 22, 30, tzinfo=UTC)
ZONES = {
    "Pacific/Pago_Pago": "2026-11-28 11:30",
    "Asia/Dubai": "2026-11-29 02:30",
    "Asia/Kolkata": "2026-11-29 04:00",
    "Pacific/Kiritimati": "2026-11-29 12:30",
}


@pytest.fixture(params=ZONES)
def zone(request, acme):
    """Acme's zone; its clock stands at AT."""
    acme.timezone = request.param
    acme.save()
    connection.set_tenant(acme)
    with clock.frozen(AT):
        yield ZoneInfo(request.param)


@pytest.fixture
def conversation(acme):
    samples = Samples(acme)
    samples.change(Message, at=AT, text="Hello")
    found = Conversation.objects.get(pk=samples.of(Message).conversation_id)
    Conversation.objects.filter(pk=found.pk).update(status=Conversation.Status.OPEN, last_message_at=AT)
    return found


def local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def test_the_zones_of_this_test_are_as_far_apart_as_they_get(zone):
    assert local(AT, zone) == ZONES[str(zone)]


def test_a_page_shows_the_organizations_time(zone, conversation, alice, client_for):
    page = client_for(alice).get(f"/dashboard/inbox/{conversation.pk}/").content.decode()
    day, hour = ZONES[str(zone)].split()
    assert f">{hour}</time>" in page
    assert f'id="day-{day}"' in page


def test_tomorrow_at_nine_is_nine_there(zone, conversation, alice, client_for):
    client_for(alice).post(f"/dashboard/inbox/{conversation.pk}/snooze/", {"preset": "tomorrow"})
    conversation.refresh_from_db()
    today = AT.astimezone(zone).date()
    assert local(conversation.snoozed_until, zone) == f"{today + timedelta(days=1)} 09:00"


def test_a_typed_time_is_meant_there(zone, conversation, alice, bob, client_for, api_for):
    meant = datetime(2026, 12, 1, 9, tzinfo=zone)
    client_for(alice).post(f"/dashboard/inbox/{conversation.pk}/snooze/", {"until": "2026-12-01T09:00"})
    conversation.refresh_from_db()
    assert conversation.snoozed_until == meant
    answer = api_for(bob).post(f"/api/conversations/{conversation.pk}/snooze/", {"until": "2026-12-01T09:00"}).json()
    # Read on the organization's clock, told as it is stored: with its offset, so that no reader can be mistaken.
    assert answer["snoozed_until"] == f"{meant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_today_is_today_there(zone, acme, alice, client_for, api_for):
    today = AT.astimezone(zone).date()
    midnight = datetime.combine(today, time(), zone)
    lead = Samples(acme).of(Lead)
    for moment, found in ((midnight, 1), (midnight - timedelta(seconds=1), 0), (midnight + timedelta(days=1), 0)):
        Lead.objects.filter(pk=lead.pk).update(created_at=moment)
        answer = api_for(alice).get(f"/api/leads/?created_after={today}&created_before={today}").json()
        assert len(answer["results"]) == found
    page = client_for(alice).get(f"/dashboard/settings/activity/?since={today}&until={today}")
    assert page.status_code == 200


def test_days_of_charts_and_ledgers_are_the_organizations(zone, acme, alice, client_for, api_for):
    today = AT.astimezone(zone).date()
    tally(AT, [("lead.created", "whatsapp", 0)])
    services.meter(acme, [("message_out", 1, 0)])
    assert Usage.objects.get(organization=acme).day == today
    assert queries.messages_this_month(acme) == 1
    stats = api_for(alice).get("/api/stats/?days=7").json()
    assert (stats["end"], stats["new_leads"]) == (str(today), 1)
    assert client_for(alice).get("/dashboard/").context["days"].end == today


def test_the_assistant_is_told_the_time_there(zone, acme):
    persona = ai_queries.persona()
    prompt = ai.system_prompt(persona, ai.briefing_for(persona))
    assert f"{AT.astimezone(zone):%A %-d %B %Y, %H:%M} ({zone})" in prompt


def test_no_zone_outlives_its_tenant(zone, acme, alice, client_for):
    assert timezone.get_current_timezone_name() == str(zone)
    connection.set_schema_to_public()
    assert timezone.get_current_timezone_name() == "UTC"
    for client, address in ((client_for(alice), "/dashboard/"), (client_for(alice), "/no/such/page/")):
        client.get(address)
        assert timezone.get_current_timezone_name() == "UTC"
    with pytest.raises(RuntimeError), tenant_context(acme):
        assert timezone.get_current_timezone_name() == str(zone)
        raise RuntimeError
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 3, 27, 12, tzinfo=UTC), 8),  # the next morning is still winter time
        (datetime(2026, 3, 28, 12, tzinfo=UTC), 7),  # clocks go forward in this night
        (datetime(2026, 10, 24, 12, tzinfo=UTC), 8),  # and back in this one
    ],
)
def test_nine_is_nine_on_either_side_of_summer_time(acme, conversation, alice, client_for, now, hours):
    services.update_organization(acme, timezone="Europe/Berlin")
    with clock.frozen(now):
        client_for(alice).post(f"/dashboard/inbox/{conversation.pk}/snooze/", {"preset": "tomorrow"})
    conversation.refresh_from_db()
    assert conversation.snoozed_until == datetime.combine(now.date() + timedelta(days=1), time(hours), UTC)


def test_a_day_of_summer_time_has_its_own_length(acme):
    services.update_organization(acme, timezone="Europe/Berlin")
    for moment, day in (
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), date(2026, 3, 29)),  # an hour earlier than the day before
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
    ):
        assert queries.calendar_day(acme, moment) == day


@pytest.mark.parametrize("typed", ["2026-03-29T02:30", "2026-10-25T02:30"])  # never comes; comes twice
def test_an_hour_that_does_not_exist_or_comes_twice_is_asked_again(acme, conversation, alice, client_for, typed):
    services.update_organization(acme, timezone="Europe/Berlin")
    with clock.frozen(datetime(2026, 3, 1, tzinfo=UTC)):
        answer = client_for(alice).post(f"/dashboard/inbox/{conversation.pk}/snooze/", {"until": typed})
    assert answer.status_code < 500
    conversation.refresh_from_db()
    assert conversation.snoozed_until is None


def test_the_console_speaks_of_an_organization_on_its_clock(zone, acme, dana, client_for):
    services.meter(acme, [("message_out", 7, 0)])
    connection.set_schema_to_public()
    type(acme).objects.filter(pk=acme.pk).update(created_at=AT)
    client = client_for(dana, None)
    page = client.get(f"/admin/organizations/organization/{acme.pk}/change/").content.decode()
    with timezone.override(zone):
        assert phrases.exact(AT) in page
    with clock.frozen(datetime(2026, 11, 30, 22, 30, tzinfo=UTC)):  # December has begun in the east
        services.meter(acme, [("message_out", 1, 0)])
        (row,) = (row for row in overview() if row.organization == acme)
    assert row.sent == (1 if AT.astimezone(zone).day == 29 else 8)
    assert timezone.get_current_timezone_name() == "UTC"
