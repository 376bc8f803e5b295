"""Files end with their person, strangers fill no disk, and no small file unfolds into a large picture."""

from __future__ import annotations

import struct
import zlib
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.conversations import uploads
from apps.conversations.models import Upload
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.leads import services as leads
from apps.leads.models import Identity, Lead
from apps.organizations.forms import clean_picture
from apps.ui import pictures

pytestmark = pytest.mark.django_db


def png(width: int, height: int) -> bytes:
    """A picture that says how large it is and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def bring(by: str, size: int = 10, name: str = "list.pdf", content: bytes | None = None) -> Upload:
    return uploads.keep(SimpleUploadedFile(name, content or b"x" * size), by=by)


@pytest.mark.parametrize(("width", "height"), [(11_000, 8_000), (60_000, 60_000), (2, 40_000_000)])
def test_a_picture_that_unfolds_is_refused_before_it_does(acme, width, height):
    bomb = png(width, height)
    assert len(bomb) < 200
    with pytest.raises(ValidationError, match="too many pixels"):
        bring("user:1", name="boot.png", content=bomb)
    with pytest.raises(ValidationError, match="too many pixels"):
        clean_picture(SimpleUploadedFile("logo.png", bomb))


def test_a_large_photograph_is_no_bomb(acme):
    assert bring("user:1", name="boot.png", content=png(8_000, 6_000))
    assert pictures.pixels_of(SimpleUploadedFile("x", b"not a picture")) is None


def test_a_visitor_brings_so_many_files_a_day(acme, monkeypatch):
    monkeypatch.setattr(uploads, "OF_ONE", uploads.Quota(3, 1_000))
    for _n in range(3):
        bring("visitor:v_1")
    with pytest.raises(ValidationError, match="tomorrow"):
        bring("visitor:v_1")
    bring("visitor:v_2")
    for _n in range(5):
        bring("user:1")  # members are not strangers
    with clock.frozen(clock.now() + timedelta(days=1, minutes=1)):
        bring("visitor:v_1")


def test_and_so_many_bytes(acme, monkeypatch):
    monkeypatch.setattr(uploads, "OF_ONE", uploads.Quota(40, 1_000))
    bring("visitor:v_1", 600)
    with pytest.raises(ValidationError, match="tomorrow"):
        bring("visitor:v_1", 401)
    bring("visitor:v_1", 400)


def test_all_visitors_of_an_organization_together(acme, globex, monkeypatch):
    monkeypatch.setattr(uploads, "OF_ALL", uploads.Quota(100, 1_000))
    for n in range(10):
        bring(f"visitor:v_{n}", 100)
    with pytest.raises(ValidationError, match="tomorrow"):
        bring("visitor:v_new", 1)


def test_files_of_a_deleted_person_lead_nowhere(acme, client_for):
    ConnectedAccount.objects.get_or_create(channel="webchat", external_id="acme", defaults={"name": "Chat"})
    lead = Lead.objects.create(name="Sam")
    Identity.objects.create(lead=lead, kind="webchat", account="acme", value="v_1")
    theirs, others = bring("visitor:v_1"), bring("visitor:v_2")

    def status(upload: Upload) -> int:
        return client_for(None).get(uploads.address(upload)).status_code

    assert (status(theirs), status(others)) == (200, 200)
    leads.delete_lead(lead, by="user:1")
    assert (status(theirs), status(others)) == (404, 200)
    leads.restore_lead(lead, by="user:1")
    assert status(theirs) == 200
