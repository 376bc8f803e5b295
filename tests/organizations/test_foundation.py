"""The ground everything stands on: schemas, sign-in, tokens, jobs, events."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django_tenants.utils import tenant_context

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.leads.models import Lead


def test_rows_stay_in_their_organization(acme, globex):
    Lead.objects.create(name="Only here")
    with tenant_context(globex):
        assert not Lead.objects.exists()


def test_a_token_opens_only_its_own_organization(acme, alice, api_for):
    client = api_for(alice, "acme")
    assert client.get("/api/schema/").status_code == 200
    client.defaults["HTTP_HOST"] = "globex.localhost"


def test_unknown_host_is_404(client_for, db):
    client = client_for(None, None)
    assert client.get("/", headers={"host": "nobody.localhost"}).status_code == 404


def test_one_job_however_often_asked(acme):
    with clock.frozen(clock.now()):
        jobs.wake("events.relay")
        jobs.wake("events.relay")
        assert Job.objects.filter(schema="acme", kind="events.relay").count() == 1
        clock.advance(timedelta(seconds=1))
        jobs.run_due()
    assert not Job.objects.filter(kind="events.relay").exists()
    assert connection.schema_name == "acme"
