"""python -m bench.outbox [--quick]: signed webhooks delivered and recorded per second.

Two workers of the product (two tenants, one endpoint each) against two workers of the floor (one table, batches of 100,
aiohttp 50 at once), and against a loop that takes one row at a time. Receiver and PostgreSQL share the machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid

import psycopg

from bench import stage
from bench.outbox import floor

COUNT = stage.size(6000, 200)
SINGLE = stage.size(400, 20)
TENANTS = 2
WORKERS = 2
ROUNDS = stage.size(2, 1)


def main() -> None:
    os.environ["JOBS_NUDGE"] = "0"
    receiver = subprocess.Popen([sys.executable, "-m", "bench.outbox.receiver"], stdout=subprocess.PIPE, text=True)
    try:
        assert receiver.stdout
        place = f"127.0.0.1:{int(receiver.stdout.readline())}"
        os.environ["OUTBOX_ALLOWED_PRIVATE_HOSTS"] = place
        _measure(f"http://{place}/hooks")
    finally:
        receiver.terminate()
        receiver.wait(10)


def _measure(url: str) -> None:
    stage.set_up("outbox")
    schemas = stage.make_tenants(TENANTS)
    print(f"{stage.machine()}; {WORKERS} workers, {COUNT} deliveries, best of {ROUNDS}")
    best = {"row at a time (one loop)": 0.0, "floor: batches of 100, aiohttp x 50": 0.0, "Frontdesk": 0.0}
    with psycopg.connect(os.environ["DATABASE_URL"]) as link:
        link.execute(floor.TABLE)
        for _round in range(ROUNDS):
            body = [_fill_product(schema, url) for schema in schemas][0]
            floor.fill(link, body, SINGLE)
            rates = [SINGLE / _run("row_at_a_time", url, 1)]
            floor.fill(link, body, COUNT)
            rates.append(COUNT / _run("batched", url, WORKERS))
            rates.append(COUNT / _run("product", url, WORKERS))
            for schema in schemas:
                _check(schema)
            best = {name: max(rate, new) for (name, rate), new in zip(best.items(), rates, strict=True)}
    for name, rate in best.items():
        print(f"{name:40} {rate:8.0f}/s")
    single, batched, product = best.values()
    print(f"against row at a time: {product / single:.1f} x (aim 8, goal 10); the floor: {batched / single:.1f} x")
    print(f"against the floor: {product / batched:.2f} (aim 0.5, goal 0.7)")


def _run(what: str, url: str, count: int) -> float:
    """Seconds from the start signal until the last worker is done."""
    command = [sys.executable, "-m", "bench.outbox.worker", what, url]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
    begun = time.monotonic()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.wait() == 0
    return time.monotonic() - begun


def _fill_product(schema: str, url: str) -> str:
    """The tenant's share of facts for one endpoint; returns a body as it is sent."""
    from django.db import connection
    from django_tenants.utils import schema_context

    from apps.events import Envelope
    from apps.jobs import clock
    from apps.webhooks_outbox import services
    from apps.webhooks_outbox.models import Delivery, Endpoint

    data = {"lead_id": 123456, "name": "Amira Haddad", "stage": "qualified", "score": 82, "note": "x" * 300}
    with schema_context(schema), connection.cursor() as cursor:
        cursor.execute("TRUNCATE webhooks_outbox_attempt, webhooks_outbox_delivery")
        if not Endpoint.objects.exists():
            services.create_endpoint(url=url)
        services.create_deliveries(
            [
                Envelope(
                    id=uuid.uuid4(),
                    number=n,
                    type="lead.created",
                    occurred_at=clock.now(),
                    trace=uuid.uuid4(),
                    actor="",
                    data=data,
                )  # fmt: skip
                for n in range(COUNT // TENANTS)
            ]
        )
        cursor.execute("ANALYZE webhooks_outbox_delivery")
        return str(Delivery.objects.all()[0].body)


def _check(schema: str) -> None:
    from django_tenants.utils import schema_context

    from apps.webhooks_outbox.models import Attempt, Delivery

    with schema_context(schema):
        delivered = Delivery.objects.filter(state="delivered").count()
        assert delivered == Attempt.objects.filter(status=200).count() == COUNT // TENANTS


if __name__ == "__main__":
    main()
