"""A stand-in for Gemini's generateContent: checks what the vendor checks, answers in its wire format.

Rules from the API reference: x-goog-api-key (400 INVALID_ARGUMENT for a bad one, as Google answers);
contents begin with the user and alternate; function responses directly follow their calls, as many as there
were; Gemini 3 wants the first call of a turn signed.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .llm import Answer, ModelHandler, ModelServer, schema_problems

SIGNATURE = "c2lnbmVkLWJ5LXRoZS12ZW5kb3I="  # base64


def problems_of(model: str, body: dict[str, Any]) -> list[str]:
    problems = _content_problems(model, body.get("contents"))
    for tool in body.get("tools", []):
        for declaration in tool.get("functionDeclarations", []):
            if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_.-]{0,63}", declaration.get("name", "")):
                problems.append("bad function name")
            # Google reads field names in both spellings; its own client sends this one in snake case.
            schemas = [
                declaration[name]
                for name in ("parametersJsonSchema", "parameters_json_schema", "parameters")
                if name in declaration
            ]
            problems += schema_problems(schemas[0] if schemas else None)
    if body.get("systemInstruction") is not None and not body["systemInstruction"].get("parts"):
        problems.append("empty systemInstruction")
    return problems


def _content_problems(model: str, contents: Any) -> list[str]:
    if not isinstance(contents, list) or not contents:
        return ["contents is not specified"]
    problems, calls, last = [], 0, ""
    for number, content in enumerate(contents):
        role, parts = content.get("role"), content.get("parts") or []
        if role not in ("user", "model") or role == last or not parts:
            problems.append(f"contents[{number}]: role {role!r} after {last!r}, {len(parts)} parts")
        if number == 0 and role != "user":
            problems.append("contents must begin with the user")
        answers = sum(1 for part in parts if "functionResponse" in part)
        if answers != calls:
            problems.append(f"contents[{number}]: {calls} function calls but {answers} responses")
        asked = [part for part in parts if "functionCall" in part]
        if asked and re.match(r"gemini-[3-9]", model) and not asked[0].get("thoughtSignature"):
            problems.append(f"contents[{number}]: function call is missing a thought_signature")
        calls, last = len(asked), role
    return problems + (["function calls without responses at the end"] if calls else [])


class _Handler(ModelHandler):
    def do_POST(self) -> None:  # noqa: N802  http.server calls it so
        body = self.read()
        owner = self.owner
        if self.headers.get("x-goog-api-key") != owner.key:
            return self.fail(400, "INVALID_ARGUMENT", f"API key not valid: {self.headers.get('x-goog-api-key')}")
        found = re.fullmatch(r"/v1(?:beta)?/models/([\w.-]+):generateContent", self.path.partition("?")[0])
        if not found:
            return self.fail(404, "NOT_FOUND", f"no such method {self.path}")
        owner.requests.append(body)
        problems = problems_of(found.group(1), body)
        if problems:
            owner.problems += problems
            return self.fail(400, "INVALID_ARGUMENT", "; ".join(problems))
        answer: Answer = owner.next()
        if answer.wait:
            owner.closing.wait(answer.wait)
        if answer.drip:
            return self.drip(answer.drip)
        if answer.raw is not None:
            return self.send(answer.status, answer.raw, answer.headers)
        if answer.status != 200:
            return self.fail(answer.status, answer.code or "INTERNAL", f"Scripted, for key {owner.key}", answer.headers)
        return self.send(200, json.dumps(self.completion(answer)).encode())

    def completion(self, answer: Answer) -> dict[str, Any]:
        usage = {
            "promptTokenCount": answer.input_tokens,
            "candidatesTokenCount": answer.output_tokens,
            "thoughtsTokenCount": 5,
            "totalTokenCount": answer.input_tokens + answer.output_tokens + 5,
        }
        if answer.empty:
            return {"usageMetadata": usage}
        if answer.declined:
            return {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage}
        parts: list[dict[str, Any]] = [{"text": "thinking aloud", "thought": True}]
        if answer.text:
            parts.append({"text": answer.text})
        for number, (name, arguments) in enumerate(answer.calls):
            parts.append(
                {
                    "functionCall": {"name": name, "args": arguments},
                    **({"thoughtSignature": SIGNATURE} if number == 0 else {}),
                }
            )
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted"}

    def fail(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps({"error": {"code": status, "message": message, "status": code}}).encode(), headers)


class GeminiServer(ModelServer):
    """Base URL: `address`."""

    handler = _Handler

    @property
    def base_url(self) -> str:
        return self.address
