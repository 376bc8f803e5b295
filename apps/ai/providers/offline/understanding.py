"""What the unanswered text means: an intent, a search, contact details, a question about what was shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apps.ai import language
from apps.ai.providers import Briefing, IntentSpec, Request

from . import contacts, query
from .dialogue import Dialogue, Item
from .matching import CONFIDENT, built_in, likeness, match_trained
from .phrases import BUILT_IN, CALLED, FILLER, TOPICS

# From which confidence a built-in intent is believed.
_BELIEVE = {
    "injection": 0.62, "stop": 0.9, "human": 0.7, "complaint": 0.72, "order": 0.78, "hours": 0.66, "location": 0.66,
    "bot": 0.8, "capabilities": 0.8, "help": 0.75, "more": 0.7, "cheaper": 0.7, "greeting": 0.72, "thanks": 0.66,
    "goodbye": 0.75, "yes": 0.85, "no": 0.85,
}  # fmt: skip
_INJECTION = re.compile(
    r"(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|above|previous|guideline)|system prompt|"
    r"(?:reveal|show|print|repeat|output|leak|tell me)\b.{0,30}\b(?:prompt|instructions|api key|secret key)|"
    r"</?(?:system|assistant|tool|instructions?)>|\[/?(?:system|inst)\]|^\s*(?:system|assistant)\s*:|"
    r"تجاهل.{0,30}(?:تعليمات|الاوامر|السابق)|(?:اعرض|اظهر|اكتب|قل لي|اعطني).{0,20}(?:تعليماتك|تعليمات النظام|البرومبت|بيانات العملاء)"
)
_ANGER = re.compile(
    r"\b(?:fuck|fucking|wtf|bullshit|scam|scammers?|thie(?:f|ves)|liars?|furious|disgusting|pathetic|unacceptable|sue you|lawyer)\b|"
    r"نصاب|حرامي|سرقتوني|كذابين|زباله|وسخ|قذر|محامي|بلاغ|التجاره تشتكي|حسبي الله"
)
_ORDINALS: tuple[tuple[str, int], ...] = (
    (r"\b(?:first|1st)\b|(?:^|\s)ال?اول[هي]?(?=\s|$|\?)|(?:^|\s)الاولاني", 0),
    (r"\b(?:second|2nd)\b|(?:^|\s)ال?(?:ثاني[هي]?|تاني[هي]?)(?=\s|$|\?)", 1),
    (r"\b(?:third|3rd)\b|(?:^|\s)ال?(?:ثالث[هي]?|تالت[هي]?)(?=\s|$|\?)", 2),
    (r"\b(?:fourth|4th)\b|(?:^|\s)ال?رابع[هي]?(?=\s|$|\?)", 3),
    (r"\b(?:last)\b|(?:^|\s)ال?اخير[هي]?(?=\s|$|\?)", -1),
)
_NUMBERED = re.compile(
    r"(?:#|\b(?:number|no\.?|option|item)\s*|(?:^|\s)(?:رقم|الخيار)\s*)([1-9])(?!\d)|^\s*([1-9])\s*[.)]?\s*$"
)
_POINTER = re.compile(
    r"\b(?:it|its|this|that|that one|this one|the one|them|these|those)\b|"
    r"(?:^|\s)(?:سعره|سعرها|بكامه|هذا|هذه|هذي|هاذا|هاي|ده|دي|دا|هو|هي|منه|منها|فيه|فيها|عندكم\s?ياه|اياه|لونه|مقاسه|مقاساته|الوانه|توصيله|متوفره?|موجوده?|نفسه|نفسها|(?:اطلب|اخذ|باخذ|هاخد|اشتري|احجز)(?:ه|ها))(?=\s|$|\?)"
)
_PRICE = re.compile(
    r"\b(?:price|cost|how much)\b|(?:^|\s)(?:ال)?(?:سعر\w*|بكم|بكام|كم|بقديش|قديش|اديش|bkam|bekam)(?=\s|$|\?)"
)
_STOCK = re.compile(r"\b(?:available|availability|in stock|left)\b|(?:^|\s)(?:متوفر\w*|موجود\w*|متاح\w*)(?=\s|$|\?)")
_BUY = re.compile(
    r"\b(?:take|buy|order|book|reserve|want)\b|(?:^|\s)(?:اخذ\w*|باخذ\w*|هاخد\w*|اطلب\w*|اشتري\w*|احجز\w*|ابغاه|ابيه|عايزه|اريده)(?=\s|$|\?)"
)
_VARIANT_WORDS = frozenset(
    language.normalize(w)
    for w in (
        "black white blue navy red green yellow orange grey gray brown beige pink purple gold silver khaki small medium large "
        "xs s m l xl xxl xxxl 2xl 3xl size sizes color colour colors colours bigger smaller larger leather cotton steel "
        "أسود اسود سوداء أبيض ابيض بيضاء أزرق ازرق زرقاء كحلي أحمر احمر حمراء أخضر اخضر أصفر اصفر برتقالي رمادي بني بيج وردي ذهبي فضي كاكي "
        "صغير وسط متوسط كبير مقاس مقاسات قياس لون ألوان الوان باللون بلون أكبر أصغر جلد قطن"
    ).split()
)
#: What "anything cheaper?" and "more?" are made of.
_WIDER_WORDS = frozenset(
    "cheaper cheap less lower expensive more others models model choices ارخص غالي غاليه اقل غيره غيرها غير المزيد مزيد خيارات اخري ثانيه تانيه ثاني".split()
)
#: Words for what a thing has rather than for what it is: "which sizes?".
_ATTRIBUTES = frozenset(
    language.normalize(word)
    for word in "size sizes color colors colour colours مقاس مقاسات مقاساته لون ألوان ألوانه".split()
)
_COLOR = frozenset(language.normalize(word) for word in "color colour colors colours لون ألوان".split())
_COMPARED = frozenset("bigger larger smaller biggest largest smallest اكبر اصغر".split())
_POINTER_WORDS = frozenset(
    "first second third fourth last 1st 2nd 3rd 4th one number سعره سعرها بكامه اول الاول اولي ثاني ثانيه تاني تانيه ثالث ثالثه تالت رابع اخير اخيره رقم خيار لونه مقاسه الوانه اياه نفسه نفسها منه منها باخذ اخذ هاخد take اطلبه اطلبها اخذه اخذها باخذه باخذها هاخده هاخدها اشتريه اشتريها احجزه احجزها".split()
)


_GREETINGS = frozenset(
    word for phrase in BUILT_IN["greeting"] for word in language.tokens(language.normalize(phrase)) if len(word) > 1
) - {"is", "how", "you", "are", "it", "going", "doing", "there", "anyone"}


@dataclass(frozen=True)
class Meaning:
    intent: str
    confidence: float = 1.0
    search: query.Search = field(default_factory=query.Search)
    arguments: dict[str, Any] = field(default_factory=dict)  # of the search, when it is not simply `search`
    details: dict[str, str] = field(default_factory=dict)  # name, email, phone given now
    trained: IntentSpec | None = None
    note: str = ""
    topic: str = ""
    target: Item | None = None
    about: str = ""  # price, stock, variant: what is asked of the target
    targets: tuple[Item, ...] = ()  # those of which a fact is asked
    greeted: bool = False


def understand(dialogue: Dialogue, request: Request) -> Meaning:  # noqa: C901  one decision list, read from the top
    briefing = request.briefing or Briefing(organization="")
    text = dialogue.text
    folded = language.fold(text)
    scores = _scores(text)
    details = _details(dialogue, scores)
    rest = _without(text, details) if details else text
    search = query.read(rest, categories=_categories(request))
    greeted = scores.get("greeting", 0) >= 0.5 and bool(
        _GREETINGS & set(language.tokens(re.sub(r"\bhi[ -]?vi[sz]\w*", " ", folded)))
    )
    more: dict[str, Any] = {"details": details, "greeted": greeted}

    if _INJECTION.search(folded) or _sure("injection", scores):
        # Contact details may ride along, but nothing else of such a text is acted on.
        return Meaning("injection", max(scores.get("injection", 0), 0.9), details=details)
    if _sure("stop", scores) and len(text) < 120:
        return Meaning("stop", scores["stop"])
    trained = next(iter(_rank_trained(text, briefing.intents)), None)
    if trained and trained[1] >= max(CONFIDENT, scores.get("human", 0) - 0.05, scores.get("complaint", 0) - 0.05):
        return Meaning("trained", trained[1], search=search, trained=trained[0], **more)
    if _ANGER.search(folded) or _sure("complaint", scores):
        return Meaning("complaint", max(scores.get("complaint", 0), 0.85), **more)
    if _sure("human", scores):
        return Meaning("human", scores["human"], **more)
    if not _sure("cheaper", scores):
        search = _refined(search, dialogue, _categories(request))
    found = _about_shown(dialogue, folded, search, scores, more)
    if found:
        if found.intent == "fact":  # the row may not say it, but a note may
            note = _titled(folded, briefing.knowledge, dialogue.language) or _note(
                "", folded, briefing.knowledge, dialogue.language
            )
            return replace(found, note=note)
        return found
    for name in ("hours", "location", "order", "bot", "capabilities"):
        if _sure(name, scores):
            return Meaning(
                name,
                scores[name],
                search=search,
                note=_place(briefing, dialogue.language) if name == "location" else "",
                **more,
            )
    topic = _topic(folded)
    if topic:
        note = _note(topic, folded, briefing.knowledge, dialogue.language)
        if note or not search.filtered:
            return Meaning("knowledge", 0.85 if note else 0.6, topic=topic, note=note, **more)
    if details and not (search.signal and search.words):
        return Meaning("contact", 0.95, **more)
    small = _small_talk(scores, search)
    if small:
        return Meaning(small, scores[small], **more)
    if search.words or search.filtered or search.sort:
        note = "" if search.filtered else _titled(folded, briefing.knowledge, dialogue.language)
        if not note and not search.signal:
            note = _note("", folded, briefing.knowledge, dialogue.language)
        if note:
            return Meaning("knowledge", 0.75, note=note, **more)
        return Meaning("search", 0.9 if search.signal else 0.6, search=search, **more)
    if greeted:
        return Meaning("greeting", scores["greeting"], **more)
    return Meaning("unknown", 0.0, **more)


def _refined(search: query.Search, dialogue: Dialogue, categories: Sequence[str]) -> query.Search:
    """ "With four bedrooms, up to 600k": narrows what they asked for before."""
    if search.named or len(dialogue.shown) == 1 or not (search.features or search.filtered or search.sort):
        return search
    before = _last_search(dialogue, categories)
    if before is None:
        return search
    fresh = dict(search.features)
    kept = [word for word in before.words if word not in search.words]
    for key, value in before.features:
        if key in fresh:
            kept = [word for word in kept if word != value and language.fold(word) not in query.MEASURES]
    limited = search if search.filtered else before
    return replace(
        search,
        words=(*kept, *search.words),
        features=tuple({**dict(before.features), **fresh}.items()),
        min_price=limited.min_price,
        max_price=limited.max_price,
        category=before.category,
        signal=True,
    )


def _last_search(dialogue: Dialogue, categories: Sequence[str]) -> query.Search | None:
    """What they looked for last, from their own words."""
    for said in reversed(dialogue.earlier):
        if contacts.email(said) or contacts.phone(said) or contacts.name(said) or _topic(language.fold(said)):
            continue
        found = query.read(said, categories=categories)
        # A color, or a question about what was shown, names nothing to look for.
        if all(_is_variant(word) for word in found.words) or (
            _QUESTION.search(language.fold(said)) and not found.signal
        ):
            continue
        if found.named and not any(score >= 0.75 for score in _scores(said).values()):
            return found
    return None


def _sure(name: str, scores: Mapping[str, float]) -> bool:
    return scores.get(name, 0.0) >= _BELIEVE[name]


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in re.split(r"[.!?\n;,]+", text) if part.strip()]
    return [text, *parts[:8]] if len(parts) > 1 else [text]


def _scores(text: str) -> dict[str, float]:
    best: dict[str, float] = {}
    for part in _parts(text):
        for match in built_in().rank(part):
            best[match.name] = max(best.get(match.name, 0.0), match.confidence)
    return best


def _rank_trained(text: str, intents: Sequence[IntentSpec]) -> list[tuple[IntentSpec, float]]:
    by_name = {intent.name: intent for intent in intents}
    best: dict[str, float] = {}
    for part in _parts(text):
        for match in match_trained(part, intents):
            best[match.name] = max(best.get(match.name, 0.0), match.confidence)
    return sorted(((by_name[name], score) for name, score in best.items()), key=lambda pair: (-pair[1], pair[0].name))


def _details(dialogue: Dialogue, scores: Mapping[str, float]) -> dict[str, str]:
    text = dialogue.text
    reply = dialogue.last_reply
    found = {"email": contacts.email(text, reply), "phone": contacts.phone(text, reply)}
    bare = re.sub(r"\S+@\S+", " ", text)
    found["name"] = contacts.name(
        bare, expected=bool(found["email"] or found["phone"]) or contacts.asks_name(dialogue.last_reply)
    )
    if not found["name"] and contacts.asks_name(dialogue.last_reply):
        small = any(
            _sure(name, scores)
            for name in (
                "yes",
                "no",
                "thanks",
                "greeting",
                "goodbye",
                "hours",
                "location",
                "human",
                "order",
                "more",
                "cheaper",
            )
        )
        if not small and not query.read(bare).signal:
            found["name"] = contacts.answer_as_name(bare)
    if not found["name"] and (found["email"] or found["phone"]):
        asked = any(contacts.asks_name(reply) for reply in dialogue.replies[-2:])
        beside = contacts.name_beside(bare, expected=asked)
        if not any(
            {language.fold(word), language.strip_article(language.fold(word))} & _NO_NAME for word in beside.split()
        ):
            found["name"] = beside
    return {key: value for key, value in found.items() if value}


# "على" and the name علي are one word once folded.
_NO_NAME = (FILLER | _POINTER_WORDS) - {"علي"}


def _without(text: str, details: Mapping[str, str]) -> str:
    for value in details.values():
        text = text.replace(value, " ")
    text = re.sub(r"\S+@\S+|\+?\d[\d\s().-]{5,}\d", " ", text)
    return re.sub(
        r"\b(?:my )?(?:name|phone|mobile|email|e-mail|number|whats ?app)(?: number| address)?(?: is|['’]s)?\b|\b(?:i['’]?m|i am|this is|call me)\b|"
        r"(?:اسمي|إسمي|و?رقمي|و?رقم|و?جوالي|و?ايميلي|و?إيميلي|و?بريدي|و?موبايلي|جوال|الجوال|معك)",
        " ",
        text,
        flags=re.IGNORECASE,
    )


def _categories(request: Request) -> Sequence[str]:
    for tool in request.tools:
        if tool.name == "search_catalog":
            names = tool.parameters.get("properties", {}).get("category", {}).get("enum", ())
            return [name for name in names if isinstance(name, str)]
    return ()


def _small_talk(scores: Mapping[str, float], search: query.Search) -> str:
    names = ["thanks", "goodbye", "help", "no", "yes", "more", "cheaper", "greeting"]
    sure = [name for name in names if _sure(name, scores)]
    if not sure:
        return ""
    best = max(sure, key=lambda name: (scores[name], -names.index(name)))
    # "thanks, and do you have gloves?" is a search with a thank-you in it.
    if search.signal and search.words and scores[best] < 0.95:
        return ""
    if len(search.words) > 2 or (search.words and search.signal):
        return ""
    return best


def _about_shown(  # noqa: C901  one decision list, read from the top
    dialogue: Dialogue, folded: str, search: query.Search, scores: Mapping[str, float], more: dict[str, Any]
) -> Meaning | None:
    """A question about what was listed before: "the second one", "in blue?", "كم سعره؟", "anything cheaper?"."""
    shown = dialogue.shown
    if not shown and not dialogue.searched:
        return None
    words = [
        word
        for word in search.words
        if language.fold(word) not in _POINTER_WORDS
        and language.strip_article(language.fold(word)) not in _POINTER_WORDS
    ]
    if _sure("more", scores) or _sure("cheaper", scores):
        words = [
            word
            for word in words
            if not {language.fold(word), language.strip_article(language.fold(word))} & _WIDER_WORDS
        ]
    rows = dialogue.listed or shown
    ordinal = _ordinal(folded, len(rows))
    pointer = ordinal is not None or bool(_POINTER.search(folded))
    target = rows[ordinal] if ordinal is not None and rows else None
    target = target or (shown[0] if len(shown) == 1 else None)
    if target is None and words and _THE_ONE.search(folded):
        named = [item for item in shown if all(_in_item(word, item) for word in words)]
        if len(named) == 1:
            target, words, pointer, ordinal = named[0], [], True, shown.index(named[0])
    inside = set(_IN.findall(folded))  # "in rust": whatever a maker calls it
    kept = [word for word in words if not word.isdigit() and language.fold(word) not in inside]
    if (
        target
        and not kept
        and not search.features
        and (words or pointer)
        and _BUY.search(folded)
        and not _PRICE.search(folded)
    ):
        return Meaning("order", 0.85, arguments={"query": target.called(dialogue.language)}, target=target, **more)
    if pointer and not target and not words and len(shown) > 1 and _BUY.search(folded) and not _sure("order", scores):
        return Meaning("which", 0.7, **more)
    if target and words and {language.fold(word) for word in words} <= _COMPARED:
        return _wider(dialogue, "more", more)
    if words and (fact := _fact(folded, words, target, shown)):
        return replace(fact, **more)
    variant = [word for word in words if _is_variant(word) or (pointer and language.fold(word) in inside)]
    plain = [word for word in words if word not in variant and not word.isdigit()]
    if target is None and plain:
        named = [item for item in shown if all(_in_item(word, item) for word in plain)]
        if len(named) == 1 and (pointer or _PRICE.search(folded) or _STOCK.search(folded)):
            target, plain = named[0], []
    if not plain and (_sure("more", scores) or _sure("cheaper", scores)):
        return _wider(dialogue, "cheaper" if scores.get("cheaper", 0) > scores.get("more", 0) else "more", more)
    if plain and _asks_fact(folded, search, plain, ordinal is not None, pointer) and not _PRICE.search(folded):
        targets = (target,) if target else tuple(shown[:3])
        return Meaning("fact", 0.8, search=query.Search(words=tuple(plain)), targets=targets, **more)
    if plain and not (target and pointer and len(plain) <= 2 and ordinal is not None):
        return None
    if variant and (pointer or len(folded.split()) <= 6) and not search.filtered:
        base = (
            target.called(dialogue.language)
            if target
            else " ".join(str(dialogue.searched.get("query", "")).split()) or _last_query(dialogue) or shown[0].name
        )
        return Meaning(
            "variant",
            0.85,
            arguments={"query": " ".join([base, *(word for word in words if language.fold(word) not in _COLOR)])[:200]},
            search=query.Search(words=tuple(words), features=search.features),
            target=target,
            about="variant",
            **more,
        )
    if _sure("order", scores) or (
        pointer and target and _BUY.search(folded) and not _PRICE.search(folded) and ordinal is not None
    ):
        arguments = {"query": target.called(dialogue.language)} if target else {}
        return Meaning("order", 0.85, arguments=arguments, target=target, **more)
    about = "price" if _PRICE.search(folded) else "stock" if _STOCK.search(folded) else ""
    if ordinal is None and not about:
        return None
    if target:
        return Meaning(
            "item",
            0.9,
            arguments={"query": target.called(dialogue.language)},
            target=target,
            about=about or "price",
            **more,
        )
    if shown and about and (pointer or not words):
        return Meaning("which", 0.7, **more)
    return None


_QUESTION = re.compile(
    r"^(?:and\s|so\s|ok\s)?(?:is|are|does|do|has|have|can|what|which|how|when|where|was|were)\b|(?:^|\s)(?:هل|ما|كم|ايش|شو)\s"
)
_OF_IT = re.compile(
    r"\b(?:it|its|they|them|this one|that one)\b|(?:^|\s)(?:فيه|فيها|هو|هي|لونه|حجمه|وزنه|ارتفاعه|مساحته|مساحتها)(?=\s|$|\?)"
)


_THE_ONE = re.compile(r"\bthe (?:\w+ ){0,2}one\b")
_IN = re.compile(r"\bin (?:an? |the )?([a-z]+)\b")


def _fact(folded: str, words: Sequence[str], target: Item | None, shown: Sequence[Item]) -> Meaning | None:
    """ "Which sizes?", "how many liters?", "which is bigger?": only an attribute is named."""
    roots = [language.fold(word) for word in words]
    if re.search(r"\bdo you (?:have|sell|carry|stock)\b", folded) or not shown:
        return None
    asked = set(roots) <= _ATTRIBUTES and re.search(r"\b(?:what|which)\b|s\b|(?:^|\s)(?:ما|شو|ايش|وش)\s|ات|وان", folded)
    named = (target is not None or bool(_QUESTION.search(folded))) and all(
        root in CALLED or language.stem(root) in CALLED for root in roots
    )
    compared = target is None and set(roots) <= _COMPARED
    if not (asked or (named and not set(roots) <= _ATTRIBUTES | _COMPARED) or compared):
        return None
    return Meaning(
        "fact", 0.8, search=query.Search(words=tuple(words)), targets=(target,) if target else tuple(shown[:3])
    )


def _asks_fact(folded: str, search: query.Search, plain: Sequence[str], ordinal: bool, pointer: bool) -> bool:
    """ "Does it have parking?", "how big is it?": something about what was shown, and no new search."""
    return (
        pointer
        and len(plain) <= 3
        and not search.filtered
        and not _topic(folded)
        and (ordinal or bool(_OF_IT.search(folded)))
        and bool(_QUESTION.search(folded))
        and not re.search(r"\bdo you (?:have|sell|carry|stock)\b", folded)
    )


def _wider(dialogue: Dialogue, kind: str, more: dict[str, Any]) -> Meaning | None:
    base = (
        str(dialogue.searched.get("query", ""))
        or _last_query(dialogue)
        or (dialogue.shown[0].name if dialogue.shown else "")
    )
    arguments: dict[str, Any] = {"query": base[:200], "limit": 10}
    if kind == "cheaper":
        prices = [item.price for item in dialogue.shown if item.price is not None]
        arguments["sort"] = "price_asc"
        if prices:
            arguments["max_price"] = float(min(prices))
    return Meaning(kind, 0.85, arguments=arguments, **more)


def _last_query(dialogue: Dialogue) -> str:
    found = _last_search(dialogue, ())
    return found.query if found else ""


def _ordinal(folded: str, size: int) -> int | None:
    found = _NUMBERED.search(folded)
    if found:
        index = int(found.group(1) or found.group(2)) - 1
        return index if index < size else None
    for pattern, index in _ORDINALS:
        if re.search(pattern, folded):
            index = size - 1 if index < 0 else index
            return index if 0 <= index < size else None
    return None


def _is_variant(word: str) -> bool:
    folded = language.fold(word)
    options = {folded, language.strip_article(folded), folded[1:] if folded[:1] in "بول" else folded}
    return bool(options & _VARIANT_WORDS) or (folded.isdigit() and len(folded) <= 2)


def _in_item(word: str, item: Item) -> bool:
    folded = language.stem(language.fold(word))
    return any(
        folded == language.stem(part) or likeness(folded, language.stem(part)) >= 0.85 for part in item.words.split()
    )


def resembles(item: Item, words: Sequence[str]) -> bool:
    """Whether a found row has anything to do with the words; True where it cannot be judged (other script)."""
    # That both have a size does not make them alike.
    naming = [word for word in words if language.fold(word) not in query.MEASURES and not word.isdigit()] or words
    wanted = [language.stem(language.fold(word)) for word in naming]
    if not wanted or not item.words:
        return True
    if all(language.has_arabic(word) for word in wanted) != language.has_arabic(item.words):
        return True
    have = [language.stem(part) for part in item.words.split()]
    if language.has_arabic(item.words) and any(
        _skeleton(word) and _skeleton(word) == _skeleton(part) for word in wanted for part in have
    ):
        return True
    return any(
        word == part or (len(word) > 3 and (word in part or part in word) and len(part) > 3) or likeness(word, part)
        for word in wanted
        for part in have
    )


def _skeleton(word: str) -> str:
    """The strong letters of an Arabic word: أحذية and حذاء share theirs. Only good enough to call a row relevant."""
    bare = re.sub("[اويهءت]", "", word)
    return bare if language.has_arabic(word) and len(bare) >= 2 else ""


def _topic(folded: str) -> str:
    words = {
        part
        for word in language.tokens(folded.replace("for sale", " "))  # homes are; that is no discount
        for part in (word, language.strip_article(word), word[1:] if word[:1] in "وبل" else word)
    }
    for name, members in TOPICS.items():
        if words & {language.fold(member) for member in members}:
            return name
    return ""


def _note(topic: str, folded: str, notes: Sequence[str], lang: str) -> str:
    """The knowledge note that answers, in the customer's language where there is one, or ""."""
    asked = {language.stem(word) for word in language.tokens(folded) if word not in FILLER and len(word) > 2}
    members = {language.stem(language.fold(member)) for member in TOPICS.get(topic, ())}
    best: tuple[float, str] = (0.0, "")
    for note in notes:
        words = {language.stem(word) for word in language.tokens(language.normalize(note))}
        title = {
            language.stem(word)
            for word in language.tokens(language.normalize(re.split(r"[:\n]", note, maxsplit=1)[0]))
            if word not in FILLER
        }
        hits = sum(1 for word in asked if word in words or any(likeness(word, other) for other in words))
        score = hits / len(asked) if asked else 0.0
        if members:
            score = score * 0.5 + (1.0 if members & title else 0.5 if members & words else 0.0)
            if not members & words:
                continue
        elif not (asked & title) or score < 0.6:
            continue
        if language.detect(note) == lang:
            score += 0.3
        if score > best[0]:
            best = (score, note)
    return best[1]


def _titled(folded: str, notes: Sequence[str], lang: str) -> str:
    """The note whose title names all that was asked, or is named by it in two words or more."""
    asked = {language.stem(word) for word in language.tokens(folded) if word not in FILLER and len(word) > 2}
    found = []
    for note in notes:
        words = language.tokens(language.normalize(re.split(r"[:\n]", note, maxsplit=1)[0]))
        title = {language.stem(word) for word in words if word not in FILLER}
        if asked and (asked <= title or (len(title) > 1 and title <= asked)):
            found.append(note)
    return next((note for note in found if language.detect(note) == lang), next(iter(found), ""))


_PLACE = re.compile(r"address|location|located|branch|find us|street|عنوان|موقع|فرع|شارع|حي ")


def _place(briefing: Briefing, lang: str) -> str:
    found = [note for note in briefing.knowledge if _PLACE.search(language.normalize(note.partition("\n")[0]))]
    found = found or [note for note in briefing.knowledge if _PLACE.search(language.normalize(note))]
    return next((note for note in found if language.detect(note) == lang), next(iter(found), ""))
