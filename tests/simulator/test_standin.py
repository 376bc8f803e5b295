"""The stand-in for Meta: its refusals have Meta's shape, it serves nobody but simulated accounts, and it never breaks."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django_tenants.utils import tenant_context

from apps.conversations.adapters import Outgoing, Person, Refused, SendError
from apps.conversations.adapters.registry import adapter
from apps.conversations.models import MessageTemplate
from apps.conversations.surfaces import plain
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.organizations.models import AccountRoute
from apps.organizations.queries import absolute
from apps.simulator import doors, queries, services
from apps.simulator.models import Phone, PhoneMessage
from apps.simulator.screen import shown
from apps.simulator.services import Customer

GRAPH = "/simulator/graph/v25.0"


@pytest.fixture
def world(acme: Any, settings: Any) -> Any:
    settings.FACEBOOK_APP_SECRET = ["app-secret"]
    with doors.in_process():
        yield acme


@pytest.fixture
def ask(client_for: Any) -> Any:
    """`ask(account, "me/messages", {…})`: what the stand-in answers on the public host, and its status."""
    client: Client = client_for(None, None)

    def send(
        account: ConnectedAccount | None, path: str, body: Any = None, token: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        given = token if token is not None else (account.credentials["token"] if account else "")
        headers = {"authorization": f"Bearer {given}"} if given else {}
        if body is None:
            answer = client.get(f"{GRAPH}/{path}", headers=headers)
        else:
            raw = body if isinstance(body, bytes) else json.dumps(body)
            answer = client.post(f"{GRAPH}/{path}", raw, content_type="application/json", headers=headers)
        return answer.status_code, json.loads(answer.content)

    return send


def heard(account: ConnectedAccount, **more: Any) -> Phone:
    person = Customer.new(account.channel, name="Mona")
    return Phone.objects.create(
        organization_id=AccountRoute.objects.get(channel=account.channel, external_id=account.external_id).organization_id,
        channel=account.channel, account=account.external_id, person=person.id, name="Mona",
        **{"heard_at": clock.now(), **more},
    )  # fmt: skip


def text_to(phone: Phone, words: str = "Hello", **more: Any) -> dict[str, Any]:
    if phone.channel == "whatsapp":
        return {"messaging_product": "whatsapp", "to": phone.person, "type": "text", "text": {"body": words}, **more}
    return {"recipient": {"id": phone.person}, "messaging_type": "RESPONSE", "message": {"text": words}, **more}


def test_a_token_opens_its_own_account_and_nothing_else(world: Any, globex: Any, ask: Any) -> None:
    account = services.connect("facebook")
    with tenant_context(globex):
        theirs = services.connect("facebook")
    phone = heard(account)
    assert ask(account, "me/messages", text_to(phone))[0] == 200
    assert ask(account, f"{account.external_id}/messages", text_to(phone))[0] == 200
    status, answer = ask(theirs, f"{account.external_id}/messages", text_to(phone))
    assert (status, answer["error"]["code"], answer["error"]["error_subcode"]) == (400, 100, 33)
    status, answer = ask(theirs, "me/messages", text_to(phone))
    assert (status, answer["error"]["error_subcode"]) == (400, 2018001), "another account's customer"
    assert ask(theirs, phone.person)[0] == 400
    assert PhoneMessage.objects.count() == 2


@pytest.mark.parametrize("token", ["", "x", "facebook|1|x", "||", "facebook|" + "9" * 300, "facebook|\x7f|é", "a|b"])
def test_other_tokens_open_nothing(world: Any, ask: Any, token: str) -> None:
    phone = heard(services.connect("facebook"))
    status, answer = ask(None, "me/messages", text_to(phone), token=token)
    assert status in {400, 401}
    assert answer["error"]["type"] == "OAuthException"
    assert answer["error"]["code"] in {190, 2500}


def test_a_real_accounts_token_opens_nothing(world: Any, ask: Any) -> None:
    real = ConnectedAccount.objects.create(
        channel="facebook", external_id="1001", credentials={"token": "facebook|1001|secret"}
    )
    AccountRoute.objects.create(channel="facebook", external_id="1001", organization=world)
    assert ask(real, "me")[1]["error"]["code"] == 190
    assert plain(real).base_url != plain(services.connect("facebook")).base_url


def test_a_tampered_token_is_refused(world: Any, ask: Any) -> None:
    account = services.connect("whatsapp")
    good = account.credentials["token"]
    assert ask(account, "me", token=good)[0] == 200
    assert ask(account, "me", token=good[:-1])[0] == 401
    assert ask(account, "me", token=good + "x")[0] == 401


@pytest.mark.parametrize(
    ("channel", "change", "code", "subcode"),
    [
        ("facebook", {"recipient": {"id": "1"}}, 100, 2018001),
        ("facebook", {"message": {"text": ""}}, 100, None),
        ("facebook", {"message": {"text": "x" * 2001}}, 100, None),
        ("facebook", {"messaging_type": "MESSAGE_TAG", "tag": "POST_PURCHASE_UPDATE"}, 100, None),
        ("facebook", {"message": {"text": "x", "attachment": {}}}, 100, None),
        ("instagram", {"message": {"text": "م" * 501}}, 100, None),
        ("instagram", {"message": {"attachment": {"type": "image", "payload": {}}}}, 100, 2018109),
        ("whatsapp", {"messaging_product": "x"}, 100, None),
        ("whatsapp", {"to": "15550000000"}, 131026, None),
        ("whatsapp", {"to": ""}, 131008, None),
        ("whatsapp", {"type": "image"}, 131008, None),
        ("whatsapp", {"type": "template", "template": {"name": "no", "language": {"code": "en"}}}, 132001, None),
        ("whatsapp", {"type": "interactive", "interactive": {"type": "button"}}, 100, None),
    ],
)
def test_it_refuses_what_meta_refuses(
    world: Any, ask: Any, channel: str, change: dict[str, Any], code: int, subcode: int | None
) -> None:
    account = services.connect(channel)
    status, answer = ask(account, "me/messages", text_to(heard(account)) | change)
    assert status == 400
    assert answer["error"]["code"] == code
    assert answer["error"].get("error_subcode") == subcode
    assert not PhoneMessage.objects.exists()


@pytest.mark.parametrize(("channel", "code"), [("facebook", "10/2018278"), ("instagram", "10/2534022"), ("whatsapp", "131047")])  # fmt: skip
def test_the_window_closes_after_a_day(world: Any, channel: str, code: str) -> None:
    account = services.connect(channel)
    phone = heard(account, heard_at=clock.now() - timedelta(hours=25))
    with pytest.raises(Refused) as refusal:
        adapter(channel).send(plain(account), Outgoing(reference="r", to=Person(id=phone.person), text="Hello"))
    assert refusal.value.reason.code == code


def test_templates_are_those_that_were_approved(world: Any, ask: Any) -> None:
    account = services.connect("whatsapp")
    phone = heard(account, heard_at=clock.now() - timedelta(days=9))
    MessageTemplate.objects.create(account=account, name="hello", language="en", body="Hello {{1}}")
    one = {"type": "body", "parameters": [{"type": "text", "text": "Mona"}]}
    template = {"name": "hello", "language": {"code": "en"}, "components": [one]}
    assert ask(account, "me/messages", text_to(phone, type="template", template=template))[0] == 200
    short = {**template, "components": []}
    assert ask(account, "me/messages", text_to(phone, type="template", template=short))[1]["error"]["code"] == 132000


def test_the_proof_is_checked_when_it_is_given(world: Any, settings: Any) -> None:
    account = services.connect("facebook")
    settings.FACEBOOK_APP_ID = "4242"
    assert adapter("facebook").check(plain(account)).ok
    wrong = plain(account)
    wrong.settings["app_secret"] = "another"
    assert not adapter("facebook").check(wrong).ok


def test_an_answer_lost_on_the_way_is_found_again(world: Any) -> None:
    account = services.connect("facebook")
    phone = heard(account)
    message = Outgoing(reference="r", to=Person(id=phone.person), text="Hello there", created_at=clock.now())
    assert adapter("facebook").find(plain(account), message) is None
    sent = adapter("facebook").send(plain(account), message)
    assert adapter("facebook").find(plain(account), message) == sent


HOSTILE = [
    b"", b"\xff\xfe", b"[]", b"null", b"1e999", b'"x"', b"[" * 100_000, b'{"recipient": 5}', b'{"recipient": {"id": {}}}',
    b'{"recipient": {"id": "\\u0000"}}', b'{"message": []}', b'{"messaging_product": []}', b'{"type": {}}', b'{"type": []}',
    b'{"messaging_product": "whatsapp", "to": 5, "type": "text", "text": []}',
    b'{"messaging_product": "whatsapp", "to": "1", "recipient": {}, "type": "text", "text": {}}',
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("channel", ["facebook", "instagram", "whatsapp"])
def test_hostile_bodies_get_an_error_not_a_fault(world: Any, ask: Any, channel: str, body: bytes) -> None:
    account = services.connect(channel)
    status, answer = ask(account, "me/messages", body)
    assert status in {400, 413}
    assert "error" in answer


@pytest.mark.parametrize("strange", [{"text": 5}, {"quick_replies": 7}, {"quick_replies": [[]]}, {"metadata": {}},
                                     {"text": "a\x00b"}, {"text": "x" * 5, "deep": [[[[[[[[[[1]]]]]]]]]]}])  # fmt: skip
def test_strange_messages_break_nothing(world: Any, ask: Any, strange: dict[str, Any]) -> None:
    account = services.connect("facebook")
    body = text_to(heard(account))
    status, _answer = ask(account, "me/messages", body | {"message": {"text": "x"} | strange})
    assert status in {200, 400}


@pytest.mark.parametrize(
    "path", ["", "x", "../me", "me/../../admin", "me/unknown", "%00", "me?fields=%00", "é/messages", "m" * 3000]
)
def test_strange_paths_break_nothing(world: Any, client_for: Any, path: str) -> None:
    token = services.connect("facebook").credentials["token"]
    for method in ("get", "post", "put", "delete"):
        answer = getattr(client_for(None, None), method)(
            f"{GRAPH}/{path}", headers={"authorization": f"Bearer {token}"}
        )
        assert answer.status_code in ({200, 400} if path.startswith("me?") else {400, 404}), method


def test_pictures_are_served_by_their_id_alone(world: Any, client_for: Any) -> None:
    picture = services.keep_picture(b"\x89PNG\r\n\x1a\n" + b"0" * 9)
    found = client_for(None, None).get(f"/simulator/graph/media/{picture}")
    assert (found.status_code, found["Content-Type"]) == (200, "image/png")
    assert client_for(None, None).get("/simulator/graph/media/00000000-0000-0000-0000-000000000000").status_code == 404


def test_the_phone_shows_pictures_of_this_server_and_of_secure_ones(world: Any) -> None:
    own = absolute("/files/1/boot.png")
    assert own.startswith("http://acme.localhost")
    assert shown(own) == "/files/1/boot.png"
    assert shown("https://cdn.example/a.png") == "https://cdn.example/a.png"
    assert shown("/catalog/images/1/") == "/catalog/images/1/"
    for other in ("http://evil.example/a.png", "http://acme.localhost.evil.example/", "//evil.example/a.png", "javascript:alert(1)", ""):  # fmt: skip
        assert shown(other) == ""


def test_a_phone_on_which_nothing_happened_is_not_drawn_again(world: Any, client_for: Any, bob: Any) -> None:
    phone = heard(services.connect("whatsapp"))
    PhoneMessage.objects.create(phone=phone, external_id="a", at=clock.now(), payload=text_to(phone))
    address, client = f"/dashboard/simulator/whatsapp/{phone.pk}/thread/", client_for(bob)
    client.get(address)  # looking at it is reading it
    state = client.get(address).headers["Phone-State"]
    assert client.get(address, {"have": state}).status_code == 204
    PhoneMessage.objects.create(phone=phone, external_id="b", at=clock.now(), payload=text_to(phone, "One more"))
    assert client.get(address, {"have": state}).status_code == 200


def test_switched_off_nothing_answers(world: Any, settings: Any, client_for: Any, bob: Any) -> None:
    account = services.connect("facebook")
    settings.SIMULATOR = False
    token = account.credentials["token"]
    assert client_for(None, None).get(f"{GRAPH}/me", headers={"authorization": f"Bearer {token}"}).status_code == 404
    for path in ("", "facebook/", "facebook/1/thread/"):
        assert client_for(bob).get(f"/dashboard/simulator/{path}").status_code == 404


def test_it_is_on_the_public_host_only(world: Any, client_for: Any) -> None:
    assert client_for(None, "acme").get(f"{GRAPH}/me").status_code == 404


def test_a_send_to_a_stranger_tells_why(world: Any) -> None:
    account = services.connect("whatsapp")
    with pytest.raises(SendError):
        adapter("whatsapp").send(plain(account), Outgoing(reference="r", to=Person(id="15550000000"), text="Hello"))
    assert queries.find_phone(account, "15550000000") is None


def test_old_phones_are_swept(world: Any) -> None:
    from apps.simulator.tasks import prune

    account = services.connect("whatsapp")
    old = clock.now() - timedelta(days=31)
    gone, stays = heard(account, heard_at=old), heard(account)
    PhoneMessage.objects.create(phone=gone, external_id="a", at=old)
    PhoneMessage.objects.create(phone=stays, external_id="b")
    prune(None)  # type: ignore[arg-type]
    assert list(Phone.objects.all()) == [stays]
    assert PhoneMessage.objects.get().external_id == "b"
