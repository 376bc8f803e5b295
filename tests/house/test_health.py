"""`/health`, `/health/ready`, `/metrics`, and what never reaches a log."""

import json
import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client

from apps.conversations.models import Conversation, Message
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.organizations.management.commands import prepare
from apps.organizations.schemas import migration_state
from apps.webhooks_outbox.models import Delivery, Endpoint
from config import heartbeat
from config.redaction import HIDDEN, redact_secrets
from tests.samples import Samples


@pytest.fixture
def client():
    return Client(REMOTE_ADDR="192.0.2.7")


@pytest.mark.parametrize("host", ["localhost", "acme.localhost", "10.1.2.3", "nobody.example"])
def test_live_on_any_host_without_a_database(client, host):
    response = client.get("/health", headers={"host": host})
    assert response.json() == {"status": "ok"}
    assert response.headers["Cache-Control"] == "no-store"


def test_live_is_not_redirected_to_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/health").status_code == 200


def test_only_reading(client):
    assert client.post("/health").status_code == 405


def test_ready_says_what_is_missing(client, public, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    prepare._set_state("public", migration_state())
    cache.delete(heartbeat.KEY)
    response = client.get("/health/ready")
    assert response.json()["checks"]["database"] == "ok"
    assert response.json()["checks"]["migrations"] == "ok"
    assert response.json()["checks"]["worker"] == "no sign of life"
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    heartbeat.beat()
    assert client.get("/health/ready").json()["checks"]["worker"] == "ok"
    prepare._set_state("public", "older")
    response = client.get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (503, "failing")
    assert "manage.py prepare" in response.json()["checks"]["migrations"]


def test_metrics_are_for_this_machine_and_for_those_who_know_the_token(public, settings):
    settings.METRICS_TOKEN = "open sesame"
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="::1").get("/metrics").status_code == 200
    far = Client(REMOTE_ADDR="192.0.2.7")
    assert far.get("/metrics").status_code == 403
    assert far.get("/metrics", headers={"authorization": "Bearer open sesame"}).status_code == 200
    assert far.get("/metrics", headers={"authorization": "Bearer schließ dich"}).status_code == 403
    through_a_proxy = Client(REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": "192.0.2.7"})
    assert through_a_proxy.get("/metrics").status_code == 403
    near = Client(REMOTE_ADDR="127.0.0.1")
    for name in ("forwarded", "x-forwarded-host", "x-real-ip", "via"):
        assert near.get("/metrics", headers={name: "x"}).status_code == 403
    settings.BASE_DOMAIN = "desk.example"  # a proxy that leaves no trace but passes the name on
    assert near.get("/metrics", headers={"host": "desk.example"}).status_code == 403
    settings.TRUSTED_PROXIES = 1
    assert near.get("/metrics").status_code == 403
    settings.METRICS_TOKEN = ""
    assert far.get("/metrics", headers={"authorization": "Bearer "}).status_code == 403


def test_metrics_count_queues_and_tenants(acme):
    cache.clear()
    kind = next(iter(jobs.KINDS))
    jobs.schedule(kind, "one", at=clock.now())
    said = Client(REMOTE_ADDR="127.0.0.1").get("/metrics", headers={"host": "localhost"}).content.decode()
    queue = jobs.KINDS[kind].queue
    assert f'frontdesk_jobs_due{{queue="{queue}"}} 1.0' in said
    assert "frontdesk_organizations 2.0" in said
    assert 'frontdesk_outbox_last_hour{state="dead"} 0.0' in said
    assert 'frontdesk_messages_last_hour{status="failed"} 0.0' in said


def test_rates_are_of_the_whole_last_hour_and_of_nothing_before(acme):
    cache.clear()
    samples = Samples(acme)
    conversation, endpoint = samples.of(Conversation), samples.of(Endpoint)
    sent = {"conversation": conversation, "direction": "out", "sender": "bot", "kind": "text"}
    rows = [Message(**sent, status="sent") for _n in range(700)] + [Message(**sent, status="failed") for _n in range(3)]
    rows += [Message(**{**sent, "direction": "in"}, status="received") for _n in range(600)]
    rows += [Message(**sent, status="failed", created_at=clock.now() - timedelta(minutes=61)) for _n in range(5)]
    Message.objects.bulk_create(rows)
    given_up = [{"endpoint": endpoint, "type": "lead.created", "body": "{}", "state": "dead"} for _n in range(600)]
    Delivery.objects.bulk_create(Delivery(**one, event=uuid.uuid4()) for one in given_up)
    said = Client(REMOTE_ADDR="127.0.0.1").get("/metrics", headers={"host": "localhost"}).content.decode()
    assert 'frontdesk_messages_last_hour{status="sent"} 700.0' in said
    assert 'frontdesk_messages_last_hour{status="failed"} 3.0' in said
    assert 'frontdesk_messages_last_hour{status="received"} 0.0' in said
    assert 'frontdesk_outbox_last_hour{state="dead"} 600.0' in said


def test_preparing_twice_does_nothing_the_second_time(public, capsys, tmp_path):
    with_state = {schema: prepare._state_of(schema) for schema in ("acme", "globex")}
    assert set(with_state.values()) == {migration_state()}  # new tenants are born with it
    prepare._set_state("public", migration_state())
    command = prepare.Command()
    command._migrate()
    assert "Migrating" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("event", "hidden"),
    [
        ({"access_token": "EAAB"}, ["EAAB"]),
        ({"headers": {"Authorization": "Bearer abcdefghij", "Host": "acme"}}, ["abcdefghij"]),
        ({"event": "GET /me?access_token=12345&fields=id"}, ["12345"]),
        ({"event": "postgres://frontdesk:hunter2@127.0.0.1/x"}, ["hunter2"]),
        ({"event": "key sk-proj-abcdefghijklmnop was refused"}, ["sk-proj"]),
        ({"exception": "Traceback …\nValueError: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, ["MfKQ9r8"]),
        ({"attempts": [{"secret": "s3cr3t"}]}, ["s3cr3t"]),
    ],
)
def test_secrets_are_hidden(event, hidden):
    said = json.dumps(redact_secrets(None, "info", event))
    assert HIDDEN in said
    assert not any(word in said for word in hidden)


def test_harmless_fields_stay():
    event = {"event": "ai.answered", "input_tokens": 12, "tenant": "acme", "trace": "5d1e", "monkey": "business"}
    assert redact_secrets(None, "info", dict(event)) == event


def test_every_page_carries_the_secure_headers(client, public):
    response = client.get("/accounts/login/", headers={"host": "localhost"})
    policy = response.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]


def test_every_setting_is_documented():
    """What settings read from the environment stands in .env.example, or is ours to set."""
    import re

    read = set()
    for file in (settings.BASE_DIR / "config" / "settings").glob("*.py"):
        read |= set(re.findall(r'env\.(?:str|int|bool|list|float|db)\(\s*"(\w+)"', file.read_text()))
    documented = set(re.findall(r"^#?([A-Z0-9_]+)=", (settings.BASE_DIR / ".env.example").read_text(), re.MULTILINE))
    ours = {"JOBS_NUDGE", "STATIC_ROOT", "MEDIA_ROOT", "DEBUG", "SITE_NAME"}
    assert read - documented - ours == set()
    launcher = "".join(file.read_text() for file in (settings.BASE_DIR / "config" / "start").glob("*.py"))
    settled = {one for one in documented if one.startswith("TWILIO_")}  # for what is not there yet
    assert {one for one in documented - read - settled if f'"{one}"' not in launcher} == set(), (
        "documented, but not read"
    )


def test_the_deployed_settings_are_clean(monkeypatch):
    """`check --deploy` runs with production settings in `make lint`; here the checks of this process."""
    call_command("check", fail_level="WARNING")


def test_the_workers_sign_of_life_is_seen_at_every_organization(public, acme):
    connection.set_schema_to_public()
    heartbeat.beat()
    connection.set_tenant(acme)
    assert heartbeat.age() is not None
