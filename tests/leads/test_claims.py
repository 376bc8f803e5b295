"""Claimed is not proven: what somebody says links, merges and replaces nothing, and stands beside what is certain."""

from __future__ import annotations

import pytest

from apps.leads import merging, queries, services
from apps.leads.models import Activity, Identity, Lead
from apps.organizations.errors import Problem
from apps.organizations.proof import ProvenBy

NUMBER = "+971507654321"


def visitor(value="v_1", **more):
    return services.find_or_create_by_identity("webchat", "chat", value, **more)


def writer(wa_id="971507654321", **more):
    return services.find_or_create_by_identity("whatsapp", "pn", wa_id, phone=f"+{wa_id}", **more)


def test_each_identity_says_what_proves_it(acme):
    lead, identity, _created = writer()
    assert identity.proof.by == ProvenBy.PLATFORM
    assert lead.identities.get(kind="phone").proof.by == ProvenBy.PLATFORM
    _lead, identity, _created = visitor()
    assert identity.proof.by == ProvenBy.OURS
    entered = services.create_lead(by="api_key:1", email="zoe@example.com")
    assert entered.identities.get().proof.by == ProvenBy.TEAM
    claimed = services.create_lead(by="customer")
    services.capture_details(claimed, by="customer", email="omar@example.com")
    assert claimed.identities.get().proof is None


def test_a_claimed_number_does_not_bring_its_owner_to_the_claimer(acme):
    claimer, identity, _created = visitor()
    services.capture_details(claimer, by="bot", phone=NUMBER, identity=identity)
    owner, _identity, created = writer(name="Mona")
    assert created
    assert owner.pk != claimer.pk
    assert not claimer.identities.get(kind="phone").is_proven
    assert queries.same_person(phone=NUMBER, but=owner.pk) == [claimer], "a colleague sees that the two may be one"


def test_many_may_claim_one_number(acme):
    for n in range(3):
        lead, identity, _created = visitor(f"v_{n}")
        assert services.capture_details(lead, by="bot", phone=NUMBER, identity=identity).saved
    assert Identity.objects.filter(kind="phone", value=NUMBER, proven_at=None).count() == 3


def test_what_a_platform_certifies_stays_and_the_claim_stands_beside(acme):
    lead, identity, _created = writer(name="Ana")
    got = services.capture_details(lead, by="bot", phone="+447911123456", name="Omar", identity=identity)
    assert (got.saved, got.beside) == ({}, {"phone": "+447911123456", "name": "Omar"})
    lead.refresh_from_db()
    assert (lead.phone, lead.name) == (NUMBER, "Ana")
    assert not lead.identities.get(value="+447911123456").is_proven
    assert identity.told == {"name": "Omar", "phone": NUMBER}
    assert Activity.objects.get(lead=lead, kind="capture").data == {"claimed": {"phone": "+447911123456"}}
    assert services.capture_details(lead, by="bot", name="Omar", introduced=True).saved, "they said so in clear words"
    Lead.objects.filter(pk=lead.pk).update(name="Ana")
    assert services.capture_details(lead, by="bot", name="Ana Maria Souza").saved, (
        "more of the same name is no other name"
    )


def test_certified_replaces_claimed(acme):
    lead, _identity, _created = services.find_or_create_by_identity("whatsapp", "pn", "US.1", name="Ana")
    services.capture_details(lead, by="bot", phone="+447911123456")
    again, _identity, _created = services.find_or_create_by_identity(
        "whatsapp", "pn", "US.1", aliases=["971507654321"], phone=NUMBER
    )
    assert (again.pk, again.phone) == (lead.pk, NUMBER)
    assert services.is_proven(again, "phone")
    assert not lead.identities.get(value="+447911123456").is_proven


def test_what_a_person_entered_is_proven_and_stays_against_platform_and_bot(acme):
    lead, _identity, _created = writer()
    services.capture_details(lead, by="user:1", phone="+447911123456")
    writer()
    services.capture_details(lead, by="bot", phone="+33612345678")
    lead.refresh_from_db()
    assert lead.phone == "+447911123456"
    assert services.is_proven(lead, "phone")


def test_a_person_confirms_a_claim_unless_it_is_somebody_elses(acme, alice, client_for):
    lead, _identity, _created = visitor()
    services.capture_details(lead, by="bot", phone=NUMBER, email="zoe@example.com")
    services.confirm_detail(lead, "phone", by="user:1")
    assert lead.identities.get(kind="phone").proof.by == ProvenBy.TEAM
    page = client_for(alice).get(f"/dashboard/leads/{lead.pk}/").content.decode()
    assert "Confirm" in page
    assert client_for(alice).post(f"/dashboard/leads/{lead.pk}/confirm/", {"detail": "email"}).status_code == 302
    assert services.is_proven(lead, "email")
    other, _identity, _created = visitor("v_2")
    services.capture_details(other, by="bot", phone=NUMBER)
    with pytest.raises(Problem):
        services.confirm_detail(other, "phone", by="user:1")
    with pytest.raises(Problem):
        services.confirm_detail(other, "owner", by="user:1")


def test_a_wrong_number_taken_off_is_claimed_no_more(acme):
    lead = services.create_lead(by="user:1", phone=NUMBER)
    services.clear_detail(lead, "phone", by="user:1")
    assert not lead.identities.exists()
    assert writer()[2], "nobody is known by it any more"


def test_merging_and_taking_apart_keeps_who_said_what(acme):
    claimer, identity, _created = visitor()
    services.capture_details(claimer, by="bot", phone=NUMBER, name="Eve", identity=identity)
    owner, own, _created = writer(name="Mona Hassan")
    services.capture_details(owner, by="user:1", email="mona@example.com")
    merge = merging.merge_leads(owner, claimer, by="user:1")
    identity.refresh_from_db()
    assert identity.lead_id == owner.pk
    assert identity.told == {"name": "Eve", "phone": NUMBER}
    assert not services.came_together(identity, own)
    services.capture_details(Lead.objects.get(pk=owner.pk), by="bot", name="Eve Two", identity=identity)
    merging.unmerge_leads(merge, by="user:1")
    identity.refresh_from_db()
    own.refresh_from_db()
    assert (identity.lead_id, own.lead_id) == (claimer.pk, owner.pk)
    assert "email" not in identity.told
    claims = Identity.objects.filter(kind="phone", value=NUMBER).order_by("id")
    assert [(one.lead_id, one.is_proven) for one in claims] == [(claimer.pk, False), (owner.pk, True)]
