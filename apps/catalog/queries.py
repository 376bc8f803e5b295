"""Find what is sold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.ui import phrases, text

from . import words
from .models import Category, Item, Word

SORTS = {"price_asc": ("price", "id"), "price_desc": ("-price", "-id")}
# A match in an item's description says least, one in its name or SKU most.
WEIGHTS = "'{0.1, 0.3, 0.5, 1.0}'"
# Beyond this many matches the ranking looks at a part of them only.
RANKED = 4000


def get_item(item_id: int) -> Item:
    """The item with its category and pictures, or Http404."""
    item = Item.objects.select_related("category").prefetch_related("images").filter(pk=item_id).first()
    if item is None:
        raise Http404
    return item


def find_by_sku(sku: str) -> Item | None:
    """By SKU as people write it: case, spaces and hyphens do not matter."""
    code = text.compact(sku)
    if not code:
        return None
    return _matching(Item.objects.all(), words.quote(f"sku={code}")).order_by("-is_active", "id").first()


def search(
    question: str,
    *,
    category: Category | int | str | None = None,
    min_price: Decimal | float | None = None,
    max_price: Decimal | float | None = None,
    attributes: Mapping[str, Any] | None = None,
    in_stock: bool | None = None,
    language: str | None = None,
    limit: int = 20,
    sort: str = "relevance",
    active: bool | None = True,
) -> list[Item]:
    """The items a customer's words mean, best first: an exact SKU, then those with every word, then with most.

    Tolerates slips ("jaket"), plurals, articles and spellings of English and Arabic. A `category` may be given by
    name; one that does not exist counts as a further word. `language` breaks ties: items with a text in it first.
    `sort`: relevance, price_asc, price_desc. `active`: offered (True), archived (False) or both (None).
    """
    shelf = find_category(category) if category not in (None, "") else None
    if isinstance(category, str) and category and shelf is None:
        question = f"{question} {category}"
    rows = _filtered(shelf, min_price, max_price, attributes, in_stock, active)
    found = _ranked(rows, question, language, max(1, min(limit, 200)), sort)
    return list(
        Item.objects.filter(pk__in=found)
        .select_related("category")
        .prefetch_related("images")
        .order_by(_in_order(found))
    )


def _in_order(keys: list[int]) -> RawSQL:
    return RawSQL("array_position(%s::bigint[], catalog_item.id)", [keys])


def _filtered(
    category: Category | None,
    min_price: Decimal | float | None,
    max_price: Decimal | float | None,
    attributes: Mapping[str, Any] | None,
    in_stock: bool | None,
    active: bool | None,
) -> QuerySet[Item]:
    rows = Item.objects.all()
    if active is not None:
        rows = rows.filter(is_active=active)
    if category is not None:
        rows = rows.filter(category=category)
    if min_price is not None:
        rows = rows.filter(price__gte=min_price)
    if max_price is not None:
        rows = rows.filter(price__lte=max_price)
    if in_stock is not None:
        rows = rows.filter(Q(stock=None) | Q(stock__gt=0)) if in_stock else rows.filter(stock__lte=0)
    wanted = words.attribute_lexemes(attributes or {})[:20]
    return _matching(rows, " & ".join(map(words.quote, wanted))) if wanted else rows


def _matching(rows: QuerySet[Item], query: str) -> QuerySet[Item]:
    return rows.extra(where=["catalog_item.search @@ %s::tsquery"], params=[query])


def _ranked(rows: QuerySet[Item], question: str, language: str | None, limit: int, sort: str) -> list[int]:
    """Ids, best first."""
    wanted = _variants(words.terms(question))
    said_nothing = not words.terms(question)
    if said_nothing:
        return list(rows.order_by(*SORTS.get(sort, ("price", "id"))).values_list("pk", flat=True)[:limit])
    exact = _by_code(rows, question) if sort not in SORTS else []
    found = list(exact)
    for needed in _levels(len(wanted)):
        if len(found) >= limit or (found and needed < len(wanted)):
            break
        matching = _matching(rows, _at_least(wanted, needed)).exclude(pk__in=exact)
        found += _best(matching, wanted, language, limit - len(found), sort)
    return found


def _by_code(rows: QuerySet[Item], question: str) -> list[int]:
    codes = words.codes(question)
    if not codes:
        return []
    known = Word.objects.filter(text__in=codes).values_list("text", flat=True)
    query = " | ".join(map(words.quote, known))
    return list(_matching(rows, query).values_list("pk", flat=True)[:5]) if query else []


def _variants(terms: list[str]) -> list[list[str]]:
    """For each term that the catalog knows of, the words it may stand for."""
    if not terms:
        return []
    known = set(Word.objects.filter(text__in=terms).values_list("text", flat=True))
    strange = [term for term in terms if term not in known and len(term) >= 2]
    guesses = _resembling(strange) if strange else {}
    return [[term] if term in known else guesses[term] for term in terms if term in known or guesses.get(term)]


def _resembling(terms: list[str]) -> dict[str, list[str]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL pg_trgm.similarity_threshold = 0.22")
        cursor.execute(
            "SELECT asked.term, near.text FROM unnest(%s::text[], %s::text[]) AS asked(term, pattern)"
            " CROSS JOIN LATERAL ("
            "  (SELECT w.text FROM catalog_word w WHERE w.text %% asked.term"
            "   ORDER BY similarity(w.text, asked.term) DESC LIMIT 30)"
            "  UNION (SELECT w.text FROM catalog_word w WHERE w.text LIKE asked.pattern LIMIT 20)) AS near",
            [terms, [_like(term) + "%" for term in terms]],
        )
        near: dict[str, list[str]] = {}
        for term, word in cursor.fetchall():
            near.setdefault(term, []).append(word)
    return {term: words.alike(term, (word for word in found if "=" not in word)) for term, found in near.items()}


def _like(term: str) -> str:
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _levels(count: int) -> list[int]:
    """How many of the words an item must have: all, all but one, half, any."""
    return sorted({n for n in (count, count - 1, (count + 1) // 2, 1) if 0 < n <= count}, reverse=True)


def _any(variants: Iterable[str]) -> str:
    return "(" + " | ".join(map(words.quote, variants)) + ")"


def _at_least(wanted: list[list[str]], needed: int) -> str:
    if needed == 1:
        return " | ".join(map(_any, wanted))
    # All pairs, triples … of many words would be a long query for little: the first eight decide.
    chosen = wanted if needed >= len(wanted) - 1 else wanted[:8]
    return " | ".join(
        "(" + " & ".join(map(_any, group)) + ")" for group in combinations(chosen, min(needed, len(chosen)))
    )


def _best(rows: QuerySet[Item], wanted: list[list[str]], language: str | None, limit: int, sort: str) -> list[int]:
    ids = rows.values("pk")[:RANKED]
    ranked = Item.objects.filter(pk__in=ids)
    if sort in SORTS:
        order: list[Any] = [
            F("price").desc(nulls_last=True) if sort == "price_desc" else F("price").asc(nulls_last=True)
        ]
    else:
        # First how many of the words, then where they stand; the first guess for a mistyped word counts most.
        score = " + ".join(f"ts_rank({WEIGHTS}, catalog_item.search, %s::tsquery)" for _unused in wanted)
        order = [RawSQL(score, [_any(v) for v in wanted]).desc()]  # noqa: S611  parameters are bound
        if language:
            order.append(RawSQL("(catalog_item.texts ? %s)", [language[:2]]).desc())
    return list(ranked.order_by(*order, "pk").values_list("pk", flat=True)[:limit])


def categories() -> QuerySet[Category]:
    return Category.objects.all()


def find_category(category: Category | int | str | None) -> Category | None:
    """By id, or by its name in any language as people write it."""
    if category is None or isinstance(category, Category):
        return category
    if isinstance(category, int) or (category.isascii() and category.isdigit() and len(category) < 18):
        return Category.objects.filter(pk=int(category)).first()
    asked = [text.stem(word) for word in text.words(text.normalize(category, 200))]
    for one in Category.objects.all():
        for name in (one.name, *one.names.values()):
            if asked and asked == [text.stem(word) for word in text.words(text.normalize(name, 200))]:
                return one
    return None


def card(item: Item, language: str | None = None) -> dict[str, Any]:
    """An item as a chat shows it. `facts` are the figures a reply may quote; price is decimal text or null.

    `image_url` may be a path on the tenant's host (uploads) or an address elsewhere; "" where there is none.
    """
    with override(language or None):
        price = phrases.money(item.price, item.currency) if item.price is not None else ""
        availability = "" if item.stock is None else _("In stock") if item.stock > 0 else _("Out of stock")
    image = next(iter(item.images.all()), None)
    category = item.category.text(language) if item.category else ""
    return {
        "title": item.text(language),
        "subtitle": " · ".join(filter(None, [price, category, availability])),
        "price": price,
        "image_url": image.src if image else "",
        "url": item.url,
        "facts": {
            "item_id": item.pk,
            "sku": item.sku,
            "name": item.text(language),
            "price": None if item.price is None else str(item.price),
            "currency": item.currency,
            "stock": item.stock,
            "category": category,
            "url": item.url,
            "attributes": item.attributes,
        },
    }


def categories_with_counts() -> QuerySet[Category]:
    return Category.objects.annotate(count=Count("items", filter=Q(items__is_active=True)))


@dataclass(frozen=True)
class Filters:
    """What a list of items is narrowed by; values that make no sense narrow nothing."""

    words: str = ""
    category: Category | None = None
    kind: str = ""
    in_stock: bool | None = None
    archived: bool = False
    min_price: Decimal | None = None
    max_price: Decimal | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filters:
        return cls(
            words=text.clean(given.get("q", ""), 400),
            category=find_category(text.line(given.get("category", ""), 120) or None),
            kind=given.get("kind", "") if given.get("kind") in Item.Kind.values else "",
            in_stock={"yes": True, "true": True, "no": False, "false": False}.get(given.get("stock", "")),
            archived=given.get("state") == "archived",
            min_price=_decimal(given.get("min_price")),
            max_price=_decimal(given.get("max_price")),
        )

    @property
    def any(self) -> bool:
        return self != Filters()

    def rows(self) -> QuerySet[Item]:
        rows = _filtered(self.category, self.min_price, self.max_price, None, self.in_stock, not self.archived)
        rows = rows.filter(kind=self.kind) if self.kind else rows
        return rows.select_related("category").prefetch_related("images").defer("search")

    def search(self, *, limit: int, language: str | None = None) -> list[Item]:
        rows = self.rows()
        found = _ranked(rows.select_related(None).prefetch_related(None), self.words, language, limit, "relevance")
        return list(rows.filter(pk__in=found).order_by(_in_order(found)))


def _decimal(value: str | None) -> Decimal | None:
    try:
        amount = Decimal(str(value or ""))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < 10**12 else None
