"""What to do about a meaning (which tools), and what to say once their results are here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.ai import language
from apps.ai.providers import Briefing, Request
from apps.ui.text import shortened

from .dialogue import Dialogue, Item, items_of, total_of
from .matching import built_in
from .phrases import CALLED
from .replies import ASKED, CLARIFIED, OFFERED_HUMAN, listing, say
from .understanding import Meaning, resembles

_SHOWN = 3
#: Broken plurals, folded: a catalog that compares letters cannot see that they are the same word.
SINGULAR = {
    "احذيه": "حذاء", "شقق": "شقة", "فلل": "فيلا", "خوذ": "خوذة", "قمصان": "قميص", "بناطيل": "بنطلون", "بنطلونات": "بنطلون", "اقنعه": "قناع",
    "جزم": "جزمة", "بدل": "بدلة", "بيوت": "بيت", "منازل": "منزل", "اراضي": "أرض", "غرف": "غرفة", "مكاتب": "مكتب", "عطور": "عطر", "شموع": "شمعة",
    "كمامات": "كمامة", "قبعات": "قبعة", "معاطف": "معطف", "جواكيت": "جاكيت", "احزمه": "حزام", "دروس": "درس", "هدايا": "هدية", "اكواب": "كوب", "صوابين": "صابون",
}  # fmt: skip
_ASKS = 3  # times contact details are asked for in one conversation


@dataclass(frozen=True)
class Plan:
    """Calls in the order they are wanted; a second call of one tool waits for the first's result."""

    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


def plan(meaning: Meaning, dialogue: Dialogue, request: Request) -> Plan:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("search_catalog", {"query": target.called(dialogue.language)[:200]}) for target in meaning.targets
    ]
    search = _search(meaning)
    if meaning.details:
        interest = search.get("query") or _interest(dialogue)
        calls.append(("capture_lead", {**meaning.details, **({"interest": interest[:200]} if interest else {})}))
    if search:
        calls.append(("search_catalog", search))
        second = _second_search(meaning, dialogue)
        if second:
            calls.append(("search_catalog", second))
    reachable = _reachable(meaning, request)
    ordering = meaning.intent == "order" or (meaning.intent == "contact" and _was_ordering(dialogue))
    # On a second request in a row nothing is asked again: this very conversation reaches them.
    if ordering and (
        reachable or (meaning.intent == "order" and _interest(dialogue) and ASKED.search(dialogue.last_reply))
    ):
        calls.append(("set_stage", {"stage": "qualified", "reason": "wants to order"}))
        calls.append(("hand_off", {"reason": "order", "note": _note(dialogue)}))
    elif meaning.intent in _HAND_OFF or _accepts_human(meaning, dialogue):
        calls.append(("hand_off", {"reason": _HAND_OFF.get(meaning.intent, "asked"), "note": _note(dialogue)}))
    elif meaning.trained and meaning.trained.action == "hand_off":
        calls.append(("hand_off", {"reason": "other", "note": _note(dialogue)}))
    return Plan(tuple(calls))


_HAND_OFF = {"human": "asked", "complaint": "complaint", "stop": "stop"}
_SEARCHES = ("search", "variant", "item", "more", "cheaper", "capabilities", "order", "which")


def _search(meaning: Meaning) -> dict[str, Any]:
    if meaning.trained:
        return meaning.search.arguments() if meaning.trained.action == "search_catalog" and meaning.search.words else {}
    if meaning.intent not in _SEARCHES:
        return {}
    if meaning.arguments:
        return dict(meaning.arguments)
    if meaning.intent == "search":
        return meaning.search.arguments()
    return {"query": "", "limit": _SHOWN} if meaning.intent == "capabilities" else {}


def _second_search(meaning: Meaning, dialogue: Dialogue) -> dict[str, Any]:
    """The same without its limits, once the first came back with nothing of use."""
    answered = [(call, result) for call, result in dialogue.answers("search_catalog") if result is not None]
    if not answered or _failed(answered[0][1]):
        return {}
    found = items_of(answered[0][1])
    if meaning.intent == "variant" and meaning.target and not _same(found, meaning.target):
        return {"query": meaning.target.name}
    if found or meaning.intent != "search":
        return {}
    search = meaning.search
    if (search.filtered or search.category) and search.words:
        return {"query": search.query, **({"sort": "price_asc"} if search.max_price is not None else {})}
    single = [SINGULAR.get(language.fold(word), word) for word in search.words]
    if single != list(search.words):
        return {"query": " ".join(single)}
    if len(search.words) > 1:
        # The noun stands last in English and first in Arabic.
        head = search.words[0] if language.has_arabic(search.words[0]) else search.words[-1]
        return {"query": head}
    return {}


def compose(meaning: Meaning, dialogue: Dialogue, request: Request) -> str:
    briefing = request.briefing or Briefing(organization="")
    speaker = _Speaker(meaning, dialogue, briefing, request)
    return speaker.reply().strip()


class _Speaker:
    def __init__(self, meaning: Meaning, dialogue: Dialogue, briefing: Briefing, request: Request):
        self.meaning, self.dialogue, self.briefing, self.request = meaning, dialogue, briefing, request
        self.lang = dialogue.language
        captured = [
            result
            for _, result in dialogue.answers("capture_lead")
            if isinstance(result, Mapping) and not _failed(result)
        ]
        self.known = {**briefing.known, **(meaning.details if captured else {})}

    def say(self, key: str, **values: object) -> str:
        names = {"organization": self.briefing.organization or "…", "persona": self.briefing.persona or "Assistant"}
        return say(key, self.lang, self.briefing.tone, **{**names, **values})

    def reply(self) -> str:
        intent = "trained" if self.meaning.trained else self.meaning.intent
        body = getattr(self, f"_{intent}")()
        parts = [self._opening(intent), self._noted(intent), body]
        return "\n".join(part for part in parts if part)

    # Openings and details -------------------------------------------------------------------------------------

    def _opening(self, intent: str) -> str:
        if intent in ("greeting", "bot", "injection", "stop", "goodbye", "trained") or not self.meaning.greeted:
            return ""
        return self.say("hello") if not self.dialogue.replies else ""

    def _noted(self, intent: str) -> str:
        answers = [result for _, result in self.dialogue.answers("capture_lead") if result is not None]
        if not answers or intent == "injection":
            return ""
        result = answers[-1] if isinstance(answers[-1], Mapping) else {}
        found = result.get("rejected")
        rejected = found if isinstance(found, Mapping) else {}
        for field in ("phone", "email"):
            if field in rejected or (_failed(result) and field in str(result.get("error", "")).lower()):
                return self.say(f"not_noted_{field}")
        if _failed(result):
            return self.say("not_noted")
        details = self.meaning.details
        what = "_".join(field for field in ("phone", "email") if details.get(field))
        name = details.get("name", "")
        if not what:
            return self.say("nice_name", name=name) if name else ""
        key = "noted_name" if name else "noted"
        return self.say(key, name=name, what=self.say(what))

    # Small talk ----------------------------------------------------------------------------------------------

    def _greeting(self) -> str:
        if self.dialogue.replies:
            return self.say("greeting_again")
        own = self.briefing.greeting.get(self.lang)
        return own or self.say("greeting")

    def _thanks(self) -> str:
        return self.say("thanks_bare") if "thanks" in _intents(self.dialogue.earlier[-1:]) else self.say("thanks")

    def _goodbye(self) -> str:
        return self.say("goodbye")

    def _help(self) -> str:
        return self.say("help")

    def _bot(self) -> str:
        return self.say("bot")

    def _injection(self) -> str:
        return self.say("deflect")

    def _stop(self) -> str:
        return self.say("stop")

    def _yes(self) -> str:
        if _accepts_human(self.meaning, self.dialogue):
            return self._handed("handing_off")
        if ASKED.search(self.dialogue.last_reply):
            return self._asking_again()
        if len(self.dialogue.shown) == 1:
            return self.say("order_ask") if not _contact(self.known) else self.say("yes_what")
        return self.say("yes_what")

    def _asking_again(self) -> str:
        # "Yes" to "may I have your number?" is no number; say what is meant without asking the same again.
        return self.say("order_ask") if "order_ask" not in self.dialogue.last_reply else self.say("yes_what")

    def _no(self) -> str:
        return self.say("no")

    def _unknown(self) -> str:
        return self.say("clarify_again" if CLARIFIED.search(self.dialogue.last_reply) else "clarify")

    def _which(self) -> str:
        return self.say("which")

    # What is known --------------------------------------------------------------------------------------------

    def _hours(self) -> str:
        # Hours may be written once per language, each on lines of its own.
        lines = [line.strip() for line in self.briefing.hours.splitlines() if line.strip()]
        mine = [line for line in lines if language.detect(line) == self.lang]
        if lines:
            return self.say("hours", hours="\n".join(mine or lines))
        return self.say("hours_unknown")

    def _location(self) -> str:
        return _body(self.meaning.note) if self.meaning.note else self.say("place_unknown")

    def _knowledge(self) -> str:
        return _body(self.meaning.note) if self.meaning.note else self.say("note_unknown")

    def _trained(self) -> str:
        trained = self.meaning.trained
        assert trained is not None
        answer = trained.responses.get(self.lang) or next((text for text in trained.responses.values() if text), "")
        if trained.action == "hand_off":
            return answer or self._handed("handing_off")
        found = self._listed("found") if trained.action == "search_catalog" else ""
        return "\n".join(part for part in (answer, found) if part) or self.say("clarify")

    # People --------------------------------------------------------------------------------------------------

    def _human(self) -> str:
        return self._handed("handing_off")

    def _complaint(self) -> str:
        return self._handed("handing_off_sorry")

    def _handed(self, key: str) -> str:
        answers = [result for _, result in self.dialogue.answers("hand_off")]
        if answers and _failed(answers[-1]):
            return self.say("hand_off_failed")
        ask = self._ask() if not _contact(self.known) else ""
        return "\n".join(part for part in (self.say(key), ask) if part)

    def _contact(self) -> str:
        if any(call.name == "hand_off" for call in self.dialogue.calls):
            return self.say("order_done")
        if "phone" in self.meaning.details or "email" in self.meaning.details:
            return self.say("noted_next")
        ask = self._ask()
        return ask or self.say("noted_more")

    def _order(self) -> str:
        shown = self._listed("found", closing=False) if self.meaning.arguments else ""
        if not self.meaning.target and not _interest(self.dialogue):
            return self.say("order_which")
        if any(call.name == "hand_off" for call in self.dialogue.calls):
            end = self.say("order_done")
        else:
            end = self.say("order_ask")
        return "\n".join(part for part in (shown, end) if part)

    # The catalog ---------------------------------------------------------------------------------------------

    def _search(self) -> str:
        return self._listed("found")

    def _capabilities(self) -> str:
        found = [item for _, result in self.dialogue.answers("search_catalog") for item in items_of(result)][:_SHOWN]
        return (
            f"{self.say('capabilities')}\n{listing(found, self.lang)}\n{self.say('narrow')}"
            if found
            else self.say("help")
        )

    def _item(self) -> str:
        return self._listed("found")

    def _fact(self) -> str:
        """What the rows of the things shown say about what was asked of them."""
        found = []
        for target, (_call, result) in zip(self.meaning.targets, self.dialogue.answers("search_catalog"), strict=False):
            row = next(iter(_same(items_of(result), target)), None)
            known = _known(row, self.meaning.search.words) if row else None
            if row and known:
                found.append(self.say("fact", name=row.called(self.lang), fact=known[0], value=known[1]))
            elif row and (said := _said(row, self.meaning.search.words)):
                found.append(f"{row.called(self.lang)} — {said}")
        return "\n".join(found) or self._knowledge()

    def _variant(self) -> str:
        answers = self.dialogue.answers("search_catalog")
        found = items_of(answers[0][1]) if answers else []
        wanted = self.meaning.search.words
        having = [item for item in found if all(_has(item, word) for word in wanted)]
        if having:
            return self._list(having, "found", len(having))
        rest = [item for _, result in answers for item in items_of(result)]
        if not rest:
            return self._nothing()
        target = self.meaning.target
        same = [item for item in rest if target and item.name == target.name] or rest
        lead = (
            self.say("variant_none", wanted="، ".join(wanted) if self.lang == "ar" else ", ".join(wanted))
            if _sayable(wanted)
            else self.say("closest")
        )
        return "\n".join((lead, listing(_distinct(same)[:_SHOWN], self.lang)))

    def _more(self) -> str:
        return self._wider("more")

    def _cheaper(self) -> str:
        return self._wider("cheaper")

    def _wider(self, kind: str) -> str:
        seen = {language.normalize(item.name) for item in self.dialogue.shown}
        listed = "\n".join(self.dialogue.replies)
        found = [item for _, result in self.dialogue.answers("search_catalog") for item in items_of(result)]
        fresh = [
            item
            for item in found
            if language.normalize(item.name) not in seen and f"{item.called(self.lang)} —" not in listed
        ]
        limit = self.meaning.arguments.get("max_price")
        if limit is not None:
            fresh = [item for item in fresh if item.price is not None and float(item.price) < limit]
        if not fresh:
            return self.say(f"{kind}_none")
        return f"{self.say(kind)}\n{listing(sorted(fresh, key=_is_out)[:_SHOWN], self.lang)}"

    def _listed(self, kind: str, *, closing: bool = True) -> str:
        answers = [(call, result) for call, result in self.dialogue.answers("search_catalog") if result is not None]
        if not answers:
            return self.say("catalog_down")
        if all(_failed(result) for _, result in answers):
            return self.say("catalog_down")
        first, words = items_of(answers[0][1]), self.meaning.search.words
        if self.meaning.target:
            same = _same(first, self.meaning.target)
            if same:
                return self._list(same[:1], kind, 1, closing=closing)
        fitting = [item for item in first if resembles(item, words)]
        if (
            not fitting
            and not first
            and answers[1:]
            and not self.meaning.search.filtered
            and list(words) != (single := [SINGULAR.get(language.fold(word), word) for word in words])
        ):
            fitting = [item for item in items_of(answers[1][1]) if resembles(item, single)]
            answers = answers[1:] if fitting else answers
            first = fitting or first
        features = self.meaning.search.features
        fitting = [item for item in fitting if _fits(item, features) and not _denies(item, words)]
        if fitting:
            total = total_of(answers[0][1]) if len(fitting) == len(first) else len(fitting)
            return self._list(fitting, kind, max(total, len(fitting)), closing=closing)
        others = [item for _, result in answers[1:] for item in items_of(result) if resembles(item, words)]
        others = others or [item for item in first if resembles(item, words)]
        if others:
            over = self.meaning.search.max_price is not None and bool(answers[1:]) and not first
            return f"{self.say('over_budget' if over else 'closest')}\n{listing(_distinct(others)[:_SHOWN], self.lang)}"
        return self._nothing()

    def _list(self, items: Sequence[Item], kind: str, total: int, *, closing: bool = True) -> str:
        # What can be had comes first.
        words = self.meaning.search.words
        some = sorted(_distinct(items), key=lambda item: (not all(_has(item, word) for word in words), _is_out(item)))
        some = some[:_SHOWN]
        sized = self._sized(some)
        if total > _SHOWN and len(some) == _SHOWN:
            more = "some" if total <= len(items) else "more"  # a search tells no more than that there are others
            lead, end = sized or self.say(f"{kind}_{more}", total=total), self.say("narrow_more" if sized else "narrow")
        elif len(some) == 1:
            lead = sized or ("" if self.meaning.target else self.say(f"{kind}_one"))
            closing_key = "details_home" if some[0].kind == "property" else "details_one"
            end = (self._ask() if self.dialogue.replies else "") or self.say(closing_key)
            if _is_out(some[0]):
                end = self.say("details_out")
        else:
            lead, end = (
                sized or self.say(f"{kind}_many"),
                (self._ask() if self.dialogue.replies else "") or self.say("interested"),
            )
        parts = (lead, listing(some, self.lang), end if closing else "")
        return "\n".join(part for part in parts if part)

    def _sized(self, items: Sequence[Item]) -> str:
        """ "In size 43 we have:", where they asked for a size and every row says that it comes in it."""
        size = dict(self.meaning.search.features).get("sizes", "")
        having = [item for item in items if _values(item, "sizes")]
        return self.say("found_size", size=size.upper()) if size and len(having) == len(items) else ""

    def _nothing(self) -> str:
        words = self.meaning.search.words
        return self.say("nothing", query=" ".join(words)) if words and _sayable(words) else self.say("nothing_plain")

    # Contact details -----------------------------------------------------------------------------------------

    def _ask(self) -> str:
        """A request for what is still to be collected, or "": never twice in a row, nor after a refusal."""
        replies = self.dialogue.replies
        if ASKED.search(self.dialogue.last_reply) or sum(1 for reply in replies if ASKED.search(reply)) >= _ASKS:
            return ""
        if _declined(self.dialogue):
            return ""
        wanted = [
            field
            for field in self.briefing.collect
            if field in ("name", "phone", "email") and not self.known.get(field)
        ]
        if _contact(self.known):
            wanted = [field for field in wanted if field == "name"]
        reach = next((field for field in wanted if field != "name"), "")
        key = "_".join(part for part in ("ask", "name" if "name" in wanted else "", reach) if part)
        return self.say(key) if key != "ask" else ""


def _contact(known: Mapping[str, str]) -> bool:
    return bool(known.get("phone") or known.get("email"))


def _reachable(meaning: Meaning, request: Request) -> bool:
    known = request.briefing.known if request.briefing else {}
    return _contact(known) or _contact(meaning.details)


def _failed(result: Any) -> bool:
    return isinstance(result, Mapping) and bool(result.get("error"))


def _same(items: Sequence[Item], target: Item) -> list[Item]:
    names = {language.normalize(name) for name in (target.name, *target.names.values())}
    return [item for item in items if names & {language.normalize(name) for name in (item.name, *item.names.values())}]


def _distinct(items: Sequence[Item]) -> list[Item]:
    return list({(item.name, item.price): item for item in items}.values())


def _has(item: Item, word: str) -> bool:
    folded = language.fold(word)
    options = {folded, language.stem(folded), language.strip_article(folded[1:]) if folded[:1] in "بل" else folded}
    have = set(item.words.split())
    if language.has_arabic(folded):  # a color agrees with its noun: برتقالي, برتقالية
        options |= {f"{word}ه" for word in options} | {word.removesuffix("ه") for word in options}
    return bool(options & (have | {language.stem(part) for part in have})) or folded in (
        "size",
        "مقاس",
        "لون",
        "color",
        "colour",
    )


def _is_out(item: Item) -> bool:
    return item.stock is not None and item.stock <= 0


def _known(item: Item, words: Sequence[str]) -> tuple[str, str] | None:
    """(attribute, value) of a row for what was asked, or None."""
    for word in words:
        root = language.stem(language.fold(word))
        names = {root, *CALLED.get(root, CALLED.get(language.fold(word), ()))}
        for key, value in item.facts.items():
            folded = language.normalize(key)
            if language.stem(folded) in names or folded in names:
                many = value if isinstance(value, list) else [value]
                return key, ", ".join(str(one) for one in many)
    return None


def _said(item: Item, words: Sequence[str]) -> str:
    """The sentence of a row's description that speaks of what was asked, or ""."""
    roots = [language.stem(language.fold(word)) for word in words]
    for sentence in re.split(r"(?<=[.!?؟])\s+", item.description):
        parts = [language.stem(part) for part in language.tokens(language.normalize(sentence))]
        # "waterproof?" is answered by "resists water".
        if any(part == root or (len(part) >= 5 and root.startswith(part)) for root in roots for part in parts):
            return sentence
    return ""


def _denies(item: Item, words: Sequence[str]) -> bool:
    """Whether a row says no to one of the words: an attribute of that name which it does not have."""
    roots = {language.stem(language.fold(word)) for word in words}
    return any(
        str(value).casefold() in ("no", "none", "false", "لا") and language.stem(language.normalize(key)) in roots
        for key, value in item.facts.items()
    )


def _values(item: Item, feature: str) -> list[str]:
    """What a row says about a feature: its attribute of that name, in singular or plural."""
    found: list[str] = []
    for key, value in item.facts.items():
        if (
            language.stem(language.normalize(key)) == language.stem(feature)
            or language.normalize(key) in _ALSO[feature]
        ):
            found += [language.normalize(one) for one in (value if isinstance(value, list) else [value])]
    return found


_ALSO = {
    "bedrooms": ("beds", "bed", "rooms", "غرف", "غرف النوم"),
    "bathrooms": ("baths", "bath", "حمامات"),
    "sizes": ("size", "مقاس", "مقاسات", "المقاسات"),
}


def _fits(item: Item, features: Sequence[tuple[str, str]]) -> bool:
    """Whether a row has the size or number of rooms asked for; one that says nothing of it may."""
    return all(not (known := _values(item, key)) or value in known for key, value in features)


def _sayable(words: Sequence[str]) -> bool:
    """Whether a customer's words may be repeated: short, and nothing that could pass for a link or a figure."""
    text = " ".join(words)
    return len(text) <= 40 and not re.search(r"[.:/@<>{}]|\d{3}", text)


def _body(note: str) -> str:
    """A note without its title line."""
    head, _, rest = note.partition("\n")
    if rest.strip() and len(head) <= 120:
        return rest.strip()
    title, colon, body = note.partition(":")
    return (
        body.strip()
        if colon and body.strip() and len(title) <= 40 and not body.startswith("//") and not title[-1:].isdigit()
        else note.strip()
    )


def _interest(dialogue: Dialogue) -> str:
    if len(dialogue.shown) == 1:
        return dialogue.shown[0].name
    return str(dialogue.searched.get("query", ""))[:200]


def _intents(texts: Sequence[str]) -> set[str]:
    return {match.name for text in texts for match in built_in().rank(text)[:2] if match.confidence >= 0.75}


def _was_ordering(dialogue: Dialogue) -> bool:
    asked = dialogue.last_reply
    return "order" in _intents(dialogue.earlier[-2:]) or bool(re.search(r"To order it|لإتمام الطلب", asked))


def _declined(dialogue: Dialogue) -> bool:
    """They said no when we asked, now or before."""
    return any(ASKED.search(ours) and "no" in _intents([theirs]) for ours, theirs in dialogue.exchanges)


def _accepts_human(meaning: Meaning, dialogue: Dialogue) -> bool:
    return meaning.intent == "yes" and bool(OFFERED_HUMAN.search(dialogue.last_reply))


def _note(dialogue: Dialogue) -> str:
    """The customer's own words, for the colleague who goes on."""
    return shortened(" ".join(dialogue.text.split()), 200)
