"""What events say of a lead is what is true when they commit, whichever door it came through."""

from __future__ import annotations

import pytest

from apps.events.models import JournalEntry
from apps.leads import submissions
from apps.leads.models import Form, Lead

pytestmark = pytest.mark.django_db


def told(kind: str) -> dict[str, object]:
    return JournalEntry.objects.get(type=kind).data


def test_a_lead_made_over_the_api_is_told_with_its_name(acme, bob, api_for):
    made = api_for(bob).post(
        "/api/leads/",
        {"name": "Sara Haddad", "email": "Sara@Example.com", "phone": "+971 50 123 4567", "company": "Haddad", "stage": "qualified",
         "tags": ["vip"], "origin": {"ref": "fair"}},
    )  # fmt: skip
    assert made.status_code == 201, made.data
    lead = Lead.objects.get()
    created, captured = told("lead.created"), told("lead.captured")
    for name in ("name", "source", "channel", "language", "origin"):
        assert created[name] == getattr(lead, name), name
    for name in ("name", "email", "phone", "company"):
        assert captured[name] == getattr(lead, name) != "", name
    assert not JournalEntry.objects.filter(type="lead.details_changed").exists()  # nothing was corrected
    types = list(JournalEntry.objects.order_by("id").values_list("type", flat=True))
    assert types.index("lead.created") < types.index("lead.captured") < types.index("lead.stage_changed")


def test_a_lead_from_a_form_is_told_with_its_name(acme):
    form = Form.objects.create(name="Contact", fields=[{"name": "name", "label": "Name"}])
    submissions.submit(form, "t" * 20, {"name": "Omar", "email": "omar@example.com"}, origin={})
    assert told("lead.created")["name"] == "Omar" == Lead.objects.get().name
    assert told("lead.captured")["email"] == "omar@example.com"


def test_a_name_that_is_none_costs_a_form_nothing(acme):
    form = Form.objects.create(name="Contact", fields=[{"name": "name", "label": "Name"}])
    submissions.submit(form, "t" * 20, {"name": "<b>", "email": "omar@example.com"}, origin={})
    assert (told("lead.created")["name"], Lead.objects.get().email) == ("", "omar@example.com")
