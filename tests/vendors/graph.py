"""A local stand-in for Meta's Graph API: it checks what Meta checks and remembers what was sent.

    with Graph() as graph:
        graph.add_page("1001", token="page-token", name="Acme")
        graph.heard_from("1001", "psid-1")            # opens the 24 h window
        ... Account(base_url=graph.url, token="page-token", ...)
        graph.messages[-1].text

Its time is the real one, whatever the test's clock says; `graph.now = lambda: at` sets it.

Faults are scripted one request ahead: `fail_next(131047)`, `answer_next(500, "oops")`, `hang_next(2)`,
`drop_next()` (the message is taken, the connection closes without an answer). Webhooks that Meta would
send come from graph_webhooks.py; `graph.call_back(url, secret)` sends them by itself after each message.

As its own process: `python -m tests.vendors.graph --port 8099 [--webhook URL --secret S]`; it then takes any
token and person, and `GET /_messages`, `GET /_requests`, `POST /_script` show and steer it.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import re
import threading
from collections.abc import Callable
from contextvars import Context
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Self

from apps.jobs import clock
from tests.vendors import graph_rules, graph_webhooks
from tests.vendors.graph_http import Request, Scripted, Server
from tests.vendors.graph_rules import GraphError


@dataclass
class Delivered:
    """A message that reached a person."""

    id: str
    account: str
    to: str
    body: dict[str, Any]
    at: datetime
    reference: str = ""

    @property
    def message(self) -> dict[str, Any]:
        return self.body.get("message") or self.body.get(self.body.get("type", ""), {})

    @property
    def text(self) -> str:
        message = self.message
        inner = message.get("body") or message.get("text") or message.get("caption") or ""
        return inner.get("text", "") if isinstance(inner, dict) else inner


@dataclass
class AccountThere:
    """A page, an Instagram account (`page_id`: where sends are posted) or a WhatsApp number."""

    id: str
    kind: str
    token: str
    name: str
    page_id: str = ""
    waba_id: str = ""
    subscribed: list[str] = field(default_factory=list)
    heard: dict[str, datetime] = field(default_factory=dict)
    profiles: dict[str, dict[str, str]] = field(default_factory=dict)


class Graph:
    """The server and its state; a context manager, or `start()` and `stop()`."""

    def __init__(self, *, app_id: str = "4242", app_secret: str = "", lenient: bool = False, port: int = 0) -> None:
        self.app_id, self.app_secret, self.lenient = app_id, app_secret, lenient
        self.accounts: dict[str, AccountThere] = {}
        self.templates: dict[tuple[str, str], int] = {}
        self.media: dict[str, tuple[bytes, str]] = {}
        self.requests: list[Request] = []
        self.messages: list[Delivered] = []
        self.vanished: list[Delivered] = []
        self.faults: list[dict[str, Any]] = []
        self.reading: dict[str, Any] = {}
        self.now: Callable[[], datetime] = lambda: Context().run(
            clock.now
        )  # the real time, also while a test froze its own
        self.on_sent: Callable[[Delivered], None] | None = None
        self.lock = threading.RLock()
        self.released = threading.Event()
        self._numbers = count(1)
        self._server = Server(self, port)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # What stands there before a test begins

    def add_page(self, page_id: str, token: str, name: str = "A page") -> AccountThere:
        return self._add(AccountThere(page_id, "page", token, name, page_id=page_id))

    def add_instagram(self, account_id: str, token: str, page_id: str, name: str = "An account") -> AccountThere:
        if page_id not in self.accounts:
            self.add_page(page_id, token)
        return self._add(AccountThere(account_id, "instagram", token, name, page_id=page_id))

    def add_number(self, number_id: str, token: str, waba_id: str = "", name: str = "A number") -> AccountThere:
        return self._add(AccountThere(number_id, "whatsapp", token, name, waba_id=waba_id))

    def _add(self, account: AccountThere) -> AccountThere:
        self.accounts[account.id] = account
        return account

    def heard_from(self, account_id: str, person: str, at: datetime | None = None, **profile: str) -> None:
        """The person wrote to the account (now): the reply window opens."""
        account = self.accounts[account_id]
        account.heard[person] = at or self.now()
        account.profiles.setdefault(person, {}).update(profile)

    def approve_template(self, name: str, language: str, variables: int = 0) -> None:
        self.templates[name, language] = variables

    def add_media(self, media_id: str, content: bytes, mime: str) -> None:
        self.media[media_id] = (content, mime)

    # What shall go wrong with the next requests that send

    def fail_next(self, code: int, subcode: int = 0, *, status: int = 400, times: int = 1, **more: Any) -> None:
        for _ in range(times):
            self.faults.append({"error": {"code": code, "subcode": subcode, "status": status, **more}})

    def answer_next(self, status: int, body: str, **headers: str) -> None:
        self.faults.append({"answer": (status, body, headers)})

    def hang_next(self, seconds: float, *, deliver: bool = True) -> None:
        self.faults.append({"hang": seconds, "deliver": deliver})

    def drop_next(self, *, deliver: bool = True) -> None:
        self.faults.append({"drop": True, "deliver": deliver})

    def answer_reads(self, fault: dict[str, Any]) -> None:
        """Every question (GET) is answered like this from now on, in the form of a fault; {} ends it."""
        self.reading = fault

    def call_back(self, url: str, secret: str, statuses: tuple[str, ...] = ("echo", "delivered", "read")) -> None:
        """After each message, send the webhooks that Meta would send about it."""

        def report(sent: Delivered) -> None:
            account = self.accounts[sent.account]
            events = graph_webhooks.about(sent, account.kind, statuses, app_id=self.app_id)
            graph_webhooks.post(url, secret, *events)

        self.on_sent = lambda sent: threading.Thread(target=report, args=(sent,), daemon=True).start()

    # Answering

    def handle(self, request: Request) -> tuple[int, dict[str, Any]]:
        match = re.fullmatch(r"/v\d+\.\d+/([^/]+)(?:/([a-z_]+))?", request.path)
        if not match:
            raise GraphError(2500, "Unknown path components", status=400)
        if self.reading and request.method == "GET":
            if "error" in self.reading:
                raise GraphError(**{"message": "Scripted", **self.reading["error"]})
            raise Scripted(self.reading)
        token = self._token(request)
        node, edge = match.groups()
        if node == "me":
            node = next((one.id for one in self.accounts.values() if one.token == token), "me")
        if edge == "messages" and request.method == "POST":
            return self._send(node, token, request.body)
        if edge == "subscribed_apps":
            return self._subscriptions(node, token, request)
        if edge == "phone_numbers" and request.method == "GET":
            return 200, self._numbers_of(node, token)
        if edge == "conversations" and request.method == "GET":
            return 200, self._conversations(node, token, request.query)
        if edge is None and request.method == "GET":
            return 200, self._node(node, token)
        raise GraphError(2500, f"Unknown path components: /{edge}", status=400)

    def _token(self, request: Request) -> str:
        if "access_token" in request.query:
            raise GraphError(190, "The token was sent in the address", status=401)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            raise GraphError(2500, "An active access token must be used to query information", status=400)
        if not self.lenient and all(token != account.token for account in self.accounts.values()):
            raise GraphError(190, f"Malformed access token {token}", status=401)
        proof = request.query.get("appsecret_proof")
        expected = hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if self.app_secret and proof != expected:
            raise GraphError(100, "Invalid appsecret_proof provided in the API argument", status=400)
        return token

    def _own(self, node: str, token: str) -> AccountThere:
        account = self.accounts.get(node)
        if account is None and self.lenient:
            account = self._add(AccountThere(node, "page", token, "A page", page_id=node))
        if account is None or (account.token != token and not self.lenient):
            raise GraphError(100, f"Object with ID '{node}' does not exist", subcode=33, status=400)
        return account

    def _send(self, node: str, token: str, body: Any) -> tuple[int, dict[str, Any]]:
        if self.lenient and isinstance(body, dict) and body.get("messaging_product") and node not in self.accounts:
            self.add_number(node, token)
        account = self._own(node, token)
        if not isinstance(body, dict):
            raise GraphError(100, "The body is no JSON object")
        fault = self.faults.pop(0) if self.faults else {}
        if "error" in fault:
            raise GraphError(**{"message": "Scripted", **fault["error"]})
        if "answer" in fault:
            raise Scripted(fault)
        with self.lock:
            account, to, vanishes = graph_rules.check(self, account, body)
            sent = Delivered(
                id=graph_rules.message_id(account.kind, next(self._numbers)),
                account=account.id,
                to=to,
                body=body,
                at=self.now(),
                reference=body.get("biz_opaque_callback_data") or body.get("message", {}).get("metadata", ""),
            )
            if fault.get("deliver", True):
                (self.vanished if vanishes else self.messages).append(sent)
        if self.on_sent and not vanishes and fault.get("deliver", True):
            self.on_sent(sent)
        if fault:
            raise Scripted(fault)
        if account.kind != "whatsapp":
            return 200, {"recipient_id": to, "message_id": sent.id}
        known = "user_id" if body.get("recipient") and not body.get("to") else "wa_id"
        return 200, {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, known: to}],
            "messages": [{"id": sent.id, "message_status": "accepted"}],
        }

    def _subscriptions(self, node: str, token: str, request: Request) -> tuple[int, dict[str, Any]]:
        account = next((one for one in self.accounts.values() if node in {one.id, one.waba_id}), None)
        account = self._own(account.id if account else node, token)
        if request.method == "POST":
            wanted = (request.body or {}).get("subscribed_fields", "messages")
            account.subscribed = wanted.split(",")
            return 200, {"success": True}
        app = {"id": self.app_id, "name": "Frontdesk", "subscribed_fields": account.subscribed}
        if account.kind == "whatsapp":
            app = {"whatsapp_business_api_data": {"id": self.app_id, "name": "Frontdesk"}}
        return 200, {"data": [app] if account.subscribed else []}

    def _numbers_of(self, waba: str, token: str) -> dict[str, Any]:
        """The numbers of a business account, for a token that may manage it: here, one of any of its numbers."""
        there = [one for one in self.accounts.values() if one.waba_id and one.waba_id == waba]
        self._own(next((one.id for one in there if one.token == token), waba), token)
        return {"data": [{"id": one.id} for one in there]}

    def _conversations(self, node: str, token: str, query: dict[str, str]) -> dict[str, Any]:
        account = self._own(node, token)
        kind = {"messenger": "page", "instagram": "instagram"}.get(query.get("platform", ""), "page")
        person = query.get("user_id", "")
        sent = [
            one
            for one in self.messages
            if one.to == person
            and self.accounts[one.account].kind == kind
            and self.accounts[one.account].page_id == account.page_id
        ]
        newest = [
            {
                "id": one.id,
                "created_time": one.at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "from": {"id": one.account},
                "message": one.text,
                **({"attachments": {"data": [{}]}} if "attachment" in one.message else {}),
            }
            for one in reversed(sent[-20:])
        ]
        return {"data": [{"id": f"t_{person}", "messages": {"data": newest, "paging": {}}}] if sent else []}

    def _node(self, node: str, token: str) -> dict[str, Any]:
        if node in self.media:
            content, mime = self.media[node]
            url = f"{self.url}/_media/{node}"
            return {
                "id": node,
                "url": url,
                "mime_type": mime,
                "file_size": len(content),
                "messaging_product": "whatsapp",
            }
        for account in self.accounts.values():
            if node in account.profiles and account.token == token:
                return {"id": node, **account.profiles[node]}
        account = self._own(node, token)
        if account.kind == "whatsapp":
            return {"id": node, "verified_name": account.name, "display_phone_number": "+1 555 010 0199"}
        linked = [one for one in self.accounts.values() if one.kind == "instagram" and one.page_id == account.page_id]
        more = {"instagram_business_account": {"id": linked[0].id, "name": linked[0].name}} if linked else {}
        return {"id": node, "name": account.name, **(more if account.kind == "page" else {})}

    def control(self, request: Request) -> Any:
        """The doors of the process of its own: what was sent, and what shall go wrong."""
        if request.path == "/_messages":
            return [asdict(one) for one in self.messages]
        if request.path == "/_requests":
            return [asdict(one) for one in self.requests]
        if request.path == "/_script" and isinstance(request.body, dict):
            self.faults.append(request.body)
        return {"ok": True}


def main() -> None:
    options = argparse.ArgumentParser(description="A local stand-in for Meta's Graph API.")
    options.add_argument("--port", type=int, default=8099)
    options.add_argument("--webhook", help="where to send echoes, deliveries and statuses")
    options.add_argument("--secret", default="", help="the app secret that signs them")
    chosen = options.parse_args()
    with Graph(lenient=True, port=chosen.port) as graph:
        if chosen.webhook:
            graph.call_back(chosen.webhook, chosen.secret)
        print(graph.url, flush=True)
        threading.Event().wait(timedelta(days=7).total_seconds())


if __name__ == "__main__":
    main()
