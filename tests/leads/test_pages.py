"""The pages: what they show, who may do what, what they cost."""

import html
import re
from datetime import timedelta

import pytest

from apps.jobs import clock
from apps.leads import queries, services
from apps.leads.models import BulkChange, Lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(acme, bob):
    made = []
    for n in range(30):
        lead = services.create_lead(
            by="bot", name=f"Person {n}", channel="whatsapp", source="ad" if n % 2 else "direct"
        )
        services.add_tag(lead, f"tag {n % 3}", by="bot")
        services.set_owner(lead, bob, by="bot")
        services.add_note(lead, f"note {n}", by=f"user:{bob.pk}")
        made.append(lead)
    return made


PAGES = [
    "",
    "board/",
    "board/new/",
    "new/",
    "forms/",
    "forms/new/",
    "?sort=score&stage=new&label=cold&owner=me&tag=tag 1",
    "?q=person",
]


@pytest.mark.parametrize("page", PAGES)
def test_pages_open_for_their_role_only(people, alice, victor, charlie, client_for, page):
    assert client_for(alice).get(f"/dashboard/leads/{page}").status_code == 200
    assert client_for(None).get(f"/dashboard/leads/{page}").status_code == 302
    assert client_for(charlie, "acme").get(f"/dashboard/leads/{page}").status_code in (302, 403, 404)
    expected = 403 if "new/" in page and "board" not in page else 200
    assert client_for(victor).get(f"/dashboard/leads/{page}").status_code == expected


@pytest.mark.parametrize(("page", "most"), [("", 12), ("board/", 24), ("board/new/", 11)])
def test_lists_cost_the_same_for_few_and_many(acme, bob, client_for, django_assert_max_num_queries, page, most):
    client = client_for(bob)
    for n in range(40):
        lead = services.create_lead(by="bot", name=f"Person {n}")
        services.add_tag(lead, f"tag {n % 3}", by="bot")
        services.move_to_stage(lead, ["new", "contacted", "qualified", "won"][n % 4], by="bot")
    client.get(f"/dashboard/leads/{page}")
    with django_assert_max_num_queries(most):
        client.get(f"/dashboard/leads/{page}")


def test_one_person_from_every_side(people, bob, client_for, django_assert_max_num_queries):
    lead = people[0]
    client = client_for(bob)
    with django_assert_max_num_queries(18):
        page = client.get(f"/dashboard/leads/{lead.pk}/").content.decode()
    assert "note 0" in page
    htmx = {"HX-Request": "true"}
    url = f"/dashboard/leads/{lead.pk}/"
    assert "step-on" in client.post(f"{url}stage/", {"stage": "won"}, headers=htmx).content.decode()
    assert client.post(f"{url}label/", {"label": "hot"}, headers=htmx).status_code == 200
    assert client.post(f"{url}owner/", {"owner": ""}, headers=htmx).status_code == 200
    assert "vip" in client.post(f"{url}tags/", {"tag": "vip"}, headers=htmx).content.decode()
    assert client.post(f"{url}log/", {"kind": "call", "text": "Agreed"}, headers=htmx).status_code == 200
    assert client.post(f"{url}log/", {"kind": "call", "text": ""}, headers=htmx).status_code == 422
    edit = client.get(f"{url}edit/", headers=htmx).content.decode()
    assert 'name="phone"' in edit
    assert "<html" not in edit
    bad = client.post(f"{url}edit/", {"name": "Sara", "phone": "12", "email": ""}, headers=htmx)
    assert bad.status_code == 422
    assert client.post(f"{url}edit/", {"name": "Sara", "phone": "+971501234567"}, headers=htmx).status_code == 200
    lead.refresh_from_db()
    assert (lead.name, lead.phone, lead.stage, lead.label, lead.owner) == ("Sara", "+971501234567", "won", "hot", None)


def test_a_card_dropped_on_the_board_moves_and_can_come_back(people, bob, client_for):
    client, lead = client_for(bob), people[0]
    answer = client.post(
        f"/dashboard/leads/{lead.pk}/stage/", {"stage": "qualified", "from": "board"}, headers={"HX-Request": "true"}
    )
    assert 'id="count-qualified"' in answer.content.decode()
    assert "undo" in answer.headers["HX-Trigger"]
    assert (
        client.post(f"/dashboard/leads/{lead.pk}/stage/?stage=new", headers={"HX-Request": "true"}).status_code == 204
    )
    lead.refresh_from_db()
    assert lead.stage == "new"
    assert client.post(f"/dashboard/leads/{lead.pk}/stage/", {"stage": "nonsense"}).status_code == 400


def test_another_organizations_people_do_not_exist(people, charlie, client_for):
    client = client_for(charlie, "globex")
    for path in ["", "edit/", "history/"]:
        assert client.get(f"/dashboard/leads/{people[0].pk}/{path}").status_code == 404
    for path in ["edit/", "stage/", "label/", "owner/", "tags/", "log/", "delete/"]:
        assert client.post(f"/dashboard/leads/{people[0].pk}/{path}", {"stage": "won"}).status_code == 404, path


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "owner=zz",
        "stage=zz&q=person",
        "cursor=%FF",
        "created_after=no",
        "tag=%00",
        "label=hot&label=%00",
        "sort=%00",
        "q=" + "y" * 4000,
    ],
)
def test_strange_addresses_still_show_a_page(people, bob, client_for, query):
    assert client_for(bob).get(f"/dashboard/leads/?{query}").status_code == 200
    assert client_for(bob).get(f"/dashboard/leads/board/?{query}").status_code == 200


def test_many_at_once_and_back(people, alice, client_for):
    client = client_for(alice)
    ids = [lead.pk for lead in people[:5]]
    answer = client.post("/dashboard/leads/bulk/", {"act": "stage:won", "id": ids}, follow=True)
    assert Lead.objects.filter(stage="won").count() == 5
    change = BulkChange.objects.get()
    assert f"/dashboard/leads/bulk/{change.pk}/undo/" in answer.content.decode()
    client.post(f"/dashboard/leads/bulk/{change.pk}/undo/")
    client.post(f"/dashboard/leads/bulk/{change.pk}/undo/")
    assert Lead.objects.filter(stage="won").count() == 0
    client.post("/dashboard/leads/bulk/", {"act": "delete:", "id": ids})
    assert queries.leads().count() == 25
    client.post(f"/dashboard/leads/bulk/{BulkChange.objects.latest('pk').pk}/undo/")
    assert queries.leads().count() == 30


def test_very_many_at_once_go_on_in_the_background(people, alice, client_for, run_due_jobs, monkeypatch):
    from apps.leads import bulk

    monkeypatch.setattr(bulk, "AT_ONCE", 10)
    monkeypatch.setattr(bulk, "BATCH", 7)
    client = client_for(alice)
    answer = client.post("/dashboard/leads/bulk/?q=person", {"act": "tag:seen", "all": "1"})
    change = BulkChange.objects.get()
    assert answer.url.startswith(f"/dashboard/leads/bulk/{change.pk}/")
    assert client.get(answer.url).status_code == 200
    run_due_jobs()
    change.refresh_from_db()
    assert (change.done, len(change.before)) == (30, 30)
    assert queries.leads().filter(tags__name="seen").count() == 30
    client.post(f"/dashboard/leads/bulk/{change.pk}/undo/")
    run_due_jobs()
    assert queries.leads().filter(tags__name="seen").count() == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"act": "stage:zz", "id": "1"},
        {"act": "owner:999999", "id": "1"},
        {"act": "boom:1"},
        {"act": "tag:"},
        {"act": "stage:won", "id": ["x", "\x00", "9" * 30]},
    ],
)
def test_bulk_nonsense_changes_nothing(people, alice, client_for, body):
    assert client_for(alice).post("/dashboard/leads/bulk/", body).status_code == 302
    assert Lead.objects.filter(stage="won").count() == 0


def test_a_viewer_and_an_agent_have_their_limits(people, bob, victor, client_for):
    lead = people[0]
    assert client_for(victor).post(f"/dashboard/leads/{lead.pk}/stage/", {"stage": "won"}).status_code == 403
    assert client_for(bob).post(f"/dashboard/leads/{lead.pk}/delete/").status_code == 403
    assert client_for(bob).post("/dashboard/leads/bulk/", {"act": "delete:", "id": [lead.pk]}).status_code == 403


def test_by_hand_with_a_warning_about_duplicates(people, bob, client_for):
    client = client_for(bob)
    body = {
        "name": "Sara",
        "phone": "+971501234567",
        "stage": "contacted",
        "owner": str(bob.pk),
        "note": "met at the fair",
    }
    assert client.post("/dashboard/leads/new/", body).status_code == 302
    again = client.post("/dashboard/leads/new/", {**body, "name": "Sarah"})
    assert again.status_code == 422
    assert "here already" in again.content.decode()
    assert client.post("/dashboard/leads/new/", {**body, "anyway": "1"}).status_code == 302
    assert Lead.objects.filter(phone="+971501234567").count() == 2
    assert client.post("/dashboard/leads/new/", {"name": "", "stage": "new"}).status_code == 422


def test_when_they_were_met_is_asked_for_in_one_click(acme, bob, client_for):
    today = services.create_lead(by="bot", name="Salma Today")
    services.create_lead(by="bot", name="Omar Before")
    Lead.objects.exclude(pk=today.pk).update(created_at=clock.now() - timedelta(days=20))
    client = client_for(bob)
    page = client.get("/dashboard/leads/?label=cold").content.decode()
    addresses = [html.unescape(found) for found in re.findall(r'href="(\?[^"]*created_after=[^"]*)"', page)]
    assert len(addresses) == 4
    shown = [client.get(f"/dashboard/leads/{address}").content.decode() for address in addresses]
    assert ["Salma Today" in one for one in shown] == [True] * 4
    assert ["Omar Before" in one for one in shown] == [False, False, True, True]


@pytest.mark.parametrize("query", ["label=hot", "stage=new", "owner=none", "q=zoe", "tag=x", "label=hot&label=cold"])
def test_the_board_is_filtered_like_the_list(acme, alice, client_for, query):
    assert client_for(alice).get(f"/dashboard/leads/board/?{query}").status_code == 200
