"""As much of PostgreSQL's wire protocol as a client needs that signs in and asks simple questions.

with Postgres(version="13.4") as server:                       # an old one
with Postgres(refuses={"CREATE EXTENSION": "…"}) as server:    # one whose answer to a statement is an error
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Self


class Postgres:
    """Lets everybody in. `row` answers SELECT; `refuses`: errors by the words a statement begins with."""

    def __init__(
        self, *, version: str = "18.0", row: tuple[str, ...] = (), refuses: dict[str, str] | None = None
    ) -> None:
        self.version, self.row, self.refuses = version, row, refuses or {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                with link, contextlib.suppress(OSError, struct.error):
                    self._talk(link)

    def _talk(self, link: socket.socket) -> None:
        stream = link.makefile("rb")
        while True:
            (size,) = struct.unpack("!i", stream.read(4))
            body = stream.read(size - 4)
            if struct.unpack("!i", body[:4])[0] == 196608:  # protocol 3.0
                break
            link.sendall(b"N")  # no encryption
        parameters = {"server_version": self.version, "client_encoding": "UTF8", "server_encoding": "UTF8"}
        link.sendall(
            _message(b"R", struct.pack("!i", 0))
            + b"".join(_message(b"S", _text(name) + _text(value)) for name, value in parameters.items())
            + _message(b"Z", b"I")
        )
        state = b"I"
        while stream.read(1) == b"Q":
            (size,) = struct.unpack("!i", stream.read(4))
            statement = stream.read(size - 4).rstrip(b"\0").decode()
            answer, state = self._answer(statement, state)
            link.sendall(answer + _message(b"Z", state))

    def _answer(self, statement: str, state: bytes) -> tuple[bytes, bytes]:
        for words, sentence in self.refuses.items():
            if statement.startswith(words):
                error = b"".join(
                    code + _text(value) for code, value in ((b"S", "ERROR"), (b"C", "58P01"), (b"M", sentence))
                )
                return _message(b"E", error + b"\0"), b"E" if state == b"T" else state
        if statement.startswith("SELECT"):
            columns = b"".join(
                _text("c") + struct.pack("!ihihih", 0, 0, 16 if one in {"t", "f"} else 25, -1, -1, 0)
                for one in self.row
            )
            cells = b"".join(struct.pack("!i", len(one)) + one.encode() for one in self.row)
            count = struct.pack("!h", len(self.row))
            return _message(b"T", count + columns) + _message(b"D", count + cells) + _message(
                b"C", _text("SELECT 1")
            ), state
        state = {"BEGIN": b"T", "ROLLB": b"I"}.get(statement[:5], state)
        return _message(b"C", _text(statement.split(maxsplit=1)[0])), state


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _text(words: str) -> bytes:
    return words.encode() + b"\0"
