"""No page is half English: the Arabic catalog is whole and compiled, and pages say nothing that did not come from it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from zoneinfo import available_timezones

import pytest
from babel.messages.catalog import Message as Entry
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation

from apps.ai.models import Generation
from apps.catalog import services as catalog_services
from apps.conversations.models import Conversation, Message
from apps.integrations.models import ConnectedAccount
from apps.integrations.models import Delivery as Kept
from apps.jobs import clock
from apps.leads import services as leads
from apps.ui.management.commands import translations as catalogs
from tests.samples import Samples

PATHS = catalogs.catalogs()
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|{\w*}|</?(?:a|b|bdi|br|code|em|kbd|strong)\b|{{\d}}")

# The catalog -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.parent.name)
def test_the_catalog_has_every_word_of_the_code_translated_and_compiled(path):
    """`manage.py translations` writes both files; whoever adds words runs it and fills in what it lists."""
    now = catalogs.read(path)
    wanted = set(catalogs.words())
    have = {(entry.context or "", _singular(entry)) for entry in now if entry.id}
    assert not wanted - have, "in the code, not in the catalog: run manage.py translations"
    assert not have - wanted, "in the catalog, no longer in the code: run manage.py translations"
    assert not [entry.id for entry in now if entry.id and not catalogs.is_whole(entry)], "not translated"
    assert path.read_bytes() == catalogs.text_of(now), "not as the command writes it"
    assert catalogs.compiled(path).read_bytes() == catalogs.binary_of(now), "the .mo is older than the .po"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.parent.name)
def test_placeholders_and_markup_stay_as_they_are(path):
    """Few, many and other need the figure; zero, one and two may say it in words."""
    wrong = []
    for entry in (entry for entry in catalogs.read(path) if entry.id):
        ids = entry.id if isinstance(entry.id, (tuple, list)) else (entry.id,)
        wanted = sorted(PLACEHOLDER.findall(ids[-1]))
        for n, said in enumerate(_forms(entry)):
            found = sorted(PLACEHOLDER.findall(said))
            if found != wanted and not (len(ids) > 1 and n < 3 and set(found) <= set(wanted)):
                wrong.append((said, wanted))
    assert not wrong


def test_arabic_is_written_with_its_own_punctuation_and_western_digits():
    path = next(path for path in PATHS if "/ar/" in path.as_posix())
    said = [form for entry in catalogs.read(path) if entry.id for form in _forms(entry)]
    assert not [form for form in said if re.search(r"[\u0621-\u064a][,;?]|[\u0660-\u0669\u06f0-\u06f9]|\s[،؛؟]", form)]
    assert not [form for form in said if form != form.strip() or "  " in form]


# One noun per thing (docs/ui.md, Words).
OTHER_NOUNS = re.compile(
    r"\b(?:bots?|chatbots?|robots?|personas?|AI models?|users?|clients?|threads?|prospects?|operators?|tenants?|widgets?)\b",
    re.IGNORECASE,
)
OTHER_NOUNS_IN_ARABIC = re.compile(r"بوت|روبوت")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.parent.name)
def test_one_noun_per_thing(path):
    ids = [part for entry in catalogs.read(path) if entry.id for part in _ids(entry)]
    wrong = [said for said in ids if OTHER_NOUNS.search(re.sub(r"`[^`]*`", "", said))]
    said = [form for entry in catalogs.read(path) if entry.id for form in _forms(entry)]
    assert not wrong + [form for form in said if OTHER_NOUNS_IN_ARABIC.search(form)]


def test_arabic_has_all_six_plural_forms_and_tells_few_from_many():
    """zero, one, two, 3-10 (plural noun), 11-99 and the hundreds (singular noun): never one form for all."""
    path = next(path for path in PATHS if "/ar/" in path.as_posix())
    counted = [entry for entry in catalogs.read(path) if isinstance(entry.id, (tuple, list))]
    assert counted
    for entry in counted:
        forms = _forms(entry)
        assert len(forms) == 6, entry.id
        assert all(forms), entry.id


def _ids(entry: Entry) -> tuple[str, ...]:
    return (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)


def _singular(entry: Entry) -> str:
    return entry.id if isinstance(entry.id, str) else entry.id[0]


def _forms(entry: Entry) -> list[str]:
    return [entry.string] if isinstance(entry.string, str) else list(entry.string)


# The pages ---------------------------------------------------------------------------------------------------------

# Words that are the same in every language: names of products, formats and units, and the cast's own.
NAMES = """
Acme Globex Alice Bob Victor Dana Charlie Frontdesk localhost
OpenAI Gemini Google Meta Facebook Business Suite Manager Standard Webhooks GPT
API CRM SKU AI JPEG JPG PNG WebP GIF HTTP HTTPS https UTC USD QR URL JSON MB KB ID CSV SMS Enter Shift Esc Ctrl Alt
English IP OTP TOTP Gone tokens Asia Dubai Python
""".split()
WORD = re.compile(r"(?<![\w@./:#-])[A-Za-z][A-Za-z'’]+(?![\w@/:-]|\.\w)")
AS_IS = re.compile(r"`[^`]*`|\b[A-Z]{3}\b")  # a field or a value of the API; a currency's code
ARABIC = re.compile(r"[\u0621-\u064a]")
# What shows data or code, marked as such by the page itself.
SHOWN_AS_IS = {"code", "pre", "kbd", "script", "style", "title-of-data"}
SPOKEN = ("title", "aria-label", "placeholder", "alt")
ZONES = available_timezones()
VOID = set("area base br col embed hr img input link meta source track wbr".split())


class Words(HTMLParser):
    """What a page says: its text, and what a screen reader or a hovering mouse is told."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        as_is = tag in SHOWN_AS_IS or given.get("dir") in ("ltr", "auto") or given.get("lang") == "en" or tag == "bdi"
        hidden = bool(self._open and self._open[-1][1])
        if tag not in VOID:
            self._open.append((tag, hidden or as_is))
        if not (hidden or as_is) or tag in ("input", "textarea"):
            self.said += [value for name in SPOKEN if (value := given.get(name))]
            if tag == "input" and given.get("type") in ("submit", "button"):
                self.said.append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        for n in range(len(self._open) - 1, -1, -1):
            if self._open[n][0] == tag:
                del self._open[n:]
                return

    def handle_data(self, data: str) -> None:
        if data.strip() and not (self._open and self._open[-1][1]):
            self.said.append(" ".join(data.split()))


def english(page: str) -> list[str]:
    """Text with a word that is neither Arabic nor a name."""
    words = Words()
    words.feed(page)
    found = []
    for text in words.said:
        foreign = [word for word in WORD.findall(AS_IS.sub("", text)) if word not in NAMES]
        if text in ZONES:
            continue
        if foreign:
            found.append(text)
    return list(dict.fromkeys(found))


def test_english_is_seen():
    assert english('<p>حفظ <b>Save it now</b></p><input placeholder="Search"><code>let it be</code>') == [
        "Save it now",
        "Search",
    ]


def routes(urlconf: str) -> Iterator[tuple[str, URLPattern]]:
    def below(resolver: URLResolver, before: str) -> Iterator[tuple[str, URLPattern]]:
        for one in resolver.url_patterns:
            route = before + str(one.pattern)
            if isinstance(one, URLPattern):
                yield route, one
            elif not route.startswith("admin/") or urlconf != "config.urls_tenant":
                yield from below(one, route)

    yield from below(get_resolver(urlconf), "")


@pytest.fixture
def furnished(acme, alice):
    """A row of everything, with figures for names; and a lead and a thread with a past."""
    samples = Samples(acme)
    for model in apps.get_models():
        if model._meta.app_label in {"ai", "catalog", "leads", "conversations", "integrations", "webhooks_outbox"}:
            samples.of(model)
    account = ConnectedAccount.objects.create(channel="whatsapp", external_id="3001", name="متجر")
    lead, identity, _new = leads.find_or_create_by_identity("whatsapp", "3001", "971501234567", name="سارة")
    leads.capture_details(lead, phone="+971501234567", by="bot")
    leads.signal(lead, "asked_price")
    leads.add_tag(lead, "جملة", by=f"user:{alice.pk}")
    thread = Conversation.objects.create(
        channel="whatsapp",
        account=account,
        identity=identity,
        lead=lead,
        language="ar",
        window_until=clock.now() + timedelta(hours=3),
    )
    for status in Message.Status.values:
        Message.objects.create(
            conversation=thread,
            direction="in" if status == "received" else "out",
            sender="customer" if status == "received" else "bot",
            text="مرحبا",
            status=status,
            at=clock.now(),
            status_at=clock.now(),
            created_at=clock.now(),
            external_id=f"m-{status}",
        )
    catalog_services.create_item(by="user:1", sku="77", name="حذاء", price="149.00", stock=3)
    return samples, {"lead_id": lead.pk, "conversation_id": thread.pk, "account_id": account.pk}


def address(route: str, pattern: URLPattern, samples: Samples, own: dict[str, Any]) -> str | None:
    """A route with rows in it; None for one that no row of ours fits."""
    values: dict[str, Any] = {}
    for name, converter in pattern.pattern.converters.items():
        if name in own:
            values[name] = own[name]
            continue
        wanted = {"account_id": ConnectedAccount, "generation_id": Generation}.get(name)
        label = pattern.lookup_str.split(".")[1]
        if wanted is None and name.endswith("_id"):
            stem = name.removesuffix("_id")
            models = [m for m in apps.get_models() if m._meta.app_label == label]
            wanted = next((m for m in models if m.__name__.lower().endswith(stem)), None)
        if wanted is None and label == "integrations" and name == "delivery_id":
            wanted = Kept
        if wanted is None:
            return None
        row = samples.of(wanted)
        values[name] = row.pk
        if type(converter).__name__ == "UUIDConverter" and not isinstance(row.pk, uuid.UUID):
            values[name] = row.uuid
    for name, value in values.items():
        route = re.sub(rf"<(\w+:)?{name}>", str(value), route)
    return None if re.search(r"[<>^$()]", route) else "/" + route


def test_no_page_of_an_organization_is_half_english(furnished, alice, client_for):
    samples, own = furnished
    client = client_for(alice)
    client.cookies["language"] = "ar"
    pages, problems = 0, []
    for route, pattern in routes("config.urls_tenant"):
        if route.startswith(("api/", "static/", "dashboard/style/")) or "logout" in route:
            continue
        path = address(route, pattern, samples, own)
        if path is None:
            continue
        answer = client.get(path)
        if answer.status_code == 405 or "html" not in answer.get("Content-Type", ""):
            continue
        pages += 1
        problems += [f"{path}: {text[:160]}" for text in english(answer.content.decode())]
    with translation.override("ar"):
        assert pages > 45
        assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/signup/",
        "/no/such/",
    ],
)
def test_no_page_of_the_entrance_is_half_english(client_for, path):
    client = client_for(None)
    client.cookies["language"] = "ar"
    assert english(client.get(path).content.decode()) == []
