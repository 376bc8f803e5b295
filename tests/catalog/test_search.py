"""What a customer's words find: spellings, slips, filters."""

from decimal import Decimal

import pytest
from django.http import QueryDict

from apps.catalog import queries, services
from apps.catalog.models import Item

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(acme):
    boots = services.save_category(name="Safety boots", names={"ar": "أحذية السلامة"})
    wear = services.save_category(name="Workwear", names={"ar": "ملابس العمل"})
    rows = [
        (
            "WW-1001",
            "Steel toe safety boot S3",
            "حذاء سلامة بمقدمة فولاذية",
            boots,
            349,
            20,
            {"color": "black", "sizes": [41, 42, 44]},
        ),
        ("WW-1002", "Rubber rain boot", "حذاء مطر مطاطي", boots, 120, 0, {"color": "green"}),
        ("WW-2001", "Waterproof work jacket", "جاكيت عمل مقاوم للماء", wear, 260, 7, {"color": "navy"}),
        ("WW-2002", "Cotton coverall", "أوفرول قطني", wear, 199.5, None, {"color": "navy"}),
        ("WW-3001", "Hard hat with ratchet", "خوذة أمان", None, 45, 300, {"color": "yellow"}),
    ]
    for sku, name, arabic, category, price, stock, attributes in rows:
        services.create_item(
            by="user:1", sku=sku, name=name, texts={"ar": {"name": arabic}}, category=category,
            price=Decimal(str(price)), currency="AED", stock=stock, attributes=attributes,
            description="Made for long days on site.",
        )  # fmt: skip
    return acme


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("steel toe boots", "WW-1001"),
        ("do you have rain boots please?", "WW-1002"),
        ("jaket", "WW-2001"),
        ("waterprof jackets", "WW-2001"),
        ("JACKET", "WW-2001"),
        ("jack", "WW-2001"),
        ("coverals", "WW-2002"),
        ("ww1001", "WW-1001"),
        ("is WW-2002 navy?", "WW-2002"),
        ("ww 3001", "WW-3001"),
        ("عندكم خوذة؟", "WW-3001"),
        ("خوده", "WW-3001"),
        ("خوذه امان", "WW-3001"),
        ("الجاكيت", "WW-2001"),
        ("حذاء فولاذيه", "WW-1001"),
        ("أريد أوفرول", "WW-2002"),
        ("navy jacket size XXL with zebra", "WW-2001"),
        ("بكم حذاء السلامه", "WW-1001"),
    ],
)
def test_words_find(shop, question, first):
    found = queries.search(question)
    assert found, question
    assert found[0].sku == first


@pytest.mark.parametrize(
    "question",
    ["zebra", "'; DROP TABLE catalog_item; --", "%%%", "\x00\x00", "a" * 100_000, "' | & ! ( ) : *", "\\", "=", "😀"],
)
def test_strange_words_find_nothing_and_break_nothing(shop, question):
    assert isinstance(queries.search(question), list)


def test_unknown_words_find_nothing(shop):
    assert queries.search("helicopter") == []


def test_filters(shop):
    skus = lambda **given: {item.sku for item in queries.search("", **given)}  # noqa: E731
    assert skus(category="أحذية السلامة") == {"WW-1001", "WW-1002"}
    assert skus(category="workwear", max_price=200) == {"WW-2002"}
    assert skus(min_price=Decimal(200), max_price=300) == {"WW-2001"}
    assert skus(attributes={"color": "Navy"}) == {"WW-2001", "WW-2002"}
    assert skus(attributes={"sizes": 44}) == {"WW-1001"}
    assert skus(in_stock=False) == {"WW-1002"}
    assert "WW-1002" not in skus(in_stock=True)
    assert [i.sku for i in queries.search("navy", sort="price_asc")] == ["WW-2002", "WW-2001"]


def test_archived_items_are_not_found_until_restored(shop):
    item = queries.find_by_sku("ww 2001")
    services.archive_item(item, by="user:1")
    assert "WW-2001" not in [i.sku for i in queries.search("jacket")]
    services.restore_item(item, by="user:1")
    assert queries.search("jacket")[0].sku == "WW-2001"


def test_a_renamed_shelf_is_found_by_its_new_name(shop):
    shelf = queries.find_category("workwear")
    services.save_category(shelf, name="Uniforms")
    assert {i.sku for i in queries.search("uniforms")} == {"WW-2001", "WW-2002"}


def test_card_says_it_in_the_customers_language(shop):
    card = queries.card(queries.find_by_sku("WW-3001"), "ar")
    assert card["title"] == "خوذة أمان"
    assert card["facts"]["price"] == "45.00"
    assert card["facts"]["stock"] == 300
    assert "AED" in card["price"]


def test_number_of_queries_does_not_grow_with_results(shop, django_assert_max_num_queries):
    with django_assert_max_num_queries(11):
        for item in queries.search("boot navy jacket waterprof", limit=20):
            queries.card(item, "en")
    assert Item.objects.count() == 5


def asked(query):
    return queries.Filters.of(QueryDict(query))


def test_a_list_is_narrowed_by_attributes(shop):
    skus = lambda query: {item.sku for item in asked(query).rows()}  # noqa: E731
    assert skus("attributes=Color:NAVY") == {"WW-2001", "WW-2002"}
    assert skus("attributes=color:black&attributes=sizes:44") == {"WW-1001"}
    assert skus("attributes=sizes:41&attributes=sizes:44") == {"WW-1001"}
    assert skus("attributes=color:navy&attributes=color:black") == set()
    assert skus("attributes=color") == skus("attributes=:navy") == skus("attributes=color:%00") == skus("")
    assert [item.sku for item in asked("q=jacket&attributes=color:navy").search(limit=9)] == ["WW-2001"]
    assert asked("q=jacket&attributes=color:green").search(limit=9) == []


def test_facets_are_what_the_items_differ_by(shop):
    color, sizes = queries.facets(asked("").rows())
    assert (color.name, set(color.values.values())) == ("color", {"black", "green", "navy", "yellow"})
    assert set(sizes.values.values()) == {"41", "42", "44"}
    assert queries.facets(asked("category=workwear").rows()) == []  # both are navy
    (kept,) = queries.facets([], chosen=[("color", "navy")])
    assert kept.values == {"color=navy": "navy"}


def test_facets_of_strange_attributes_are_few_and_short(acme):
    items = [Item(attributes={f"a{k}": f"{n}{'x' * 900}" for k in range(60)} | {"": None}) for n in range(100)]
    found = queries.facets(items)
    assert len(found) == queries.FACETS
    assert all(len(one.values) <= queries.FACET_VALUES for one in found)
    assert queries.facets([Item(attributes={"a": [None, True, 1.5, "😀", []], "b": {}})])
