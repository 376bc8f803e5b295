"""What went wrong, in plain words, and what may be done about it."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from apps.conversations.adapters import (
    Account,
    Action,
    Attachment,
    Kind,
    Outgoing,
    Person,
    Refused,
    Unknown,
    Unreachable,
    reasons,
    registry,
)
from tests.conversations.adapters.conftest import IGSID, PAGE, PHONE, PSID, account

PEOPLE = {"facebook": PSID, "instagram": IGSID, "whatsapp": PHONE}


@pytest.fixture(params=["facebook", "instagram", "whatsapp"])
def any_account(request):
    return request.getfixturevalue(request.param)


def message(there: Account, **more) -> Outgoing:
    return Outgoing(**{"reference": "msg_01", "to": Person(id=PEOPLE[there.channel]), "text": "Hello", **more})


def send(there: Account, **more):
    return registry.adapter(there.channel).send(there, message(there, **more))


def find(there: Account, **more):
    return registry.adapter(there.channel).find(there, message(there, **more))


@pytest.mark.parametrize(
    ("code", "subcode", "action"),
    [
        (190, 463, Action.RECONNECT),
        (4, 0, Action.RETRY),
        (613, 0, Action.RETRY),
        (80007, 0, Action.RETRY),
        (130429, 0, Action.RETRY),
        (131056, 0, Action.RETRY),
        (131048, 0, Action.RETRY),
        (10, 2018278, Action.TEMPLATE),
        (10, 2534022, Action.TEMPLATE),
        (131047, 0, Action.TEMPLATE),
        (551, 0, Action.STOP),
        (131026, 0, Action.STOP),
        (131050, 0, Action.SUPPRESS),
        (131049, 0, Action.RETRY),
        (130472, 0, Action.STOP),
        (100, 0, Action.FIX),
        (10, 1893063, Action.RECONNECT),
        (10, 0, Action.RECONNECT),
        (368, 0, Action.RECONNECT),
        (132000, 0, Action.FIX),
        (132001, 0, Action.FIX),
        (132015, 0, Action.FIX),
        (132016, 0, Action.FIX),
        (131062, 0, Action.FIX),
        (230, 0, Action.RECONNECT),
        (299, 0, Action.RECONNECT),
    ],
)
def test_a_refusal_has_its_reason(any_account, graph, code, subcode, action):
    graph.fail_next(code, subcode)
    with pytest.raises(Refused) as refused:
        send(any_account)
    reason = refused.value.reason
    assert reason.code == (f"{code}/{subcode}" if subcode else str(code))
    assert reason.action is action
    assert refused.value.permanent is (action is not Action.RETRY)
    assert (reason.retry_after is None) is (action is not Action.RETRY)
    assert reason.text.endswith(".")
    assert graph.messages == []


def test_a_code_nobody_knows_says_so_and_keeps_their_words(facebook, graph):
    graph.fail_next(987654, message="The moon is in the wrong house")
    with pytest.raises(Refused) as refused:
        send(facebook)
    assert refused.value.reason.code == "987654"
    assert "do not know yet" in refused.value.reason.text
    assert "moon" in refused.value.reason.details


@pytest.mark.parametrize("code", [None, "", "x", [], {}, True, 10**400, "1/2/3", "\x00"])
def test_absurd_codes_are_explained_too(code):
    assert reasons.explain(code).text
    assert reasons.explain(100, code).text


def test_a_token_that_the_platform_quotes_is_taken_out(graph):
    wrong = Account(channel="facebook", external_id=PAGE, token="EAAwrong-one-123456", base_url=graph.url)
    with pytest.raises(Refused) as refused:
        send(wrong)
    assert refused.value.reason.action is Action.RECONNECT
    assert "EAAwrong" not in refused.value.reason.details
    assert "…" in refused.value.reason.details


def test_a_wait_that_the_platform_asks_for_is_kept(facebook, graph):
    graph.fail_next(613, Retry_After="90")
    with pytest.raises(Refused) as refused:
        send(facebook)
    assert refused.value.reason.retry_after == timedelta(seconds=90)
    usage = '{"1": [{"type": "messenger", "estimated_time_to_regain_access": 19}]}'
    graph.fail_next(80007, **{"X-Business-Use-Case-Usage": usage})
    with pytest.raises(Refused) as refused:
        send(facebook)
    assert refused.value.reason.retry_after == timedelta(minutes=19)


def test_nobody_there_is_safe_to_try_again(any_account):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
        there = Account(channel=any_account.channel, external_id="1", token="t", base_url=nobody)
        with pytest.raises(Unreachable) as unreachable:
            send(there)
    assert unreachable.value.reason.action is Action.RETRY


@pytest.mark.parametrize("base", ["", "no address", "http://", "ftp://x"])
def test_a_base_address_that_is_none_is_unreachable(base):
    there = Account(channel="facebook", external_id=PAGE, token="t", base_url=base)
    with pytest.raises(Unreachable):
        send(there)


@pytest.mark.parametrize("token", ["with\nline", "ünïcode"])
def test_a_token_that_cannot_be_sent_is_refused(graph, token):
    with pytest.raises(Refused):
        send(Account(channel="facebook", external_id=PAGE, token=token, base_url=graph.url))


@pytest.mark.parametrize(
    "script",
    [
        lambda graph: graph.drop_next(),
        lambda graph: graph.answer_next(500, "oops"),
        lambda graph: graph.answer_next(502, "<html>bad gateway</html>"),
        lambda graph: graph.answer_next(200, "not json"),
        lambda graph: graph.answer_next(200, "{}"),
        lambda graph: graph.answer_next(200, "[1]"),
        lambda graph: graph.fail_next(2, status=500),
        lambda graph: graph.fail_next(1, 1357046),
    ],
)
def test_after_it_left_no_answer_means_unknown(any_account, graph, script):
    script(graph)
    with pytest.raises(Unknown) as unknown:
        send(any_account)
    assert unknown.value.reason.text


def test_who_does_not_answer_in_time_may_have_sent_it(any_account, graph):
    graph.hang_next(60)
    with pytest.raises(Unknown):
        send(replace(any_account, settings={**any_account.settings, "read_timeout": 0.3}))


@pytest.mark.parametrize(("status", "action"), [(401, "reconnect"), (404, "fix"), (429, "retry"), (302, "fix")])
def test_a_refusal_without_an_error_object(facebook, graph, status, action):
    graph.answer_next(status, "<html>")
    with pytest.raises(Refused) as refused:
        send(facebook)
    assert refused.value.reason.action == action


@pytest.mark.parametrize("channel", ["facebook", "instagram"])
def test_a_message_whose_answer_was_lost_is_found(channel, graph, request):
    there = request.getfixturevalue(channel)
    created = graph.now()
    graph.drop_next()
    with pytest.raises(Unknown):
        send(there, text="Do you still want it?", created_at=created)
    found = find(there, text="Do you still want it?", created_at=created)
    assert found.id == graph.messages[0].id


@pytest.mark.parametrize("channel", ["facebook", "instagram"])
def test_a_message_that_never_arrived_is_not_found(channel, graph, request):
    there = request.getfixturevalue(channel)
    created = graph.now()
    graph.drop_next(deliver=False)
    with pytest.raises(Unknown):
        send(there, created_at=created)
    assert find(there, created_at=created) is None
    send(there, text="Another one")
    assert find(there, created_at=created) is None


def test_the_same_words_from_yesterday_are_not_ours(facebook, graph):
    today = graph.now()
    graph.now = lambda: today - timedelta(hours=5)
    graph.heard_from(PAGE, PSID)
    send(facebook, text="Hello")
    graph.now = lambda: today
    assert find(facebook, text="Hello", created_at=today) is None


def test_where_the_history_ends_too_early_nobody_can_tell(facebook, graph):
    created = graph.now()
    for number in range(25):
        send(facebook, text=f"Number {number}")
    with pytest.raises(Unknown):
        find(facebook, text="Long ago", created_at=created)


def test_where_only_the_first_pieces_are_there_the_rest_may_follow(facebook, graph):
    words = "A sentence of some length, as people write them. " * 60
    created = graph.now()
    graph.faults.append({})
    graph.drop_next(deliver=False)
    with pytest.raises(Unknown):
        send(facebook, text=words, created_at=created)
    with pytest.raises(Unreachable) as rest:
        find(facebook, text=words, created_at=created)
    assert rest.value.sent_ids == (graph.messages[0].id,)


def test_where_only_a_later_piece_is_there_nobody_knows(facebook, graph):
    words = "A sentence of some length, as people write them. " * 60
    created = graph.now()
    send(facebook, text=words, created_at=created)
    del graph.messages[0]
    with pytest.raises(Unknown) as unknown:
        find(facebook, text=words, created_at=created)
    assert unknown.value.sent_ids == (graph.messages[-1].id,)


def test_whatsapp_has_no_history(whatsapp):
    with pytest.raises(Unknown, match="cannot tell"):
        find(whatsapp)


def test_check_subscribe_check(any_account):
    adapter = registry.adapter(any_account.channel)
    before = adapter.check(any_account)
    assert (before.ok, before.reason.code) == (False, "not-subscribed")
    adapter.subscribe(any_account)
    after = adapter.check(any_account)
    assert (after.ok, after.reason) == (True, None)
    assert after.name


def test_check_says_what_is_wrong(graph):
    dead = account("facebook", PAGE, graph)
    object.__setattr__(dead, "token", "EAAexpired-token-1")
    health = registry.adapter("facebook").check(dead)
    assert (health.ok, health.reason.action) == (False, Action.RECONNECT)
    graph.stop()
    assert registry.adapter("facebook").check(account("facebook", PAGE, graph)).reason.code in {"connect", "no-answer"}


def test_whatsapp_cannot_subscribe_without_its_business_account(graph):
    with pytest.raises(Refused, match="business account"):
        registry.adapter("whatsapp").subscribe(account("whatsapp", "106540352242922", graph))


def test_profiles(facebook, instagram, whatsapp, graph):
    messenger = registry.adapter("facebook").profile(facebook, Person(id=PSID))
    assert (messenger.name, messenger.avatar_url) == ("Sam Lee", "https://x.fbcdn.net/1.jpg")
    assert registry.adapter("instagram").profile(instagram, Person(id=IGSID)).username == "sam.lee"
    assert registry.adapter("whatsapp").profile(whatsapp, Person(id=PHONE, name="Sam")).name == "Sam"
    assert registry.adapter("facebook").profile(facebook, Person(id="unheard-of")).name == ""


def test_media_of_whatsapp(whatsapp, graph):
    graph.add_media("900", b"OggS", "audio/ogg")
    media = registry.adapter("whatsapp").media(whatsapp, Attachment(kind=Kind.AUDIO, media_id="900"))
    assert (media.content, media.mime) == (b"OggS", "audio/ogg")
    with pytest.raises(Refused):
        registry.adapter("whatsapp").media(whatsapp, Attachment(kind=Kind.AUDIO, media_id="901"))
    with pytest.raises(Refused):
        registry.adapter("whatsapp").media(whatsapp, Attachment(kind=Kind.AUDIO))


def test_media_too_large_is_refused(whatsapp, graph):
    graph.add_media("900", b"x" * 25_000_001, "video/mp4")
    with pytest.raises(Refused, match="larger"):
        registry.adapter("whatsapp").media(whatsapp, Attachment(kind=Kind.VIDEO, media_id="900"))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/secret",
        "https://evil.example/x",
        "https://evilfbcdn.net/x",
        "https://fbcdn.net.evil.example/x",
        "file:///etc/passwd",
        "http://x.fbcdn.net/plain",
        "https://[::1",
        "//x",
    ],
)
def test_media_is_fetched_from_their_servers_only(facebook, url):
    with pytest.raises(Refused, match="do not fetch"):
        registry.adapter("facebook").media(facebook, Attachment(kind=Kind.IMAGE, url=url))
