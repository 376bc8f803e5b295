"""Error pages stand on their own feet: no tenant, no session, no database."""

import pytest
from django.test import RequestFactory

from apps.ui import views

CASES = [
    (views.bad_request, 400),
    (views.permission_denied, 403),
    (views.csrf_failure, 403),
    (views.not_found, 404),
    (views.too_many, 429),
    (views.server_error, 500),
]


@pytest.mark.parametrize(("view", "status"), CASES)
def test_page_without_anything(view, status):
    """No database fixture here: a query would fail the test."""
    response = view(RequestFactory().get("/lost/"))
    assert response.status_code == status
    body = response.content.decode()
    assert "<h1>" in body
    assert 'href="/"' in body
    assert "Traceback" not in body


def test_inside_the_app_errors_keep_menu_and_brand(acme, alice, victor, bob, charlie, client_for):
    menu = 'href="/dashboard/inbox/"'
    lost = client_for(victor).get("/no/such/page/")
    assert lost.status_code == 404
    assert menu in lost.content.decode()
    assert "Acme" in lost.content.decode()
    forbidden = client_for(victor).get("/dashboard/settings/usage/")
    assert forbidden.status_code == 403
    assert menu in forbidden.content.decode()
    # To somebody who does not work here the menu stays closed.
    for client in (client_for(None), client_for(charlie)):
        body = client.get("/no/such/page/").content.decode()
        assert menu not in body
        assert 'href="/"' in body


@pytest.mark.parametrize(("view", "status"), CASES)
def test_machines_get_json(view, status):
    response = view(RequestFactory().get("/api/leads/99/"))
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    assert b'"code"' in response.content


def test_preferences_are_remembered_and_only_known_ones(rf):
    good = views.set_theme(rf.post("/preferences/theme/", {"theme": "dark", "next": "/inbox/"}))
    assert good.cookies["theme"].value == "dark"
    assert good["Location"] == "/inbox/"
    assert not views.set_theme(rf.post("/preferences/theme/", {"theme": "<script>"})).cookies
    assert views.set_language(rf.post("/preferences/language/", {"language": "ar"})).cookies["language"].value == "ar"
    assert not views.set_language(rf.post("/preferences/language/", {"language": "xx\x00"})).cookies
    away = views.set_theme(rf.post("/preferences/theme/", {"theme": "dark", "next": "https://evil.example/"}))
    assert away["Location"] == "/"
