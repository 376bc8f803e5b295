"""Files that people attach: taken in, put into messages, handed out, and thrown away where nobody sent them.

A file is handed out to whoever has its address, as platforms and visitors' browsers must fetch it without signing in;
the address holds a random id. What a browser could run is refused at the door and never served as a page.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePath
from typing import BinaryIO, NamedTuple, cast

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.jobs.connection import connection
from apps.leads.models import Identity
from apps.ui import phrases, pictures

from .adapters import Attachment, Kind
from .adapters.reading import clean
from .models import Conversation, Upload

LARGEST = 10_000_000  # bytes
VISITOR = "visitor:"


class Quota(NamedTuple):
    files: int
    size: int


# Visitors' files within a day.
OF_ONE = Quota(40, 60_000_000)
OF_ALL = Quota(2_000, 1_000_000_000)
UNUSED_FOR = timedelta(days=2)
AT_ONCE = 500  # files thrown away in one go
# What may be attached, by the ending of its name; a picture must also begin as one.
TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "mp4": "video/mp4", "webm": "video/webm", "mov": "video/quicktime", "3gp": "video/3gpp",
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav", "aac": "audio/aac",
    "pdf": "application/pdf", "txt": "text/plain", "csv": "text/csv", "rtf": "application/rtf",
    "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
}  # fmt: skip
ACCEPT = ",".join(f".{ending}" for ending in TYPES)  # for <input type="file" accept="…">
_STARTS = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/gif": (b"GIF8",),
    "image/webp": (b"RIFF",),
}
_SHOWN = ("image/", "video/", "audio/")


def keep(file: UploadedFile, *, by: str) -> Upload:
    """Store a file for a message to come; ValidationError says why one cannot be taken."""
    name = _name(file.name or "")
    mime = TYPES.get(PurePath(name).suffix.lower().removeprefix("."))
    if mime is None:
        raise ValidationError(
            _("Files of this kind cannot be sent here. Pictures, videos, sound, PDF and office documents can.")
        )
    if not file.size:
        raise ValidationError(_("This file is empty."))
    if file.size > LARGEST:
        raise ValidationError(_("This file is larger than 10 MB."))
    if mime in _STARTS:
        start = file.read(16)
        file.seek(0)
        if not start.startswith(_STARTS[mime]):
            raise ValidationError(_("This file is not the picture that its name says it is."))
        if (pictures.pixels_of(cast("BinaryIO", file)) or 0) > pictures.SHOWN:
            raise ValidationError(_("The picture has too many pixels. Choose a smaller one."))
    if by.startswith(VISITOR):
        _check_quota(by, file.size)
    upload = Upload(name=name, mime=mime, size=file.size, by=by)
    default_storage.save(_place(upload), file)
    upload.save()
    return upload


def _check_quota(by: str, size: int) -> None:
    """Strangers fill no disk: so much a day from one of them, and from all of an organization's together."""
    today = Upload.objects.filter(created_at__gt=clock.now() - timedelta(days=1), by__startswith=VISITOR)
    for rows, quota in ((today.filter(by=by), OF_ONE), (today, OF_ALL)):
        used = rows.aggregate(files=Count("id"), size=Sum("size", default=0))
        if used["files"] >= quota.files or used["size"] + size > quota.size:
            raise ValidationError(_("Too many files were sent today. Try again tomorrow."))


def _name(given: str) -> str:
    """A name that can be stored, shown and put into a header; the end, which says what it is, is kept."""
    words = phrases.without_bidi_controls(clean(PurePath(given.replace("\\", "/")).name))
    words = re.sub(r"[\x00-\x1f\x7f\"<>|:*?/]+", "_", words).strip(". ")
    return words if len(words) <= 120 else words[:100] + words[-20:]


def _place(upload: Upload) -> str:
    return f"{connection.schema_name}/files/{upload.pk.hex[:2]}/{upload.pk}"


def attach(ids: Sequence[str | uuid.UUID], *, by: str, conversation: Conversation | None = None) -> list[Attachment]:
    """The files as a message carries them; ValidationError for one that is not there or was brought by another.

    `conversation`: where a member's files go; a visitor's are their own person's.
    """
    wanted = []
    for one in ids:
        try:
            wanted.append(uuid.UUID(str(one)))
        except ValueError:
            raise ValidationError(_("This file is gone. Attach it again.")) from None
    found = Upload.objects.in_bulk(wanted)
    if any(one not in found or found[one].by != by for one in wanted):
        raise ValidationError(_("This file is gone. Attach it again."))
    Upload.objects.filter(pk__in=wanted, used_at=None).update(used_at=clock.now(), conversation=conversation)
    return [as_attachment(found[one]) for one in wanted]


def as_attachment(upload: Upload) -> Attachment:
    kind = {"image": Kind.IMAGE, "video": Kind.VIDEO, "audio": Kind.AUDIO}.get(upload.mime.partition("/")[0], Kind.FILE)
    return Attachment(kind=kind, url=address(upload), name=upload.name, mime=upload.mime, size=upload.size)


def address(upload: Upload) -> str:
    """A path on the organization's host."""
    return reverse("conversations:upload", args=[upload.pk, upload.name])


def is_shown(upload: Upload) -> bool:
    """Whether a browser may show it where it stands; the rest is downloaded."""
    return upload.mime.startswith(_SHOWN)


def is_revoked(upload: Upload) -> bool:
    """Whether the person whom the file is about was deleted: then its address leads nowhere, until they are restored."""
    if upload.by.startswith(VISITOR):
        chats = ConnectedAccount.objects.filter(channel="webchat").values("external_id")
        known = Identity.objects.filter(kind="webchat", account__in=chats, value=upload.by.removeprefix(VISITOR))
        return known.filter(lead__deleted_at__isnull=False).exists()
    if upload.conversation_id is None:
        return False
    return Conversation.objects.filter(pk=upload.conversation_id, lead__deleted_at__isnull=False).exists()


def open_file(upload: Upload) -> File:
    """Its bytes; FileNotFoundError where the folder was lost."""
    return default_storage.open(_place(upload))


def sweep() -> int:
    """Throw away what was brought and never sent; returns how many files that were."""
    unused = list(Upload.objects.filter(used_at=None, created_at__lt=clock.now() - UNUSED_FOR)[:AT_ONCE])
    for upload in unused:
        default_storage.delete(_place(upload))
        upload.delete()
    return len(unused)
