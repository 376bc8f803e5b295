"""OpenAI and Gemini through their own clients, against local servers that check what the vendors check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.ai.providers import (
    Account,
    Completion,
    ProviderRefused,
    ProviderUnavailable,
    Request,
    ToolCall,
    Turn,
    gemini,
    openai,
)
from apps.ai.tools import toolset
from tests.vendors.gemini import SIGNATURE, GeminiServer
from tests.vendors.llm import Answer, ModelServer
from tests.vendors.openai import OpenAIServer

KEY = "sk-very-secret-1234567890"


@pytest.fixture(params=[(openai, OpenAIServer), (gemini, GeminiServer)], ids=["openai", "gemini"])
def vendor(request: pytest.FixtureRequest) -> Iterator[tuple[ModelServer, Callable[..., Completion]]]:
    module, server_class = request.param
    with server_class.running(key=KEY) as server:

        def ask(*turns: Turn, key: str = KEY, timeout: float = 10, model: str = "", tools: bool = True) -> Completion:
            said = turns or (Turn(role="customer", text="hello"),)
            asked = Request(
                system="Be kind.", turns=said, tools=toolset() if tools else (), model=model, timeout=timeout
            )
            return module.complete(asked, Account(api_key=key, base_url=server.base_url))

        yield server, ask
        assert server.problems == []


def test_text_and_tokens(vendor: Any) -> None:
    server, ask = vendor
    server.say(Answer(text="Good day.", input_tokens=321, output_tokens=45))
    answer = ask()
    assert answer.text == "Good day."
    assert answer.calls == ()
    assert answer.input_tokens == 321
    assert answer.output_tokens in (45, 50)  # Gemini bills its thoughts


def test_tools_both_ways(vendor: Any) -> None:
    server, ask = vendor
    server.say(
        Answer(calls=[("search_catalog", {"query": "boots", "max_price": 500}), ("capture_lead", {"name": "Omar"})]),
        Answer(text="249 SAR"),
    )
    customer = Turn(role="customer", text="boots under 500? I am Omar")
    first = ask(customer)
    assert [(call.name, call.arguments) for call in first.calls] == [
        ("search_catalog", {"query": "boots", "max_price": 500}),
        ("capture_lead", {"name": "Omar"}),
    ]
    results = [Turn(role="tool", call_id=call.id, name=call.name, result={"ok": True}) for call in first.calls]
    second = ask(customer, Turn(role="assistant", calls=first.calls), *results)
    assert second.text == "249 SAR"


def test_history_is_made_acceptable(vendor: Any) -> None:
    """A greeting first, two messages in a row, a call whose result was lost, a result without a call."""
    server, ask = vendor
    lost = ToolCall(id="x1", name="search_catalog", arguments={"query": "boots"})
    ask(
        Turn(role="assistant", text="Hello, how can I help?"),
        Turn(role="customer", text="boots"),
        Turn(role="customer", text="black ones"),
        Turn(role="assistant", calls=(lost,)),
        Turn(role="tool", call_id="nobody", name="search_catalog", result={}),
        Turn(role="customer", text="are you there?"),
        Turn(role="customer", text="  "),
    )
    assert len(server.requests) == 1


def test_other_providers_calls_are_accepted(vendor: Any) -> None:
    _, ask = vendor
    call = ToolCall(id="offline-1-1", name="search_catalog", arguments={"query": "boots"})
    result = Turn(role="tool", call_id="offline-1-1", name="search_catalog", result=[{"price": 3}])
    assert ask(Turn(role="customer", text="boots"), Turn(role="assistant", calls=(call,)), result).text


@pytest.mark.parametrize("status", [429, 500, 503, 408])
def test_unavailable(vendor: Any, status: int) -> None:
    server, ask = vendor
    server.say(Answer(status=status, headers={"retry-after": "7"}))
    with pytest.raises(ProviderUnavailable) as caught:
        ask()
    assert caught.value.retry_after == 7
    assert KEY not in str(caught.value)
    assert "Scripted" not in str(caught.value)
    assert len(server.requests) == 1, "the client must not retry by itself"


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_refused(vendor: Any, status: int) -> None:
    server, ask = vendor
    server.say(Answer(status=status, code="bad_thing"))
    with pytest.raises(ProviderRefused) as caught:
        ask()
    assert str(status) in str(caught.value)
    assert KEY not in str(caught.value)


def test_wrong_key(vendor: Any) -> None:
    _, ask = vendor
    with pytest.raises(ProviderRefused) as caught:
        ask(key="sk-wrong-but-secret")
    assert "sk-wrong" not in str(caught.value)
    with pytest.raises(ProviderRefused, match="no API key"):
        ask(key="")


def test_slow(vendor: Any) -> None:
    server, ask = vendor
    server.say(Answer(wait=5))
    with pytest.raises(ProviderUnavailable, match=r"within 0\.4 s"):
        ask(timeout=0.4)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(raw=b'{"choices": [tru'),
        Answer(raw=b"<html>gateway</html>"),
        Answer(raw=b"[]"),
        Answer(raw=b'"hello"'),
        Answer(raw=b"null"),
        Answer(raw=b'{"choices": "x", "candidates": 3}'),
        Answer(raw=b""),
        Answer(empty=True),
        Answer(text=""),
    ],
    ids=["cut", "html", "list", "text", "null", "wrong-types", "nothing", "no-choices", "blank"],
)
def test_unusable_answers(vendor: Any, answer: Answer) -> None:
    server, ask = vendor
    server.say(answer)
    with pytest.raises(ProviderUnavailable):
        ask()


def test_declined(vendor: Any) -> None:
    server, ask = vendor
    server.say(Answer(declined=True))
    with pytest.raises(ProviderRefused, match="declined"):
        ask()


@pytest.mark.parametrize("module", [openai, gemini])
def test_nobody_listens(module: Any) -> None:
    request = Request(system="", turns=(Turn(role="customer", text="hi"),), timeout=2)
    with pytest.raises(ProviderUnavailable, match="reached"):
        module.complete(request, Account(api_key=KEY, base_url="http://127.0.0.1:9/v1"))


def test_signature_travels() -> None:
    with GeminiServer.running(key=KEY) as server:
        account = Account(api_key=KEY, base_url=server.base_url)
        server.say(Answer(calls=[("search_catalog", {"query": "boots"})]))
        turns = (Turn(role="customer", text="boots"),)
        first = gemini.complete(Request(system="s", turns=turns, tools=toolset()), account)
        assert first.calls[0].signature == SIGNATURE
        result = Turn(role="tool", call_id=first.calls[0].id, name="search_catalog", result={"items": []})
        gemini.complete(Request(system="s", turns=(*turns, Turn(role="assistant", calls=first.calls), result)), account)
        sent = server.requests[1]["contents"][1]["parts"][0]
        assert sent["thoughtSignature"] == SIGNATURE
        assert server.problems == []


def test_unreadable_arguments_reach_validation() -> None:
    with OpenAIServer.running(key=KEY) as server:
        body = b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"search_catalog","arguments":"{oops"}}]}}]}'
        server.say(Answer(raw=body))
        answer = openai.complete(
            Request(system="s", turns=(Turn(role="customer", text="x"),)),
            Account(api_key=KEY, base_url=server.base_url),
        )
        assert answer.calls[0].arguments == {"unreadable": "{oops"}


def test_plain_models_get_their_own_parameters() -> None:
    with OpenAIServer.running(key=KEY) as server:
        account = Account(api_key=KEY, base_url=server.base_url)
        for model in ("gpt-4o-mini", "llama3.1", "gpt-6-luna", "o4-mini"):
            openai.complete(Request(system="s", turns=(Turn(role="customer", text="x"),), model=model), account)
        assert ["temperature" in body for body in server.requests] == [True, True, False, False]
        assert server.problems == []


def test_keys_stay_out_of_reprs() -> None:
    assert KEY not in repr(Account(api_key=KEY, base_url="http://x"))
