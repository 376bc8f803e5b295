"""The web server's entry point: the webhook door, and Django behind it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from apps.integrations.front import with_door  # noqa: E402 - needs Django to be set up

application = with_door(django_application)
