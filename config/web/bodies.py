"""Read a request's body before anybody works on it: no longer than allowed, no slower than a weak phone.

TooLarge   longer than this kind of request may be (said by its header, or found while reading)
TooSlow    behind GRACE seconds plus SLOWEST bytes a second
TooMany    this caller, or all together, already have too much under way
Gone       the connection broke
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections import Counter
from typing import Any, BinaryIO, cast

# Seconds that any body may take; longer ones get as many more as SLOWEST (bytes a second) allows them.
GRACE = 10.0
SLOWEST = 16 * 1024
# Up to here a body is simply read; above, it counts against what may be under way, and goes to a file beyond IN_MEMORY.
SMALL = 64 * 1024
IN_MEMORY = 1024 * 1024


class TooLarge(Exception):
    pass


class TooSlow(Exception):
    pass


class TooMany(Exception):
    pass


class Gone(Exception):
    pass


class UnderWay:
    """How many bytes of larger bodies are being read in this process, together and per caller."""

    MOST = 256 * 1024 * 1024
    MOST_OF_ONE = 64 * 1024 * 1024

    def __init__(self) -> None:
        self._all = 0
        self._of: Counter[str] = Counter()

    def add(self, caller: str, count: int) -> None:
        if self._all + count > self.MOST or self._of[caller] + count > self.MOST_OF_ONE:
            raise TooMany
        self._all += count
        self._of[caller] += count

    def remove(self, caller: str, count: int) -> None:
        self._all -= count
        self._of[caller] -= count
        if not self._of[caller]:
            del self._of[caller]


under_way = UnderWay()


def length_of(headers: Any, most: int) -> int | None:
    """What the headers promise: 0 for no body, None for one in chunks; raises TooLarge."""
    given = headers.get("content-length")
    if given is None:
        return None if "transfer-encoding" in headers else 0
    length = int(given)  # the server has refused whatever is not a number
    if length > most:
        raise TooLarge
    return length


async def read_short(proto: Any, length: int) -> bytes:
    """A body of at most SMALL bytes, in one piece."""
    if not length:
        return b""
    try:
        async with asyncio.timeout(GRACE):
            body: bytes = await proto()
    except TimeoutError:
        raise TooSlow from None
    except RuntimeError:  # granian's errors of protocol and of closed connections
        raise Gone from None
    if len(body) != length:
        raise Gone
    return body


async def read(proto: Any, length: int | None, most: int, caller: str) -> BinaryIO:
    """The body as a file at its beginning. The caller closes it."""
    if length is not None and length <= SMALL:
        return io.BytesIO(await read_short(proto, length))
    into = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115  the caller closes it
    received, began = 0, asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(began + GRACE) as limit:
            async for chunk in proto:
                if received + len(chunk) > most:
                    raise TooLarge
                under_way.add(caller, len(chunk))  # what has come, not what was announced
                received += len(chunk)
                into.write(chunk)
                limit.reschedule(began + GRACE + received / SLOWEST)
        if length is not None and received != length:
            raise Gone
        into.seek(0)
    except BaseException as error:
        into.close()
        if isinstance(error, TimeoutError):
            raise TooSlow from None
        if isinstance(error, RuntimeError):
            raise Gone from None
        raise
    finally:
        under_way.remove(caller, received)
    return into
