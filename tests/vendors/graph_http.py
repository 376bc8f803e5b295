"""The HTTP side of the local Graph API: reads requests, writes answers, hangs up when told to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.vendors.graph_rules import GraphError

if TYPE_CHECKING:
    from tests.vendors.graph import Graph


@dataclass
class Request:
    """A request as it arrived; `query` and `headers` too, so that a test can look for secrets in them."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, graph: Graph, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.graph = graph


class Scripted(Exception):
    """What a script wants instead of the usual answer."""

    def __init__(self, fault: dict[str, Any]) -> None:
        self.fault = fault


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes; together they would wait 40 ms
    server: Server

    @property
    def graph(self) -> Graph:
        return self.server.graph

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.serve()

    def do_POST(self) -> None:
        self.serve()

    def serve(self) -> None:
        if self.graph.released.is_set():  # stopped: connections that were kept alive end too
            self.close_connection = True
            return
        there = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {name: values[-1] for name, values in parse_qs(there.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw.decode(errors="replace")
        request = Request(self.command, there.path, query, headers, body)
        if there.path.startswith("/_media/"):
            self.serve_media(there.path.removeprefix("/_media/"), headers)
            return
        if there.path.startswith("/_"):
            self.answer(200, json.dumps(self.graph.control(request), default=str))
            return
        with self.graph.lock:
            self.graph.requests.append(request)
        try:
            status, answer = self.graph.handle(request)
            self.answer(status, json.dumps(answer))
        except GraphError as error:
            self.answer(error.status, json.dumps({"error": error.as_json()}), **error.headers)
        except Scripted as scripted:
            self.misbehave(scripted.fault)

    def misbehave(self, fault: dict[str, Any]) -> None:
        if "answer" in fault:
            status, body, headers = fault["answer"]
            self.answer(status, body, **headers)
            return
        if "hang" in fault:
            self.graph.released.wait(fault["hang"])
        self.close_connection = True

    def serve_media(self, media_id: str, headers: dict[str, str]) -> None:
        if not headers.get("authorization", "").startswith("Bearer ") or media_id not in self.graph.media:
            self.answer(404, "")
            return
        content, mime = self.graph.media[media_id]
        self.answer(200, content, **{"Content-Type": mime})

    def answer(self, status: int, body: str | bytes, **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        try:
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            self.close_connection = True
