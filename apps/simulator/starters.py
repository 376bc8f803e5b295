"""What a customer could say next: words to tap that fit what this organization sells, in the customer's language."""

from __future__ import annotations

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.catalog import queries as catalog
from apps.ui.text import shortened

from .models import Phone

LONGEST = 40  # characters of an item's name in a sentence


def starters(phone: Phone) -> list[str]:
    """In the order in which a talk goes: hello, an item, a price, a way to be reached, a person."""
    with override(phone.language):
        items = [shortened(item.text(phone.language), LONGEST) for item in catalog.one_of_each_shelf(2)]
        asked = [_("Do you have %(item)s?") % {"item": items[0]}] if items else []
        priced = [_("How much is %(item)s?") % {"item": items[-1]}] if items else [_("How much is it?")]
        address = f"{slugify(phone.name.partition(' ')[0]) or 'customer'}@example.com"
        return [
            _("Hello, what do you have?"),
            *asked,
            *priced,
            _("My email is %(address)s") % {"address": address},
            _("I want to talk to a person"),
        ]
