"""Find what is sold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import BooleanField, Count, F, Func, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.http import Http404, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from apps.ui import phrases, text

from . import words
from .models import Category, Item, Word

SORTS = {"price_asc": ("price", "id"), "price_desc": ("-price", "-id")}
# A match in an item's description says least, one in its name or SKU most.
WEIGHTS = "'{0.1, 0.3, 0.5, 1.0}'"
# Beyond this many matches the ranking looks at a part of them only.
RANKED = 4000
# How many attributes a list can be narrowed by, and how many values of each are offered.
FACETS, FACET_VALUES = 5, 20


def get_item(item_id: int) -> Item:
    """The item with its category and pictures, or Http404."""
    item = Item.objects.select_related("category").prefetch_related("images").filter(pk=item_id).first()
    if item is None:
        raise Http404
    return item


def has_items() -> bool:
    """Whether anything can be sold."""
    return Item.objects.filter(is_active=True).exists()


def one_of_each_shelf(limit: int) -> list[Item]:
    """Items that can be had, no two of one category while there are several."""
    rows = _filtered(None, None, None, None, True, True).defer("search")
    return list(rows.order_by("category_id", "id").distinct("category_id")[:limit])


def find_by_sku(sku: str) -> Item | None:
    """By SKU as people write it: case, spaces and hyphens do not matter."""
    code = text.compact(sku)
    if not code:
        return None
    return _matching(Item.objects.all(), words.quote(f"sku={code}")).order_by("-is_active", "id").first()


def find_by_skus(skus: Iterable[str]) -> dict[str, Item]:
    """Items by SKU, under the SKUs as they were given; one query where they are written as we write them."""
    wanted = list(dict.fromkeys(filter(None, skus)))
    found = {item.sku: item for item in Item.objects.filter(sku__in=wanted)} if wanted else {}
    for sku in [one for one in wanted if one not in found][:20]:
        if (item := find_by_sku(sku)) is not None:
            found[sku] = item
    return found


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
        .defer("search")
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


class _Question(Func):
    """Text as a tsquery, without a dictionary."""

    template = "%(expressions)s::tsquery"


def _matching(rows: QuerySet[Item], query: str) -> QuerySet[Item]:
    return rows.filter(
        Func(
            F("search"),
            _Question(Value(query)),
            template="(%(expressions)s)",
            arg_joiner=" @@ ",
            output_field=BooleanField(),
        )
    )


def _ranked(rows: QuerySet[Item], question: str, language: str | None, limit: int, sort: str) -> list[int]:
    """Ids, best first."""
    terms = words.terms(question)
    if not terms:
        return list(rows.order_by(*SORTS.get(sort, ("price", "id"))).values_list("pk", flat=True)[:limit])
    wanted = _variants(terms)
    found = _by_code(rows, question) if sort not in SORTS else []
    for query in _ever_wider(wanted):
        found += _best(_matching(rows, query).exclude(pk__in=found), wanted, language, limit - len(found), sort)
        if found:
            break
    return found[:limit]


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
            "SELECT asked.term, near.text FROM unnest(%s::text[]) AS asked(term) CROSS JOIN LATERAL ("
            "  (SELECT w.text FROM catalog_word w WHERE w.text %% asked.term AND NOT w.is_code"
            "   ORDER BY similarity(w.text, asked.term) DESC LIMIT 30)"
            "  UNION (SELECT w.text FROM catalog_word w WHERE w.text >= asked.term"
            "   AND w.text < asked.term || U&'\\+10FFFF' ORDER BY w.text LIMIT 20)) AS near",
            [terms],
        )
        near: dict[str, list[str]] = {}
        for term, word in cursor.fetchall():
            near.setdefault(term, []).append(word)
    return {term: words.alike(term, (word for word in found if "=" not in word)) for term, found in near.items()}


def _ever_wider(wanted: list[list[str]]) -> Iterator[str]:
    """All of the words; all but one; then the rarest of them, one fewer each time; at last any."""
    groups = [_any(variants) for variants in wanted]
    if groups:
        yield " & ".join(groups)
    if len(groups) > 2:
        yield " | ".join(f"({' & '.join(few)})" for few in combinations(groups, len(groups) - 1))
    if len(groups) > 3:
        groups = _rarest_first(groups)
        for count in range(len(groups) - 2, 1, -1):
            yield " & ".join(groups[:count])
    if len(groups) > 1:
        yield " | ".join(groups[:3])


def _rarest_first(groups: list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.word FROM unnest(%s::text[]) AS q(word) ORDER BY (SELECT count(*) FROM"
            " (SELECT 1 FROM catalog_item WHERE search @@ q.word::tsquery LIMIT 2000) AS holders)",
            [groups],
        )
        return [row[0] for row in cursor.fetchall()]


def _any(variants: Iterable[str]) -> str:
    return "(" + " | ".join(map(words.quote, variants)) + ")"


def _best(rows: QuerySet[Item], wanted: list[list[str]], language: str | None, limit: int, sort: str) -> list[int]:
    # Materialized, so that ranking looks at what matched only, and never at more than RANKED.
    try:
        matching, given = rows.order_by().values_list("pk", "search", "price", "texts")[:RANKED].query.sql_with_params()
    except EmptyResultSet:
        return []
    if sort in SORTS:
        order, parameters = f"price {'DESC' if sort == 'price_desc' else 'ASC'} NULLS LAST", []
    else:
        # Where each word stands, and how many there are; then items with a text in the customer's language.
        order = (
            " + ".join(f"ts_rank({WEIGHTS}, search, %s::tsquery)" for _unused in wanted) + " DESC, (texts ? %s) DESC"
        )
        parameters = [*(_any(variants) for variants in wanted), (language or "")[:2]]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found (id, search, price, texts) AS MATERIALIZED ({matching})"
            f" SELECT id FROM found ORDER BY {order}, id LIMIT %s",
            [*given, *parameters, limit],
        )
        return [row[0] for row in cursor.fetchall()]


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
        availability = (
            ""
            if item.stock is None
            else pgettext("said of an item", "In stock")
            if item.stock > 0
            else _("Out of stock")
        )
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
    attributes: tuple[tuple[str, str], ...] = ()  # (("color", "navy"), …): all of them

    @classmethod
    def of(cls, given: QueryDict) -> Filters:
        return cls(
            words=text.clean(given.get("q", ""), 400),
            category=find_category(text.line(given.get("category", ""), 120) or None),
            kind=given.get("kind", "") if given.get("kind") in Item.Kind.values else "",
            in_stock={"yes": True, "true": True, "no": False, "false": False}.get(given.get("stock", "")),
            archived=given.get("state") == "archived",
            min_price=_decimal(given.get("min_price")),
            max_price=_decimal(given.get("max_price")),
            attributes=tuple(_pairs(given.getlist("attributes")[:20])),
        )

    @property
    def any(self) -> bool:
        return self != Filters()

    def rows(self) -> QuerySet[Item]:
        wanted: dict[str, list[str]] = {}
        for name, value in self.attributes:
            wanted.setdefault(name, []).append(value)
        rows = _filtered(self.category, self.min_price, self.max_price, wanted, self.in_stock, not self.archived)
        rows = rows.filter(kind=self.kind) if self.kind else rows
        return rows.select_related("category").prefetch_related("images").defer("search")

    def search(self, *, limit: int, language: str | None = None) -> list[Item]:
        rows = self.rows()
        found = _ranked(rows.select_related(None).prefetch_related(None), self.words, language, limit, "relevance")
        return list(rows.filter(pk__in=found).order_by(_in_order(found)))


def _pairs(given: Iterable[str]) -> Iterator[tuple[str, str]]:
    for one in given:
        name, _colon, value = (text.line(part, 200) for part in one.partition(":"))
        if name and value:
            yield name, value


@dataclass
class Facet:
    """An attribute by which items differ; the values as they were first written, each under its lexeme."""

    name: str
    count: int = 0
    values: dict[str, str] = field(default_factory=dict)


def facets(items: Iterable[Item], *, chosen: Iterable[tuple[str, str]] = ()) -> list[Facet]:
    """What these items can be narrowed by: their most common attributes with more than one value, and those chosen."""
    found: dict[str, Facet] = {}
    given = [item.attributes for item in items]
    for attributes in [*given, *({name: value} for name, value in chosen)]:
        for name, held in attributes.items():
            facet = found.setdefault(text.compact(name), Facet(name))
            facet.count += 1
            for value in held if isinstance(held, list) else [held]:
                (lexeme,) = words.attribute_lexemes({name: value}) or ("",)
                if lexeme and len(facet.values) < FACET_VALUES and str(value).strip():
                    facet.values.setdefault(lexeme, str(value)[:200])
    kept = {text.compact(name) for name, _value in chosen}
    useful = [facet for key, facet in found.items() if key in kept or len(facet.values) > 1]
    return sorted(useful, key=lambda facet: (text.compact(facet.name) not in kept, -facet.count))[:FACETS]


def _decimal(value: str | None) -> Decimal | None:
    try:
        amount = Decimal(str(value or ""))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < 10**12 else None
