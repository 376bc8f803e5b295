"""Meeting people, keeping what they say, moving and scoring them."""

from datetime import timedelta

import pytest
from django.db import connection

from apps.events.models import JournalEntry
from apps.jobs import clock
from apps.leads import services
from apps.leads.models import Activity
from apps.organizations.errors import Problem

pytestmark = pytest.mark.django_db


def facts(*types):
    return [entry.type for entry in JournalEntry.objects.order_by("id") if not types or entry.type in types]


@pytest.fixture
def uae(acme):
    acme.country = "AE"
    acme.save()
    connection.set_tenant(acme)
    return acme


def meet(value="psid-1", **more):
    return services.find_or_create_by_identity("facebook", "page-1", value, **more)


def test_a_stranger_becomes_one_lead(acme):
    lead, identity, created = meet(name="Sara\x00 \u202eHaddad", source="ad", origin={"ad_id": "1"})
    assert (created, lead.name, lead.source, identity.value) == (True, "Sara Haddad", "ad", "psid-1")
    again, same, created = meet(name="Somebody else")
    assert (again.pk, same.pk, created, again.name) == (lead.pk, identity.pk, False, "Sara Haddad")
    assert facts() == ["lead.created"]


def test_aliases_lead_to_the_same_person(acme):
    lead, first, _ = services.find_or_create_by_identity("whatsapp", "pn", "971501234567", phone="971501234567")
    assert lead.phone == "+971501234567"
    same, identity, created = services.find_or_create_by_identity("whatsapp", "pn", "BSUID.9", aliases=["971501234567"])
    assert (same.pk, identity.value, created) == (lead.pk, "BSUID.9", False)
    same, identity, created = services.find_or_create_by_identity("whatsapp", "pn", "BSUID.9")
    assert (same.pk, created) == (lead.pk, False)


def test_a_person_who_writes_after_being_deleted_comes_back(acme):
    lead, _i, _c = meet()
    services.delete_lead(lead, by="user:1")
    again, _i, created = meet()
    assert (again.pk, again.deleted_at, created) == (lead.pk, None, False)


def test_details_are_checked_and_refused_with_reasons(uae):
    lead, _i, _c = meet()
    got = services.capture_details(lead, name="Sara", email="sara@", phone="050 123 4567", company="<b>x</b>", by="bot")
    assert got.saved == {"name": "Sara", "phone": "+971501234567", "company": "<b>x</b>"}
    assert set(got.refused) == {"email"}
    assert got.first
    assert lead.captured_at is not None
    assert "lead.captured" in facts()
    again = services.capture_details(lead, phone="0501234567", email="sara@example.com", by="bot")
    assert not again.first
    assert facts("lead.captured") == ["lead.captured"]


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "\x00",
        "a" * 100_000,
        "\u202e\u202e",
        "https://evil.example",
        "😀",
        "0" * 50,
        "+" * 30,
        "<script>",
        "١٢",
    ],
)
def test_no_customer_text_raises(uae, value):
    lead, _i, _c = meet()
    got = services.capture_details(lead, name=value, email=value, phone=value, company=value, by="customer")
    assert "email" not in got.saved
    assert "phone" not in got.saved


def test_what_a_person_set_stays_and_a_worse_name_does_not_win(uae):
    lead, _i, _c = meet()
    services.capture_details(lead, name="Sara Haddad", by="customer")
    assert services.capture_details(lead, name="sara", by="bot").kept == {"name": "Sara Haddad"}
    services.capture_details(lead, phone="+971501234567", by="user:1")
    assert services.capture_details(lead, phone="+971507654321", by="bot").kept == {"phone": "+971501234567"}
    assert services.capture_details(lead, phone="+971507654321", by="user:1").saved


def test_stages_machines_only_forward_people_anywhere(acme):
    lead, _i, _c = meet()
    assert services.move_to_stage(lead, "qualified", by="bot", reason="wants boots")
    assert not services.move_to_stage(lead, "qualified", by="bot")
    assert not services.move_to_stage(lead, "contacted", by="bot")
    assert services.move_to_stage(lead, "won", by="user:1")
    assert not services.move_to_stage(lead, "lost", by="automation:3")
    assert services.move_to_stage(lead, "new", by="user:1")
    assert Activity.objects.filter(lead=lead, kind="stage").count() == 3
    assert facts("lead.stage_changed") == ["lead.stage_changed"] * 3
    with pytest.raises(Problem):
        services.move_to_stage(lead, "nonsense", by="user:1")


def test_score_grows_with_reasons_and_makes_the_label(uae):
    lead, _i, _c = meet(source="ad")
    assert lead.label == "cold"
    for name in ["message", "message", "message", "asked_price"]:
        services.signal(lead, name)
    services.capture_details(lead, name="Sara", phone="0501234567", by="bot")
    assert lead.score == sum(reason["points"] for reason in lead.reasons)
    assert {"phone", "asked_price", "messages", "ad", "name", "recent"} == {reason["rule"] for reason in lead.reasons}
    assert (lead.label, lead.type, lead.priority) == ("hot", "buyer", "high")
    assert "lead.label_changed" in facts()
    with clock.frozen(clock.now() + timedelta(days=40)):
        services.rescore(lead)
    assert lead.label == "warm"
    assert {"quiet", "long_quiet"} <= {reason["rule"] for reason in lead.reasons}


def test_a_label_a_person_chose_stays_until_given_back(acme):
    lead, _i, _c = meet()
    services.set_label(lead, "hot", by="user:1")
    services.signal(lead, "message")
    assert lead.label == "hot"
    assert not services.set_label(lead, "cold", by="bot")
    services.set_label(lead, None, by="user:1")
    assert lead.label == "cold"


def test_owner_must_be_a_member(acme, bob, charlie):
    lead, _i, _c = meet()
    assert services.set_owner(lead, bob, by="user:1")
    assert not services.set_owner(lead, bob, by="user:1")
    with pytest.raises(Problem):
        services.set_owner(lead, charlie, by="user:1")


def test_tags_are_one_whatever_their_spelling(acme):
    lead, _i, _c = meet()
    services.add_tag(lead, "Wholesale", by="user:1")
    services.add_tag(lead, " wholesale ", by="user:1")
    assert [tag.name for tag in lead.tags.all()] == ["Wholesale"]
    assert services.remove_tag(lead, "WHOLESALE", by="user:1")
    assert not services.remove_tag(lead, "WHOLESALE", by="user:1")
    assert facts("lead.tagged", "lead.untagged") == ["lead.tagged", "lead.untagged"]


def test_a_signal_is_cheap(acme, django_assert_max_num_queries):
    lead, _i, _c = meet()
    with django_assert_max_num_queries(7):
        services.signal(lead, "message")
