"""One interface to every language model, the built-in offline one included.

A provider is a module with `NAME` and `complete(request, account) -> Completion`. It imports no Django; keys,
base URLs and the conversation come in as the plain values below. It tries once: retries and fall-back
belong to `apps.ai.services.ask`.

Exceptions:
    ProviderError
     ├─ ProviderUnavailable   time-out, 429, 5xx, connection: the next provider may answer
     └─ ProviderRefused       bad key, bad request, content policy: asking the same again is useless
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Account:
    """How a vendor is reached. Never shown: its repr keeps the key to itself."""

    api_key: str = field(repr=False, default="")
    base_url: str = ""


@dataclass(frozen=True, kw_only=True)
class ToolSpec:
    """A tool that the model may ask for. `parameters` is a JSON schema of type object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """`signature` is the vendor's opaque mark on the call: hand the object back unchanged in the next turn."""

    id: str
    name: str
    arguments: dict[str, Any]
    signature: str = ""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One turn of the conversation. role: customer | assistant | tool.

    A tool turn answers the call `call_id` with `result` (JSON-able); an assistant turn may carry calls.
    `text` is what was said, `about` what came with it (a place, an order, a form's answers): nobody's words, so nothing
    about the person is read out of it. `subject`: the name of the item that was pointed at.
    """

    role: str
    text: str = ""
    about: str = ""
    subject: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    name: str = ""
    result: Any = None

    @property
    def whole(self) -> str:
        """Everything a model is shown of it."""
        return "\n".join(filter(None, [self.about, self.text]))


@dataclass(frozen=True, kw_only=True)
class IntentSpec:
    """A trained intent: phrases in any language, the answer per language, and what to do."""

    name: str
    phrases: tuple[str, ...]
    responses: dict[str, str]
    action: str = ""  # "", "hand_off", "search_catalog"


@dataclass(frozen=True, kw_only=True)
class Briefing:
    """What the persona is and knows, as data: the offline provider works from this, others from `system`."""

    organization: str
    persona: str = ""
    tone: str = ""
    languages: tuple[str, ...] = ("en",)
    greeting: dict[str, str] = field(default_factory=dict)
    collect: tuple[str, ...] = ()  # name, email, phone
    known: dict[str, str] = field(default_factory=dict)  # what we already know of the person
    intents: tuple[IntentSpec, ...] = ()
    hours: str = ""
    now: str = ""  # day and time where the organization is, with its zone
    knowledge: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question to a model. Time-out in seconds for the whole call."""

    system: str
    turns: tuple[Turn, ...]
    tools: tuple[ToolSpec, ...] = ()
    model: str = ""
    temperature: float = 0.3
    max_tokens: int = 500
    timeout: float = 20.0
    briefing: Briefing | None = None


@dataclass(frozen=True, kw_only=True)
class Completion:
    """The model's answer: text, or calls of tools, or both. Tokens as the vendor counted them."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    details: dict[str, Any] = field(default_factory=dict)  # intent, confidence


class ProviderError(Exception):
    """The model gave no usable answer; the text is safe to show and holds no secret."""


class ProviderUnavailable(ProviderError):
    """Slow, overloaded or out of reach; `retry_after` in seconds where the vendor said."""

    def __init__(self, message: str, *, retry_after: float | None = None):
        super().__init__(message)
        self.retry_after = retry_after


class ProviderRefused(ProviderError):
    """It will not answer this."""
