"""What our own widget's messages become."""

from __future__ import annotations

from typing import Any

import pytest

from apps.conversations.adapters import AccountNotice, Inbound, Kind, Receipt, registry

WEBCHAT = registry.adapter("webchat")


def body(**event: Any) -> dict[str, Any]:
    event = {"visitor": "v_1", "mid": "w_1", "at": 1789459200, **event}
    return {"object": "webchat", "entry": [{"id": "w1", "messaging": [event]}]}


def read(**event: Any) -> Any:
    [part] = WEBCHAT.accounts(body(**event)).values()
    [fact] = WEBCHAT.parse(part)
    return fact


def test_a_message_says_who_wrote_where_and_how_they_came():
    fact = read(
        visitor={"id": "v_1", "name": "Sam", "locale": "ar"},
        text="مرحبا",
        page={
            "url": "https://shop.example/boots?gclid=abc",
            "title": "Boots",
            "referrer": "https://www.google.example/",
            "utm": {"source": "google", "campaign": "spring", "medium": "cpc"},
        },
    )
    assert (type(fact), fact.id, fact.text, fact.account) == (Inbound, "w_1", "مرحبا", "w1")
    assert (fact.person.id, fact.person.name, fact.person.locale) == ("v_1", "Sam", "ar")
    origin = fact.origin
    assert (origin.kind, origin.source, origin.ref, origin.click_id) == ("ad", "google", "spring", "abc")
    assert (origin.url, origin.title) == ("https://shop.example/boots?gclid=abc", "Boots")


@pytest.mark.parametrize(
    ("page", "kind", "source"),
    [
        ({"url": "https://shop.example/"}, "direct", ""),
        ({"url": "https://shop.example/", "referrer": "https://blog.example/post"}, "referral", "blog.example"),
        ({"url": "https://shop.example/", "utm": {"source": "newsletter"}}, "referral", "newsletter"),
        ({"url": "http://[", "referrer": "http://["}, "referral", ""),
    ],
)
def test_where_a_visitor_came_from(page, kind, source):
    origin = read(text="Hi", page=page).origin
    assert (origin.kind, origin.source) == (kind, source)


def test_attachments_buttons_and_replies():
    fact = read(attachments=[{"kind": "image", "url": "/media/1", "name": "a.png", "mime": "image/png", "size": 12}])
    assert (fact.kind, fact.attachments[0].size) == (Kind.IMAGE, 12)
    assert read(text="Yes", payload="lead:yes", reply_to="msg_1").payload == "lead:yes"
    assert read(payload="start").kind is Kind.POSTBACK
    assert read(attachments=[{"kind": "hologram", "url": "/media/2", "size": -1}]).attachments[0].kind is Kind.FILE


def test_seen_and_nothing():
    seen = read(mid=None, read=1789459100)
    assert (type(seen), seen.status, seen.up_to.isoformat()) == (Receipt, "read", "2026-09-15T07:58:20+00:00")
    assert read().kind is Kind.UNSUPPORTED
    for missing in ({"visitor": None}, {"mid": None}):
        fact = read(text="Hi", **missing)
        assert (type(fact), fact.topic) == (AccountNotice, "malformed")
