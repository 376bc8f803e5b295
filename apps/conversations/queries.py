"""Reads of conversations and messages: the inbox, a thread, search, what changed, and why."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from apps.ai import queries as ai
from apps.ai.models import Generation
from apps.events.models import JournalEntry
from apps.integrations.models import ConnectedAccount, Delivery
from apps.jobs import clock
from apps.jobs.connection import connection
from apps.leads import queries as lead_queries
from apps.leads.details import digits
from apps.leads.models import Lead
from apps.organizations.models import User
from apps.ui import phrases
from apps.ui.remembering import per_language
from apps.ui.text import normalize, shortened

from .adapters import Limits
from .adapters.registry import adapter
from .escalations import Escalation, told
from .figures import MANY
from .gate import sentence
from .models import CannedReply, Conversation, Decision, Message, MessageTemplate, Owner, Presence
from .search import search_messages

WAITING = "waiting"  # a status of the inbox's, not of a conversation: open, and a person owes the answer
PAGE = 30
THREAD_PAGE = 50
PRESENT = timedelta(seconds=30)
TYPING = timedelta(seconds=6)


# One conversation, one message


def get_conversation(conversation_id: int) -> Conversation:
    """The conversation with everything its page shows, or Http404."""
    found = _shown().filter(pk=conversation_id).first()
    if found is None:
        raise Http404
    return found


def _shown(*more: str) -> QuerySet[Conversation]:
    """With everything a page shows; credentials stay encrypted where nobody needs them."""
    rows = Conversation.objects.select_related("lead", "identity", "account", "assignee", *more)
    return rows.defer("account__credentials")


# What a row of the inbox shows. Whole rows of five tables are 100 columns, most of them JSON and times to be read.
_ROW = (
    "channel", "status", "owner", "escalation", "snoozed_until", "last_message_at", "waiting_since", "unread",
    *(f"lead__{name}" for name in ("name", "phone", "email", "avatar_url", "label")),
    *(f"assignee__{name}" for name in ("name", "email")),
    *(f"last_message__{name}" for name in (
        "direction", "sender", "user_id", "kind", "text", "payload", "origin", "status", "unsent_at"
    )),
)  # fmt: skip


def _for_rows(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    return rows.select_related(None).select_related("lead", "assignee", "last_message").defer(None).only(*_ROW)


def get_message(message_id: int) -> Message:
    """The message with its conversation, or Http404."""
    found = (
        Message.objects.select_related("conversation__lead", "conversation__account", "user", "generation")
        .defer("conversation__account__credentials")
        .filter(pk=message_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def find_message(
    external_id: str, *, conversation: Conversation | None = None, account: ConnectedAccount | None = None
) -> Message | None:
    """A message by the platform's id; inside a conversation also by the ids of its further pieces."""
    if not external_id:
        return None
    rows = Message.objects.filter(external_id=external_id)
    if conversation is not None:
        rows = rows.filter(conversation=conversation)
    if account is not None:
        rows = rows.filter(conversation__account=account)
    found = rows.first()
    if found is None and conversation is not None:
        found = (
            Message.objects.filter(
                conversation=conversation,
                direction=Message.Direction.OUT,
                at__gt=clock.now() - timedelta(days=8),
                external_ids__contains=[external_id],
            )
            .order_by("-at", "-id")
            .first()
        )
    return found


def limits_of(conversation: Conversation) -> Limits:
    """What the channel allows: text length, attachments, templates, quick replies."""
    return adapter(conversation.channel).LIMITS


# The inbox


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the inbox shows; empty means all. `status`: open (default), waiting (open, for a person), snoozed, resolved, all.

    `assignee`: a user id, "me" (with `user`), "none". `search`: words of messages, or of the person.
    """

    status: str = "open"
    owner: str = ""  # bot, human, other
    assignee: str = ""
    channel: str = ""
    account: int | None = None
    label: str = ""
    unread: bool = False
    waiting: bool = False
    search: str = ""
    lead: int | None = None
    user: User | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether more than a status is asked for."""
        return self != Filters(status=self.status, user=self.user)


@dataclass(frozen=True)
class Page:
    """Rows in the order asked for; `older` leads on, `newer` back: cursors, "" where there is nothing further."""

    rows: list[Any]
    older: str = ""
    newer: str = ""


def inbox_page(filters: Filters | None = None, *, cursor: str = "", limit: int = PAGE) -> Page:
    """One page of the inbox. Two queries whatever the page and filters; a deep page costs what the first does."""
    filters = filters or Filters()
    rows = _for_rows(conversations(filters))
    if filters.status == WAITING:
        return page_of(rows, "waiting_since", cursor=cursor, limit=limit, oldest_first=True)
    return page_of(rows, "last_message_at", cursor=cursor, limit=limit)


def page_of(
    rows: QuerySet[Any], column: str, *, cursor: str = "", limit: int = PAGE, oldest_first: bool = False
) -> Page:
    """A keyset page of rows by (column, id), newest first unless asked for otherwise."""
    limit = max(1, min(limit, 200))
    direction, at, key = read_cursor(cursor)
    on, back = ("gt", "lt") if oldest_first else ("lt", "gt")
    forth, reverse = ("", "-") if oldest_first else ("-", "")
    if direction == "newer":
        found = list(_beyond(rows, column, back, at, key).order_by(f"{reverse}{column}", f"{reverse}id")[: limit + 1])
        more = len(found) > limit
        found = found[:limit][::-1]
        return Page(found, _cursor("older", column, found[-1:]), _cursor("newer", column, found[:1]) if more else "")
    if at is not None:
        rows = _beyond(rows, column, on, at, key)
    found = list(rows.order_by(f"{forth}{column}", f"{forth}id")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return Page(
        found,
        _cursor("older", column, found[-1:]) if more else "",
        _cursor("newer", column, found[:1]) if cursor else "",
    )


def _beyond(rows: QuerySet[Any], column: str, side: str, at: datetime | None, key: int) -> QuerySet[Any]:
    """Rows on one side of a position. The plain bound on the column lets the index start there."""
    return rows.filter(**{f"{column}__{side}e": at}).filter(
        Q(**{f"{column}__{side}": at}) | Q(**{column: at, f"id__{side}": key})
    )


def _cursor(direction: str, column: str, edge: Sequence[Any]) -> str:
    if not edge:
        return ""
    value = [direction[0], getattr(edge[0], column).isoformat(), edge[0].pk]
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[str, datetime | None, int]:
    """(older or newer, time, id); ValidationError on what is no cursor of ours."""
    if not cursor:
        return "older", None, 0
    try:
        if len(cursor) > 200:
            raise ValueError
        raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        direction, at, key = {"o": "older", "n": "newer"}[raw[0]], parse_datetime(raw[1]), raw[2]
        if at is None or at.tzinfo is None or type(key) is not int or not 0 <= key < 2**63:
            raise ValueError
    except (ValueError, TypeError, KeyError, IndexError, binascii.Error, RecursionError):
        raise ValidationError(_("This page address is not valid any more; start from the first page.")) from None
    return direction, at, key


def conversations(filters: Filters) -> QuerySet[Conversation]:
    """The conversations that pass the filters, with everything a row shows."""
    rows = _shown("last_message")
    if filters.status == WAITING:
        rows = rows.filter(status=Conversation.Status.OPEN, owner=Owner.HUMAN, waiting_since__isnull=False)
    elif filters.status and filters.status != "all":
        rows = rows.filter(status=filters.status)
    if filters.owner:
        rows = rows.filter(owner=filters.owner)
    if filters.channel:
        rows = rows.filter(channel=filters.channel)
    if filters.account:
        rows = rows.filter(account_id=filters.account)
    if filters.lead:
        rows = rows.filter(lead_id=filters.lead)
    if filters.label:
        rows = rows.filter(lead__label=filters.label)
    if filters.unread:
        rows = rows.filter(unread__gt=0)
    if filters.waiting:
        rows = rows.filter(waiting_since__isnull=False)
    if filters.assignee:
        rows = rows.filter(_assigned(filters))
    if words := filters.search.strip()[:200].replace("\x00", ""):
        rows = rows.filter(_said_or_named(words))
    return rows


def _assigned(filters: Filters) -> Q:
    if filters.assignee == "none":
        return Q(assignee=None)
    if filters.assignee == "me":
        return Q(assignee=filters.user) if filters.user and filters.user.pk else Q(pk__in=())
    known = filters.assignee.isascii() and filters.assignee.isdecimal() and len(filters.assignee) < 18
    return Q(assignee_id=int(filters.assignee)) if known else Q(pk__in=())


def _said_or_named(words: str) -> Q:
    """Conversations in which this was said lately, or whose person is called so."""
    said = {message.conversation_id for message in search_messages(words, limit=200)}
    named: set[int] = set()
    if digits(words):  # a number, in whatever way it is written
        named |= set(lead_queries.search(Lead.objects.all(), words).values_list("pk", flat=True)[:200])
    elif len(plain := normalize(words, 200)) > 1:
        named |= set(Lead.objects.filter(search_text__contains=plain).values_list("pk", flat=True)[:200])
    return Q(pk__in=said) | Q(lead__in=named)


def counts(user: User | None = None) -> dict[str, int]:
    """How many open conversations there are by what people look for, each up to MANY; one query."""
    human = Owner.HUMAN.value
    asked = {
        "open": Filters(),
        "unread": Filters(unread=True),
        "waiting": Filters(status=WAITING),
        "human": Filters(owner=human),
        "mine": Filters(assignee=str(user.pk if user and user.pk else 0)),
        "unassigned": Filters(owner=human, assignee="none"),
    }
    rows = [conversations(filters).select_related(None).order_by().values("pk")[:MANY] for filters in asked.values()]
    parts = [one.query.sql_with_params() for one in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(f"(SELECT count(*) FROM ({sql}) few)" for sql, _given in parts),
            [one for _sql, given in parts for one in given],
        )
        return dict(zip(asked, cursor.fetchone(), strict=True))


# A thread


def thread_page(conversation: Conversation, *, cursor: str = "", limit: int = THREAD_PAGE) -> Page:
    """Messages, notes and notices, newest first (turn them round to show them); `older` leads back in time."""
    refused = Exists(Decision.objects.filter(message=OuterRef("pk")).exclude(verdict=Decision.Verdict.SEND))
    rows = Message.objects.filter(conversation=conversation).select_related("user").annotate(was_refused=refused)
    return page_of(rows, "at", cursor=cursor, limit=limit)


def messages_changed(conversation: Conversation, since: datetime) -> list[Message]:
    """Messages that are new or whose state changed after `since`, oldest first: what a live thread redraws."""
    rows = Message.objects.filter(conversation=conversation).select_related("user")
    recent = rows.filter(at__gte=since - timedelta(days=1)).filter(
        Q(created_at__gt=since) | Q(status_at__gt=since) | Q(edited_at__gt=since) | Q(unsent_at__gt=since)
    )
    return list(recent.order_by("at", "id")[:200])


@dataclass(frozen=True)
class Changes:
    """Conversations that changed, newest first; ask again with `cursor`."""

    cursor: int
    conversations: list[Conversation]


def change_cursor() -> int:
    """Where a live page starts to listen."""
    return _positions()[0]


def changes_since(cursor: int, *, limit: int = 100) -> Changes:
    """What changed since `cursor`: nothing is missed, a little may be told twice.

    The cursor is the oldest transaction still running: whatever commits later has a number at or above it.
    """
    now, ceiling = _positions()
    if cursor <= 0 or cursor > ceiling:  # a page older than this database
        return Changes(now, [])
    rows = _shown("last_message").filter(changed__gte=cursor, changed__lt=ceiling)
    return Changes(now, list(rows.order_by("-changed", "-id")[:limit]))


def _positions() -> tuple[int, int]:
    with connection.cursor() as database:
        database.execute(
            "SELECT pg_snapshot_xmin(s)::text::bigint, greatest(pg_snapshot_xmax(s)::text::bigint,"
            " coalesce(pg_current_xact_id_if_assigned()::text::bigint + 1, 0)) FROM pg_current_snapshot() s"
        )
        row = database.fetchone()
    return int(row[0]), int(row[1])


# People


def present(conversation: Conversation, *, but: User | None = None) -> list[Presence]:
    """Who else looks at this conversation now; `is_typing` on each."""
    now = clock.now()
    rows = Presence.objects.filter(conversation=conversation, seen_at__gt=now - PRESENT).select_related("user")
    if but is not None and but.pk:
        rows = rows.exclude(user_id=but.pk)
    found = list(rows.order_by("user_id"))
    for row in found:
        row.is_typing = bool(row.typing_at and row.typing_at > now - TYPING)
    return found


def customer_is_typing(conversation: Conversation) -> bool:
    """Whether the customer writes just now; only our own chat tells."""
    try:
        return bool(cache.get(typing_key(conversation.pk)))
    except Exception:  # noqa: BLE001  a cache that is away: nobody is seen typing
        return False


def typing_key(conversation_id: int) -> str:
    return f"customer-types:{connection.schema_name}:{conversation_id}"


def canned_replies(words: str = "", language: str = "") -> QuerySet[CannedReply]:
    """Canned replies whose shortcut or text holds the words."""
    rows = CannedReply.objects.all()
    if words:
        rows = rows.filter(Q(shortcut__icontains=words) | Q(text__icontains=words))
    return rows.filter(language__in=["", language]) if language else rows


def templates_of(conversation: Conversation) -> QuerySet[MessageTemplate]:
    """All templates of the conversation's account, whatever the platform thinks of them."""
    return MessageTemplate.objects.filter(account_id=conversation.account_id)


def templates_for(conversation: Conversation) -> QuerySet[MessageTemplate]:
    """Approved templates of the account, those in the person's language first."""
    rows = templates_of(conversation).filter(state=MessageTemplate.State.APPROVED)
    return rows.order_by("name", "language")


# Why, and the whole journey


@dataclass(frozen=True)
class Why:
    """Everything that explains one message."""

    message: Message
    decisions: list[Decision]  # oldest first; `sentences` on each
    generations: list[Generation]
    delivery: Delivery | None
    answers: list[Message]  # the customer's messages it answers


def why(message: Message) -> Why:
    """Why a message was or was not sent, what wrote it, and what it answers."""
    decisions = list(Decision.objects.filter(message=message).order_by("id"))
    for decision in decisions:
        decision.sentences = [  # type: ignore[attr-defined]
            {**reason, "sentence": sentence(reason)} for reason in decision.reasons
        ]
    generations = []
    if message.generation is not None:
        generations = list(ai.run_of(message.generation.run))
    delivery = Delivery.objects.filter(pk=message.delivery_id).first() if message.delivery_id else None
    answers = Message.objects.filter(
        conversation_id=message.conversation_id, pk__in=message.payload.get("answers") or []
    )
    return Why(message, decisions, generations, delivery, list(answers.order_by("at", "id")))


@dataclass(frozen=True)
class Step:
    """One station of a journey. `kind`: delivery, message, lead, generation, decision, send, receipt, event, or an app's own."""

    kind: str
    at: datetime
    title: str
    state: str = ""
    subject: Any = None
    data: dict[str, Any] = field(default_factory=dict)


Stations = Callable[[uuid.UUID, Sequence[uuid.UUID]], list[Step]]
_STATIONS: list[Stations] = []


def stations(collect: Stations) -> Stations:
    """Register `collect(trace, event_ids)`: how an app above adds its part of a journey."""
    _STATIONS.append(collect)
    return collect


def message_of_trace(trace: uuid.UUID) -> Message | None:
    """The message whose story a trace is: the last that went out, or else the first that came in."""
    rows = Message.objects.filter(trace=trace).exclude(direction=Message.Direction.NOTE).order_by("pk")
    return rows.filter(direction=Message.Direction.OUT).last() or rows.first()


def trace_steps(trace: uuid.UUID) -> list[Step]:
    """A journey: raw delivery → message → person → generation → decision → send, receipt → event → what others add."""
    steps = [
        Step("delivery", row.received_at, row.channel, row.state, row, {"error": row.error})
        for row in Delivery.objects.filter(trace=trace).defer("body").order_by("id")
    ]
    messages = list(
        Message.objects.filter(trace=trace).exclude(kind="notice").select_related("conversation__lead").order_by("id")
    )
    steps += [
        Step("message", row.created_at, shortened(row.text, 200), row.status, row, {"direction": row.direction})
        for row in messages
    ]
    people = {row.conversation.lead_id: row for row in reversed(messages)}  # each at the first message
    steps += [
        Step("lead", row.created_at, str(row.conversation.lead), row.conversation.lead.stage, row.conversation.lead)
        for row in people.values()
    ]
    steps += [
        Step("generation", row.created_at, str(row), row.outcome, row)
        for row in Generation.objects.filter(trace=trace).order_by("created_at", "id")
    ]
    steps += [
        Step("decision", row.at, row.purpose, row.verdict, row, {"reasons": row.reasons})
        for row in Decision.objects.filter(trace=trace).order_by("id")
    ]
    sent = [row for row in messages if row.direction == Message.Direction.OUT]
    gone = {Message.Status.SENT, Message.Status.DELIVERED, Message.Status.READ}
    steps += [
        Step("send", row.at if row.status in gone else row.status_at, shortened(row.text, 200), row.status, row)
        for row in sent
    ]
    told = [row for row in sent if row.status in gone - {Message.Status.SENT}]
    steps += [Step("receipt", row.status_at, shortened(row.text, 200), row.status, row) for row in told]
    events = list(JournalEntry.objects.filter(trace=trace).order_by("id"))
    steps += [
        Step("event", row.occurred_at, row.type, "relayed" if row.relayed_at else "waiting", row) for row in events
    ]
    for collect in _STATIONS:
        steps += collect(trace, [row.uuid for row in events])
    return sorted(steps, key=lambda step: step.at)


def _why(kept: str) -> str:
    """Why people were asked, where there is more to say than that they were."""
    return "" if kept.startswith(Escalation.OTHER) else told(kept).sentence


def notice_text(message: Message) -> str:
    """What a system line in the thread says, in the reader's language."""
    data = message.payload
    if until := parse_datetime(str(data.get("until") or "")):
        data = {**data, "until": phrases.exact(until)}
    notice = data.get("notice", "")
    words = (_by_somebody().get(notice) if data.get("by") else None) or _by_itself().get(notice)
    words = words or _("Something happened here.")
    try:
        data = {**data, "why": _why(str(data.get("why") or ""))}
        return (words % {"name": "", "until": "", "old": "–", "new": "–", "label": "–", **_apart(data)}).strip()
    except (KeyError, TypeError, ValueError):
        return words


@per_language
def _by_somebody() -> dict[str, str]:
    return {
        "taken_over": _("%(by)s took this conversation over."),
        "given_back": _("%(by)s gave it back: the assistant answers again."),
        "assigned": _("%(by)s assigned this to %(name)s."),
        "unassigned": _("%(by)s assigned this to nobody."),
        "resolved": _("%(by)s marked this as done."),
        "reopened": _("%(by)s opened this again."),
        "snoozed": _("%(by)s put this off until %(until)s."),
    }


@per_language
def _by_itself() -> dict[str, str]:
    return {
        "handed_off": _("The assistant handed this conversation to a person. %(why)s"),
        "taken_over": _("A person took this conversation over."),
        "given_back": _("The assistant answers again."),
        "assigned": _("Assigned to %(name)s."),
        "unassigned": _("Assigned to nobody."),
        "resolved": _("Marked as done."),
        "reopened": _("Opened again."),
        "snoozed": _("Put off until %(until)s."),
        "referral": _("Came from an ad or a link."),
        "identity_changed": _("The customer has a new number or account id: %(old)s became %(new)s. Answers go there."),
        "id_taken": _(
            "The customer's new number or account id, %(new)s, belongs to the record of %(name)s. "
            "Nothing was merged; if they are one person, merge the two records."
        ),
        "held_elsewhere": _("The platform's own assistant or another app answers here; yours is silent."),
        "held_here": _("The platform gave this conversation back: the assistant answers again."),
        "control_us": _("The platform passed this conversation to Frontdesk."),
        "control_people": _("The platform's own assistant asked for a person."),
        "control_others": _("The platform gave this conversation to its own assistant or another app."),
        "control_asked": _("Another app asked for this conversation."),
        "security_changed": _("The customer has a new phone, or installed the app anew."),
        "call_started": _("The customer called. Calls are not answered here."),
        "call_ended": _("A call ended."),
        "calls_allowed": _("The customer allowed you to call."),
        "calls_refused": _("The customer does not want to be called."),
        "liked": _("The customer found an answer helpful."),
        "disliked": _("The customer found an answer unhelpful."),
        "rated": _("The customer answered a survey: %(label)s"),
        "form_filled": _("The customer filled in a form on the platform. Its answers lie there."),
        "unknown": _("Something happened that Frontdesk does not know yet (“%(label)s”)."),
    }


def _apart(data: dict[str, Any]) -> dict[str, Any]:
    """Names and numbers keep their own direction within a sentence that runs the other way."""
    if not get_language_bidi():
        return data
    return {
        key: f"\u2068{phrases.without_bidi_controls(value)}\u2069" if isinstance(value, str) and value else value
        for key, value in data.items()
    }
