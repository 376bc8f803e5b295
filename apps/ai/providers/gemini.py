"""Google Gemini through google-genai.

Gemini 3 signs its function calls and refuses them back unsigned: the signature travels with the ToolCall.
A conversation must begin with the user and its roles alternate, so neighbours of one role are joined.
"""

from __future__ import annotations

import base64
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

NAME = "gemini"
MODELS = {"full": "gemini-3.8-flash", "cheap": "gemini-3.1-flash-lite"}
_THINKING_TOKENS = 1500
# Accepted by Google in place of a signature for calls it did not make itself (another provider's, in a fall-back).
_NO_SIGNATURE = b"skip_thought_signature_validator"
_SCHEMA_WORDS = ("type", "description", "enum", "minimum", "maximum", "required", "additionalProperties")


@lru_cache(maxsize=32)
def _client(api_key: str, base_url: str) -> Any:
    from google import genai  # 1–2 s: only for those who use it
    from google.genai import types

    http = open_client(library="httpx2", allowed={place_of(base_url)}, within=120)
    once = types.HttpRetryOptions(attempts=1)
    options = types.HttpOptions(base_url=base_url or None, retry_options=once, httpx_client=http)
    return genai.Client(api_key=api_key, vertexai=False, http_options=options)


def complete(request: Request, account: Account) -> Completion:
    """One generateContent. Raises ProviderUnavailable or ProviderRefused, whose texts hold no secret."""
    if not account.api_key:
        raise ProviderRefused("Gemini: there is no API key.")
    from google.genai import errors

    try:
        answer = _client(account.api_key, account.base_url).models.generate_content(
            model=request.model or MODELS["full"], contents=_contents(request), config=_config(request)
        )
    except errors.APIError as error:
        raise _status_error(error) from error
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise ProviderUnavailable(_plain(error, request)) from error
    except Exception as error:
        # The client lets its transport's own exceptions through (httpx, httpx2), which share no base we could name.
        if type(error).__module__.partition(".")[0] in (
            "httpx",
            "httpx2",
            "httpcore",
            "httpcore2",
            "requests",
            "google",
            "pydantic_core",
        ):
            raise ProviderUnavailable(_plain(error, request)) from error
        raise
    return _completion(answer, request)


def _plain(error: Exception, request: Request) -> str:
    if "timeout" in type(error).__name__.lower():
        return f"Gemini did not answer within {request.timeout:g} s."
    if isinstance(error, (ValueError, TypeError, AttributeError, KeyError)):
        return "Gemini sent an answer that cannot be read."
    return "Gemini cannot be reached."


def _config(request: Request) -> Any:
    from google.genai import types

    model = request.model or MODELS["full"]
    thinking, room = None, 0
    if model.startswith("gemini-2.5-flash"):
        thinking = types.ThinkingConfig(thinking_budget=0)
    elif re.match(r"gemini-(?:[3-9]|\d\d)", model):
        thinking, room = types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW), _THINKING_TOKENS
    return types.GenerateContentConfig(
        system_instruction=request.system,
        temperature=request.temperature,
        max_output_tokens=request.max_tokens + room,
        thinking_config=thinking,
        tools=[types.Tool(function_declarations=[_declaration(tool) for tool in request.tools])]
        if request.tools
        else None,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        http_options=types.HttpOptions(timeout=max(int(request.timeout * 1000), 1)),
    )


def _declaration(tool: Any) -> Any:
    from google.genai import types

    return types.FunctionDeclaration(
        name=tool.name, description=tool.description, parameters_json_schema=_schema(tool.parameters)
    )


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The part of a JSON schema that Gemini documents; lengths are ours to check."""
    kept = {key: schema[key] for key in _SCHEMA_WORDS if key in schema}
    if "properties" in schema:
        kept["properties"] = {name: _schema(rule) for name, rule in schema["properties"].items()}
    if isinstance(kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = _schema(kept["additionalProperties"])
    return kept


def _contents(request: Request) -> list[Any]:
    from google.genai import types

    contents: list[Any] = []
    for turn in paired(request.turns):
        role, parts = ("model" if turn.role == "assistant" else "user"), _parts(turn)
        if contents and contents[-1].role == role:
            contents[-1].parts.extend(parts)
        else:
            contents.append(types.Content(role=role, parts=parts))
    if not contents or contents[0].role != "user":
        contents.insert(0, types.Content(role="user", parts=[types.Part(text="…")]))
    return contents


def _parts(turn: Turn) -> list[Any]:
    from google.genai import types

    if turn.role == "tool":
        result = turn.result if isinstance(turn.result, dict) else {"result": turn.result}
        # Decimals and dates become text here; the client would refuse them.
        plain = _json(result)
        return [types.Part(function_response=types.FunctionResponse(name=turn.name or "tool", response=plain))]
    parts = [types.Part(text=turn.whole)] if turn.whole.strip() else []
    for number, call in enumerate(turn.calls):
        signature = base64.b64decode(call.signature) if call.signature else (_NO_SIGNATURE if number == 0 else None)
        parts.append(
            types.Part(
                function_call=types.FunctionCall(name=call.name, args=_json(call.arguments)),
                thought_signature=signature,
            )
        )
    return parts


def _json(value: dict[str, Any]) -> dict[str, Any]:
    import json

    plain: dict[str, Any] = json.loads(as_json(value))
    return plain


def _completion(answer: Any, request: Request) -> Completion:
    candidates = getattr(answer, "candidates", None) or []
    blocked = getattr(getattr(answer, "prompt_feedback", None), "block_reason", None)
    if not candidates:
        if blocked:
            raise ProviderRefused("Gemini declined to answer this.")
        raise ProviderUnavailable("Gemini sent no answer.")
    parts = getattr(candidates[0].content, "parts", None) or []
    text = "".join(part.text for part in parts if part.text and not part.thought)
    calls = tuple(_call(part, number, request) for number, part in enumerate(parts) if part.function_call)
    finish = getattr(candidates[0].finish_reason, "name", str(candidates[0].finish_reason or ""))
    if not text.strip() and not calls:
        if finish in ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "RECITATION", "SPII"):
            raise ProviderRefused("Gemini declined to answer this.")
        raise ProviderUnavailable("Gemini sent an empty answer.")
    usage = getattr(answer, "usage_metadata", None)
    return Completion(
        text=text,
        calls=calls,
        model=request.model or MODELS["full"],
        input_tokens=int(getattr(usage, "prompt_token_count", 0) or 0),
        # Thinking is billed as output.
        output_tokens=int(getattr(usage, "candidates_token_count", 0) or 0)
        + int(getattr(usage, "thoughts_token_count", 0) or 0),
        details={"finish": finish.lower()},
    )


def _call(part: Any, number: int, request: Request) -> ToolCall:
    call = part.function_call
    signature = base64.b64encode(part.thought_signature).decode() if part.thought_signature else ""
    arguments = dict(call.args) if isinstance(call.args, dict) else {}
    return ToolCall(
        id=call.id or f"gemini-{len(request.turns)}-{number}",
        name=str(call.name),
        arguments=arguments,
        signature=signature,
    )


def _status_error(error: Any) -> ProviderError:
    status, code = int(error.code or 0), slug(getattr(error, "status", ""))
    note = f"Gemini answered {status}{f' ({code})' if code else ''}."
    if status in (408, 409, 429) or status >= 500 or status == 0:
        headers = getattr(error.response, "headers", None) or {}
        return ProviderUnavailable(note, retry_after=seconds(headers.get("retry-after")))
    return ProviderRefused(note)
