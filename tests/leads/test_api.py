"""Leads over the API: what each role may do, what bad input gets, what a list costs."""

import pytest

from apps.leads import bulk, services
from apps.leads.models import BulkChange, Lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def sara(acme):
    lead = services.create_lead(by="user:1", name="Sara Haddad", phone="+971501234567", email="sara@example.com")
    services.add_tag(lead, "Wholesale", by="user:1")
    return lead


def test_the_whole_life_of_a_lead(acme, alice, bob, api_for):
    api = api_for(bob)
    made = api.post(
        "/api/leads/", {"name": "Omar", "phone": "+971507654321", "tags": ["vip"], "fields": {"size": "44"}}
    )
    assert made.status_code == 201, made.data
    url = f"/api/leads/{made.data['id']}/"
    assert made.data["source"] == "api"
    assert made.data["tags"] == ["vip"]
    assert made.data["fields"] == {"size": "44"}
    assert api.post(f"{url}stage/", {"stage": "qualified", "reason": "wants 40"}).data["stage"] == "qualified"
    assert api.post(f"{url}label/", {"label": "hot"}).data["label"] == "hot"
    assert api.post(f"{url}tags/", {"add": ["new"], "remove": ["vip"]}).data["tags"] == ["new"]
    assert api.post(f"{url}notes/", {"text": "Call on Sunday"}).status_code == 201
    assert api.patch(url, {"email": "omar@example.com", "owner": bob.pk}).data["owner"] == bob.pk
    assert api.post("/api/activities/", {"lead": made.data["id"], "kind": "call", "text": "Agreed"}).status_code == 201
    kinds = [one["kind"] for one in api.get(f"/api/activities/?lead={made.data['id']}").data["results"]]
    assert {"call", "note", "stage", "label", "capture", "owner"} <= set(kinds)
    assert api.delete(url).status_code == 403
    manager = api_for(alice)
    assert manager.delete(url).status_code == 204
    assert api.get(url).status_code == 404
    assert api.post(f"{url}restore/").status_code == 403
    assert manager.post(f"{url}restore/").status_code == 200
    assert api.get(url).status_code == 200


def test_a_viewer_reads_only(sara, victor, api_for):
    api = api_for(victor)
    assert api.get("/api/leads/").data["results"][0]["reasons"]
    assert api.post("/api/leads/", {"name": "X"}).status_code == 403
    assert api.post(f"/api/leads/{sara.pk}/stage/", {"stage": "won"}).status_code == 403


def test_filters(sara, bob, api_for):
    other = services.create_lead(by="customer", name="Omar", source="ad", channel="whatsapp")
    services.set_owner(other, bob, by="user:1")
    api = api_for(bob)

    def names(query):
        return {one["name"] for one in api.get(f"/api/leads/?{query}").data["results"]}

    assert names("q=hadd") == {"Sara Haddad"}
    assert names("q=050 123 4567") == {"Sara Haddad"}
    assert names("q=om") == {"Omar"}
    assert names("tag=Wholesale") == {"Sara Haddad"}
    assert names("owner=me") == {"Omar"}
    assert names("owner=none") == {"Sara Haddad"}
    assert names("source=ad&channel=whatsapp") == {"Omar"}
    assert names("stage=new&stage=won") == {"Omar", "Sara Haddad"}
    assert names("created_after=2100-01-01") == set()
    assert [one["name"] for one in api.get("/api/leads/?sort=score").data["results"]] == ["Sara Haddad", "Omar"]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": ""}, {"name": 5}, {"name": ["x"]}, {"name": "x" * 500}, {"name": "\x00"},
        {"name": "A", "phone": "12"}, {"name": "A", "email": "nope"}, {"name": "A", "owner": 10**30}, {"name": "A", "owner": "me"},
        {"name": "A", "tags": "x"}, {"name": "A", "tags": [{}]}, {"name": "A", "tags": ["x" * 60]}, {"name": "A", "fields": [1]},
        {"name": "A", "fields": {"a": {"b": 1}}}, {"name": "A", "stage": "nonsense"}, {"name": "A", "label": 1},
        {"name": "A", "source": "hacker"}, {"name": "A", "origin": "x"}, [], "x", 7, None,
    ],
)  # fmt: skip
def test_bad_input_is_a_400_and_leaves_nothing(acme, bob, api_for, body):
    answer = api_for(bob).post("/api/leads/", body, format="json")
    assert answer.status_code == 400, answer.data
    assert answer.data["code"]
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=" + "x" * 5000, "stage=nope", "owner=%00", "owner=99999999999999999999", "created_after=x", "cursor=zzz",
     "cursor=cD0lMDA%3D", "sort=%00", "limit=x", "limit=99999999999", "tag=%00", "channel=%ED%A0%80", "lead=x", "q=%25%25%25", "q=%5C"],
)  # fmt: skip
def test_bad_filters_never_break(sara, bob, api_for, query):
    for path in ("/api/leads/", "/api/activities/"):
        assert api_for(bob).get(f"{path}?{query}").status_code in (200, 400, 404)


def test_another_organizations_leads_do_not_exist(sara, charlie, bob, api_for, client_for):
    stranger = api_for(charlie, "globex")
    for method, path, body in [
        ("get", "", None), ("patch", "", {"stage": "won"}), ("delete", "", None), ("post", "stage/", {"stage": "won"}),
        ("post", "label/", {"label": "hot"}), ("post", "tags/", {"add": ["x"]}), ("post", "notes/", {"text": "x"}),
        ("post", "restore/", None),
    ]:  # fmt: skip
        assert getattr(stranger, method)(f"/api/leads/{sara.pk}/{path}", body).status_code == 404, path
    assert stranger.post("/api/activities/", {"lead": sara.pk, "kind": "call"}).status_code == 404
    assert stranger.get(f"/api/activities/?lead={sara.pk}").data["results"] == []
    assert api_for(bob).patch(f"/api/leads/{sara.pk}/", {"owner": charlie.pk}).status_code == 400


def test_a_list_costs_the_same_for_one_or_many(sara, bob, api_for, django_assert_num_queries):
    api = api_for(bob)
    for n in range(30):
        lead = services.create_lead(by="bot", name=f"Person {n}")
        services.add_tag(lead, f"tag {n % 3}", by="bot")
        services.set_owner(lead, bob, by="bot")
    api.get("/api/leads/")
    with django_assert_num_queries(6):
        assert len(api.get("/api/leads/").data["results"]) == 31


def test_forms_are_a_managers_business(acme, alice, bob, api_for):
    body = {"name": "Quote", "fields": [{"name": "email", "label": "Mail", "kind": "email", "required": True}]}
    assert api_for(bob).post("/api/leads/forms/", body).status_code == 403
    made = api_for(alice).post("/api/leads/forms/", body)
    assert made.status_code == 201, made.data
    assert api_for(bob).get("/api/leads/forms/").data["results"][0]["key"] == made.data["key"]
    url = f"/api/leads/forms/{made.data['id']}/"
    assert api_for(alice).patch(url, {"title": "Ask us"}).data["title"] == "Ask us"
    bad = {"name": "Q", "fields": [{"name": "color", "label": "Color", "kind": "select"}]}
    assert api_for(alice).post("/api/leads/forms/", bad).status_code == 400
    assert api_for(alice).delete(url).status_code == 204
    assert api_for(alice).get(url).data["is_active"] is False


def test_many_at_once(acme, alice, bob, victor, charlie, api_for, run_due_jobs):
    leads = [services.create_lead(name=f"L{n}", by="user:1") for n in range(3)]
    keys = [lead.pk for lead in leads]
    api = api_for(bob)
    made = api.post("/api/leads/bulk/", {"action": "stage", "value": "qualified", "leads": keys}, format="json")
    assert made.status_code == 201, made.data
    assert (made.data["total"], made.data["done"], made.data["changed"]) == (3, 3, 3)
    assert made.data["finished_at"]
    url = f"/api/leads/bulk/{made.data['id']}/"
    assert api.get(url).data["actor"] == f"user:{bob.pk}"
    back = api.post(f"{url}undo/")
    assert (back.status_code, back.data["changed"]) == (201, 3)
    assert api.get(url).data["undone_by"] == back.data["id"]
    assert {one.stage for one in Lead.objects.all()} == {"new"}
    assert api_for(victor).get(url).status_code == 403
    assert (
        api_for(victor).post("/api/leads/bulk/", {"action": "untag", "leads": keys}, format="json").status_code == 403
    )
    stranger = api_for(charlie, "globex")
    assert stranger.get(url).status_code == stranger.post(f"{url}undo/").status_code == 404
    theirs = stranger.post("/api/leads/bulk/", {"action": "stage", "value": "won", "leads": keys}, format="json")
    assert theirs.data["total"] == 0
    assert {one.stage for one in Lead.objects.all()} == {"new"}


def test_many_more_are_changed_in_the_background(acme, bob, api_for, run_due_jobs):
    keys = [services.create_lead(name=f"L{n}", by="user:1").pk for n in range(bulk.AT_ONCE + 1)]
    made = api_for(bob).post("/api/leads/bulk/", {"action": "tag", "value": "vip", "leads": keys}, format="json").data
    assert (made["total"], made["done"], made["finished_at"]) == (101, 0, None)
    run_due_jobs(kinds=[bulk.JOB])
    told = api_for(bob).get(f"/api/leads/bulk/{made['id']}/").data
    assert (told["done"], told["changed"]) == (101, 101)


def test_only_managers_delete_many(acme, alice, bob, api_for):
    lead = services.create_lead(name="Sara", by="user:1")
    body = {"action": "delete", "leads": [lead.pk]}
    assert api_for(bob).post("/api/leads/bulk/", body, format="json").status_code == 403
    made = api_for(alice).post("/api/leads/bulk/", body, format="json").data
    assert api_for(bob).post(f"/api/leads/bulk/{made['id']}/undo/").status_code == 403
    assert api_for(alice).post(f"/api/leads/bulk/{made['id']}/undo/").data["changed"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"action": "stage", "value": "nowhere", "leads": [1]}, {"action": "burn", "leads": [1]}, {"action": "tag", "leads": [1]},
        {"action": "stage", "value": "won", "leads": []}, {"action": "stage", "value": "won", "leads": ["x"]}, {"action": "stage", "value": "won", "leads": [10**30]},
        {"action": "owner", "value": "999999", "leads": [1]}, {"action": "owner", "value": "-1", "leads": [1]}, {"action": "tag", "value": "\x00", "leads": [1]},
        {"action": "stage", "value": ["won"], "leads": [1]}, {"action": "stage", "value": "won", "leads": "all"}, {"action": "stage", "value": "won", "leads": list(range(1, 10_002))},
    ],
)  # fmt: skip
def test_bad_acts_on_many(acme, bob, api_for, body):
    assert api_for(bob).post("/api/leads/bulk/", body, format="json").status_code == 400
    assert not BulkChange.objects.exists()
