"""Instagram direct messages, for a professional account linked to a Facebook page.

Webhooks come for the Instagram account (`external_id`); sends go to the linked page (`settings["page_id"]`, or
"me": the page that the token belongs to) with the customer's Instagram-scoped id.

Text: 1,000 bytes of UTF-8, which is 500 Arabic letters (developers.facebook.com, Instagram send-message, June
2026: "UTF-8 and 1000 bytes or less"). Media by address: png and jpeg up to 8 MB, other kinds 25 MB. No utility
templates; HUMAN_AGENT up to 7 days. Messages with gifs or stickers arrive as unsupported.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from apps.conversations.adapters import Kind, Limits, messaging_events, messaging_send, reading, reasons

NAME = "Instagram"
LIMITS = Limits(
    reply_window=timedelta(hours=24),
    human_window=timedelta(days=7),
    text=1000,
    text_unit="bytes",
    cards=True,
    quick_replies=13,
    attachments=(Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.FILE),
)
SURFACE = messaging_send.Surface(
    platform="instagram",
    limits=LIMITS,
    metadata=False,
    text_last=True,
    page_setting="page_id",
    own=messaging_send.own_instagram,
    account_fields="id,name,username",
    profile_fields="name,username,profile_pic",
    # The page's own subscription; which Instagram fields are delivered is set once, in the app's dashboard.
    subscribed_fields=("messages",),
)

accounts = reading.split
parse = messaging_events.parse
explain = reasons.explain
check = partial(messaging_send.check, SURFACE)
subscribe = partial(messaging_send.subscribe, SURFACE)
profile = partial(messaging_send.profile, SURFACE)
media = partial(messaging_send.media, SURFACE)
send = partial(messaging_send.send, SURFACE)
find = partial(messaging_send.find, SURFACE)
