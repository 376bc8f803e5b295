"""Forms on other people's pages."""

import re

import pytest
from django.utils.html import escapejs

from apps.leads import submissions
from apps.leads.models import FormSubmission, Lead

pytestmark = pytest.mark.django_db
FIELDS = [
    {"name": "name", "label": "Name", "kind": "text", "required": True},
    {"name": "phone", "label": "Phone", "kind": "phone", "required": False},
    {"name": "email", "label": "Mail", "kind": "email", "required": False},
    {"name": "size", "label": "Size", "kind": "select", "required": False, "options": ["S", "M"]},
    {"name": "message", "label": "Message", "kind": "long", "required": False},
]


@pytest.fixture
def form(acme):
    acme.country = "AE"
    acme.save()
    return submissions.save_form(None, name="Quote", title="Ask us", fields=FIELDS, thanks="See you soon")


def token_in(answer):
    return re.search(r'name="token" value="([^"]+)"', answer.content.decode()).group(1)


def fill(client, form, **changed):
    page = client.get(f"/forms/{form.key}/?embed=1&page=https://shop.example/boots?utm_source=news")
    body = {
        "token": token_in(page),
        "name": "Sara",
        "phone": "050 123 4567",
        "size": "M",
        "message": "40 pairs",
        "embed": "1",
    }
    body["page"] = "https://shop.example/boots?utm_source=news"
    return {**body, **changed}


def test_a_stranger_sends_it_and_becomes_one_lead(form, client_for):
    client = client_for(None)
    body = fill(client, form)
    for _again in range(3):
        answer = client.post(f"/forms/{form.key}/", body)
        assert "See you soon" in answer.content.decode()
    lead = Lead.objects.get()
    assert (lead.name, lead.phone, lead.source, lead.channel) == ("Sara", "+971501234567", "form", "form")
    assert lead.origin["utm_source"] == "news"
    assert lead.fields == {"Size": "M"}
    assert lead.captured_at
    assert FormSubmission.objects.get().data["message"] == "40 pairs"
    assert {"form", "phone"} <= {reason["rule"] for reason in lead.reasons}


def test_it_may_be_framed_anywhere_and_only_it(form, client_for):
    answer = client_for(None).get(f"/forms/{form.key}/")
    assert "X-Frame-Options" not in answer.headers
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    script = client_for(None).get(f"/forms/{form.key}/embed.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert escapejs(f"/forms/{form.key}/") in script.content.decode()
    assert client_for(None).get("/accounts/login/").headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"phone": "12"}, 422), ({"phone": ""}, 422), ({"name": ""}, 422), ({"size": "XXL"}, 422), ({"token": ""}, 422),
        ({"token": "x" * 9000}, 422), ({"name": "\x00"}, 422), ({"message": "\x00\ud7ff" + "x" * 4000}, 200),
        ({"message": "x" * 100_000}, 422), ({"page": "javascript:alert(1)"}, 200), ({"email": "no"}, 422), ({"website": "spam"}, 200),
    ],
)  # fmt: skip
def test_bad_values_are_explained_and_nothing_typed_is_lost(form, client_for, changed, status):
    client = client_for(None)
    answer = client.post(f"/forms/{form.key}/", fill(client, form, **changed))
    assert answer.status_code == status
    if status == 422:
        assert "40 pairs" in answer.content.decode() or "message" in changed
        assert not Lead.objects.exists()
    if "website" in changed:
        assert not Lead.objects.exists()


def test_a_form_of_another_organization_or_out_of_use_does_not_exist(form, client_for):
    assert client_for(None, "globex").get(f"/forms/{form.key}/").status_code == 404
    for key in ["nope", "%00", "x" * 500]:
        assert client_for(None).get(f"/forms/{key}/").status_code == 404
    submissions.save_form(form, is_active=False)
    assert client_for(None).get(f"/forms/{form.key}/").status_code == 404
    assert client_for(None).get(f"/forms/{form.key}/embed.js").status_code == 404


def test_a_token_belongs_to_its_form(form, client_for):
    other = submissions.save_form(None, name="Other", fields=FIELDS)
    client = client_for(None)
    assert client.post(f"/forms/{other.key}/", fill(client, form)).status_code == 422


def test_too_many_from_one_address_wait(form, client_for):
    client = client_for(None)
    codes = [client.post(f"/forms/{form.key}/", fill(client, form)).status_code for _n in range(12)]
    assert codes[:10] == [200] * 10
    assert codes[-1] == 429
    assert Lead.objects.count() == 10


def test_a_manager_builds_one(acme, alice, client_for):
    client = client_for(alice)
    body = {
        "name": "Visit", "title": "Book a visit", "button": "", "thanks": "", "language": "", "is_active": "on",
        "q-TOTAL_FORMS": "3", "q-INITIAL_FORMS": "0",
        "q-0-name": "name", "q-0-label": "", "q-0-kind": "text", "q-0-options": "",
        "q-1-name": "phone", "q-1-label": "Mobile", "q-1-kind": "text", "q-1-required": "on", "q-1-options": "",
        "q-2-name": "", "q-2-label": "Which day", "q-2-kind": "select", "q-2-options": "Sunday, Monday",
    }  # fmt: skip
    answer = client.post("/dashboard/leads/forms/new/", body, follow=True)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "embed.js" in page
    form = submissions.Form.objects.get()
    assert [(one["name"], one["kind"]) for one in form.fields] == [
        ("name", "text"),
        ("phone", "phone"),
        ("question_1", "select"),
    ]
    assert "Sunday" in client.get(f"/forms/{form.key}/").content.decode()
    nobody = client.post("/dashboard/leads/forms/new/", {**body, "q-1-name": "", "q-1-label": "Mobile"})
    assert nobody.status_code == 422


ARABIC = {"name": "size", "label": "Size", "kind": "select", "options": ["S", "M"]}


@pytest.fixture
def bilingual(acme):
    fields = [
        {"name": "phone", "label": "", "kind": "phone", "required": True},
        {**ARABIC, "texts": {"ar": {"label": "المقاس", "options": ["صغير", "متوسط"]}}},
    ]
    texts = {"ar": {"title": "اطلب عرض سعر", "thanks": "شكرًا، نراك قريبًا"}}
    return submissions.save_form(None, name="Quote", title="Ask us", fields=fields, thanks="See you soon", texts=texts)


@pytest.mark.parametrize(
    ("query", "header", "words"),
    [
        ("", "en", ("Ask us", "Size", "Phone number", 'lang="en"')),
        ("", "ar", ("اطلب عرض سعر", "المقاس", "رقم الهاتف", "متوسط", 'lang="ar"')),
        ("?embed=1&lang=ar-AE", "en", ("اطلب عرض سعر", "المقاس", "رقم الهاتف", 'dir="rtl"', "إرسال")),
        ("?lang=xx", "ar", ("اطلب عرض سعر",)),
        ("?lang=%00", "en", ("Ask us",)),
    ],
)
def test_a_form_speaks_as_the_page_around_it_or_its_visitor(bilingual, client_for, query, header, words):
    page = client_for(None).get(f"/forms/{bilingual.key}/{query}", headers={"accept-language": header}).content.decode()
    assert not [word for word in words if word not in page]


def test_what_was_chosen_in_arabic_is_kept_as_everybody_else_says_it(bilingual, client_for):
    client = client_for(None)
    page = client.get(f"/forms/{bilingual.key}/?lang=ar")
    body = {"token": token_in(page), "phone": "+971 50 123 4567", "size": "M", "lang": "ar"}
    answer = client.post(f"/forms/{bilingual.key}/", body).content.decode()
    assert "شكرًا، نراك قريبًا" in answer
    lead = Lead.objects.get()
    assert (lead.fields, lead.language) == ({"Size": "M"}, "ar")


def test_a_form_of_one_language_speaks_it_to_everybody(bilingual, client_for):
    submissions.save_form(bilingual, language="en")
    page = client_for(None).get(f"/forms/{bilingual.key}/?lang=ar", headers={"accept-language": "ar"}).content.decode()
    assert "Ask us" in page
    assert "المقاس" not in page


def test_the_builder_keeps_both_languages_and_refuses_choices_that_do_not_pair(acme, alice, client_for, bilingual):
    client = client_for(alice)
    shown = client.get(f"/dashboard/leads/forms/{bilingual.pk}/").content.decode()
    assert "صغير، متوسط" in shown
    body = {
        "q-TOTAL_FORMS": "2", "q-INITIAL_FORMS": "2", "q-0-name": "phone", "q-0-kind": "phone", "q-0-required": "on",
        "q-1-label": "Size", "q-1-kind": "select", "q-1-options": "S, M", "q-1-label_ar": "المقاس",
        "q-1-options_ar": "صغير، متوسط", "name": "Quote", "title": "Ask us", "title_ar": "اطلب", "is_active": "on",
    }  # fmt: skip
    assert client.post(f"/dashboard/leads/forms/{bilingual.pk}/", body).status_code == 302
    bilingual.refresh_from_db()
    assert bilingual.texts == {"ar": {"title": "اطلب"}}
    assert bilingual.fields[0]["label"] == ""
    assert bilingual.fields[1]["texts"] == {"ar": {"label": "المقاس", "options": ["صغير", "متوسط"]}}
    refused = client.post(f"/dashboard/leads/forms/{bilingual.pk}/", {**body, "q-1-options_ar": "صغير"})
    assert refused.status_code == 422
    assert "as many choices" in refused.content.decode()
    assert 'value="اطلب"' in refused.content.decode()
