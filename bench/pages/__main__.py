"""python -m bench.pages [--scale 0.1] [--quick]: the pages people look at, with a million leads and five million messages.

First how many inbox pages a second 1, 2 and 12 connections get, beside the floor: a page of the same size from one template,
without a query, in as many processes. Then, for each page: how long the server takes (p50, p95), how many queries it asks, and the floor: the same SQL asked bare by
psycopg over one connection, nothing rendered. The first run loads the tenant (see loader.py), later ones find it there.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from bench import stage
from bench.ingest.load import Result
from bench.pages import load, loader
from bench.pages.loader import COMMON, RARE, Scale

HOST = "bench0000.localhost"
CONNECTIONS = (1, 2, 12)
REQUESTS, WARM = stage.size(40, 2), stage.size(5, 1)
LONGEST = 3.0  # seconds for one page; what is slow is asked less often
MARK = "pages: complete, 2"


@dataclass
class Measured:
    name: str
    milliseconds: list[float]
    queries: list[str]
    floors: list[float] = field(default_factory=list)  # of each query, median

    @property
    def floor(self) -> float:
        return sum(self.floors)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument(
        "--scale", type=float, default=float(os.environ.get("BENCH_SCALE", "1")), help="1: a million leads"
    )
    options.add_argument("--slow", action="store_true", help="print the plan of every query slower than 5 ms")
    options.add_argument("--quick", action="store_true", help="see only whether it runs; keeps nothing")
    chosen = options.parse_args()
    scale = Scale.of(0 if chosen.quick else chosen.scale)
    os.environ["JOBS_NUDGE"] = "0"
    if chosen.quick:
        stage.set_up("pages")
    else:
        stage.set_up_kept(f"bench_pages_{scale.leads}", mark=MARK)
    _load(scale)
    from config import static_files

    static_files.collect()
    print(f"{stage.machine()}; {scale}; {REQUESTS} requests one after the other")
    cookie = _sign_in()
    pages = _pages()
    with stage.served_product() as port:
        rates, size = _rates(pages["inbox"], port, cookie)
        found = [_measure(name, path, port, cookie) for name, path in pages.items()]
    os.environ["FLOOR_BYTES"] = str(size)
    with stage.served("bench.pages.floor:application", threads=2, workers=_processes()) as port:
        floors, _size = _rates("/", port, "")
    _report_rates(rates, floors, size)
    with psycopg.connect(stage.address(), autocommit=True) as link:
        link.execute("SET search_path = bench0000, public")
        for one in found:
            one.floors = [_median(lambda query=query: link.execute(query).fetchall()) for query in one.queries]
        if chosen.slow:
            _explain(link, found)
    _report(found)


def _load(scale: Scale) -> None:
    from django.db import connection

    from apps.organizations.models import User
    from apps.organizations.services import create_organization

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        if cursor.fetchone()[0] == MARK:
            return
    begun = time.monotonic()
    print(f"Loading {scale}; this happens once.", flush=True)
    schema = create_organization(
        slug="bench0000", name="Bench", owner_email="owner@bench.example", owner_password="not a secret here"
    ).schema_name
    loader.load(schema, scale, owner_id=User.objects.get(email="owner@bench.example").pk)
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        name = connection.settings_dict["NAME"]
        cursor.execute(f"COMMENT ON DATABASE \"{name}\" IS '{MARK}'")
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        print(f"Loaded in {time.monotonic() - begun:.0f} s; {cursor.fetchone()[0]}.")


def _client() -> Any:
    from django.test import Client

    from apps.organizations.models import User

    client = Client(headers={"host": HOST})
    client.force_login(
        User.objects.get(email="owner@bench.example"), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def _sign_in() -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in _client().cookies.items())


def _pages() -> dict[str, str]:
    from django_tenants.utils import schema_context

    from apps.conversations import queries
    from apps.conversations.models import Conversation
    from apps.leads import queries as leads

    with schema_context("bench0000"):
        rows = queries.conversations(queries.Filters())
        middle = rows.order_by("-last_message_at", "-id")[rows.order_by().count() // 2]
        deep = queries.page_of(
            rows.filter(last_message_at__lte=middle.last_message_at), "last_message_at", limit=1
        ).older
        people = leads.leads()
        halfway = people.order_by("-last_activity_at", "-id")[people.count() // 2]
        deep_leads = leads.page(people.filter(last_activity_at__lte=halfway.last_activity_at), "", size=1).next_cursor
        talk = Conversation.objects.order_by("-last_message_at", "-id").values_list("pk", "lead_id")[10]
    inbox, people_url, search = "/dashboard/inbox/", "/dashboard/leads/", "/dashboard/search/"
    return {
        "home": "/dashboard/",
        "inbox": inbox,
        "inbox, deep": f"{inbox}?cursor={deep}",
        "inbox, who waits": f"{inbox}?show=waiting",
        "inbox, unread": f"{inbox}?show=unread",
        "inbox, mine": f"{inbox}?assignee=me",
        "inbox, with a person": f"{inbox}?owner=human",
        "inbox, a rare word": f"{inbox}?q={RARE}",
        "inbox, a common word": f"{inbox}?q={COMMON}",
        "inbox, what is new": f"{inbox}live/?since=1000",
        "conversation": f"{inbox}{talk[0]}/",
        "leads": people_url,
        "leads, deep": f"{people_url}?cursor={deep_leads}",
        "leads, by score": f"{people_url}?sort=score",
        "leads, hot ones": f"{people_url}?label=hot",
        "leads, a tag": f"{people_url}?tag=tag+7",
        "leads, a name": f"{people_url}?q=amira+haddad",
        "leads, a number": f"{people_url}?q=00123456",
        "leads, nobody": f"{people_url}?q=nobodyiscalledso",
        "board": f"{people_url}board/",
        "lead": f"{people_url}{talk[1]}/",
        "search, a rare word": f"{search}?q={RARE}",
        "search, a common word": f"{search}?q={COMMON}",
        "search, a name": f"{search}?q=amira+haddad",
        "search, nothing": f"{search}?q=nothinglikethis",
    }


def _processes() -> int:
    from django.conf import settings

    return int(settings.WEB_PROCESSES)


def _rates(path: str, port: int, cookie: str) -> tuple[dict[int, Result], int]:
    """For each number of connections what they got; and how long the page is."""
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookie}\r\n\r\n".encode()
    load.get(request, port=port, connections=CONNECTIONS[-1], seconds=stage.size(2, 1))  # warm-up
    found = {count: load.get(request, port=port, connections=count, seconds=stage.size(10, 1)) for count in CONNECTIONS}
    if refused := sum(one.refused for one in found.values()):
        raise SystemExit(f"{path}: {refused} requests were not answered with 200")
    return found, found[1].bytes


def _report_rates(rates: dict[int, Result], floors: dict[int, Result], size: int) -> None:
    print(f"\nThe inbox, {size:,} bytes, {_processes()} processes; the floor is a page as long from one template")
    for count, one in rates.items():
        floor = floors[count]
        print(
            f"{count:3} connections {one.rate:7.1f}/s   p50 {one.percentile(0.5):6.1f} ms   p99 {one.percentile(0.99):6.1f} ms"
            f"   floor {floor.rate:7.1f}/s   ratio {one.rate / floor.rate:.2f}"
        )


def _measure(name: str, path: str, port: int, cookie: str) -> Measured:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    times = []
    enough = time.monotonic() + LONGEST
    for number in range(WARM + REQUESTS):
        if time.monotonic() > enough and times:
            break
        begun = time.monotonic()
        link.request("GET", path, headers={"Host": HOST, "Cookie": cookie})
        answer = link.getresponse()
        body = answer.read()
        if answer.status not in {200, 204}:
            raise SystemExit(f"{name}: {answer.status} for {path}: {re.sub('<[^>]*>', ' ', body.decode())[:300]}")
        if number >= WARM or time.monotonic() > enough:
            times.append((time.monotonic() - begun) * 1000)
    link.close()
    return Measured(name, times, _queries(path))


def _queries(path: str) -> list[str]:
    """What the page asks the database, as it could be typed there."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = _client()
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    connection.set_schema_to_public()
    return [
        str(query["sql"])
        for query in captured
        if str(query["sql"]).lstrip("( ").upper().startswith(("SELECT", "WITH", "EXPLAIN"))
    ]


def _median(work: Callable[[], Any], times: int = 7) -> float:
    work()
    taken = []
    for _time in range(times):
        begun = time.monotonic()
        work()
        taken.append((time.monotonic() - begun) * 1000)
        if sum(taken) > 500:
            break
    return statistics.median(taken)


def _explain(link: psycopg.Connection[Any], found: list[Measured]) -> None:
    for one in found:
        for query, floor in zip(one.queries, one.floors, strict=True):
            if floor > 5:
                print(f"--- {one.name}: {floor:.1f} ms\n{query}")
                for (line,) in link.execute("EXPLAIN (ANALYZE, BUFFERS) " + query).fetchall():
                    print("   ", line)


def _report(found: list[Measured]) -> None:
    print(f"{'page':24} {'p50':>8} {'p95':>8} {'queries':>8} {'slowest':>8} {'floor':>8}   page/floor")
    for one in found:
        print(
            f"{one.name:24} {one.percentile(0.5):6.1f}ms {one.percentile(0.95):6.1f}ms {len(one.queries):8}"
            f" {max(one.floors):6.1f}ms {one.floor:6.1f}ms   {one.percentile(0.5) / one.floor:.1f}"
        )
    slowest = {one.name: max(one.floors) for one in found}
    for words, value, goal in (
        ("the inbox's slowest query", slowest["inbox"], 1),
        ("the home page's slowest query", slowest["home"], 1),
        ("searching a rare word, slowest query", slowest["search, a rare word"], 15),
        ("searching a common word, slowest query", slowest["search, a common word"], 50),
        ("people by a part of their name, slowest query", slowest["leads, a name"], 15),
        ("the slowest query of all", max(slowest.values()), 100),
    ):
        print(f"{words}: {value:.1f} ms (goal: at most {goal})")
    print(
        f"the deep page of the inbox against the first: {slowest['inbox, deep'] / slowest['inbox']:.2f} (goal: at most 2)"
    )


if __name__ == "__main__":
    main()
