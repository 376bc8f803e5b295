"""What granian is told to serve: the front, with Django behind it."""

from django.conf import settings

from config.wsgi import application as django_application

from .front import Front

application = Front(
    django_application,
    turns=settings.WEB_THREADS,
    threads=settings.WEB_THREADS + settings.WEB_THREADS_OUTSIDE,
    most=settings.REQUEST_MAX_BYTES,
    most_without_files=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    most_at_door=settings.WEBHOOK_MAX_BYTES,
)
