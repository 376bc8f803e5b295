"""Files that people attach: what is taken, who may send it, how it is handed out, and what is thrown away."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.conversations import uploads
from apps.conversations.models import Upload
from apps.jobs import clock

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def brought(name: str = "boot.png", content: bytes = PNG, by: str = "user:1") -> Upload:
    return uploads.keep(SimpleUploadedFile(name, content), by=by)


def test_a_file_is_kept_and_handed_out_to_whoever_has_its_address(acme, client_for):
    kept = brought("صورة الحذاء.png")
    answer = client_for(None).get(uploads.address(kept))
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "attachment" not in answer["Content-Disposition"]


def test_what_a_browser_does_not_show_is_downloaded(acme, client_for):
    answer = client_for(None).get(uploads.address(brought("price list.pdf", b"%PDF-1.7")))
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page.html", b"<script>alert(1)</script>", "kind"),
        ("drawing.svg", b"<svg onload='alert(1)'/>", "kind"),
        ("run.exe", b"MZ", "kind"),
        ("no-ending", b"x", "kind"),
        ("", b"x", "kind"),
        ("picture.png", b"<html>", "not the picture"),
        ("picture.png", b"", "empty"),
        ("film.mp4", b"x" * (uploads.LARGEST + 1), "10 MB"),
    ],
)
def test_what_is_refused(acme, name, content, said):
    file = SimpleUploadedFile("x", content)
    file._name = name
    with pytest.raises(ValidationError, match=said):
        uploads.keep(file, by="user:1")
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\photos\\boot.png", "boot.png"),
        ('a"b<c>\r\nX-Evil: 1.png', "a_b_c_X-Evil_ 1.png"),
        ("\u202egnp.exe.png", "gnp.exe.png"),
        ("n" * 300 + ".png", "n" * 100 + "n" * 16 + ".png"),
        ("nul\x00l.png", "null.png"),
    ],
)
def test_names_are_made_harmless(acme, client_for, given, kept):
    file = SimpleUploadedFile("x.png", PNG)
    file._name = given
    upload = uploads.keep(file, by="user:1")
    assert upload.name == kept
    assert client_for(None).get(uploads.address(upload)).status_code == 200


def test_only_who_brought_a_file_may_send_it(acme):
    kept = brought(by="visitor:v_1")
    assert uploads.attach([kept.pk], by="visitor:v_1")[0].url == uploads.address(kept)
    for ids, by in (([kept.pk], "visitor:v_2"), ([uuid.uuid4()], "visitor:v_1"), (["../x"], "visitor:v_1")):
        with pytest.raises(ValidationError):
            uploads.attach(ids, by=by)


def test_another_organization_has_no_such_file(acme, charlie, globex, client_for):
    kept = brought()
    assert client_for(charlie, "globex").get(uploads.address(kept)).status_code == 404
    assert client_for(None).get(uploads.address(kept).replace("boot", "other")).status_code == 404


def test_what_nobody_sent_is_thrown_away_after_two_days(acme):
    unused, used = brought(), brought()
    uploads.attach([used.pk], by="user:1")
    with clock.frozen(clock.now() + uploads.UNUSED_FOR + timedelta(minutes=1)):
        assert uploads.sweep() == 1
    assert list(Upload.objects.all()) == [used]
    assert not default_storage.exists(uploads._place(unused))
    assert default_storage.exists(uploads._place(used))
