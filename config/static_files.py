"""Static files: which are collected, and under which names they are served."""

from typing import ClassVar

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(StaticFilesConfig):
    # Nobody asks for them: the second OpenAPI viewer of the sidecar (20 MB), another copy of htmx, an API browser.
    ignore_patterns: ClassVar[list[str]] = [
        *StaticFilesConfig.ignore_patterns,
        "redoc",
        "django_htmx",
        "rest_framework",
    ]


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Names change with the content. Modules import each other by the very address that a page's `<script>` names:
    under another one they would not be found, or be loaded a second time.
    """

    support_js_module_import_aggregation = True
