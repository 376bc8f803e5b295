"""The plain words that channels speak: what an adapter reads from a platform and what it sends.

An adapter is one module per vendor surface with the same verbs; `registry.adapter(channel)` finds it. It
imports no Django: accounts and messages come in as the values below, so that it can be tested alone and
used elsewhere. Every text and id that leaves an adapter can be stored: no NUL, no lone surrogate, ids of
at most 512 and texts of at most 100,000 characters, `details` as plain JSON.

    NAME, LIMITS
    check(account) -> Health            do these credentials work, whose are they, is the webhook subscribed?
    subscribe(account) -> None          ask the platform to send us its webhooks
    accounts(body) -> {external_id: part}   split one webhook body by account; used at the door
                                        (fast; what names no account is under "")
    parse(part, received_at=None) -> list[Fact]   their JSON -> our facts; never raises. What has an id
                                        is kept; what has none is an AccountNotice(topic="malformed").
                                        `received_at` stands in for a time that is missing or absurd
    profile(account, person) -> Profile what the platform tells about a person, may be empty
    media(account, attachment) -> Media fetch an attachment's bytes; raises like send
    send(account, message) -> Sent      raises Refused | Unreachable | Unknown
    find(account, message) -> Sent|None look for a message whose fate is unknown; None = not there,
                                        raises Unknown where the platform cannot tell
    explain(code, subcode="") -> Reason a platform error in plain words (English source text, for gettext)

Exceptions:
    SendError
     ├─ Refused       the platform said no; `permanent` tells whether asking again can help
     ├─ Unreachable   nothing reached the platform (connect failed): safe to try again
     └─ Unknown       the request left, no answer came: may or may not have been delivered
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from apps.conversations.adapters.parts import Part


class Kind(StrEnum):
    """What a message is, told once for all: the column that keeps it, its label and the assistant's word for it are
    held to this list by tests. A type that we do not know yet is UNSUPPORTED, and is shown as such."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    FILE = "file"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    POSTBACK = "postback"
    STORY_REPLY = "story_reply"
    STORY_MENTION = "story_mention"
    SHARE = "share"
    TEMPLATE = "template"
    ORDER = "order"
    PRODUCT = "product"
    FORM = "form"
    SYSTEM = "system"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A connected account, decrypted. `external_id`: page, Instagram account or phone-number id.

    Settings that adapters read, all optional: `api_version` ("v25.0"), `app_secret` (adds appsecret_proof),
    `app_id` (check looks for our own subscription), `page_id` (Instagram: the page it is linked to),
    `waba_id` (WhatsApp: the business account that webhooks are subscribed on), `list_label` (WhatsApp: what
    the button says that opens a list of choices), `read_timeout` (seconds).
    """

    channel: str
    external_id: str
    token: str = field(repr=False)
    base_url: str
    settings: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who the other side is. `id` is the platform's stable id for this account (PSID, IGSID, BSUID or wa_id).

    `aliases` are further ids of the same person (a WhatsApp user with both a BSUID and a phone number).
    """

    id: str
    aliases: tuple[str, ...] = ()
    name: str = ""
    username: str = ""
    phone: str = ""
    locale: str = ""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Contact details that a customer gave about *themselves* by an act of the platform, not in words of theirs.

    Such acts are WhatsApp's shared contact with `origin: contact_request`, a form that was filled in (`nfm_reply`),
    Messenger's quick replies for one's own phone number or address. Somebody else's card, a place, an order or
    anything written in a text is none: what texts say is looked through elsewhere, and believed less. The values are
    as the platform gave them; they are checked, brought into one form and kept as *claimed*.
    """

    name: str = ""
    phone: str = ""
    email: str = ""
    company: str = ""


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """`url` may expire; `media_id` (WhatsApp) needs a further call. `size` in bytes, None if unknown."""

    kind: Kind
    url: str = ""
    media_id: str = ""
    name: str = ""
    mime: str = ""
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Media:
    """The bytes of an attachment."""

    content: bytes = field(repr=False)
    mime: str = ""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a person came from (attribution). kind: ad, post, comment, referral, story, direct."""

    kind: str
    ad_id: str = ""
    post_id: str = ""
    comment_id: str = ""
    ref: str = ""
    source: str = ""
    title: str = ""
    url: str = ""
    click_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something a platform tells us. `account` is the external id of the account it happened on."""

    account: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Inbound(Fact):
    """A customer wrote. `id` is the platform's message id: the same id twice is the same message.

    `text` holds their own words and nothing else; what a message refers to and is made of stands in `parts`.
    """

    id: str
    person: Person
    kind: Kind = Kind.TEXT
    text: str = ""
    parts: tuple[Part, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    payload: str = ""  # postback or quick-reply payload
    reply_to: str = ""  # id of the message answered, or the story
    origin: Origin | None = None
    shared: Shared | None = None  # what they gave about themselves by an act of the platform; never from text
    standby: bool = False  # another app owns the thread: show, do not answer
    history: bool = False  # synced from before we were connected: show, never answer
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Echo(Fact):
    """The business wrote, seen from outside: by us (`reference` is our own message id) or in another app."""

    id: str
    person: Person
    kind: Kind = Kind.TEXT
    text: str = ""
    parts: tuple[Part, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    app_id: str = ""
    reference: str = ""
    standby: bool = False  # whoever owns the thread wrote it
    history: bool = False  # synced from before we were connected: it says nothing about who answers now
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Edit(Fact):
    """A message was rewritten by its sender."""

    id: str
    text: str
    person: Person | None = None


@dataclass(frozen=True, kw_only=True)
class Unsend(Fact):
    """A message was taken back by its sender."""

    id: str
    person: Person | None = None


@dataclass(frozen=True, kw_only=True)
class Reaction(Fact):
    """An emoji on a message; an empty emoji takes the reaction away."""

    id: str  # the message reacted to
    person: Person
    emoji: str = ""


@dataclass(frozen=True, kw_only=True)
class Receipt(Fact):
    """What became of a message of ours: sent, delivered, read, failed.

    Either `id` names one message, or `up_to` says "everything sent to `person` until then"
    (Messenger watermarks). `reference` is our own id where the platform carries it.
    """

    status: str
    id: str = ""
    person: Person | None = None
    up_to: datetime | None = None
    reference: str = ""
    reason: Reason | None = None
    details: dict[str, Any] = field(default_factory=dict)  # pricing, conversation category


@dataclass(frozen=True, kw_only=True)
class Referral(Fact):
    """A person opened the thread from an ad or link, without writing yet."""

    person: Person
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class AccountNotice(Fact):
    """The platform speaks about the account itself (template status, quality, an error).

    `often`: comes again and again with the same meaning, and is worth being kept once a day.
    """

    topic: str
    text: str = ""
    reason: Reason | None = None
    often: bool = False
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TemplateNotice(AccountNotice):
    """A message template was approved, rejected, paused … `state`: approved, pending, rejected, paused, disabled,
    archived or deleted; "" where the news change nothing about sending it. `why`: the platform's own words."""

    name: str
    language: str
    state: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class IdentityChange(AccountNotice):
    """A person's ids changed (new phone number, new user id). `person` has the new ones, `previous` are theirs no more.

    The old person is found by any of `previous`; nobody wrote this.
    """

    person: Person
    previous: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Preference(AccountNotice):
    """A person told the platform to stop (`wanted` False) or resume a category of messages, e.g. "marketing"."""

    person: Person
    category: str
    wanted: bool


class Topic(StrEnum):
    """What a platform tells about a thread without anybody having written."""

    SECURITY_CHANGED = "security_changed"  # a new device or a reinstalled app
    CALL_STARTED = "call_started"
    CALL_ENDED = "call_ended"
    CALLS_ALLOWED = "calls_allowed"  # the person may be called, or not
    CALLS_REFUSED = "calls_refused"
    LIKED = "liked"  # the person judged an answer
    DISLIKED = "disliked"
    RATED = "rated"  # they answered a survey; `label` has what they gave, in figures and words
    FORM_FILLED = "form_filled"  # the answers lie with the platform
    UNKNOWN = "unknown"  # whatever we were not taught; `details` has it


@dataclass(frozen=True, kw_only=True)
class ThreadNotice(AccountNotice):
    """Something that happened around a person's thread: shown there as a line, never answered, never counted.

    `id`: the same twice is one line. Where we have no thread with that person it is kept beside the account.
    """

    id: str
    person: Person
    about: Topic
    label: str = ""  # the platform's own name for what is UNKNOWN


class Holder(StrEnum):
    """Who a platform says answers a thread, where several apps may."""

    US = "us"
    PEOPLE = "people"  # us, because whoever had it wants a person to go on
    OTHERS = "others"
    ASKED = "asked"  # others still, and somebody asks for it


@dataclass(frozen=True, kw_only=True)
class Control(ThreadNotice):
    """A thread was passed to us, taken from us, or asked for (handover protocol, conversation routing)."""

    about: Topic = Topic.UNKNOWN
    holder: Holder


class Action(StrEnum):
    """What a refusal asks for."""

    RETRY = "retry"  # later, by itself
    RECONNECT = "reconnect"  # a person must connect the account again
    TEMPLATE = "template"  # the reply window is shut
    SUPPRESS = "suppress"  # the person does not want this
    FIX = "fix"  # the message itself is wrong
    STOP = "stop"  # this person cannot be reached


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A platform's refusal in plain words. `code` keeps theirs, e.g. "190" or "10/2018278".

    `text` is an English source sentence (pass it through gettext to show it); `details` the platform's own
    words, with secrets taken out.
    """

    code: str
    text: str
    action: Action = Action.FIX
    retry_after: timedelta | None = None
    details: str = ""

    @property
    def permanent(self) -> bool:
        return self.action is not Action.RETRY


@dataclass(frozen=True, kw_only=True)
class Button:
    """A choice offered below a message: `payload` comes back when pressed, or `url` opens."""

    title: str
    payload: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A catalog item in chat. `price` is already formatted."""

    title: str
    subtitle: str = ""
    price: str = ""
    image_url: str = ""
    url: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Template:
    """A pre-approved message (WhatsApp template, Messenger utility template). `variables` in order."""

    name: str
    language: str
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A message to send. `reference` is our own id, carried to the platform where it has a field for it.

    `purpose`: response | update | human_agent | utility. `reply_to` is a platform message id. A long message
    goes out in several pieces; `done` are the positions of those that went out earlier (see SendError).
    """

    reference: str
    to: Person
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    cards: tuple[Card, ...] = ()
    quick_replies: tuple[Button, ...] = ()
    template: Template | None = None
    purpose: str = "response"
    reply_to: str = ""
    created_at: datetime | None = None
    done: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The platform's receipt: its id of our message; several when it had to be split."""

    id: str
    more_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a surface allows. `reply_window` None = always open; `human_window` for replies a person wrote.

    Longer texts are sent in several pieces, so `text` is for the composer's counter, not a refusal.
    """

    reply_window: timedelta | None
    human_window: timedelta | None = None
    text: int = 2000  # in one message, counted in `text_unit`
    text_unit: str = "characters"  # or "bytes" (of UTF-8)
    templates: bool = False
    cards: bool = False
    quick_replies: int = 0
    quick_reply_title: int = 20  # characters; longer titles are cut
    upload_bytes: int = 25_000_000
    instant: bool = False  # storing a message delivers it: send() makes no call
    attachments: tuple[Kind, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Health:
    """Result of check(): ok, or what is wrong and what to do about it.

    `owns`: the ids that the platform, asked with these credentials, named as theirs. An id that it did not name is
    not in it, whatever else it answered: it may be anybody's.
    """

    ok: bool
    owns: frozenset[str] = frozenset()
    name: str = ""
    reason: Reason | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What the platform tells about a person."""

    name: str = ""
    username: str = ""
    locale: str = ""
    avatar_url: str = ""


class SendError(Exception):
    """A message could not be shown to be sent.

    `sent_ids`: platform ids of the pieces that went out before this happened, in their order; `Outgoing.done` for a retry.
    """

    def __init__(self, reason: Reason, sent_ids: tuple[str, ...] = ()) -> None:
        super().__init__(reason.text)
        self.reason = reason
        self.sent_ids = sent_ids


class Refused(SendError):
    """The platform answered no."""

    @property
    def permanent(self) -> bool:
        return self.reason.permanent


class Unreachable(SendError):
    """Nothing reached the platform; trying again is safe."""


class Unknown(SendError):
    """The request left but no answer came: it may have been delivered."""
