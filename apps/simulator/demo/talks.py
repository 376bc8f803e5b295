"""Scripts of conversations: `data/<slug>.talks`.

    = item: Titan S3 | Falcon S1P          a slot: every playing of a talk takes one of these for {item}

    [sizes] whatsapp facebook x3 ar        a talk: where it may take place, how often it is played, the language
    > Do you have {item}?                  the customer writes; the persona answers by itself
    >+ in size 43                          and goes on at once
    >ad:Summer boots| Hi                   and comes from an ad; `>image` sends a picture
    @ Hello {first}, I am looking.         a colleague takes over and answers
    ~ Wants an invoice.                    a note for the team
    . 3h                                   time goes by
    ! stage won                            stage, tag, owner, details, assign, resolve, snooze, give_back

{name}, {first}, {phone} and {email} are the customer's. `today` in the first line: it happens in the last hours.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from .catalogs import DATA

CHANNELS = ("facebook", "instagram", "whatsapp", "webchat")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_STEP = re.compile(r"^(>\+|>image|>ad:[^|]*\||>|@|~|!|\.)\s*(.*)$")
_FROM = {">": "say", ">+": "add", ">image": "image", "@": "answer", "~": "note", "!": "do", ".": "wait"}


@dataclass(frozen=True)
class Step:
    """`kind`: say, add, image, ad, answer, note, do, wait; `ad` is its title."""

    kind: str
    text: str
    ad: str = ""


@dataclass
class Talk:
    name: str
    channels: tuple[str, ...] = CHANNELS
    times: int = 1
    language: str = "en"
    is_today: bool = False
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class Script:
    talks: list[Talk]
    slots: dict[str, list[str]]


def read(slug: str) -> Script:
    talks: list[Talk] = []
    slots: dict[str, list[str]] = {}
    for line in (DATA / f"{slug}.talks").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("="):
            name, _colon, values = line[1:].partition(":")
            slots[name.strip()] = [value.strip() for value in values.split("|")]
        elif line.startswith("["):
            talks.append(_talk(line))
        else:
            talks[-1].steps.append(_step(line))
    return Script(talks, slots)


def _talk(line: str) -> Talk:
    name, _bracket, rest = line[1:].partition("]")
    talk = Talk(name.strip())
    words = rest.split()
    talk.channels = tuple(word for word in words if word in CHANNELS) or CHANNELS
    talk.times = next((int(word[1:]) for word in words if re.fullmatch(r"x\d+", word)), 1)
    talk.language = "ar" if "ar" in words else "en"
    talk.is_today = "today" in words
    return talk


def _step(line: str) -> Step:
    found = _STEP.match(line)
    if found is None:
        raise ValueError(f"not a step: {line}")
    mark, text = found.groups()
    if mark.startswith(">ad:"):
        return Step("ad", text.strip(), ad=mark[4:-1].strip())
    return Step(_FROM[mark], text.strip())


def duration(text: str) -> timedelta:
    """ "90m", "3h", "2d"."""
    return timedelta(**{_UNITS[text[-1]]: float(text[:-1])})


@dataclass(frozen=True)
class Customer:
    """An invented person; numbers are from ranges that belong to nobody."""

    name: str
    phone: str
    email: str

    @property
    def first(self) -> str:
        return self.name.split()[0]


_ENGLISH = (
    "Omar Farouk|Sara Lind|Daniel Okafor|Priyanka Rao|Lucas Meyer|Aisha Rahman|Tom Whitaker|Elena Petrova|Rashid Khan|"
    "Grace Mbeki|Hannah Weiss|Carlos Mendes|Mei Tanaka|Joel Andersson|Fatima Noor|Ben Hartley|Nadia Costa|Victor Lam|"
    "Olivia Grant|Samir Patel|Clara Novak|Ethan Brooks|Leila Karimi|Marcus Bell|Ingrid Dahl|Jonas Keller|Amina Yusuf|"
    "Peter Doyle|Rosa Vidal|Kenji Mori|Sophie Laurent|Ahmed Saleh|Julia Stone|Felix Braun|Zara Malik|Owen Pryce|"
    "Maya Shah|Liam Foster|Noura Aziz|Theo Martin|Anna Kowalska|David Chen|Ruth Abel|Ivan Marek|Layla Haddad|"
    "Simon Achebe|Emma Fischer|Hugo Silva|Isla Munro|Karim Nasser|Paula Jensen|Bilal Ahmed|Wendy Cho|Martin Falk|"
    "Dina Rossi|Gareth Lloyd|Yara Mansour|Oscar Lind|Tara Quinn|Arjun Mehta"
).split("|")
_ARABIC = (
    "سارة الحمادي|محمد العامري|خالد المنصوري|فاطمة الزعابي|أحمد سليمان|ليلى حداد|يوسف الكعبي|مريم النعيمي|عمر الشامسي|"
    "هدى إبراهيم|سالم الظاهري|نورة المري|حسن عبدالله|ريم الخطيب|طارق منصور|عائشة البلوشي|ماجد السويدي|دانا قاسم|"
    "إبراهيم فؤاد|هند الفلاسي|زياد نصار|لطيفة المهيري|كريم يوسف|شيماء عادل|راشد الكتبي|جمانة صالح"
).split("|")
_PHONES = {"AE": "+97150555{:04d}", "GB": "020 7946 0{:03d}", "US": "(503) 555-01{:02d}"}


def customers(language: str, country: str, chance: random.Random) -> Iterator[Customer]:
    """Invented people, each once, in a shuffled order."""
    names = list(_ARABIC if language == "ar" else _ENGLISH)
    chance.shuffle(names)
    for number, name in enumerate(names):
        latin = name if name.isascii() else f"customer.{number + 1}"
        phone = _PHONES[country].format(
            (number * 7 + 11) % 100 + (5000 if language == "ar" else 100) * (country != "US")
        )
        yield Customer(name, phone, f"{latin.lower().replace(' ', '.')}@example.com")


def fill(text: str, customer: Customer, slots: dict[str, str]) -> str:
    values = {"name": customer.name, "first": customer.first, "phone": customer.phone, "email": customer.email, **slots}
    return re.sub(r"\{(\w+)\}", lambda found: values[found.group(1)], text)
