"""Pages under load: one request again and again over several connections, answers read whole, time per answer kept."""

from __future__ import annotations

import itertools

from bench.ingest.load import Result, post


def get(request: bytes, *, port: int, connections: int, seconds: float) -> Result:
    """Send `request` over so many connections until `seconds` have gone by."""
    return post(itertools.repeat(request), port=port, connections=connections, seconds=seconds)
