"""What people do with a conversation. Who does it is `by`: a User, or None for an API key (then name `actor`)."""

from .base import LONGEST_TEXT
from .owning import assign, follow_person, give_back, hand_off, take_over
from .presence import leave, note_customer_typing, note_presence
from .sending import NotSent, cancel_message, fetch_attachment, retry_message, send_message, was_sent
from .state import WAKE_UP, add_note, mark_read, mark_unread, reopen, resolve, snooze, undo_resolve, wake_snoozed
from .texts import delete_canned_reply, delete_template, save_canned_reply, save_template

__all__ = [
    "LONGEST_TEXT",
    "WAKE_UP",
    "NotSent",
    "add_note",
    "assign",
    "cancel_message",
    "delete_canned_reply",
    "delete_template",
    "fetch_attachment",
    "follow_person",
    "give_back",
    "hand_off",
    "leave",
    "mark_read",
    "mark_unread",
    "note_customer_typing",
    "note_presence",
    "reopen",
    "resolve",
    "retry_message",
    "save_canned_reply",
    "save_template",
    "send_message",
    "snooze",
    "take_over",
    "undo_resolve",
    "wake_snoozed",
    "was_sent",
]
