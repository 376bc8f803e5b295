"""Static files: which are collected, and under which names they are served."""

import fcntl
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(StaticFilesConfig):
    # Nobody asks for them: the second OpenAPI viewer of the sidecar (20 MB), another copy of htmx, an API browser.
    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc", "django_htmx", "rest_framework"]


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Names change with the content. Modules import each other by the very address that a page's `<script>` names:
    under another one they would not be found, or be loaded a second time.
    """

    # Django's own patterns for this (`support_js_module_import_aggregation`) look into everybody's bundles, for 8 s.
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        *(
            (
                f"{folder.name}/*.js",
                (
                    (
                        r"""(?P<matched>\b(?P<word>from|import)(?P<open>\s*\(?\s*)["'](?P<url>\.[^"']+)["'])""",
                        '%(word)s%(open)s"%(url)s"',
                    ),
                ),
            )
            for folder in (settings.BASE_DIR / "static").iterdir()
            if folder.name != "vendor"
        ),
    )

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Only what is new: under the same name lies the same content."""
        yield from super().compress_files([path for path in paths if not self.exists(f"{path}.gz")])


def collect() -> bool:
    """Bring STATIC_ROOT up to date; True if there was something to do. Processes may do so at the same time."""
    folder = Path(settings.STATIC_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, wanted = folder / ".collected", _sources()
        if stamp.is_file() and stamp.read_text() == wanted:
            return False
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(wanted)
        return True


def _sources() -> str:
    """A hash over what is collected, and over this file, which says how."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for finder in finders.get_finders():
        for name, storage in sorted(finder.list(StaticFiles.ignore_patterns), key=lambda found: found[0]):
            digest.update(f"{name}\0".encode() + hashlib.sha256(Path(storage.path(name)).read_bytes()).digest())
    return digest.hexdigest()
