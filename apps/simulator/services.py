"""Play the customer: connect a simulated account, write to it as a made-up person, read what it answers.

Everything goes the way of the real thing: signed bodies in the platform's own shape through the webhook door, and
answers through the channel's own adapter to a stand-in for the platform (standin.py). Nothing is put into the
product's tables from here.

    account = connect("whatsapp")
    sami = Customer.new("whatsapp", name="Sami", language="ar")
    say(account, sami, "مرحبا")                           # over HTTP to this server's own webhook address
    say(account, sami, button="buy:BT-44")                # a choice that was offered to them
    with doors.in_process():                              # without a running server: demo data, tests
        say(account, sami, "Hello", at=yesterday); jobs.run_due()

`at` is what the platform says the time was; the door's own time is the clock's.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.conversations.adapters.reading import clean, mapping
from apps.conversations.models import Message
from apps.conversations.surfaces import is_simulated
from apps.integrations import door
from apps.integrations import services as integrations
from apps.integrations.models import ConnectedAccount
from apps.integrations.surfaces import SURFACES
from apps.jobs import clock
from apps.jobs import services as jobs
from apps.organizations.actors import Can
from apps.organizations.permissions import needs
from apps.organizations.proof import ProvenBy
from apps.organizations.queries import current_organization

from . import doors, queries, wire
from .models import Phone, PhoneMessage, Picture
from .wire import Ad, Line, Press

TELL_READ = "simulator.tell_read"
LONGEST_TEXT = 4000
LARGEST_PICTURE = 5_000_000
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A made-up person. `id` is what the platform calls them: PSID, IGSID, WhatsApp number, visitor id."""

    id: str
    name: str = ""
    language: str = "en"

    @classmethod
    def new(cls, channel: str, *, name: str = "", language: str = "en") -> Customer:
        """Somebody who has never written before."""
        if channel == "webchat":
            made = f"v_{secrets.token_hex(12)}"
        elif channel == "whatsapp":  # a number that belongs to nobody: North America's 555-01xx, made longer
            made = f"1555010{_digits(8)}"
        else:
            made = f"9{_digits(16)}"
        return cls(id=made, name=name, language=language)


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _position in range(count))


@needs(Can.PLAY)
def connect(channel: str, *, name: str = "") -> ConnectedAccount:
    """The tenant's simulated account on a channel, made the first time; nobody outside is asked.

    Its ids have 21 digits, which no platform's 64-bit ids can have, so it can never be taken for a real one.
    """
    if channel not in SURFACES:
        raise ValidationError({"channel": _("There is no such channel.")})
    found = queries.simulated_account(channel)
    if found is not None:
        return found
    external_id = _account_id()
    settings: dict[str, Any] = {"simulated": True}
    if channel == "instagram":
        settings["page_id"] = _account_id()
    if channel == "whatsapp":
        settings["waba_id"] = _account_id()
    return integrations.connect_account(
        channel=channel,
        external_id=external_id,
        token=f"{channel}|{external_id}|{secrets.token_urlsafe(32)}",
        name=name or _("Simulated %(channel)s") % {"channel": SURFACES[channel].label},
        settings=settings,
        actor="system",
        made_here=ProvenBy.SIMULATOR,
    )


def _account_id() -> str:
    return f"9{_digits(20)}"


@needs(Can.PLAY)
def say(
    account: ConnectedAccount,
    customer: Customer,
    text: str = "",
    *,
    button: str = "",
    image: str = "",
    referral: Ad | None = None,
    at: datetime | None = None,
    through: doors.Door | None = None,
) -> str:
    """The customer writes, presses a button, sends a picture, or comes from an ad; returns the message's id.

    `button`: the payload of a choice (what it is called and where it stood is looked up on the phone); `image`: the
    id that `keep_picture` gave. An ad without a word is told by Messenger and Instagram as such (id ""). `through`
    (doors.straight, for one call) or `doors.in_process()` (for a block) go without the network.
    Raises ValidationError for what cannot be said here, doors.NotTaken when the webhook was not taken.
    """
    _must_be_simulated(account)
    text = clean(text, LONGEST_TEXT).strip()
    at = at or clock.now()
    speaks = wire.wire(account.channel)
    phone = _phone(account, customer, at)
    line = _line(account, phone)
    if not (text or button or image):
        if referral is None:
            raise ValidationError(_("Write something first."))
        opened = speaks.opened(line, at, referral)
        if opened is None:
            raise ValidationError(_("On this channel an ad is only told with the customer's first message."))
        _deliver(account, opened, through)
        return ""
    press = _press(phone, button, text) if button else None
    picture = _picture(image) if image else None
    mid = speaks.new_id()
    body = speaks.message(
        line,
        mid,
        at,
        text=text,
        press=press,
        picture=_address(account, picture) if picture else "",
        mime=picture.mime if picture else "",
        ad=referral,
    )
    said: dict[str, Any] = {"text": text or (press.title if press else "")}
    if press:
        said["button"] = press.payload
    if picture:
        said["image"] = str(picture.pk)
    if referral:
        said["ad"] = referral.title or referral.ref or referral.id
    row = PhoneMessage.objects.create(phone=phone, sent=True, external_id=mid, payload=said, at=at)
    try:
        _deliver(account, body, through)
    except doors.NotTaken:
        row.delete()
        raise
    return mid


@needs(Can.PLAY)
def react(
    account: ConnectedAccount,
    customer: Customer,
    message_id: str,
    emoji: str,
    *,
    at: datetime | None = None,
    through: doors.Door | None = None,
) -> None:
    """The customer puts an emoji on a message, or takes it back (""); ValidationError where a channel has none."""
    _must_be_simulated(account)
    phone = queries.find_phone(account, customer.id)
    message = phone.messages.filter(external_id=message_id[:512]).first() if phone else None
    if phone is None or message is None:
        raise ValidationError(_("This message is not on this phone."))
    emoji = clean(emoji, 20)
    body = wire.wire(account.channel).reaction(_line(account, phone), message.external_id, at or clock.now(), emoji)
    if body is None:
        raise ValidationError(_("This channel has no reactions."))
    _deliver(account, body, through)
    message.reaction = emoji
    message.save(update_fields=["reaction"])


@needs(Can.PLAY)
def start(account: ConnectedAccount, *, name: str, language: str) -> Phone:
    """A phone of somebody new, on which nothing has happened yet."""
    _must_be_simulated(account)
    someone = Customer.new(account.channel, name=name, language=language)
    return Phone.objects.create(
        organization=current_organization(),
        channel=account.channel,
        account=account.external_id,
        person=someone.id,
        name=clean(someone.name, 160),
        language=someone.language[:8],
    )


@needs(Can.PLAY)
def see(account: ConnectedAccount, customer: Customer) -> None:
    """The customer looks at the thread: what was delivered is told as read, by a job."""
    phone = queries.find_phone(account, customer.id)
    if phone is None:
        return
    if account.channel == "webchat":
        unread = queries.chat_messages(phone).exclude(status=Message.Status.READ).exists()
    else:
        unread = phone.messages.filter(sent=False, read_at=None, delivered_at__isnull=False).exists()
    if unread:
        jobs.schedule(TELL_READ, str(phone.pk))


@needs(Can.PLAY)
def keep_picture(content: bytes) -> str:
    """Keep a picture that a customer will send; returns its id. ValidationError for anything but a picture."""
    mime = next((mime for start, mime in PICTURES.items() if content.startswith(start)), "")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        mime = "image/webp"
    if not mime:
        raise ValidationError(_("Choose a picture: PNG, JPEG, GIF or WebP."))
    if len(content) > LARGEST_PICTURE:
        raise ValidationError(_("The picture is larger than 5 MB."))
    return str(
        Picture.objects.create(organization=current_organization(), content=content, mime=mime, at=clock.now()).pk
    )


# What the platform tells about the business's own messages; called by jobs


def tell(message_id: int) -> None:
    """Tell what became of a message that reached a phone: the echo (or "sent"), then delivered."""
    message = PhoneMessage.objects.filter(pk=message_id, phone__organization=current_organization()).first()
    account = queries.simulated_account(message.phone.channel) if message else None
    if message is None or account is None or account.external_id != message.phone.account:
        return
    speaks, line, now = wire.wire(account.channel), _line(account, message.phone), clock.now()
    posted = message.payload if account.channel == "whatsapp" else mapping(message.payload.get("message"))
    sent = wire.Sent(id=message.external_id, message=posted, app_id=_app_id())
    for body in (speaks.echo(line, sent, now), speaks.delivered(line, [message.external_id], now)):
        if body is not None:
            doors.deliver(account.channel, body)
    message.delivered_at = now
    message.save(update_fields=["delivered_at"])


def _app_id() -> str:
    from django.conf import settings

    return settings.FACEBOOK_APP_ID


def tell_read(phone_id: int) -> None:
    """Tell that everything delivered to a phone was read."""
    phone = Phone.objects.filter(pk=phone_id, organization=current_organization()).first()
    account = queries.simulated_account(phone.channel) if phone else None
    if phone is None or account is None or account.external_id != phone.account:
        return
    now = clock.now()
    unread = phone.messages.filter(sent=False, read_at=None, delivered_at__isnull=False)
    mids = list(unread.order_by("id").values_list("external_id", flat=True)[:200])
    if not mids and account.channel != "webchat":
        return
    body = wire.wire(account.channel).read(_line(account, phone), mids, now)
    if body is not None:
        _deliver(account, body, None)
    phone.messages.filter(external_id__in=mids).update(read_at=now)


# The pieces


def _must_be_simulated(account: ConnectedAccount) -> None:
    if not is_simulated(account) or account.state == ConnectedAccount.State.DISCONNECTED:
        raise ValidationError(_("This account is not a simulated one."))


def _phone(account: ConnectedAccount, customer: Customer, at: datetime) -> Phone:
    """The customer's phone, made the first time; writing opens the reply window."""
    if not customer.id or len(customer.id) > 120 or not customer.id.isprintable():
        raise ValidationError(_("This customer cannot be played."))
    with transaction.atomic():
        phone, _made = Phone.objects.select_for_update().get_or_create(
            account=account.external_id,
            person=customer.id,
            defaults={
                "organization": current_organization(),
                "channel": account.channel,
                "created_at": at,
                "language": customer.language[:8],
            },
        )
        phone.name = clean(customer.name, 160) or phone.name
        phone.heard_at = max(at, phone.heard_at or at)
        phone.save(update_fields=["name", "heard_at"])
    return phone


def _line(account: ConnectedAccount, phone: Phone) -> Line:
    return Line(
        account=account.external_id,
        person=phone.person,
        name=phone.name,
        language=phone.language,
        waba=str(account.settings.get("waba_id", "")),
    )


def _deliver(account: ConnectedAccount, body: wire.Body, through: doors.Door | None) -> None:
    """Through the webhook door; our own chat has no platform that signs, its widget's door stores directly."""
    if SURFACES[account.channel].signed:
        doors.deliver(account.channel, body, through=through)
        return
    part = door.Part(None, account.channel, account.external_id, wire.raw(body), uuid.uuid4())
    answer = door.keep([part], store=door.store_here)
    if answer is not door.STORED:
        raise doors.NotTaken(answer.message)


def _press(phone: Phone, payload: str, title: str) -> Press:
    """The choice with this payload that was offered last; one that nobody offered counts as a quick reply."""
    payload = clean(payload, 1000)
    offered = queries.offered(phone)
    found = next((press for press in offered if press.payload == payload), None)
    if found is None:
        return Press(payload=payload, title=title or payload, kind="quick_reply")
    return replace(found, title=title or found.title)


def _picture(picture_id: str) -> Picture:
    found = queries.find_picture(picture_id)
    if found is None or found.organization_id != current_organization().pk:
        raise ValidationError(_("This picture is gone. Choose it again."))
    return found


def _address(account: ConnectedAccount, picture: Picture) -> str:
    """What the platform tells about a picture: a media id on WhatsApp, an address elsewhere."""
    if account.channel == "whatsapp":
        return str(picture.pk)
    if account.channel == "webchat":
        return f"/dashboard/simulator/pictures/{picture.pk}/"
    return queries.picture_address(picture.pk)
