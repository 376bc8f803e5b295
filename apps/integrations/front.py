"""The webhook door without the framework around it, for the asynchronous front of the web server.

The same door as `door.receive`, in the order that costs least: where all routes are remembered, a delivery is verified,
split and handed to the committer on the event loop, and no thread waits for its commit. Everything else (a route to
be looked up, an account that moved, a large body) goes through `door.keep` in a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.db import connection

from . import door
from .committer import committer

CHANNELS = {f"/webhook/{channel}/": channel for channel in ("facebook", "instagram", "whatsapp")}
AWAY = door.AWAY
# Above this, hashing and reading the JSON would hold up everybody else on the loop.
SHORT = 64 * 1024

InThread = Callable[..., Awaitable[Any]]


async def receive(channel: str, body: bytes, signature: str, *, in_thread: InThread) -> door.Answer:
    """See door.receive."""
    if len(body) > SHORT:
        read = await in_thread(door.read, channel, body, signature)
    else:
        read = door.read(channel, body, signature)
    answer = read if isinstance(read, door.Answer) else await _keep(read, in_thread)
    return door.counted(channel, answer)


async def _keep(parts: list[door.Part], in_thread: InThread) -> door.Answer:
    if not all(door.routes.knows(part) for part in parts):
        return await in_thread(_keep_here, parts)
    try:
        moved = await committer.store_soon([door.routed(part) for part in parts])
    except door.DoorShut as error:
        return door.shut(parts, error)
    if not moved:
        return door.STORED
    door.routes.forget()
    answer = await in_thread(_keep_here, moved)
    return door.STORED if len(moved) < len(parts) and answer is door.KEPT else answer


def _keep_here(parts: list[door.Part]) -> door.Answer:
    try:
        return door.keep(parts, store=committer.store)
    finally:
        if connection.connection is not None:
            connection.close()  # looked a route up; outside of Django nobody else gives it back to the pool
