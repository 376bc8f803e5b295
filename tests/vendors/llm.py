"""What the stand-ins for language models share: a scripted HTTP server on a free local port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


@dataclass
class Answer:
    """One scripted answer: calls of tools, text, or a fault."""

    text: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # sent as it is, instead of a proper body
    wait: float = 0.0  # seconds before the answer; ends early when the server closes
    drip: float = 0.0  # a blank each so many seconds, and never an answer
    empty: bool = False  # no choices, no candidates
    declined: bool = False  # content filter
    code: str = ""
    input_tokens: int = 120
    output_tokens: int = 30


class ModelServer:
    """Answers from `script`, then with `default`; keeps every request body in `requests`."""

    handler: ClassVar[type[BaseHTTPRequestHandler]]

    def __init__(self, key: str = "test-key"):
        self.key = key
        self.script: list[Answer] = []
        self.default = Answer(text="Hello from the model.")
        self.requests: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (self.handler,), {"owner": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def say(self, *answers: Answer) -> None:
        self.script.extend(answers)

    def next(self) -> Answer:
        return self.script.pop(0) if self.script else self.default

    @classmethod
    @contextmanager
    def running(cls, **options: Any) -> Iterator[Any]:
        server = cls(**options)
        server._thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server._server.shutdown()
            server._server.server_close()


class ModelHandler(BaseHTTPRequestHandler):
    owner: ClassVar[Any]
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def read(self) -> dict[str, Any]:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        value = json.loads(body)
        assert isinstance(value, dict)
        return value

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def drip(self, seconds: float) -> None:
        """Keep the line open with blanks, as some vendors do, until the client or the test has had enough."""
        self.close_connection = True
        try:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            while not self.owner.closing.wait(seconds):
                self.wfile.write(b" ")
                self.wfile.flush()
        except OSError:
            pass


def schema_problems(schema: Any, where: str = "parameters") -> list[str]:
    """What both vendors refuse in a tool's parameters."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return [f"{where}: schema must be of type object"]
    problems = []
    properties = schema.get("properties", {})
    for name, rule in properties.items():
        kind = rule.get("type")
        if kind not in ("string", "number", "integer", "boolean", "array", "object"):
            problems.append(f"{where}.{name}: bad type {kind!r}")
        if kind == "array" and "items" not in rule:
            problems.append(f"{where}.{name}: array without items")
        if "enum" in rule and (not rule["enum"] or len(set(rule["enum"])) != len(rule["enum"])):
            problems.append(f"{where}.{name}: bad enum")
    return problems + [
        f"{where}: required {name} is no property" for name in schema.get("required", []) if name not in properties
    ]
