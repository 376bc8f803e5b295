"""Who a WhatsApp webhook speaks of: business-scoped user ids, phone numbers, and what `contacts[]` adds."""

from __future__ import annotations

import re
from typing import Any

from apps.conversations.adapters import Person
from apps.conversations.adapters.reading import identifier, mapping, sequence, text
from apps.conversations.adapters.whatsapp import content

_DIGITS = re.compile(r"\+?\d{5,20}")


def person(value: dict[str, Any], *ids: Any) -> Person | None:
    """Who `ids` (in order of liking: BSUID, numbers, parent BSUID) are, with what `contacts[]` adds."""
    named = [found for raw in ids if (found := identifier(raw))]
    contact = _contact(value, named)
    known = [contact.get("user_id"), contact.get("wa_id"), contact.get("parent_user_id")]
    every = dict.fromkeys([*named, *filter(None, map(identifier, known))])
    if not every:
        return None
    ordered = sorted(every, key=lambda one: (not content.is_bsuid(one), content.is_parent(one)))
    about = mapping(contact.get("profile"))
    number = next((one for one in ordered if _DIGITS.fullmatch(one)), "")
    return Person(
        id=ordered[0],
        aliases=tuple(ordered[1:]),
        name=text(about.get("name"), 200),
        username=text(about.get("username") or contact.get("username"), 100),
        phone=f"+{number.lstrip('+')}" if number else "",
    )


def _contact(value: dict[str, Any], named: list[str]) -> dict[str, Any]:
    contacts = [contact for contact in sequence(value.get("contacts")) if isinstance(contact, dict)]
    for contact in contacts:
        if identifier(contact.get("user_id")) in named or identifier(contact.get("wa_id")) in named:
            return contact
    # `from` and `wa_id` may differ for one person (numbers in Brazil, Mexico): a lone contact is the sender.
    if len(contacts) == 1 and len(sequence(value.get("messages"))) == 1:
        return contacts[0]
    return {}
