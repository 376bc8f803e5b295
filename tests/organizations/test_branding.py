"""Settings → Organization, and the logo."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.organizations.models import Organization

PAGE = "/dashboard/settings/organization/"
GOOD = {
    "name": "Acme Tools", "trade": "Tools", "accent": "#aa3300", "language": "ar", "timezone": "Asia/Dubai",
    "currency": "aed", "country": "ae", "sender_name": "", "sender_email": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def picture(kind="PNG", size=(800, 300)):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return SimpleUploadedFile(f"logo.{kind.lower()}", out.getvalue())


def fresh():
    return Organization.objects.get(slug="acme")


def test_everything_is_saved(acme, alice, client_for):
    assert client_for(alice).post(PAGE, GOOD).status_code == 302
    row = fresh()
    assert (row.name, row.currency, row.country, row.timezone) == ("Acme Tools", "AED", "AE", "Asia/Dubai")
    assert "Acme Tools" in client_for(alice).get("/dashboard/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "x" * 121}, {"accent": "red"}, {"accent": "#12345"}, {"timezone": "Mars/Base"},
        {"currency": "dollar"}, {"currency": "1$2"}, {"country": "Emirates"}, {"language": "xx"},
        {"sender_email": "nobody"}, {"name": "\x00"},
    ],
)  # fmt: skip
def test_bad_values_are_refused_beside_their_field(acme, alice, client_for, wrong):
    page = client_for(alice).post(PAGE, {**GOOD, **wrong})
    assert page.status_code == 422
    assert fresh().name == "Acme"


def test_nobody_changes_what_is_the_agencys(acme, alice, client_for):
    client_for(alice).post(
        PAGE, {**GOOD, "slug": "other", "schema_name": "globex", "ai_budget_usd": "9999", "is_active": ""}
    )
    row = fresh()
    assert (row.slug, row.schema_name, row.is_active) == ("acme", "acme", True)
    assert row.ai_budget_usd == acme.ai_budget_usd


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_logo_becomes_a_small_png(acme, alice, client_for, kind):
    client = client_for(alice)
    assert client_for(None).get("/brand/logo").status_code == 404
    assert client.post(PAGE, {**GOOD, "new_logo": picture(kind)}).status_code == 302
    answer = client_for(None).get("/brand/logo")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    drawn = Image.open(io.BytesIO(b"".join(answer.streaming_content)))
    assert drawn.size == (512, 192)
    assert client_for(None, "globex").get("/brand/logo").status_code == 404
    assert client.get(PAGE).status_code == 200
    client.post(PAGE, {**GOOD, "remove_logo": "on"})
    assert client_for(None).get("/brand/logo").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", b"", b"GIF89a", b"\x89PNG\r\n\x1a\n",
        b"<html>", b"x" * 2_000_000,
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(acme, alice, client_for, body):
    upload = SimpleUploadedFile("logo.png", body, content_type="image/png")
    page = client_for(alice).post(PAGE, {**GOOD, "new_logo": upload})
    assert page.status_code == 422
    assert not fresh().logo


def test_a_bomb_is_refused(acme, alice, client_for):
    page = client_for(alice).post(PAGE, {**GOOD, "new_logo": picture(size=(8000, 8000))})
    assert page.status_code == 422
