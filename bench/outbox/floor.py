"""The least that does the same: batches of 100 from one table, aiohttp 50 at once; and the same a row at a time."""

from __future__ import annotations

import asyncio
import base64
import hmac
import os
import time

import aiohttp
import httpx
import psycopg

TABLE = """
CREATE TABLE floor_delivery (
    id bigserial PRIMARY KEY, uuid uuid NOT NULL DEFAULT gen_random_uuid(), body text NOT NULL,
    state text NOT NULL DEFAULT 'pending', status int, done_at timestamptz);
CREATE INDEX ON floor_delivery (id) WHERE state = 'pending';
"""
CLAIM = "SELECT id, uuid, body FROM floor_delivery WHERE state = 'pending' ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
KEY = b"k" * 32


def fill(link: psycopg.Connection, body: str, count: int) -> None:
    link.execute("TRUNCATE floor_delivery")
    link.execute("INSERT INTO floor_delivery (body) SELECT %s FROM generate_series(1, %s)", [body, count])
    link.execute("ANALYZE floor_delivery")
    link.commit()


def headers(uuid: object, body: str) -> dict[str, str]:
    at = int(time.time())
    signature = base64.b64encode(hmac.digest(KEY, f"msg_{uuid}.{at}.{body}".encode(), "sha256")).decode()
    return {
        "content-type": "application/json",
        "webhook-id": f"msg_{uuid}",
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{signature}",
    }


def batched(url: str) -> None:
    asyncio.run(_batched(url))


async def _batched(url: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as link:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=50)) as session:

            async def post(pk: int, uuid: object, body: str) -> tuple[int, int]:
                async with session.post(url, data=body.encode(), headers=headers(uuid, body)) as reply:
                    await reply.read()
                    return pk, reply.status

            while rows := link.execute(CLAIM, [100]).fetchall():
                done = await asyncio.gather(*(post(*row) for row in rows))
                link.execute(
                    "UPDATE floor_delivery d SET state = 'delivered', status = r.status, done_at = now()"
                    "  FROM unnest(%s::bigint[], %s::int[]) r(id, status) WHERE d.id = r.id",
                    [[pk for pk, _status in done], [status for _pk, status in done]],
                )
                link.commit()


def row_at_a_time(url: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as link, httpx.Client() as client:
        while row := link.execute(CLAIM, [1]).fetchone():
            pk, uuid, body = row
            status = client.post(url, content=body.encode(), headers=headers(uuid, body)).status_code
            link.execute(
                "UPDATE floor_delivery SET state = 'delivered', status = %s, done_at = now() WHERE id = %s",
                [status, pk],
            )
            link.commit()
