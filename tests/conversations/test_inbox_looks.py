"""The inbox as people see and use it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.conversations import services
from apps.conversations.models import CannedReply, Conversation, Decision, Message, MessageTemplate
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.leads import services as leads
from apps.organizations.models import User
from tests.browser import visit

pytestmark = pytest.mark.browser

PEOPLE = [
    ("Sara Haddad", "whatsapp", "Do you have the S3 boots in 44? I need them before Sunday."),
    ("يوسف الخطيب", "instagram", "مرحبا، كم سعر حذاء السلامة؟"),
    ("Tom Becker", "facebook", "Thanks, that is all I wanted to know."),
    ("", "webchat", "Hi"),
    ("Mariam Al Suwaidi", "whatsapp", "I want to speak to a person please"),
    ("Chen Wei", "webchat", "Can I return a jacket that I bought last week? It is one size too small for me."),
    ("Fatima Zahra", "instagram", "😍😍"),
    ("Ines Moreau", "facebook", "https://acme.example/boots is sold out?"),
]


def write(conversation, direction, text, *, sender="customer", minutes=0, status="", **more):
    at = clock.now() - timedelta(minutes=minutes)
    status = status or {"in": "received", "out": "read", "note": "sent"}[direction]
    message = Message.objects.create(
        conversation=conversation, direction=direction, sender=sender, text=text, status=status,
        at=at, status_at=at, created_at=at, external_id=f"m-{conversation.pk}-{minutes}-{len(text)}", **more,
    )  # fmt: skip
    conversation.change(**conversation.last(message))
    return message


@pytest.fixture
def house(site):
    """Eight people on four channels, and one thread with a bit of everything in it."""
    with site.inside("acme"):
        alice, bob = (User.objects.get(email=f"{name}@example.com") for name in ("alice", "bob"))
        accounts = {
            channel: ConnectedAccount.objects.create(
                channel=channel, external_id=f"acc-{channel}", name=f"Acme {channel.title()}"
            )
            for channel in ("whatsapp", "instagram", "facebook", "webchat")
        }
        found = []
        for n, (name, channel, text) in enumerate(PEOPLE):
            lead, identity, _new = leads.find_or_create_by_identity(
                channel, accounts[channel].external_id, f"person-{n}", name=name
            )
            conversation = Conversation.objects.create(
                channel=channel, account=accounts[channel], identity=identity, lead=lead, language="en",
                window_until=clock.now() + timedelta(hours=3 + n), human_window_until=clock.now() + timedelta(days=6),
            )  # fmt: skip
            write(conversation, "in", text, minutes=7 * (len(PEOPLE) - n))
            if n % 3 == 0:
                conversation.change(unread=n % 2 + 1, waiting_since=clock.now() - timedelta(minutes=4))
            found.append(conversation)
        first = found[0]
        leads.capture_details(first.lead, phone="+971501234567", email="sara@example.com", by="bot")
        leads.signal(first.lead, "asked_price")
        leads.add_tag(first.lead, "wholesale", by=f"user:{bob.pk}")
        write(first, "in", "Hello there", minutes=1500)
        write(first, "out", "Hi Sara, welcome to Acme. What can I do for you?", sender="bot", minutes=1499)
        write(first, "in", "", kind="unsupported", payload={"details": {"type": "hologram", "n": 1}}, minutes=200)
        write(
            first,
            "in",
            "Warehouse 4, Al Quoz",
            kind="location",
            payload={"details": {"location": {"latitude": 25.1312, "longitude": 55.2345}}},
            minutes=190,
        )
        answer = write(
            first, "out", "Yes: the S3 boots are in stock in size 44, at $149.00.", sender="bot", minutes=50,
            payload={"cards": [{"title": "Steel toe boots", "subtitle": "S3, sizes 39 to 47", "price": "$149.00"}], "quick_replies": [{"title": "Reserve a pair"}, {"title": "Talk to a person"}]},
        )  # fmt: skip
        Decision.objects.create(
            conversation=first, message=answer, verdict="send", purpose="reply",
            reasons=[{"rule": "owner", "verdict": "send", "code": "owner_bot", "data": {}}, {"rule": "window", "verdict": "send", "code": "window_always", "data": {}}],
        )  # fmt: skip
        write(
            first,
            "out",
            "I will check with the warehouse.",
            sender="user",
            user=bob,
            status="failed",
            failure="The platform did not accept the message as it is written; it has to be changed.",
            minutes=40,
        )
        write(
            first,
            "note",
            "She buys for the whole team: give her the list price of 20 pairs.",
            sender="user",
            kind="note",
            user=alice,
            minutes=30,
        )
        write(first, "in", "هل يوجد خصم على الكمية؟", minutes=3, reactions=[{"by": "customer", "emoji": "❤️"}])
        services.hand_off(first, reason="asked", note="Wants a price for 20 pairs", actor="bot")
        services.assign(first, to=bob, by=alice)
        shut = found[4]
        shut.change(window_until=clock.now() - timedelta(hours=1), human_window_until=None)
        MessageTemplate.objects.create(
            account=accounts["whatsapp"],
            name="order_update",
            language="en",
            body="Hello {{1}}, your order {{2}} is ready.",
        )
        CannedReply.objects.create(shortcut="hours", text="We are open from 9 to 18, Sunday to Thursday.")
        CannedReply.objects.create(shortcut="delivery", text="Delivery takes two working days.")
        yield {"first": first.pk, "shut": shut.pk, "webchat": found[5].pk}


def test_the_inbox_looks_right(browser, site, house):
    cookies = site.cookies("bob")
    visit(browser, site.url("/dashboard/inbox/"), name="inbox-list", cookies=cookies, ready=".inbox-row")
    visit(browser, site.url(f"/dashboard/inbox/{house['first']}/"), name="inbox-thread", cookies=cookies, ready=".msg")
