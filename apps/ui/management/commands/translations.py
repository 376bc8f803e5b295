"""manage.py translations: bring each language's catalog up to the words in the code, and compile it.

It does what makemessages and compilemessages do, without the gettext programs (not every machine has them), and
without what makes those files noisy: entries are sorted, without line numbers, dates or guesses, so that a change of
words is a change of just those lines. docs/translations.md tells translators the rest.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.template import templatize

from apps.ui.translatable import elsewhere

ROOT = Path(settings.BASE_DIR)
CODE = ("apps/**/*.py", "config/**/*.py")
TEMPLATES = ("templates/**/*.html", "templates/**/*.txt", "templates/**/*.js")
KEYWORDS: dict[str, tuple[Any, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
FORMATTED = re.compile(r"%(\(\w+\))?[sd]")

Key = tuple[str, str]  # context, singular: what makes an entry one


class Command(BaseCommand):
    help = "Bring the catalogs in locale/ up to the words in the code, and compile them."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = words()
        for path in catalogs():
            old = read(path)
            new = renewed(old, wanted, path.parent.parent.name)
            path.write_bytes(text_of(new))
            compiled(path).write_bytes(binary_of(new))
            missing = [message for message in new if message.id and not is_whole(message)]
            self.stdout.write(f"{new.locale}: {len(new)} entries, {len(missing)} without translation")
            for message in missing:
                self.stdout.write(f"  {message.id!r}")
        if not catalogs():
            raise CommandError("There is no catalog: make an empty locale/<language>/LC_MESSAGES/django.po first.")


def catalogs() -> list[Path]:
    return sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))


def compiled(path: Path) -> Path:
    return path.with_suffix(".mo")


def words() -> dict[Key, Message]:
    """Everything marked for translation in code and templates."""
    found: dict[Key, Message] = {}
    for path, source in sources():
        try:
            calls = list(extract("python", io.BytesIO(source.encode()), KEYWORDS, comment_tags=["Translators:"]))
        except (SyntaxError, IndentationError) as error:
            raise CommandError(f"{path.relative_to(ROOT)}: {error}") from error
        for _line, text, notes, context in calls:
            singular = text[0] if isinstance(text, tuple) else text
            if not singular:
                continue
            key = (context or "", singular)
            known = found.setdefault(key, Message(text, auto_comments=notes, context=context))
            if isinstance(text, tuple):  # said elsewhere without a plural: one entry, the one with both
                known.id = text
    for text in elsewhere():
        found.setdefault(("", text), Message(text))
    return found


def sources() -> Iterator[tuple[Path, str]]:
    """Code, and templates as the Python calls they amount to."""
    for pattern in CODE:
        for path in sorted(ROOT.glob(pattern)):
            if "/migrations/" not in path.as_posix():
                yield path, path.read_text()
    for pattern in TEMPLATES:
        for path in sorted(ROOT.glob(pattern)):
            calls = templatize(path.read_text(), origin=str(path))
            yield path, "\n".join(line.strip() for line in calls.splitlines())


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, charset="utf-8")


def renewed(old: Catalog, wanted: dict[Key, Message], language: str) -> Catalog:
    """The catalog with exactly the wanted entries; translations stay, and words that are gone take theirs along."""
    new = Catalog(
        locale=language,
        project="Frontdesk",
        header_comment=old.header_comment,
        fuzzy=False,
        charset="utf-8",
    )
    new.mime_headers = [
        ("Plural-Forms", old.plural_forms)
    ]  # Babel's own for Arabic counts in another order than gettext
    for (context, singular), message in wanted.items():
        known = old.get(singular, context or None)
        plural = isinstance(message.id, tuple)
        said: Any = known.string if known and isinstance(known.id, tuple) == plural else ""
        if plural and not said:
            said = ("",) * new.num_plurals
        entry = new.add(
            message.id,
            said,
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known else [],
            context=message.context,
        )
        if not FORMATTED.search(singular):  # Babel takes "80% of" for a placeholder
            entry.flags.discard("python-format")
    return new


def text_of(catalog: Catalog) -> bytes:
    for message in catalog:  # Babel takes "80% of" for a format; the tests compare placeholders themselves
        message.flags.discard("python-format")
    out = io.BytesIO()
    write_po(out, catalog, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    return header(catalog).encode() + out.getvalue()


def header(catalog: Catalog) -> str:
    """The first entry, with what programs need and nothing that changes by itself."""
    lines = (
        "Project-Id-Version: Frontdesk",
        f"Language: {catalog.locale}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {catalog.plural_forms}",
    )
    said = "\n".join(f'"{line}\\n"' for line in lines)
    return f'{catalog.header_comment}\nmsgid ""\nmsgstr ""\n{said}\n\n'


def binary_of(catalog: Catalog) -> bytes:
    """Through the text, so that the same .po always gives the same .mo."""
    out = io.BytesIO()
    read = read_po(io.BytesIO(text_of(catalog)), locale=catalog.locale)
    read.creation_date = read.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # not the moment of writing
    write_mo(out, read)
    return out.getvalue()


def is_whole(message: Message) -> bool:
    said = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return all(said) and not message.fuzzy
