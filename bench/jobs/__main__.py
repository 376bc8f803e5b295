"""python -m bench.jobs [--quick]: durable jobs done per second by two processes; floor, Celery, the product. And the sweep.

Every job of the product is a row that was committed, claimed, run in its tenant's schema and removed; Celery's is a
message on the broker of CELERY_BROKER_URL, acknowledged after it ran.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psycopg

from bench import stage

COUNT = stage.size(10_000, 300)
CELERY_COUNT, CELERY_WARM = stage.size(3000, 300), stage.size(200, 50)
TENANTS = stage.size(10, 2)
PROCESSES = 2
ROUNDS = stage.size(2, 1)
SWEEPS = stage.size(3, 1)
TABLE = "CREATE TABLE IF NOT EXISTS floor_job (id bigserial PRIMARY KEY, payload text NOT NULL)"


def main() -> None:
    os.environ["JOBS_NUDGE"] = "0"
    if not os.environ.get("CELERY_BROKER_URL"):
        sys.exit("Set CELERY_BROKER_URL to the broker that Celery is measured on.")
    stage.set_up("jobs")
    schemas = stage.make_tenants(TENANTS)
    print(f"{stage.machine()}; {PROCESSES} processes, {COUNT} jobs of {TENANTS} tenants, best of {ROUNDS}")
    rates = {"floor: SKIP LOCKED, batches of 100": _floor, "Celery": _celery, "Frontdesk": lambda: _product(schemas)}
    best = {name: max(measure() for _round in range(ROUNDS)) for name, measure in rates.items()}
    for name, rate in best.items():
        print(f"{name:40} {rate:8.0f}/s")
    one, thousand = (min(times) for times in zip(*((_sweep(1), _sweep(1000)) for _round in range(SWEEPS)), strict=True))
    print(f"sweep and empty claim: {one * 1000:.2f} ms among 1 idle tenant, {thousand * 1000:.2f} ms among 1,000")
    floor, celery, product = best.values()
    print(f"against the floor: {product / floor:.2f}")
    print(f"sweep, 1,000 idle tenants against 1: {thousand / one:.2f} x (aim at most 1.2)")
    print(f"against Celery: {product / celery:.1f} x (aim 5)")


def _floor() -> float:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as link:
        link.execute(TABLE)
        link.execute("TRUNCATE floor_job")
        link.execute("INSERT INTO floor_job (payload) SELECT 'x' FROM generate_series(1, %s)", [COUNT])
    code = (
        "import os, sys, psycopg\n"
        "link = psycopg.connect(os.environ['DATABASE_URL'])\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "while link.execute('DELETE FROM floor_job WHERE id IN (SELECT id FROM floor_job ORDER BY id LIMIT 100"
        " FOR UPDATE SKIP LOCKED) RETURNING payload').fetchall():\n"
        "    link.commit()\n"
    )
    return COUNT / _run([sys.executable, "-c", code])


def _product(schemas: list[str]) -> float:
    from apps.jobs.models import Job

    Job.objects.all().delete()
    Job.objects.bulk_create(
        (Job(schema=schemas[n % TENANTS], kind="bench.nothing", key=str(n), queue="bulk") for n in range(COUNT)),
        batch_size=2000,
    )
    took = _run([sys.executable, "-m", "bench.jobs.worker"])
    assert not Job.objects.exists()
    return COUNT / took


def _run(command: list[str]) -> float:
    """Seconds from the start signal until the last process is done."""
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
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


def _celery() -> float:
    import redis

    from bench.jobs.celery_app import app, nothing

    broker = redis.Redis.from_url(os.environ["CELERY_BROKER_URL"])

    def left() -> int:
        return int(broker.llen("bench")) + int(broker.hlen("unacked"))  # type: ignore[arg-type]

    broker.delete("bench")
    with app.pool.acquire(block=True):
        for number in range(CELERY_COUNT):
            nothing.delay(str(number))
    unrelated = int(broker.hlen("unacked"))  # type: ignore[arg-type]
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "bench.jobs.celery_app", "worker", "--queues", "bench", "--concurrency",
         str(PROCESSES), "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while int(broker.llen("bench")) > CELERY_COUNT - CELERY_WARM:  # type: ignore[operator,arg-type]  it is warm now
            time.sleep(0.005)
        begun, first = time.monotonic(), left() - unrelated
        while left() > unrelated and time.monotonic() - begun < 60:
            time.sleep(0.01)
        return first / (time.monotonic() - begun)
    finally:
        worker.terminate()
        worker.wait(20)


def _sweep(idle: int) -> float:
    """Least seconds to find that nothing is due, among tenants that all have promises for tomorrow."""
    from datetime import timedelta

    from django.db import connection

    from apps.jobs import clock, services, tasks
    from apps.jobs.models import Job
    from apps.jobs.registry import QUEUES

    Job.objects.all().delete()
    tomorrow = clock.now() + timedelta(days=1)
    Job.objects.bulk_create(
        Job(schema=f"idle{n}", kind=f"bench.{queue}", queue=queue, run_at=tomorrow)
        for n in range(idle)
        for queue in QUEUES
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE jobs_job")
    times = []
    for _n in range(stage.size(200, 5)):
        begun = time.perf_counter()
        assert tasks.due_queues() == []
        for queue in QUEUES:
            assert not services.claim(queue).jobs
        times.append(time.perf_counter() - begun)
    return min(times)


if __name__ == "__main__":
    main()
