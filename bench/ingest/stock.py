"""How it is usually built: django-tenants' middleware finds the tenant by host, a view saves with the ORM."""

from __future__ import annotations

import hashlib
import hmac
import json
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.ingest.stock_settings"
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from apps.integrations.models import Delivery
from apps.jobs import trace
from apps.jobs.models import Job


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    body = request.body
    expected = "sha256=" + hmac.new(os.environ["FACEBOOK_APP_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers["X-Hub-Signature-256"]):
        return HttpResponse(status=403)
    account = json.loads(body)["entry"][0]["id"]
    Delivery.objects.create(channel="facebook", account=account, body=body, trace=trace.current())
    Job.objects.get_or_create(
        schema=request.tenant.schema_name, kind="conversations.receive", key="", defaults={"queue": "interactive"}
    )
    return HttpResponse("ok", headers={"Content-Length": "2"})


urlpatterns = [path("webhook/facebook/", webhook)]
