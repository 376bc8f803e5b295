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
from tests.browser import Variant, judge, look, picture, visit

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
            payload={"parts": [{"is": "place", "latitude": 25.1312, "longitude": 55.2345}]},
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
        draft = {
            "state": "ready",
            "at": clock.now().isoformat(),
            "text": "نعم، خصم 5% من 20 زوجًا.\nShall I reserve them?",
        }
        first.change(draft=draft)
        found[5].account.state, found[5].account.problem = "attention", "The access token has expired."
        found[5].account.save()
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


FOUR = [Variant(), Variant("desktop", "dark", "ar"), Variant("phone", "dark", "en"), Variant("phone", "light", "ar")]


@pytest.mark.timeout(400)
def test_the_inbox_looks_right(browser, site, house):
    cookies = site.cookies("bob")
    for name, path, ready, variants in [
        ("list", "?status=open", ".inbox-row", FOUR[::3]), ("narrowed", "?status=open&channel=whatsapp&label=hot", ".inbox-row", FOUR[1:3]),
        ("thread", f"{house['first']}/", ".msg", FOUR), ("person", f"{house['first']}/person/", ".person", FOUR[2:]),
        ("shut", f"{house['shut']}/", ".template", FOUR[1:3]), ("trouble", f"{house['webchat']}/", ".msg", FOUR[::3]),
    ]:  # fmt: skip
        visit(
            browser,
            site.url(f"/dashboard/inbox/{path}"),
            name=f"inbox-{name}",
            cookies=cookies,
            ready=ready,
            variants=variants,
        )


@pytest.mark.timeout(300)
def test_settings_pages_look_right(browser, site, house):
    cookies = site.cookies("alice")
    for name, path in [
        ("replies", "replies/"),
        ("reply", "replies/new/"),
        ("templates", "templates/"),
        ("template", "templates/new/"),
    ]:
        visit(
            browser,
            site.url(f"/dashboard/settings/{path}"),
            name=f"settings-{name}",
            cookies=cookies,
            variants=FOUR[:3:2],
        )
    visit(browser, site.url("/dashboard/inbox/?q=zzzz"), name="inbox-none", cookies=cookies, variants=FOUR[:1])


@pytest.mark.timeout(240)
def test_answering(browser, site, house):
    """Open from the list, see why, take a saved reply, send by keyboard, and be kept up to date."""
    with look(
        browser, site.url("/dashboard/inbox/?status=open"), cookies=site.cookies("bob"), ready=".inbox-row"
    ) as page:
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_selector("#thread")
        assert page.url.endswith(f"/dashboard/inbox/{house['first']}/?status=open")
        page.locator(f"#c{house['webchat']} [data-open]").click()
        page.wait_for_url(f"**/dashboard/inbox/{house['webchat']}/?*")
        box = page.locator("[data-draft-text]")
        box.fill("We deliver fast. ")
        box.press_sequentially("/deliv")
        page.locator("#canned [data-text]").first.wait_for()
        picture(page, "inbox-canned", whole=False)
        box.press("Enter")
        assert box.input_value() == "We deliver fast. Delivery takes two working days."
        page.reload()
        assert box.input_value() == "We deliver fast. Delivery takes two working days."
        box.press("Enter")
        sent = page.locator("#thread-messages .by-user:not(.is-pending)", has_text="two working days")
        sent.wait_for()
        assert sent.count() == 1
        assert box.input_value() == ""
        page.locator("#thread-state", has_text="You answer here").wait_for()
        sent.locator("[data-why]").click()
        page.locator("#story .story-part[data-kind=sent]").wait_for()
        judge(page, "inbox-why")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Give back to the assistant").click()
        page.locator("#thread-state", has_text="The assistant answers here").wait_for()
        box.fill("half a thought")
        with site.inside("acme"):
            conversation = Conversation.objects.get(pk=house["webchat"])
            write(conversation, "in", "And what does it cost?")
            conversation.change(unread=1)
        page.locator("#thread-messages .msg-in", has_text="what does it cost").wait_for()
        assert box.input_value() == "half a thought"
        assert "Chen Wei" in page.locator("#announce").text_content()
        judge(page, "inbox-live")


@pytest.mark.timeout(120)
def test_the_window_closes_while_somebody_writes(browser, site, house):
    with site.inside("acme"):
        soon = clock.now() + timedelta(seconds=4)
        Conversation.objects.filter(pk=house["first"]).update(window_until=soon, human_window_until=None)
    with look(
        browser, site.url(f"/dashboard/inbox/{house['first']}/"), cookies=site.cookies("bob"), ready=".msg"
    ) as page:
        page.locator("[data-draft-text]").fill("Of course, I will")
        page.locator("#composer[data-mode=shut] .composer-why", has_text="The reply window is closed.").wait_for()
        assert page.locator("[data-draft-text]").input_value() == "Of course, I will", "what was typed is kept"
        page.locator(".template", has_text="order_update").wait_for()


@pytest.mark.timeout(240)
def test_on_a_phone_one_thing_at_a_time(browser, site, house):
    with look(
        browser,
        site.url("/dashboard/inbox/?status=open"),
        Variant("phone"),
        cookies=site.cookies("bob"),
        ready=".inbox-row",
    ) as page:
        page.locator(f"#c{house['first']} [data-open]").click()
        page.wait_for_url(f"**/dashboard/inbox/{house['first']}/?*")
        assert not page.locator(".inbox-list").is_visible()
        page.locator(".thread-who").click()
        page.wait_for_url("**/person/?*")
        assert page.locator("#person").is_visible()
        page.get_by_role("link", name="Edit").click()
        page.locator("[data-edit] [name=name]").fill("Sara H.")
        page.get_by_role("button", name="Save").click()
        page.locator(".person-name", has_text="Sara H.").wait_for()
        page.locator(".person .thread-back").click()
        assert page.locator("#thread").is_visible()
        page.locator("#thread .thread-back").click()
        page.wait_for_url("**/dashboard/inbox/?*")
        assert page.locator(".inbox-list").is_visible()


@pytest.mark.timeout(240)
def test_a_long_thread_loads_upward_and_stays_where_it_is(browser, site, house):
    with site.inside("acme"):
        conversation = Conversation.objects.get(pk=house["webchat"])
        for n in range(130):
            write(
                conversation,
                "in" if n % 3 else "out",
                f"number {n} of many",
                sender="customer" if n % 3 else "bot",
                minutes=400 - n,
            )
    with look(
        browser, site.url(f"/dashboard/inbox/{house['webchat']}/"), cookies=site.cookies("bob"), ready=".msg"
    ) as page:
        assert page.locator(".msg").count() == 50
        box = page.locator("#thread-scroll")
        assert box.evaluate("b => b.scrollHeight - b.scrollTop - b.clientHeight") < 5
        first = page.locator(".msg").first.get_attribute("id")
        box.evaluate("b => { b.scrollTop = 0 }")
        page.locator(".msg").nth(99).wait_for(state="attached")
        place = page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", first)
        assert 0 < place < 700
        assert len(page.locator(".msg").all()) == len(
            set(page.eval_on_selector_all(".msg", "all => all.map(one => one.id)"))
        )
        with site.inside("acme"):
            write(conversation, "in", "the newest of all")
        page.locator("[data-jump]").wait_for()
        page.locator("[data-jump]").click()
        assert page.locator(".msg", has_text="the newest of all").is_visible()
