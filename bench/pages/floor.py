"""The floor of a page: as many bytes from one template, compiled once, with no query, session, tenant or middleware."""

from __future__ import annotations

import os

import django
from django.conf import settings

if not settings.configured:
    settings.configure(TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
    django.setup()

from django.template import engines

SIZE = int(os.environ["FLOOR_BYTES"])
ROW = '<li class="row"><a href="/dashboard/inbox/{{ row.id }}/"><b>{{ row.name }}</b> <span>{{ row.said }}</span></a></li>\n'
template = engines["django"].from_string(
    "<!doctype html><html><body><ul>{% for row in rows %}" + ROW + "{% endfor %}</ul></body></html>"
)
SAID = "Do you have <safety boots> in size 44, and what do they cost with delivery?"
ROWS = [{"id": n, "name": f"Amira & Co. {n}", "said": SAID} for n in range(SIZE // 190 + 1)]


def application(environ, start_response):  # type: ignore[no-untyped-def]
    page = template.render({"rows": ROWS}).encode()[:SIZE].ljust(SIZE)
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(SIZE))])
    return [page]
