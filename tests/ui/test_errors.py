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
