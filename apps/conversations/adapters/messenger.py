"""Facebook Messenger: a page talks with people who wrote to it.

Reading is shared with Instagram (messaging_events), sending too (messaging_send); here stands what is
Messenger's own. Text: 2,000 characters; up to 13 quick replies; generic templates of 10 cards
(developers.facebook.com, Send API and quick replies references). Windows: 24 h, 7 days for HUMAN_AGENT.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from apps.conversations.adapters import Kind, Limits, messaging_events, messaging_send, reading, reasons

NAME = "Messenger"
LIMITS = Limits(
    reply_window=timedelta(hours=24),
    human_window=timedelta(days=7),
    text=2000,
    templates=True,
    cards=True,
    quick_replies=13,
    attachments=(Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.FILE),
)
SURFACE = messaging_send.Surface(
    platform="messenger",
    limits=LIMITS,
    metadata=True,
    text_last=False,
    page_setting="",
    own=messaging_send.own_page,
    account_fields="id,name",
    profile_fields="first_name,last_name,name,profile_pic,locale",
    subscribed_fields=(
        "messages", "messaging_postbacks", "messaging_optins", "messaging_referrals", "message_deliveries",
        "message_reads", "message_echoes", "message_edits", "message_reactions", "messaging_handovers", "standby",
    ),
)  # fmt: skip

accounts = reading.split
parse = messaging_events.parse
explain = reasons.explain
check = partial(messaging_send.check, SURFACE)
subscribe = partial(messaging_send.subscribe, SURFACE)
profile = partial(messaging_send.profile, SURFACE)
media = partial(messaging_send.media, SURFACE)
send = partial(messaging_send.send, SURFACE)
find = partial(messaging_send.find, SURFACE)
