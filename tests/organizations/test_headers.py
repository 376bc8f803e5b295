"""What browsers are told: what not to keep, whose cookies and forms count, and how long a page is."""

from __future__ import annotations

import gzip
import importlib.util

import pytest
from django.conf import settings as configured
from django.test import Client

from config.compression import CompressionMiddleware


@pytest.mark.parametrize(
    "path", ["/dashboard/", "/dashboard/inbox/", "/dashboard/leads/", "/api/leads/", "/api/users/me/", "/accounts/2fa/"]
)
def test_what_is_told_to_somebody_is_not_stored(acme, alice, client_for, path):
    answer = client_for(alice, "acme").get(path)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]


def test_refusals_and_the_api_of_machines_are_not_stored_either(acme, client_for):
    client = client_for(None, "acme")
    for headers in ({}, {"authorization": "Api-Key fd_wrong"}):
        answer = client.get("/api/leads/", headers=headers)
        assert answer.status_code == 401
        assert "no-store" in answer.headers["Cache-Control"]
    assert "no-store" in client.get("/accounts/login/").headers["Cache-Control"]


def test_what_everybody_may_keep_may_still_be_kept(acme, alice, client_for):
    assert "public" in client_for(alice, "acme").get("/widget.js").headers["Cache-Control"]


def _security(monkeypatch, https: str):
    """The settings as they are read where HTTPS is on or off."""
    monkeypatch.setenv("HTTPS", https)
    spec = importlib.util.spec_from_file_location(
        "config.settings.again", configured.BASE_DIR / "config/settings/security.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_siblings_can_plant_no_cookie(monkeypatch):
    https = _security(monkeypatch, "1")
    for name, secure in (
        (https.SESSION_COOKIE_NAME, https.SESSION_COOKIE_SECURE),
        (https.CSRF_COOKIE_NAME, https.CSRF_COOKIE_SECURE),
    ):
        # The prefix holds only with Secure, without a domain, for the whole host.
        assert name.startswith("__Host-")
        assert secure
    assert (configured.SESSION_COOKIE_DOMAIN, configured.CSRF_COOKIE_DOMAIN) == (None, None)
    assert (configured.SESSION_COOKIE_PATH, configured.CSRF_COOKIE_PATH) == ("/", "/")
    plain = _security(monkeypatch, "0")  # a browser would not take the prefix without https
    assert (plain.SESSION_COOKIE_NAME, plain.CSRF_COOKIE_NAME) == ("sessionid", "csrftoken")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://acme.localhost", 302),
        ("http://globex.localhost", 403),
        ("http://localhost", 403),
        ("https://acme.localhost", 403),
        ("null", 403),
    ],
)
def test_a_form_comes_from_the_host_it_goes_to(acme, globex, origin, status):
    client = Client(enforce_csrf_checks=True, headers={"host": "acme.localhost"})
    client.get("/accounts/login/")
    token = client.cookies["csrftoken"].value
    data = {"login": "alice@example.com", "password": "correct horse battery", "csrfmiddlewaretoken": token}
    answer = client.post("/accounts/login/", data, headers={"origin": origin})
    assert (answer.status_code == 403) == (status == 403)


def test_pages_are_compressed_and_their_length_tells_nothing(acme, alice, client_for):
    client = client_for(alice, "acme")
    plain = client.get("/dashboard/leads/")
    lengths = set()
    for _n in range(12):
        packed = client.get("/dashboard/leads/", headers={"accept-encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert b"</html>" in gzip.decompress(packed.content)
        lengths.add(len(packed.content))
    assert max(lengths) < len(plain.content) / 2
    assert len(lengths) > 3
    assert CompressionMiddleware.max_random_bytes >= 100


def test_files_and_short_answers_are_not_compressed(acme, client_for, public):
    short = client_for(None, None).get("/health", headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in short.headers
