"""What customers do, applied to our rows: they write, edit, take back, react, come from an ad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from apps.ai import language
from apps.catalog import queries as catalog
from apps.events import record
from apps.integrations.models import ConnectedAccount, Delivery
from apps.jobs import clock, trace
from apps.jobs import services as jobs
from apps.leads import services as leads
from apps.leads.models import Identity, Lead

from . import drafts, own_details, wording
from .adapters import (
    Echo,
    Edit,
    Inbound,
    Kind,
    Origin,
    Person,
    Reaction,
    Referral,
    Unsend,
)
from .adapters.parts import Part, as_json
from .adapters.registry import adapter
from .events import (
    ConversationReopened,
    ConversationStarted,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessageUnsent,
)
from .models import Conversation, Message, Owner
from .ownership import about, leave_to_others, return_to_bot, write_notice
from .queries import find_message
from .replies import schedule_answer

# Later than this it is history (a sync, an outage of days), and an answer would only puzzle the customer.
OLD_AFTER = timedelta(hours=12)
_LONGEST_ID = Identity._meta.get_field("value").max_length or 200
_NO_ANSWER = {Kind.SYSTEM, Kind.STICKER}
PROFILE = "conversations.profile"


class NotYet(Exception):
    """The fact speaks of something that has not arrived (yet): try again a little later."""


class CannotApply(Exception):
    """The fact can be read but never be applied."""


class Arrival:
    """One delivery while its facts are applied."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.channel = delivery.channel
        self._accounts: dict[str, ConnectedAccount] = {}

    def account(self, external_id: str) -> ConnectedAccount:
        """The connected account a fact speaks of; what the door routed here may also go by a further id."""
        found = self._accounts.get(external_id)
        if found is None:
            rows = ConnectedAccount.objects.filter(channel=self.channel)
            found = (
                rows.filter(external_id=external_id).first()
                or rows.filter(external_id=self.delivery.account).first()
                or rows.filter(settings__waba_id=external_id).order_by("id").first()
            )
            if found is None:
                raise CannotApply(f"no account {external_id[:80]}")
            self._accounts[external_id] = found
            now = clock.now()
            if found.last_received_at is None or now - found.last_received_at > timedelta(minutes=1):
                ConnectedAccount.objects.filter(pk=found.pk).update(last_received_at=now)
        return found

    def conversation(
        self, account: ConnectedAccount, person: Person, *, origin: Origin | None = None, at: datetime | None = None
    ) -> tuple[Conversation, bool]:
        """The person's conversation, locked; made, with person and lead, where there is none. `at`: when they wrote."""
        if not person.id or len(person.id) > _LONGEST_ID:
            raise CannotApply("a person without a usable id")
        first = _origin(origin)
        lead, identity, created = leads.find_or_create_by_identity(
            account.channel,
            account.external_id,
            person.id,
            aliases=tuple(alias for alias in person.aliases if len(alias) <= _LONGEST_ID),
            name=person.name,
            username=person.username,
            phone=person.phone,
            language=person.locale[:2].lower(),
            source=first.get("kind", "direct"),
            origin=first,
            channel=account.channel,
            at=at,
        )
        found = self.existing(account, person, identity, lead)
        started = False
        if found is None:
            found, started = self._start(account, identity, lead, first)
        if created and not person.name and account.channel in _WITH_PROFILES:
            jobs.schedule(PROFILE, str(identity.pk))
        conversation = Conversation.locked(found)
        assert conversation is not None  # conversations are deleted with their lead only, which is locked now
        if conversation.identity_id != identity.pk:  # one person under several ids: the answer goes to the one they use
            conversation.change(identity=identity)
        return conversation, started

    def existing(self, account: ConnectedAccount, person: Person, identity: Identity, lead: Lead) -> int | None:
        """By this id, by another id of the same person, or by the person (whose numbers and user ids change)."""
        people = {identity.lead_id, lead.pk}  # two where people were merged
        rows = {
            one.identity.value: one
            for one in Conversation.objects.filter(account=account, lead__in=people).select_related("identity")
        }
        for value in (identity.value, person.id, *person.aliases):
            if value in rows:
                return rows[value].pk
        only = next(iter(rows.values())) if len(rows) == 1 else None
        # What a merge of records brought together stays two conversations: it was no platform that said they are one.
        return only.pk if only is not None and leads.came_together(only.identity, identity) else None

    def _start(
        self, account: ConnectedAccount, identity: Identity, lead: Lead, origin: dict[str, Any]
    ) -> tuple[int, bool]:
        try:
            with transaction.atomic():
                conversation = Conversation.objects.create(
                    channel=account.channel,
                    account=account,
                    identity=identity,
                    lead=lead,
                    origin=origin,
                )
        except IntegrityError:  # another worker was quicker
            return Conversation.objects.get(identity=identity, account=account).pk, False
        record(
            ConversationStarted(**about(conversation), account_id=account.pk, origin=origin),
            actor="customer",
        )
        return conversation.pk, True

    def known(self, person: Person | None, account: ConnectedAccount) -> Conversation | None:
        """The conversation with a person we already know, locked."""
        if person is None:
            return None
        values = [person.id, *person.aliases]
        found = (
            Conversation.objects.filter(
                account=account,
                lead__identities__account=account.external_id,
                lead__identities__value__in=values,
                lead__identities__proven_at__isnull=False,
            )
            .values_list("pk", flat=True)
            .first()
        )
        return Conversation.locked(found) if found else None

    def message(
        self, account: ConnectedAccount, external_id: str, person: Person | None
    ) -> tuple[Conversation, Message]:
        """A message by the platform's id, with its conversation locked; NotYet where there is none."""
        found = find_message(external_id, account=account)
        conversation = self.known(person, account) if found is None else Conversation.locked(found.conversation_id)
        if found is None and conversation is not None:
            found = find_message(external_id, conversation=conversation)
        if found is None or conversation is None:
            raise NotYet(f"no message {external_id[:80]}")
        return conversation, Message.objects.get(pk=found.pk)


_WITH_PROFILES = {"facebook", "instagram"}


def message(arrival: Arrival, fact: Inbound) -> None:
    """A customer wrote."""
    account = arrival.account(fact.account)
    conversation, started = arrival.conversation(account, fact.person, origin=fact.origin, at=fact.at)
    if Message.objects.filter(conversation=conversation, external_id=fact.id).exists():
        if fact.history:
            fill_placeholder(conversation, fact)
        return
    now = clock.now()
    at = min(fact.at, now)
    old = fact.history or now - at > OLD_AFTER
    if not old:
        _follow_holder(conversation, standby=fact.standby)
    wants = not old and not fact.standby and fact.kind not in _NO_ANSWER
    stored = Message.objects.create(
        conversation=conversation,
        direction=Message.Direction.IN,
        sender="customer",
        kind=fact.kind,
        text=fact.text,
        attachments=[asdict(one) for one in fact.attachments],
        payload=_payload(fact, old=old),
        external_id=fact.id,
        reply_to=fact.reply_to,
        wants_answer=wants,
        status=Message.Status.RECEIVED,
        status_at=now,
        origin=_origin(fact.origin),
        delivery_id=arrival.delivery.pk,
        trace=trace.current(),
        at=at,
        created_at=now,
    )
    _update(conversation, stored, started=started)
    if fact.history:
        return  # nothing happened now: nothing is counted, nobody is told
    record(
        MessageReceived(
            **about(conversation),
            message_id=stored.pk,
            kind=stored.kind,
            text=stored.text,
            parts=stored.payload.get("parts", []),
            at=at.isoformat(),
            origin=stored.origin,
        ),
        actor="customer",
    )
    if not old:
        leads.note_message(conversation.lead, channel=conversation.channel, text=wording.words(stored), at=at)
    if wants and (conversation.owner == Owner.BOT or drafts.is_for_people(conversation)):
        schedule_answer(conversation)
    if fact.shared is not None:
        leads.capture_details(conversation.lead, by="customer", identity=conversation.identity, **asdict(fact.shared))
    if wants and conversation.owner == Owner.HUMAN:
        _note_details(conversation, stored)


def _follow_holder(conversation: Conversation, *, standby: bool) -> None:
    """Where several apps may answer, the platform tells with each message whether we are the one."""
    if standby and conversation.owner == Owner.BOT:
        leave_to_others(conversation)
    elif not standby and conversation.owner == Owner.OTHER:
        return_to_bot(conversation, user=None, actor="app", notice="held_here")


def _note_details(conversation: Conversation, stored: Message) -> None:
    """A number or an address that somebody gives a colleague is kept as the bot would have kept it."""
    given = own_details.of_message(conversation, stored)
    if given:
        leads.capture_details(
            conversation.lead,
            by="customer",
            identity=conversation.identity,
            email=given.get("email"),
            phone=given.get("phone"),
        )


def fill_placeholder(conversation: Conversation, fact: Inbound | Echo) -> None:
    """History names a photo first and brings it later, under the same id."""
    if fact.kind == Kind.UNSUPPORTED:
        return
    changed = Message.objects.filter(
        conversation=conversation, external_id=fact.id, kind=Kind.UNSUPPORTED, payload__old=True
    ).update(kind=fact.kind, text=fact.text, attachments=[asdict(one) for one in fact.attachments])
    if changed:
        conversation.change()


def stored_parts(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Parts as a message keeps them; what they name by its SKU gets the name that the catalog has for it now."""
    kept = [as_json(part) for part in parts]
    named = [one for part in kept for one in ([part, *part.get("lines", ())]) if one.get("sku")]
    items = catalog.find_by_skus(one["sku"] for one in named)
    for one in named:
        if item := items.get(one["sku"]):
            one["title"] = item.name
            one["names"] = {code: item.text(code) for code in item.texts}
            one.setdefault("url", item.url)
    return kept


def _payload(fact: Inbound, *, old: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if fact.parts:
        found["parts"] = stored_parts(fact.parts)
    if fact.payload:
        found["button"] = fact.payload
    if fact.details:
        found["details"] = fact.details
    if fact.standby:
        found["standby"] = True
    if old:
        found["old"] = True
    return found


def _update(conversation: Conversation, stored: Message, *, started: bool) -> None:
    """What a new message changes about its conversation."""
    fields = conversation.last(stored)
    if started and not fields:
        fields = {"last_message": stored, "last_message_at": stored.at}
    limits = adapter(conversation.channel).LIMITS
    if conversation.last_inbound_at is None or stored.at > conversation.last_inbound_at:
        fields["last_inbound_at"] = stored.at
        if limits.reply_window:
            fields["window_until"] = stored.at + limits.reply_window
        if limits.human_window:
            fields["human_window_until"] = stored.at + limits.human_window
    if conversation.owner == Owner.HUMAN and not stored.payload.get("old"):  # what the assistant answers needs no eyes
        fields["unread"] = conversation.unread + 1
    if stored.wants_answer and (conversation.waiting_since is None or stored.at < conversation.waiting_since):
        fields["waiting_since"] = stored.at
    if stored.origin and not conversation.origin:
        fields["origin"] = stored.origin
    spoken = language.detect(stored.text) if stored.text else ""
    if spoken:
        fields["language"] = spoken
    if conversation.status != Conversation.Status.OPEN and not stored.payload.get("old"):
        fields.update(status=Conversation.Status.OPEN, snoozed_until=None)
        if conversation.bot_status == Conversation.BotStatus.RESOLVED:
            fields["bot_status"] = Conversation.BotStatus.ACTIVE
        record(ConversationReopened(**about(conversation), cause="message"), actor="customer")
    conversation.change(**fields)


def _origin(origin: Origin | None) -> dict[str, Any]:
    """Attribution as it is stored: only what is known."""
    return {name: value for name, value in asdict(origin).items() if value} if origin else {}


def referral(arrival: Arrival, fact: Referral) -> None:
    """A person came from an ad or a link and has not written yet."""
    account = arrival.account(fact.account)
    conversation, _started = arrival.conversation(account, fact.person, origin=fact.origin)
    origin = _origin(fact.origin)
    again = Message.objects.filter(conversation=conversation, kind="notice", at=min(fact.at, clock.now())).exists()
    if again:
        return
    if not conversation.origin:
        conversation.change(origin=origin)
    line = write_notice(conversation, "referral", origin=origin)
    Message.objects.filter(pk=line.pk).update(
        at=min(fact.at, clock.now()), origin=origin, delivery_id=arrival.delivery.pk
    )
    conversation.change()


def reaction(arrival: Arrival, fact: Reaction) -> None:
    """A customer puts an emoji on a message, or takes it away."""
    conversation, found = arrival.message(arrival.account(fact.account), fact.id, fact.person)
    others = [one for one in found.reactions if one.get("by") != "customer"]
    reactions = [*others, {"by": "customer", "emoji": fact.emoji[:16]}] if fact.emoji else others
    if reactions == found.reactions:
        return
    Message.objects.filter(pk=found.pk).update(reactions=reactions)
    conversation.change()
    record(MessageReacted(**about(conversation), message_id=found.pk, emoji=fact.emoji[:16]), actor="customer")


def edit(arrival: Arrival, fact: Edit) -> None:
    """A message was rewritten; the earlier words stay visible to the team."""
    conversation, found = arrival.message(arrival.account(fact.account), fact.id, fact.person)
    if found.unsent_at or found.text == fact.text or (found.edited_at and found.edited_at > fact.at):
        return
    earlier = [*found.payload.get("edits", ()), {"text": found.text, "until": fact.at.isoformat()}][-20:]
    Message.objects.filter(pk=found.pk).update(
        text=fact.text, edited_at=fact.at, payload={**found.payload, "edits": earlier}
    )
    conversation.change()
    if found.direction == Message.Direction.IN:
        leads.correct_said(conversation.lead, found.text, fact.text)
    record(MessageEdited(**about(conversation), message_id=found.pk, text=fact.text), actor=_whose(found))


def unsend(arrival: Arrival, fact: Unsend) -> None:
    """A message was taken back, by whoever wrote it: its content goes here too, the fact that there was one stays."""
    conversation, found = arrival.message(arrival.account(fact.account), fact.id, fact.person)
    if found.unsent_at:
        return
    Message.objects.filter(pk=found.pk).update(
        text="", attachments=[], payload={}, unsent_at=fact.at, wants_answer=False
    )
    if conversation.waiting_since is not None:
        waiting = (
            Message.objects.filter(
                conversation=conversation,
                at__gte=conversation.waiting_since,
                pk__gt=conversation.answered_to,
                wants_answer=True,
            )
            .order_by("at")
            .values_list("at", flat=True)
            .first()
        )
        conversation.change(waiting_since=waiting)
    conversation.change()
    if found.direction == Message.Direction.IN:
        leads.correct_said(conversation.lead, found.text)
    record(MessageUnsent(**about(conversation), message_id=found.pk), actor=_whose(found))


def _whose(message: Message) -> str:
    """Who rewrites or takes back a message: the customer theirs; ours, somebody of the team in another app."""
    return "customer" if message.direction == Message.Direction.IN else "app"


def is_old(at: datetime) -> bool:
    return clock.now() - at > OLD_AFTER
