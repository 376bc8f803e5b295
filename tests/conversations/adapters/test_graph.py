"""The local Graph API itself: what it lets through, what it sends back, and whole round trips."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import httpx
import pytest

from apps.conversations.adapters import Echo, Inbound, Outgoing, Person, Receipt, registry
from apps.conversations.adapters.signatures import HEADER, verify_meta
from tests.conversations.adapters.conftest import BSUID, NUMBER, PAGE, PHONE, PSID, TOKEN
from tests.vendors import graph_webhooks

SECRET = "app-secret"


@pytest.fixture
def webhook():
    """A webhook that checks signatures and keeps bodies."""
    bodies: Queue = Queue()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            right = verify_meta(SECRET, raw, self.headers[HEADER])
            if right:
                bodies.put(json.loads(raw))
            self.send_response(200 if right else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    server.bodies = bodies
    server.url = f"http://127.0.0.1:{server.server_address[1]}/webhook/"
    yield server
    server.shutdown()
    server.server_close()


def facts(channel, body):
    adapter = registry.adapter(channel)
    return [fact for part in adapter.accounts(body).values() for fact in adapter.parse(part)]


@pytest.mark.parametrize("channel", ["facebook", "instagram", "whatsapp"])
def test_what_we_send_comes_back_as_echo_and_receipts(channel, graph, webhook, request):
    there = request.getfixturevalue(channel)
    graph.call_back(webhook.url, SECRET)
    person = {"facebook": PSID, "instagram": "9300000000000001", "whatsapp": PHONE}[channel]
    sent = registry.adapter(channel).send(there, Outgoing(reference="msg_01", to=Person(id=person), text="Hello"))
    found = facts(channel, webhook.bodies.get(timeout=60))
    if channel == "whatsapp":
        assert [(one.status, one.id, one.reference) for one in found] == [
            (status, sent.id, "msg_01") for status in ("sent", "delivered", "read")
        ]
        return
    assert (type(found[0]), found[0].id, found[0].text, found[0].person.id) == (Echo, sent.id, "Hello", person)
    assert found[0].reference == ("msg_01" if channel == "facebook" else "")
    assert {one.status for one in found if isinstance(one, Receipt)} >= {"read"}


def test_customers_write_in_batches_twice_and_out_of_order(webhook):
    events = [graph_webhooks.message("page", str(page), PSID, f"Hello {page}") for page in range(5)]
    [answer] = graph_webhooks.post(webhook.url, SECRET, *events, duplicate=2, shuffle=7)
    assert answer.status_code == 200
    body = webhook.bodies.get(timeout=60)
    found = facts("facebook", body)
    assert len(body["entry"]) == len(found) == 10
    assert len({one.id for one in found}) == 5
    assert [one.text for one in found] != sorted(one.text for one in found)


def test_a_customer_without_a_number(webhook):
    graph_webhooks.post(webhook.url, SECRET, graph_webhooks.message("whatsapp", NUMBER, BSUID, "Hi", name="Sheena"))
    [fact] = facts("whatsapp", webhook.bodies.get(timeout=60))
    assert (type(fact), fact.person.id, fact.person.phone, fact.person.name) == (Inbound, BSUID, "", "Sheena")


def test_a_wrong_secret_is_refused_by_the_webhook(webhook):
    [answer] = graph_webhooks.post(webhook.url, "other", graph_webhooks.message("page", "1", PSID, "Hi"))
    assert answer.status_code == 403


def ask(graph, path, body, token=TOKEN, **params):
    answer = httpx.post(f"{graph.url}{path}", json=body, params=params, headers={"Authorization": f"Bearer {token}"})
    return answer.json().get("error", {}).get("code"), answer


def text(to=PSID, **more):
    return {"recipient": {"id": to}, "messaging_type": "RESPONSE", "message": {"text": "Hi"}, **more}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (f"/v25.0/{PAGE}/messages", text(), None),
        (f"/{PAGE}/messages", text(), 2500),
        ("/v25.0/999/messages", text(), 100),
        (f"/v25.0/{PAGE}/messages", text(to="nobody"), 100),
        (f"/v25.0/{PAGE}/messages", text(messaging_type="MESSAGE_TAG", tag="ACCOUNT_UPDATE"), 100),
        (f"/v25.0/{PAGE}/messages", text(message={"text": "x" * 2001}), 100),
        (f"/v25.0/{PAGE}/messages", text(message={"text": "x", "attachment": {}}), 100),
        (f"/v25.0/{NUMBER}/messages", {"to": PHONE, "type": "text", "text": {"body": "x"}}, 100),
        (f"/v25.0/{NUMBER}/messages", {"messaging_product": "whatsapp", "type": "text", "text": {"body": "x"}}, 131008),
    ],
)
def test_it_refuses_what_meta_refuses(graph, path, body, code):
    assert ask(graph, path, body)[0] == code


def test_a_user_id_in_to_is_accepted_and_vanishes(graph):
    body = {"messaging_product": "whatsapp", "to": BSUID, "type": "text", "text": {"body": "Hi"}}
    code, answer = ask(graph, f"/v25.0/{NUMBER}/messages", body)
    assert (code, answer.status_code) == (None, 200)
    assert (len(graph.messages), len(graph.vanished)) == (0, 1)


def test_tokens(graph):
    assert ask(graph, f"/v25.0/{PAGE}/messages", text(), token="wrong")[0] == 190
    assert ask(graph, f"/v25.0/{PAGE}/messages", text(), access_token=TOKEN)[0] == 190
