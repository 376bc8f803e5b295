"""The built-in model: useful with no key, no network and no chance, behind the same interface as the others.

It reads the unanswered text, asks for tools, and writes its reply from what they return. It states no figure
that is not in a result or in the briefing, and it never sees or repeats the system prompt.
"""

from __future__ import annotations

from apps.ai.providers import Account, Completion, Request, ToolCall

from . import dialogue as dialogues
from .composing import Plan, compose, plan
from .understanding import understand

NAME = "offline"
MODEL = "offline"
#: Rounds of tool calls before it answers with what it has.
ROUNDS = 3


def complete(request: Request, account: Account | None = None) -> Completion:  # noqa: ARG001  every provider is called alike
    """One step: calls of tools, or the reply. Never raises on anything a customer can write."""
    dialogue = dialogues.read(request)
    meaning = understand(dialogue, request)
    offered = {tool.name for tool in request.tools}
    chosen: Plan = plan(meaning, dialogue, request)
    wanted = (
        []
        if len({call.id.rsplit("-", 1)[0] for call in dialogue.calls}) >= ROUNDS
        else _open(chosen, dialogue, offered)
    )
    details = {
        "intent": _intent_name(meaning),
        "confidence": round(meaning.confidence, 3),
        "language": dialogue.language,
        "trained": meaning.trained is not None,
    }
    text = "" if wanted else compose(meaning, dialogue, request)
    calls = tuple(
        ToolCall(id=f"offline-{len(request.turns)}-{number}", name=name, arguments=arguments)
        for number, (name, arguments) in enumerate(wanted, 1)
    )
    return Completion(text=text, calls=calls, model=MODEL, details=details)


def _open(chosen: Plan, dialogue: dialogues.Dialogue, offered: set[str]) -> list[tuple[str, dict[str, object]]]:
    """Calls of the plan that were neither made nor unavailable."""
    made: dict[str, int] = {}
    for call in dialogue.calls:
        made[call.name] = made.get(call.name, 0) + 1
    open_calls = []
    for name, arguments in chosen.calls:
        if made.get(name, 0):
            made[name] -= 1
        elif name in offered:
            open_calls.append((name, arguments))
    return open_calls


def _intent_name(meaning: object) -> str:
    trained = getattr(meaning, "trained", None)
    return trained.name if trained else getattr(meaning, "intent", "")


__all__ = ["MODEL", "NAME", "complete"]
