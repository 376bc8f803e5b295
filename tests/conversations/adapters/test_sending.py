"""What goes over the wire, for each kind of message on each surface."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.conversations.adapters import (
    Account,
    Attachment,
    Button,
    Card,
    Kind,
    Outgoing,
    Person,
    Refused,
    Template,
    registry,
)
from tests.conversations.adapters.conftest import BSUID, IGSID, INSTAGRAM, PAGE, PHONE, PSID, TOKEN, account

PEOPLE = {"facebook": PSID, "instagram": IGSID, "whatsapp": PHONE}
BOOT = Card(
    title="Steel-toe boot",
    subtitle="Sizes 39-47",
    price="35.00 JOD",
    image_url="https://cdn.example/boot.jpg",
    url="https://shop.example/boot",
    buttons=(Button(title="I want this one", payload="item:771"), Button(title="See it", url="https://shop.example/b")),
)
CHOICES = tuple(Button(title=f"Choice number {number} of many", payload=f"c:{number}") for number in range(1, 6))


def out(channel: str, **more) -> Outgoing:
    return Outgoing(**{"reference": "msg_01", "to": Person(id=PEOPLE[channel]), **more})


def send(account: Account, **more):
    return registry.adapter(account.channel).send(account, out(account.channel, **more))


@pytest.fixture(params=["facebook", "instagram", "whatsapp"])
def any_account(request):
    return request.getfixturevalue(request.param)


def test_a_text(any_account, graph):
    sent = send(any_account, text="We do, in 39 to 47.")
    assert [one.text for one in graph.messages] == ["We do, in 39 to 47."]
    assert (sent.id, sent.more_ids) == (graph.messages[0].id, ())


def test_the_token_is_in_the_header_and_nowhere_else(any_account, graph):
    send(any_account, text="Hello")
    [request] = graph.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in repr([request.path, request.query, request.body])
    assert request.path.startswith("/v25.0/")


def test_the_version_is_a_setting(graph):
    for base, settings, path in (
        (graph.url, {"api_version": "v26.0"}, f"/v26.0/{PAGE}/messages"),
        (f"{graph.url}/v24.0", {}, f"/v24.0/{PAGE}/messages"),
    ):
        there = Account(channel="facebook", external_id=PAGE, token=TOKEN, base_url=base, settings=settings)
        send(there, text="Hello")
        assert graph.requests[-1].path == path


def test_with_an_app_secret_each_call_carries_its_proof(graph):
    graph.app_secret = "app-secret"
    with pytest.raises(Refused):
        send(account("facebook", PAGE, graph), text="Hello")
    send(account("facebook", PAGE, graph, app_secret="app-secret"), text="Hello")
    assert len(graph.requests[-1].query["appsecret_proof"]) == 64


def test_our_reference_travels_where_there_is_a_field_for_it(facebook, instagram, whatsapp, graph):
    for there in (facebook, instagram, whatsapp):
        send(there, text="Hello")
    assert [one.reference for one in graph.messages] == ["msg_01", "", "msg_01"]


def test_a_long_text_goes_out_in_pieces(any_account, graph):
    words = "A sentence of some length, as people write them. " * 120
    sent = send(any_account, text=words)
    assert len(graph.messages) > 1
    assert " ".join(one.text for one in graph.messages) == words.strip()
    assert (sent.id, *sent.more_ids) == tuple(one.id for one in graph.messages)


def test_arabic_on_instagram_is_cut_by_bytes(instagram, graph):
    send(instagram, text="نعم عندنا أحذية السلامة بكل المقاسات. " * 30)
    assert all(len(one.text.encode()) <= 1000 for one in graph.messages)


def test_pieces_that_went_out_earlier_are_skipped(facebook, graph):
    words = "A sentence of some length, as people write them. " * 120
    graph.faults.append({})
    graph.fail_next(613)
    with pytest.raises(Refused) as refused:
        send(facebook, text=words)
    assert refused.value.sent_ids == (graph.messages[0].id,)
    send(facebook, text=words, done=frozenset(range(len(refused.value.sent_ids))))
    assert " ".join(one.text for one in graph.messages) == words.strip()


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [
        ("response", {"messaging_type": "RESPONSE"}),
        ("update", {"messaging_type": "UPDATE"}),
        ("human_agent", {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
    ],
)
def test_the_purpose_says_which_window_it_uses(facebook, graph, purpose, expected):
    send(facebook, text="Hello", purpose=purpose)
    assert {key: graph.messages[0].body[key] for key in expected} == expected


@pytest.mark.parametrize("channel", ["facebook", "instagram"])
def test_the_window(channel, graph, request):
    there = request.getfixturevalue(channel)
    start = graph.now()
    graph.now = lambda: start + timedelta(hours=25)
    with pytest.raises(Refused) as refused:
        send(there, text="Late")
    assert refused.value.reason.action == "template"
    send(there, text="A person answers", purpose="human_agent")
    graph.now = lambda: start + timedelta(days=8)
    with pytest.raises(Refused):
        send(there, text="Too late", purpose="human_agent")


def test_the_window_on_whatsapp_needs_a_template(whatsapp, graph):
    start = graph.now()
    graph.now = lambda: start + timedelta(hours=25)
    graph.approve_template("back_soon", "en", 2)
    with pytest.raises(Refused) as refused:
        send(whatsapp, text="Late")
    assert (refused.value.reason.code, refused.value.reason.action) == ("131047", "template")
    send(whatsapp, template=Template(name="back_soon", language="en", variables=("Sam", "two\nlines     here")))
    assert graph.messages[0].message["components"][0]["parameters"][1]["text"] == "two lines here"


def test_templates_that_the_platform_does_not_know(whatsapp, facebook, instagram, graph):
    graph.approve_template("back_soon", "en", 2)
    for variables, code in ((("one",), "132000"), ((), "132000")):
        with pytest.raises(Refused) as refused:
            send(whatsapp, template=Template(name="back_soon", language="en", variables=variables))
        assert refused.value.reason.code == code
    with pytest.raises(Refused, match="No approved template"):
        send(whatsapp, template=Template(name="back_soon", language="fr"))
    send(facebook, template=Template(name="back_soon", language="en", variables=("a", "b")), purpose="utility")
    assert graph.messages[-1].body["messaging_type"] == "UTILITY"
    with pytest.raises(Refused, match="knows no templates"):
        send(instagram, template=Template(name="back_soon", language="en"))


def test_cards_are_a_carousel_on_messenger_and_instagram(facebook, instagram, graph):
    for there in (facebook, instagram):
        send(there, text="These fit:", cards=(BOOT,) * 12)
        carousels = [
            one.message["attachment"]["payload"]["elements"] for one in graph.messages if "attachment" in one.message
        ]
        assert [len(elements) for elements in carousels] == [10, 2]
        assert carousels[0][0] == {
            "title": "Steel-toe boot",
            "subtitle": "35.00 JOD · Sizes 39-47",
            "image_url": "https://cdn.example/boot.jpg",
            "default_action": {"type": "web_url", "url": "https://shop.example/boot"},
            "buttons": [
                {"type": "postback", "title": "I want this one", "payload": "item:771"},
                {"type": "web_url", "title": "See it", "url": "https://shop.example/b"},
            ],
        }
        graph.messages.clear()


def test_a_bare_card_still_has_what_a_card_needs(facebook, graph):
    send(facebook, cards=(Card(title="A" * 200),))
    [element] = graph.messages[0].message["attachment"]["payload"]["elements"]
    assert len(element["title"]) == 80
    assert element["subtitle"]


def test_cards_on_whatsapp(whatsapp, graph):
    plain_card = Card(title="Gloves", price="4 JOD", image_url="https://cdn.example/g.jpg")
    send(whatsapp, text="These fit:", cards=(BOOT, plain_card, Card(title="Helmet", price="9 JOD")))
    first, boot, gloves, helmet = graph.messages
    assert first.text == "These fit:"
    assert boot.message["action"]["buttons"] == [
        {"type": "reply", "reply": {"id": "item:771", "title": "I want this one"}}
    ]
    assert boot.message["header"] == {"type": "image", "image": {"link": "https://cdn.example/boot.jpg"}}
    assert "35.00 JOD" in boot.text
    assert gloves.message == {"link": "https://cdn.example/g.jpg", "caption": "*Gloves*\n4 JOD"}
    assert helmet.text == "*Helmet*\n9 JOD"


def test_quick_replies_are_on_the_last_piece(facebook, instagram, graph):
    for there in (facebook, instagram):
        send(there, text="Which size?", cards=(BOOT,), quick_replies=CHOICES)
        assert [("quick_replies" in one.message) for one in graph.messages] == [False, True]
        [first, *_] = graph.messages[-1].message["quick_replies"]
        assert first == {"content_type": "text", "title": "Choice number 1 of…", "payload": "c:1"}
        graph.messages.clear()


def test_choices_on_whatsapp_are_buttons_or_a_list(whatsapp, graph):
    send(whatsapp, text="Which size?", quick_replies=CHOICES[:3])
    send(whatsapp, text="Which size?", quick_replies=CHOICES)
    buttons, choice_list = graph.messages
    titles = [button["reply"]["title"] for button in buttons.message["action"]["buttons"]]
    assert titles == ["Choice number 1 of…", "Choice number 2 of…", "Choice number 3 of…"]
    rows = choice_list.message["action"]["sections"][0]["rows"]
    assert rows[4] == {"id": "c:5", "title": "Choice number 5 of many"}


def test_titles_that_become_equal_are_told_apart(whatsapp, graph):
    same = tuple(Button(title="A very long title that is cut", payload=str(number)) for number in range(3))
    send(whatsapp, text="?", quick_replies=same)
    titles = [button["reply"]["title"] for button in graph.messages[0].message["action"]["buttons"]]
    assert len(set(titles)) == 3


def test_a_long_text_with_choices_on_whatsapp(whatsapp, graph):
    words = "A sentence of some length, as people write them. " * 60
    send(whatsapp, text=words, quick_replies=CHOICES[:2])
    assert " ".join(one.text for one in graph.messages).split() == words.split()
    assert graph.messages[-1].message["type"] == "button"


def test_attachments(any_account, graph):
    files = tuple(
        Attachment(kind=kind, url=f"https://cdn.example/{kind}", name="price list.pdf")
        for kind in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.FILE)
    )
    send(any_account, text="Here:", attachments=files)
    assert len(graph.messages) == 5
    if any_account.channel == "whatsapp":
        assert graph.messages[4].message == {"link": "https://cdn.example/file", "filename": "price list.pdf"}


def test_one_picture_with_words_is_one_message_on_whatsapp(whatsapp, graph):
    send(whatsapp, text="This one?", attachments=(Attachment(kind=Kind.IMAGE, media_id="77"),))
    assert [one.message for one in graph.messages] == [{"id": "77", "caption": "This one?"}]


def test_a_reply_names_the_message_it_answers(facebook, whatsapp, graph):
    send(facebook, text="That one", reply_to="m_before")
    send(whatsapp, text="That one", reply_to="wamid.before")
    assert graph.messages[0].body["reply_to"] == {"mid": "m_before"}
    assert graph.messages[1].body["context"] == {"message_id": "wamid.before"}


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (Person(id=BSUID), {"recipient": BSUID}),
        (Person(id=BSUID, aliases=("US.ENT.118157992128868",)), {"recipient": BSUID}),
        (Person(id=BSUID, aliases=(PHONE,)), {"to": PHONE}),
        (Person(id=BSUID, phone="+16505551234"), {"recipient": BSUID}),  # a number they left may be another's
        (Person(id=PHONE, phone="+971501234567"), {"to": PHONE}),
        (Person(id="", phone="+16505551234"), {"to": PHONE}),
        (Person(id=PHONE), {"to": PHONE}),
    ],
)
def test_a_user_id_goes_in_recipient_a_number_in_to(whatsapp, graph, person, expected):
    registry.adapter("whatsapp").send(whatsapp, out("whatsapp", to=person, text="Hello"))
    assert {
        key: graph.messages[0].body[key] for key in ("to", "recipient") if key in graph.messages[0].body
    } == expected
    assert graph.vanished == []


def test_what_cannot_be_sent_is_refused_before_anything_leaves(any_account, graph):
    adapter = registry.adapter(any_account.channel)
    for message in (
        out(any_account.channel),
        out(any_account.channel, text="  \n "),
        out(any_account.channel, text="Hello", to=Person(id="")),
        out(any_account.channel, attachments=(Attachment(kind=Kind.IMAGE),)),
    ):
        with pytest.raises(Refused):
            adapter.send(any_account, message)
    assert graph.requests == []


def test_instagram_sends_through_its_page(graph):
    for settings, path in (({"page_id": PAGE}, PAGE), ({}, "me")):
        send(account("instagram", INSTAGRAM, graph, **settings), text="Hello")
        assert graph.requests[-1].path == f"/v25.0/{path}/messages"
    assert {one.account for one in graph.messages} == {INSTAGRAM}


def test_website_chat_delivers_by_storing():
    there = Account(channel="webchat", external_id="w1", token="", base_url="")
    adapter = registry.adapter("webchat")
    message = Outgoing(reference="msg_01", to=Person(id="v1"), text="Hello")
    assert adapter.send(there, message).id == "msg_01"
    assert adapter.find(there, message).id == "msg_01"
    assert adapter.check(there).ok
    adapter.subscribe(there)
    with pytest.raises(Refused):
        adapter.send(there, Outgoing(reference="msg_02", to=Person(id="v1")))
