"""Languages and time."""

from django.utils.translation import gettext_lazy as _

from .env import BASE_DIR

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
FORMAT_MODULE_PATH = ["apps.ui.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # what is stored, and what is shown where no organization is active
