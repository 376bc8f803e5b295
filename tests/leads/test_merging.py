"""Two records of one person: merged, and taken apart again."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apps.conversations.models import Conversation, Suppression
from apps.events.models import JournalEntry
from apps.integrations.models import ConnectedAccount
from apps.jobs import services as jobs
from apps.leads import merging, queries, services
from apps.leads.models import Lead
from apps.organizations.errors import Problem
from tests.browser import PAIRS, visit


def meet(channel: str, value: str, name: str) -> tuple[Lead, Conversation]:
    account, _new = ConnectedAccount.objects.get_or_create(channel=channel, external_id=f"{channel}-1")
    lead, identity, _new = services.find_or_create_by_identity(channel, account.external_id, value, name=name)
    conversation = Conversation.objects.create(channel=channel, account=account, identity=identity, lead=lead)
    return lead, conversation


@pytest.fixture
def pair(acme: Any) -> tuple[Lead, Lead]:
    """Mona on WhatsApp, and Mona on Instagram, who left more there."""
    kept, _talk = meet("whatsapp", "971500000001", "Mona Saleh")
    gone, _talk = meet("instagram", "ig-1", "mona.s")
    services.capture_details(gone, email="mona@example.com", by="bot")
    services.add_tag(gone, "wholesale", by="user:1")
    services.add_note(gone, "Buys for a team", by="user:1")
    services.set_custom_field(gone, "Size", "44", by="user:1")
    services.note_message(gone, text="how much?")
    services.move_to_stage(gone, "qualified", by="user:1")
    return kept, Lead.objects.get(pk=gone.pk)


def test_everything_of_both_is_on_one(pair: tuple[Lead, Lead]) -> None:
    kept, gone = pair
    Suppression.objects.create(lead=gone, channel="instagram", scope="marketing")
    merging.merge_leads(kept, gone, by="user:1")
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.name, kept.email, kept.stage) == ("Mona Saleh", "mona@example.com", "qualified")
    assert kept.fields == {"Size": "44"}
    assert kept.signals["message"] == 1
    assert [tag.name for tag in kept.tags.all()] == ["wholesale"]
    assert {one.kind for one in kept.identities.all()} >= {"whatsapp", "instagram"}
    assert kept.activities.filter(text="Buys for a team").exists()
    assert "mona@example.com" in kept.search_text
    assert (gone.merged_into_id, gone.deleted_at is not None) == (kept.pk, True)
    assert not queries.leads().filter(pk=gone.pk).exists()
    jobs.run_due()
    assert set(Conversation.objects.values_list("lead", flat=True)) == {kept.pk}
    assert Suppression.objects.filter(lead=kept, channel="instagram").exists(), "a no is a no, whoever it was said as"
    again, _identity, new = services.find_or_create_by_identity("instagram", "instagram-1", "ig-1")
    assert (again.pk, new) == (kept.pk, False)


def test_taken_apart_each_gets_back_what_was_theirs(pair: tuple[Lead, Lead]) -> None:
    kept, gone = pair
    before = (gone.name, gone.email, gone.stage, gone.signals, gone.score)
    merge = merging.merge_leads(kept, gone, by="user:1")
    jobs.run_due()
    services.add_note(Lead.objects.get(pk=kept.pk), "Said while they were one", by="user:1")
    merging.unmerge_leads(merge, by="user:1")
    jobs.run_due()
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (gone.name, gone.email, gone.stage, gone.signals, gone.score) == before
    assert (gone.deleted_at, gone.merged_into) == (None, None)
    assert gone.activities.filter(text="Buys for a team").exists()
    assert (kept.email, kept.fields, kept.signals, list(kept.tags.all())) == ("", {}, {}, [])
    assert kept.activities.filter(text="Said while they were one").exists()
    assert {one.kind for one in kept.identities.all()} == {"whatsapp"}
    owners = dict(Conversation.objects.values_list("channel", "lead"))
    assert owners == {"whatsapp": kept.pk, "instagram": gone.pk}
    types = list(JournalEntry.objects.values_list("type", flat=True))
    assert types.count("lead.merged") == types.count("lead.unmerged") == 1
    with pytest.raises(Problem):
        merging.unmerge_leads(merge, by="user:1")


def test_what_cannot_be_merged(pair: tuple[Lead, Lead]) -> None:
    kept, gone = pair
    with pytest.raises(Problem):
        merging.merge_leads(kept, kept, by="user:1")
    merging.merge_leads(kept, gone, by="user:1")
    for one, other in ((kept, gone), (gone, kept)):
        with pytest.raises(Problem):
            merging.merge_leads(one, other, by="user:1")
    services.restore_lead(gone, by="user:1")
    gone.refresh_from_db()
    assert gone.deleted_at is not None, "only taking apart brings back what was merged"


def test_chains_lead_to_the_last(pair: tuple[Lead, Lead]) -> None:
    kept, gone = pair
    third, _talk = meet("webchat", "v_1", "Mona")
    merging.merge_leads(kept, gone, by="user:1")
    merging.merge_leads(third, kept, by="user:1")
    jobs.run_due()
    assert queries.lives_on_in(gone.pk) == queries.lives_on_in(kept.pk) == third.pk
    assert queries.lives_on_in(third.pk) is None
    assert queries.lives_on_in(10**9) is None
    assert set(Conversation.objects.values_list("lead", flat=True)) == {third.pk}


def test_on_the_pages(pair: tuple[Lead, Lead], client_for: Any, bob: Any, victor: Any, charlie: Any) -> None:
    kept, gone = pair
    client = client_for(bob)
    others, merge = reverse("leads:others", args=[kept.pk]), reverse("leads:merge", args=[kept.pk])
    assert "mona.s" in client.get(others, {"q": "mona.s"}, headers={"HX-Request": "true"}).content.decode()
    assert "Nobody else matches." in client.get(others, {"q": "zzz\x00"}).content.decode()
    assert client_for(victor).get(others).status_code == 403
    assert client_for(victor).post(merge, {"other": gone.pk}).status_code == 403
    assert client_for(charlie, "globex").post(merge, {"other": gone.pk}).status_code == 404
    for wrong in ("", "x", "-1", "9" * 30, "٣"):
        assert client.post(merge, {"other": wrong}).status_code == 404
    page = client.post(merge, {"other": gone.pk}, follow=True).content.decode()
    assert "Merged with mona.s" in page
    assert "Take apart" in page
    assert client.get(reverse("leads:detail", args=[gone.pk])).headers["Location"].endswith(f"/{kept.pk}/")
    undo = reverse("leads:unmerge", args=[queries.merges_of(kept)[0].pk])
    assert client_for(victor).post(undo).status_code == 403
    assert client_for(charlie, "globex").post(undo).status_code == 404
    assert "has a record of their own again" in client.post(undo, follow=True).content.decode()
    assert "not merged any more" in client.post(undo, follow=True).content.decode()


def test_over_the_api(pair: tuple[Lead, Lead], api_for: Any, bob: Any, victor: Any) -> None:
    kept, gone = pair
    address = f"/api/leads/{kept.pk}/merge/"
    assert api_for(victor).post(address, {"other": gone.pk}).status_code == 403
    assert api_for(bob).post(address, {"other": "x"}).status_code == 400
    assert api_for(bob).post(address, {"other": 10**9}).status_code == 404
    assert api_for(bob).post(address, {"other": kept.pk}).status_code == 400
    assert api_for(bob).post(address, {"other": gone.pk}).json()["email"] == "mona@example.com"
    back = api_for(bob).post(f"/api/leads/{kept.pk}/unmerge/", {"other": gone.pk})
    assert (back.status_code, back.json()["id"]) == (200, gone.pk)
    assert api_for(bob).post(f"/api/leads/{kept.pk}/unmerge/", {"other": gone.pk}).status_code == 400


@pytest.mark.browser
def test_it_looks_right(browser: Any, site: Any) -> None:
    with site.inside("acme"):
        kept, _talk = meet("whatsapp", "971500000001", "Mona Saleh")
        other, _talk = meet("instagram", "ig-1", "منى صالح")
        for lead in (kept, other):
            services.capture_details(lead, email="mona@example.com", by="bot")
        old, _talk = meet("webchat", "v_1", "Mona")
        merging.merge_leads(kept, old, by="user:1")
    cookies = site.cookies("bob")
    visit(
        browser,
        site.url(f"/dashboard/leads/{kept.pk}/merge/others/"),
        name="lead-others",
        cookies=cookies,
        variants=PAIRS[:2],
    )
    visit(browser, site.url(f"/dashboard/leads/{kept.pk}/"), name="lead-merged", cookies=cookies, variants=PAIRS[2:])
