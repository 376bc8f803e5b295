"""A stand-in for OpenAI's chat completions: checks what the vendor checks, answers in its wire format.

Rules from the API reference: bearer key (401 invalid_api_key); messages of known roles; each tool call
answered by exactly one tool message, directly after; unique function names matching ^[a-zA-Z0-9_-]{1,64}$;
reasoning models refuse `temperature` and `max_tokens` (400 unsupported_parameter).
"""

from __future__ import annotations

import json
import re
from typing import Any

from .llm import Answer, ModelHandler, ModelServer, schema_problems


def problems_of(body: dict[str, Any]) -> list[str]:
    problems = []
    if not isinstance(body.get("model"), str) or not body["model"]:
        problems.append("you must provide a model parameter")
    problems += _message_problems(body.get("messages"))
    names = []
    for tool in body.get("tools", []):
        function = tool.get("function", {})
        names.append(function.get("name"))
        if tool.get("type") != "function" or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", str(function.get("name"))):
            problems.append("tools: bad function")
        problems += schema_problems(function.get("parameters"))
    if len(set(names)) != len(names):
        problems.append("tools: names must be unique")
    if re.match(r"gpt-[5-9]|o\d", str(body.get("model"))):
        problems += [f"unsupported_parameter: {name}" for name in ("temperature", "max_tokens") if name in body]
    return problems


def _message_problems(messages: Any) -> list[str]:
    if not isinstance(messages, list) or not messages:
        return ["messages: must be a non-empty array"]
    problems, waiting = [], []
    for number, message in enumerate(messages):
        role = message.get("role")
        if role not in ("system", "developer", "user", "assistant", "tool"):
            problems.append(f"messages[{number}]: bad role {role!r}")
        if role == "tool":
            if message.get("tool_call_id") not in waiting:
                problems.append(f"messages[{number}]: tool message without its call")
            else:
                waiting.remove(message["tool_call_id"])
            if not isinstance(message.get("content"), str):
                problems.append(f"messages[{number}]: content must be text")
            continue
        if waiting:
            problems.append(f"messages[{number}]: calls without their results: {waiting}")
            waiting = []
        if role == "assistant" and message.get("tool_calls"):
            for call in message["tool_calls"]:
                json.loads(call["function"]["arguments"])
                waiting.append(call["id"])
        elif not isinstance(message.get("content"), str):
            problems.append(f"messages[{number}]: content must be text")
    return problems + (["calls without their results at the end"] if waiting else [])


class _Handler(ModelHandler):
    def do_POST(self) -> None:  # noqa: N802  http.server calls it so
        body = self.read()
        owner = self.owner
        if self.headers.get("authorization") != f"Bearer {owner.key}":
            return self.fail(
                401, "invalid_api_key", f"Incorrect API key provided: {self.headers.get('authorization')}."
            )
        if not self.path.endswith("/chat/completions"):
            return self.fail(404, "unknown_url", f"Unknown request URL: {self.path}")
        owner.requests.append(body)
        problems = problems_of(body)
        if problems:
            owner.problems += problems
            return self.fail(400, "invalid_request_error", "; ".join(problems))
        answer: Answer = owner.next()
        if answer.wait:
            owner.closing.wait(answer.wait)
        if answer.drip:
            return self.drip(answer.drip)
        if answer.raw is not None:
            return self.send(answer.status, answer.raw, answer.headers)
        if answer.status != 200:
            return self.fail(answer.status, answer.code or "error", f"Scripted, for key {owner.key}", answer.headers)
        return self.send(200, json.dumps(self.completion(body, answer)).encode())

    def completion(self, body: dict[str, Any], answer: Answer) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": None}
        if answer.calls:
            message["tool_calls"] = [
                {
                    "id": f"call_{len(self.owner.requests)}_{number}",
                    "type": "function",
                    "function": {"name": name, "arguments": json.dumps(arguments)},
                }
                for number, (name, arguments) in enumerate(answer.calls)
            ]
        finish = "content_filter" if answer.declined else "tool_calls" if answer.calls else "stop"
        choices = [] if answer.empty else [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}]
        usage = {
            "prompt_tokens": answer.input_tokens,
            "completion_tokens": answer.output_tokens,
            "total_tokens": answer.input_tokens + answer.output_tokens,
        }
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": f"{body['model']}",
            "choices": choices,
            "usage": usage,
        }

    def fail(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        error = {"error": {"message": message, "type": code, "param": None, "code": code}}
        self.send(status, json.dumps(error).encode(), headers)


class OpenAIServer(ModelServer):
    """Base URL: `address + "/v1"`."""

    handler = _Handler

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"
