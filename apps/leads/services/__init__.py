"""Everything that happens to a lead. `by` says who did it: "user:7", "bot", "customer", "api_key:3", "automation:…"."""

from .base import index_lead, is_person, note_system
from .capturing import Captured, capture, capture_details, clear_detail, set_custom_field
from .care import add_tag, find_tag, is_member, remove_tag, set_owner, set_tags
from .identities import came_together, confirm_detail, is_proven
from .moving import Moved, move_identity
from .people import complete_profile, create_lead, find_or_create_by_identity
from .standing import (
    ORDER,
    advance_stage,
    correct_said,
    move_to_stage,
    note_answer,
    note_message,
    note_wish,
    rescore,
    rescore_all,
    set_label,
    set_priority,
    signal,
)
from .timeline import add_note, delete_lead, log_activity, restore_lead

__all__ = [
    "ORDER",
    "Captured",
    "Moved",
    "add_note",
    "add_tag",
    "advance_stage",
    "came_together",
    "capture",
    "capture_details",
    "clear_detail",
    "complete_profile",
    "confirm_detail",
    "correct_said",
    "create_lead",
    "delete_lead",
    "find_or_create_by_identity",
    "find_tag",
    "index_lead",
    "is_member",
    "is_person",
    "is_proven",
    "log_activity",
    "move_identity",
    "move_to_stage",
    "note_answer",
    "note_message",
    "note_system",
    "note_wish",
    "remove_tag",
    "rescore",
    "rescore_all",
    "restore_lead",
    "set_custom_field",
    "set_label",
    "set_owner",
    "set_priority",
    "set_tags",
    "signal",
]
