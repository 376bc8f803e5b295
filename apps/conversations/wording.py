"""What a message is, refers to and is made of, in words: for people in their language, for the assistant in English.

Adapters say it as parts (adapters.parts); a message keeps them in `payload["parts"]`. Every kind of message and every
kind of part has its words here; a test holds the two vocabularies together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, urlsplit

from django.utils.translation import get_language, gettext_lazy, override, pgettext_lazy
from django.utils.translation import gettext as _

from apps.ui import phrases

from .models import Message

KINDS: dict[str, Any] = {
    "text": gettext_lazy("Text"),
    "image": gettext_lazy("Picture"), "video": gettext_lazy("Video"), "audio": gettext_lazy("Voice message"),
    "file": gettext_lazy("File"), "sticker": gettext_lazy("Sticker"), "location": gettext_lazy("Location"),
    "contacts": gettext_lazy("Contact card"), "postback": gettext_lazy("Pressed a button"),
    "story_reply": gettext_lazy("Replied to your story"), "story_mention": gettext_lazy("Mentioned you in a story"),
    "share": gettext_lazy("Shared a post"), "template": gettext_lazy("Template"), "order": gettext_lazy("Order"),
    "product": gettext_lazy("About a product"), "form": pgettext_lazy("filled in by a customer", "Form"),
    "system": gettext_lazy("Notice of the platform"), "unsupported": gettext_lazy("Unsupported message"),
}  # fmt: skip
MARKS: dict[str, Any] = {
    "forwarded": gettext_lazy("Forwarded"),
    "forwarded_often": gettext_lazy("Forwarded many times"),
    "disappearing": gettext_lazy("A picture or video that disappears; it can be seen in the app it came from only."),
    "empty_form": gettext_lazy("Sent the form without answers"),
}
SHARED: dict[str, Any] = {
    "post": gettext_lazy("Shared a post: %(title)s"),
    "reel": gettext_lazy("Shared a reel: %(title)s"),
    "story": gettext_lazy("Shared a story: %(title)s"),
    "product": gettext_lazy("Shared a product: %(title)s"),
    "link": gettext_lazy("Link: %(title)s"),
}


@dataclass(frozen=True)
class Line:
    """One thing that a message holds, as a thread shows it; `url` where it leads somewhere."""

    text: str
    url: str = ""
    strong: bool = False


def parts_of(message: Message) -> list[dict[str, Any]]:
    found = message.payload.get("parts")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def lines(message: Message) -> list[Line]:
    """What a message holds beside its own words, in the reader's language."""
    found = [line for part in parts_of(message) for line in _LINES.get(str(part.get("is")), _nothing)(part)]
    advert = message.origin if isinstance(message.origin, dict) else {}
    if advert.get("kind") in ("ad", "post") and (title := _word(advert.get("title"))):
        found.insert(0, Line(_("From an ad: %(title)s") % {"title": title}, safe_url(advert.get("url"))))
    return found


def words(message: Message) -> str:
    """The whole message as a person reads it, in the reader's language; never empty."""
    said = [message.text.strip(), *(line.text for line in lines(message))]
    return "\n".join(filter(None, said)) or str(KINDS.get(message.kind, _("Message")))


def for_assistant(message: Message) -> str:
    """What a message holds beside its own words, as a model reads it."""
    with override("en"):
        return "\n".join(line.text for line in lines(message))


def subject(message: Message) -> str:
    """The name of the item that a message is about, "" where it is about none."""
    return next((_word(one.get("title")) for one in parts_of(message) if one.get("is") == "product"), "")


def _place(part: dict[str, Any]) -> Iterator[Line]:
    """Where a shared location lies, on a map that belongs to nobody."""
    latitude, longitude = part.get("latitude"), part.get("longitude")
    named = ", ".join(filter(None, [_word(part.get("name")), _word(part.get("address"))]))
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        if named:
            yield Line(named)
        return
    address = f"https://www.openstreetmap.org/?mlat={quote(str(latitude))}&mlon={quote(str(longitude))}#map=15"
    yield Line(named or f"{latitude:.5f}, {longitude:.5f}", f"{address}/{latitude}/{longitude}")


def _contact(part: dict[str, Any]) -> Iterator[Line]:
    """Each on a line of its own: a number keeps its direction there."""
    named = " · ".join(filter(None, [_word(part.get("name")), _word(part.get("company"))]))
    for said in (named, *_words(part.get("phones")), *_words(part.get("emails"))):
        if said:
            yield Line(said)


def _order(part: dict[str, Any]) -> Iterator[Line]:
    totals: dict[str, Decimal] = {}
    priced = True
    for raw in part.get("lines") or ():
        line = raw if isinstance(raw, dict) else {}
        quantity, price, currency = (
            _decimal(line.get("quantity")),
            _decimal(line.get("price")),
            _word(line.get("currency")),
        )
        name = _title(line) or _("an item without a name")
        amount = f"{phrases.number(quantity)} × {name}" if quantity is not None else name
        if price is None or quantity is None:
            priced = False
            yield Line(amount)
            continue
        totals[currency] = totals.get(currency, Decimal(0)) + price * quantity
        yield Line(f"{amount} — {phrases.money(price * quantity, currency)}")
    if totals:
        total = " + ".join(phrases.money(one, currency) for currency, one in totals.items())
        sentence = _("Total: %(total)s") if priced else _("Total of what has a price: %(total)s")
        yield Line(sentence % {"total": total}, strong=True)


def _answer(part: dict[str, Any]) -> Iterator[Line]:
    question, answer = _word(part.get("question")), _word(part.get("answer"))
    question = question[:1].upper() + question[1:]
    yield Line(_("%(question)s: %(answer)s") % {"question": question, "answer": answer} if question else answer)


def _product(part: dict[str, Any]) -> Iterator[Line]:
    title = _title(part)
    subtitle = _word(part.get("subtitle"))
    if title:
        said = f"{title} — {subtitle}" if subtitle else title
        yield Line(_("About the product: %(title)s") % {"title": said}, safe_url(part.get("url")))


def _share(part: dict[str, Any]) -> Iterator[Line]:
    sentence = SHARED.get(str(part.get("what")), SHARED["link"])
    if title := _word(part.get("title")):
        yield Line(str(sentence) % {"title": title}, safe_url(part.get("url")))


def _choice(part: dict[str, Any]) -> Iterator[Line]:
    yield Line(_word(part.get("description")))


def _said(part: dict[str, Any]) -> Iterator[Line]:
    yield Line(_word(part.get("text")))


def _marked(part: dict[str, Any]) -> Iterator[Line]:
    if (mark := MARKS.get(str(part.get("mark")))) is not None:
        yield Line(str(mark))


def _strange(part: dict[str, Any]) -> Iterator[Line]:
    """A kind of message that nobody taught us; what the platform says of it."""
    if kind := _word(part.get("type")):
        yield Line(_("A message of a kind that Frontdesk does not know yet (type “%(type)s”).") % {"type": kind})
    else:
        yield Line(_("A message that the platform does not show here."))
    if reason := _word(part.get("reason")):
        yield Line(_(reason))


def _nothing(part: dict[str, Any]) -> Iterator[Line]:  # noqa: ARG001
    return iter(())


_LINES: dict[str, Callable[[dict[str, Any]], Iterator[Line]]] = {
    "place": _place,
    "contact": _contact,
    "order": _order,
    "answer": _answer,
    "product": _product,
    "share": _share,
    "choice": _choice,
    "said": _said,
    "marked": _marked,
    "strange": _strange,
}


def _title(part: dict[str, Any]) -> str:
    """An item's name in the reader's language, as the catalog had it then; else how the platform names it."""
    names = part.get("names")
    own = names.get((get_language() or "")[:2]) if isinstance(names, dict) else None
    return _word(own) or _word(part.get("title")) or _word(part.get("sku"))


def _word(value: Any) -> str:
    return phrases.without_bidi_controls(value).strip() if isinstance(value, str) else ""


def _words(value: Any) -> list[str]:
    return [found for one in value if (found := _word(one))] if isinstance(value, list | tuple) else []


def _decimal(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return found if found.is_finite() and abs(found) < 10**12 else None


def safe_url(value: Any) -> str:
    """An address that may stand in a link: on the web, or a path of this site; anything else is none."""
    if not isinstance(value, str) or len(value) > 5_000:
        return ""
    if value.startswith("/") and not value.startswith(("//", "/\\")):
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme in ("http", "https") and parts.netloc else ""
