"""OpenAI, and everything that speaks its chat completions (the base URL says who).

Chat completions rather than responses: stateless, and what compatible servers offer. Models from GPT-5 on and
the o-series reason first: they take no temperature, and their reasoning counts towards the output limit.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from apps.ai.providers import (
    Account,
    Completion,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    Request,
    ToolCall,
    Turn,
)
from apps.ai.providers.pairing import as_json, paired, seconds, slug
from apps.egress.client import open_client, place_of

NAME = "openai"
MODELS = {"full": "gpt-5.4-mini", "cheap": "gpt-6-luna"}
_REASONING = re.compile(r"^(?:gpt-(?:[5-9]|\d\d)|o\d)")
_REASONING_TOKENS = 1500


@lru_cache(maxsize=32)
def _client(api_key: str, base_url: str) -> Any:
    import openai  # 1–2 s: only for those who use it

    # Connections are kept open between calls; the time-out is given with each call.
    http = open_client(library="httpx2", allowed={place_of(base_url)}, within=120)
    return openai.OpenAI(api_key=api_key, base_url=base_url or None, max_retries=0, http_client=http)


def complete(request: Request, account: Account) -> Completion:
    """One chat completion. Raises ProviderUnavailable or ProviderRefused, whose texts hold no secret."""
    if not account.api_key:
        raise ProviderRefused("OpenAI: there is no API key.")
    import openai

    try:
        answer = _client(account.api_key, account.base_url).chat.completions.create(
            messages=_messages(request), timeout=request.timeout, **_options(request)
        )
    except openai.APITimeoutError as error:
        raise ProviderUnavailable(f"OpenAI did not answer within {request.timeout:g} s.") from error
    except openai.APIStatusError as error:
        raise _status_error(error) from error
    except openai.APIConnectionError as error:
        raise ProviderUnavailable("OpenAI cannot be reached.") from error
    except (openai.OpenAIError, ValueError, TypeError, UnicodeError) as error:
        raise ProviderUnavailable("OpenAI sent an answer that cannot be read.") from error
    return _completion(answer, request)


def _options(request: Request) -> dict[str, Any]:
    model = request.model or MODELS["full"]
    options: dict[str, Any] = {"model": model}
    if _REASONING.match(model):
        options["reasoning_effort"] = "low"
        options["max_completion_tokens"] = request.max_tokens + _REASONING_TOKENS
    else:
        options["temperature"] = request.temperature
        options["max_tokens"] = request.max_tokens
    if request.tools:
        options["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in request.tools
        ]
    return options


def _messages(request: Request) -> list[dict[str, Any]]:
    return [{"role": "system", "content": request.system}, *(_message(turn) for turn in paired(request.turns))]


def _message(turn: Turn) -> dict[str, Any]:
    if turn.role == "customer":
        return {"role": "user", "content": turn.whole}
    if turn.role == "tool":
        return {"role": "tool", "tool_call_id": turn.call_id, "content": as_json(turn.result)}
    message: dict[str, Any] = {"role": "assistant", "content": turn.whole or None}
    if turn.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": as_json(call.arguments)}}
            for call in turn.calls
        ]
    return message


def _completion(answer: Any, request: Request) -> Completion:
    choices = getattr(answer, "choices", None) or [None]
    message = getattr(choices[0], "message", None)
    if message is None:
        raise ProviderUnavailable("OpenAI sent no answer.")
    calls = tuple(
        ToolCall(id=str(call.id), name=str(call.function.name), arguments=_arguments(call.function.arguments))
        for call in (message.tool_calls or ())
        if getattr(call, "function", None)
    )
    text = message.content or ""
    if not text.strip() and not calls:
        if getattr(message, "refusal", None) or choices[0].finish_reason == "content_filter":
            raise ProviderRefused("OpenAI declined to answer this.")
        raise ProviderUnavailable("OpenAI sent an empty answer.")
    usage = getattr(answer, "usage", None)
    return Completion(
        text=text,
        calls=calls,
        model=str(getattr(answer, "model", "") or request.model),
        input_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
        output_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
        details={"finish": str(choices[0].finish_reason or "")},
    )


def _arguments(raw: object) -> dict[str, Any]:
    try:
        value = json.loads(str(raw or "{}"))
    except (ValueError, RecursionError):
        value = None
    # Not an object: kept under a name no tool has, so that validation tells the model.
    return value if isinstance(value, dict) else {"unreadable": str(raw)[:200]}


def _status_error(error: Any) -> ProviderError:
    status, code = error.status_code, slug(getattr(error, "code", ""))
    note = f"OpenAI answered {status}{f' ({code})' if code else ''}."
    if status in (408, 409, 429) or status >= 500:
        if code == "insufficient_quota":
            return ProviderRefused(note)
        return ProviderUnavailable(note, retry_after=seconds(error.response.headers.get("retry-after")))
    return ProviderRefused(note)
