"""Asking language models, keeping what they answered, and what an organization teaches its persona."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from decimal import Decimal
from types import ModuleType
from typing import Any, Literal

import structlog
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from apps.ai import briefing as briefings
from apps.ai import leaks, pricing, queries
from apps.ai.facts import Mismatch
from apps.ai.models import Generation, Intent, Note, Persona
from apps.ai.providers import (
    Account,
    Briefing,
    Completion,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    Request,
    Turn,
    gemini,
    offline,
    openai,
)
from apps.jobs import clock
from apps.jobs.connection import connection
from apps.organizations.actors import Can
from apps.organizations.models import Organization
from apps.organizations.permissions import needs
from apps.organizations.queries import current_organization
from apps.organizations.services import meter, on_new_organization, report_failure

log = structlog.get_logger(__name__)

#: How much an organization's budget allows: its models, their cheap siblings, the built-in one, nothing.
Level = Literal["full", "cheap", "offline", "none"]
PROVIDERS: dict[str, ModuleType] = {module.NAME: module for module in (openai, gemini, offline)}
TOTAL_SECONDS = 40.0  # for all providers together; then the built-in one answers
LEAST_SECONDS = 2.0  # with less than this left no vendor is asked: it could only cost money
_GRACE = 1.0  # a vendor's client gives up by itself; if it has not by then, it is left behind
_PAUSE, _LONGEST_PAUSE = 0.3, 2.0
_RESTING = 30  # seconds a provider is left alone after failing twice in a row
_DIGEST_TURNS, _DIGEST_TEXT = 12, 500


@dataclass(frozen=True)
class Answer:
    """What a model answered, who it was, and the record of it."""

    completion: Completion
    provider: str
    generation: Generation
    run: uuid.UUID


_built_in_only: ContextVar[bool] = ContextVar("ai_built_in_only", default=False)


@contextmanager
def built_in_only() -> Iterator[None]:
    """Inside the block no vendor is asked, whatever keys there are: what is made up costs nothing."""
    token = _built_in_only.set(True)
    try:
        yield
    finally:
        _built_in_only.reset(token)


_until: ContextVar[float | None] = ContextVar("ai_until", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Everything asked inside the block is answered by then: vendors get what is left, then the built-in one answers."""
    outer, until = _until.get(), time.monotonic() + seconds
    token = _until.set(until if outer is None else min(outer, until))
    try:
        yield
    finally:
        _until.reset(token)


def seconds_left() -> float:
    """What is left of the time that `within` set; endless outside of it."""
    until = _until.get()
    return float("inf") if until is None else until - time.monotonic()


class Silent(Exception):
    """No model may answer: the budget says people only, or the persona is switched off."""


@dataclass(frozen=True)
class _Choice:
    provider: str
    model: str
    account: Account


def ask(
    request: Request,
    *,
    persona: Persona | None = None,
    level: Level = "full",
    purpose: str = "reply",
    subject: str = "",
    run: uuid.UUID | None = None,
    trace: uuid.UUID | None = None,
) -> Answer:
    """One answer from the first provider that gives one; each call is recorded, failed ones too.

    The built-in provider stands last and cannot be out of reach, so this raises only Silent (level "none").
    Call it outside of a transaction: it may wait for up to TOTAL_SECONDS, less where `within` says so.
    """
    if level == "none":
        raise Silent("No model may answer at this level.")
    run = run or uuid.uuid4()
    records = _Records(request, purpose=purpose, subject=subject, run=run, trace=trace)
    until = time.monotonic() + min(TOTAL_SECONDS, seconds_left())
    choices = _choices(persona or queries.persona(), level)
    for choice in choices:
        completion = _try(choice, request, records, until)
        if completion is not None:
            if choice.provider == offline.NAME and len(choices) > 1:
                report_failure(
                    _("No language model answered, so the built-in one did. %(error)s") % {"error": records.error},
                    kind="ai",
                )
            return Answer(completion, choice.provider, records.last, run)
    raise AssertionError("The built-in provider always answers.")


def _choices(persona: Persona, level: Level) -> list[_Choice]:
    """Whom to ask, in order. A provider without a key is left out; one that keeps failing rests."""
    choices: list[_Choice] = []
    if level != "offline" and not _built_in_only.get():
        for row in _order(persona):
            module, account = PROVIDERS[row["provider"]], account_of(row["provider"])
            if module is offline:
                break
            if account.api_key and not cache.get(_rest_key(row["provider"])):
                model = (
                    row.get("cheap_model") or module.MODELS["cheap"]
                    if level == "cheap"
                    else row.get("model") or module.MODELS["full"]
                )
                choices.append(_Choice(row["provider"], model, account))
    return [*choices, _Choice(offline.NAME, offline.MODEL, Account())]


def _order(persona: Persona) -> list[dict[str, str]]:
    rows = [row for row in persona.providers or () if isinstance(row, dict) and row.get("provider") in PROVIDERS]
    return rows or [{"provider": openai.NAME}, {"provider": gemini.NAME}]


def account_of(provider: str) -> Account:
    """Key and address of a vendor, from the settings; organizations' own keys will be found here too."""
    if provider == openai.NAME:
        return Account(api_key=settings.OPENAI_API_KEY, base_url=settings.OPENAI_BASE_URL)
    if provider == gemini.NAME:
        return Account(api_key=settings.GEMINI_API_KEY, base_url=settings.GEMINI_BASE_URL)
    return Account()


def _try(choice: _Choice, request: Request, records: _Records, until: float) -> Completion | None:
    """Ask one provider, once more after a passing fault; None when the next one should be asked."""
    module = PROVIDERS[choice.provider]
    for attempt in (1, 2):
        left = until - time.monotonic()
        if choice.provider != offline.NAME and left < LEAST_SECONDS:
            log.warning("ai.out_of_time", provider=choice.provider)
            return None
        asked = replace(request, model=choice.model, timeout=max(min(request.timeout, left), 1.0))
        began = time.monotonic()
        try:
            completion = _complete(module, asked, choice.account)
        except ProviderError as error:
            spent = time.monotonic() - began
            records.failed(choice, error, spent)
            pause = getattr(error, "retry_after", None) or _PAUSE
            # What was slow once would only cost the customer the same wait again.
            again = (
                isinstance(error, ProviderUnavailable)
                and attempt == 1
                and pause <= _LONGEST_PAUSE
                and spent < request.timeout / 2
            )
            if not again:
                _count_failure(choice.provider, error)
                return None
            threading.Event().wait(pause)
        else:
            records.answered(choice, completion, time.monotonic() - began)
            cache.delete(_failures_key(choice.provider))
            return completion
    return None


def _complete(module: ModuleType, request: Request, account: Account) -> Completion:
    """One call, over when its time-out says so.

    A client's time-out is for one read: a vendor that sends a blank now and then to keep the line open (DeepSeek
    and OpenRouter do) would never reach it. So a vendor is asked in a thread of its own, which is left behind.
    """
    if module is offline:
        found: Completion = module.complete(request, account)
        return found
    answers: queue.SimpleQueue[Completion | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(module.complete(request, account))
        except BaseException as error:  # noqa: BLE001  raised again where it was asked for
            answers.put(error)

    threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True, name="ai-vendor").start()
    try:
        answer = answers.get(timeout=request.timeout + _GRACE)
    except queue.Empty:
        raise ProviderUnavailable(f"{module.NAME} did not answer within {request.timeout:g} s.") from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _rest_key(provider: str) -> str:
    return f"ai:resting:{connection.schema_name}:{provider}"


def _failures_key(provider: str) -> str:
    return f"ai:failures:{connection.schema_name}:{provider}"


def _count_failure(provider: str, error: ProviderError) -> None:
    log.warning("ai.provider_failed", provider=provider, error=str(error))
    if provider == offline.NAME or isinstance(error, ProviderRefused):
        return
    failures = (cache.get(_failures_key(provider)) or 0) + 1
    cache.set(_failures_key(provider), failures, 60)
    if failures >= 2:
        wait = getattr(error, "retry_after", None) or _RESTING
        cache.set(_rest_key(provider), True, int(min(wait, 120)) or 1)


class _Records:
    """Writes the Generation rows of one question."""

    def __init__(self, request: Request, *, purpose: str, subject: str, run: uuid.UUID, trace: uuid.UUID | None):
        # Rounds after the first repeat the same prompt; the run's first row holds it.
        first = not request.turns or request.turns[-1].role != "tool"
        self._common = {
            "purpose": purpose[:40],
            "subject": subject[:80],
            "run": run,
            "trace": trace,
            "system": _storable(request.system) if first else "",
            "turns": _storable([_digest(turn) for turn in request.turns[-_DIGEST_TURNS:]]),
        }
        self.last: Generation
        self.error = ""  # what the last one that failed said

    def answered(self, choice: _Choice, completion: Completion, seconds: float) -> None:
        model = completion.model or choice.model
        at = clock.now()
        known = next((name for name in (model, choice.model) if pricing.price_of(name, at)), None)

        def cost_of(read: int, written: int) -> Decimal:
            found = pricing.cost(known, read, written, at) if known else None
            return pricing.assumed(read, written, at) if found is None else found

        cost = cost_of(completion.input_tokens, completion.output_tokens)
        details = {**completion.details, **({} if known else {"cost_unknown": True})}
        self.last = Generation.objects.create(
            **self._common,
            provider=choice.provider,
            model=model[:80],
            text=_storable(completion.text),
            calls=_storable([{"name": call.name, "arguments": call.arguments} for call in completion.calls]),
            details=_storable(details),
            outcome=Generation.Outcome.TOOLS if completion.calls else Generation.Outcome.ANSWERED,
            input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens,
            cost_usd=cost,
            price_version=pricing.VERSION if known else "",
            latency_ms=int(seconds * 1000),
            created_at=at,
        )
        if completion.input_tokens or completion.output_tokens:
            spent_in = cost_of(completion.input_tokens, 0)
            uses = [
                ("ai_input_tokens", completion.input_tokens, spent_in),
                ("ai_output_tokens", completion.output_tokens, cost - spent_in),
            ]
            meter(current_organization(), uses)

    def failed(self, choice: _Choice, error: ProviderError, seconds: float) -> None:
        refused = isinstance(error, ProviderRefused)
        self.error = str(error)[:200]
        self.last = Generation.objects.create(
            **self._common,
            provider=choice.provider,
            model=choice.model[:80],
            outcome=Generation.Outcome.REFUSED if refused else Generation.Outcome.FAILED,
            error=_storable(str(error))[:500],
            was_used=False,
            latency_ms=int(seconds * 1000),
            created_at=clock.now(),
        )


def _digest(turn: Turn) -> dict[str, Any]:
    """A turn as it is kept: enough to see what was asked, not a second copy of the conversation."""
    row: dict[str, Any] = {"role": turn.role}
    if turn.whole:
        row["text"] = turn.whole[:_DIGEST_TEXT]
    if turn.calls:
        row["calls"] = [{"name": call.name, "arguments": call.arguments} for call in turn.calls]
    if turn.role == "tool":
        row["name"] = turn.name
        row["result"] = str(turn.result)[: _DIGEST_TEXT * 2]
    return row


def _storable(value: Any) -> Any:
    """Without what PostgreSQL refuses in text and JSON: null bytes, lone surrogates, numbers that are none."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_storable(str(key)): _storable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(one) for one in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value if value is None or isinstance(value, (bool, int, float)) else _storable(str(value))


def mark_used(generation: Generation, used: bool, *, mismatches: Sequence[Mismatch] = (), note: str = "") -> None:
    """Record what became of an answer: sent or not, and what the fact check found in it."""
    generation.was_used = used
    if mismatches or note:
        found = [{"kind": one.kind, "text": one.text, "reason": one.reason} for one in mismatches]
        generation.details = {
            **generation.details,
            "fact_check": _storable(found),
            **({"note": _storable(note)} if note else {}),
        }
    generation.quality = 0.0 if mismatches else (1.0 if used else generation.quality)
    generation.save(update_fields=["was_used", "details", "quality"])


# The briefing ------------------------------------------------------------------------------------------------


def briefing_for(
    persona: Persona, known: Mapping[str, str] | None = None, *, organization: Organization | None = None
) -> Briefing:
    """What the persona is and knows, for one person; `known`: name, email, phone as far as we have them."""
    organization = organization or current_organization()
    return briefings.build(
        persona,
        known or {},
        organization=organization.name,
        now=clock.now().astimezone(organization.zone),
        knowledge=queries.notes(),
        intents=queries.intents(),
    )


def system_prompt(persona: Persona, briefing: Briefing) -> str:
    """The text a vendor's model is given. Holds nothing a customer wrote and no secret."""
    return briefings.prompt(persona, briefing)


def leaked(text: str, persona: Persona, briefing: Briefing) -> list[Mismatch]:
    """What a reply copies out of the system prompt; [] for one that may be sent."""
    return leaks.repeated(
        text,
        instructions=briefings.private_parts(briefing),
        rules=persona.rules,
        public=briefings.public_parts(briefing),
    )


# Teaching ----------------------------------------------------------------------------------------------------


@on_new_organization
def first_persona(organization: Organization) -> Persona:
    """A persona that works from the first minute: the organization's language, name and phone asked for."""
    languages = ["ar", "en"] if organization.language == "ar" else ["en", "ar"]
    persona, _created = Persona.objects.get_or_create(
        pk=1, defaults={"name": organization.name[:80], "languages": languages, "collect": ["name", "phone"]}
    )
    return persona


@needs(Can.TEACH)
def save_persona(persona: Persona, **changes: Any) -> Persona:
    """Change the persona; there is one per organization."""
    for name, value in changes.items():
        setattr(persona, name, value)
    persona.pk = persona.pk or 1
    persona.updated_at = clock.now()
    persona.full_clean()
    persona.save()
    return persona


@needs(Can.TEACH)
def save_intent(intent: Intent, **changes: Any) -> Intent:
    for name, value in changes.items():
        setattr(intent, name, value)
    intent.phrases = _distinct(intent.phrases)
    intent.updated_at = clock.now()
    intent.full_clean()
    intent.save()
    return intent


@needs(Can.TEACH)
def delete_intent(intent: Intent) -> None:
    intent.delete()


@needs(Can.TEACH)
def save_note(note: Note, **changes: Any) -> Note:
    for name, value in changes.items():
        setattr(note, name, value)
    note.updated_at = clock.now()
    note.full_clean()
    note.save()
    return note


@needs(Can.TEACH)
def delete_note(note: Note) -> None:
    note.delete()


def _distinct(phrases: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(str(phrase).strip()[:200] for phrase in phrases if str(phrase).strip()))[:200]
